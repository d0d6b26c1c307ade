"""Which doors are written down: a door that changes something is audited, or stands in a list here."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from server.api.routes import table
from server.api.table import BY_SESSION, BY_SIGNATURE, Door
from tests.support.api_house import api_house

# Changes whose line stands in the shop's own log, with who did it; or that change nothing.
UNAUDITED = {
    "placeOrder", "startItem", "finishItem", "callItem", "pickUpItem", "deliverItem", "cancelItem",
    "undoItem", "changeItem", "confirmItem", "rushItems", "holdItems", "fireItems", "setDishSale",
    "cleanPlace", "sendImCall", "sendImCalls",
    "cancelImCall", "setTechnician",
    "previewTemplate",
}  # fmt: skip
# Strangers have no name to write down; logging in writes lines of its own.
STRANGERS = {"makePairingOffer", "claimPairingCode", "logIn"}
ACTIONS = Path(__file__).parents[2] / "clients" / "console" / "actions.js"


@pytest.fixture
async def doors(database_url: str, redis_url: str) -> list[Door]:
    """Give the table of doors."""
    async with api_house(database_url, redis_url) as house:
        return table(house.ground, house.front)


async def test_every_change_is_audited_or_listed_here(doors: list[Door]) -> None:
    """No money door and no manager door is forgotten: what is not listed here leaves a line (R-000-16)."""
    silent = {door.name for door in doors if door.method != "GET" and not door.is_audited}
    assert silent == UNAUDITED | STRANGERS


async def test_audited_doors_know_who_comes(doors: list[Door]) -> None:
    """A line names somebody: no audited door lets strangers in, and each can refuse without a line."""
    for door in doors:
        if door.is_audited:
            assert door.access in BY_SIGNATURE | BY_SESSION, door.name
            assert "audit_unavailable" in door.all_refusals()


async def test_money_and_managers_doors_are_audited(doors: list[Door]) -> None:
    """Whoever moves money or manages leaves a line at each change."""
    for door in doors:
        if door.audience in {"money", "manager", "staff", "rules"} and door.method != "GET":
            assert door.is_audited or door.name in {"logIn", "previewTemplate"}, door.name


async def test_the_console_has_words_for_what_is_audited(doors: list[Door]) -> None:
    """Who reads the audit log reads each action in words, and is offered none that leaves no line (R-000-16)."""
    told = set(re.findall(r"^  (\w+): \{ zh:", ACTIONS.read_text("utf-8"), re.MULTILINE))
    audited = {door.name for door in doors if door.is_audited}
    assert audited - told == set()
    assert told & (UNAUDITED | {"makePairingOffer", "claimPairingCode"}) == set()
