"""A meal card's life at the till: opened, topped up, spent, given back, frozen, closed."""

from __future__ import annotations

import asyncio
import itertools
import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from server.clock import ManualClock
from server.errors import Refusal
from server.events import cards as e
from tests.support.cards import PHONES, Till, open_till


async def test_a_card_from_opening_to_closing(database_url: str, tmp_path: Path) -> None:
    """Open, top up, consume, refund, close: balances, events and the ledger agree (R-000-1, R-000-18, R-000-21)."""
    async with open_till(database_url, tmp_path) as till:
        made = await till.ask("OpenCard", identity_kind="phone", identity=PHONES[0], name="张三丰")
        card_id = made["card_id"]
        assert made["user_code"] > 0
        assert made["account_code"] > 0
        assert len(made["number"]) == 16
        topped = await till.ask("TopUpCard", card_id=card_id, amount_fen=10_000)
        assert topped["balance_fen"] == 10_000
        paid = await till.consume(card_id, 3_800)
        assert (paid["balance_fen"], paid["trades_today"], paid["trades_max"]) == (6_200, 1, 3)
        card = await till.ask("ReadCard", number=made["number"])
        assert card["card_id"] == card_id
        assert (card["name_masked"], card["number_masked"]) == (
            "张**",
            f"**** {made['number'][-4:]}",
        )
        back = await till.ask("RefundTrade", trade_id=paid["trade_id"], amount_fen=800)
        assert (back["balance_fen"], back["state"], back["refunded_fen"]) == (
            7_000,
            "part_refunded",
            800,
        )
        await till.hold_to_the_ledger([card_id])
        closed = await till.ask("CloseCard", "manager", card_id=card_id)
        assert (closed["paid_out_fen"], closed["lapsed_bonus_fen"]) == (7_000, 0)
        await till.hold_to_the_ledger([card_id])
        assert (
            await till.refusal("ConsumeCard", card_id=card_id, amount_fen=1)
        ).code == "card_closed"
        assert [type(one) for one in till.said()] == [
            e.CardOpened, e.CardToppedUp, e.CardConsumed, e.CardRefunded, e.CardClosed,
        ]  # fmt: skip


async def test_who_is_short_hears_by_how_much(database_url: str, tmp_path: Path) -> None:
    """A consumption beyond the balance says what to top up; then it goes through (R-000-22)."""
    async with open_till(database_url, tmp_path) as till:
        card_id = await till.open(top_up_fen=1_000)
        no = await till.refusal("ConsumeCard", card_id=card_id, amount_fen=1_600)
        assert (no.code, no.detail) == (
            "balance_insufficient",
            {"balance_fen": 1_000, "available_fen": 1_000, "short_fen": 600},
        )
        await till.ask("TopUpCard", card_id=card_id, amount_fen=no.detail["short_fen"])
        assert (await till.consume(card_id, 1_600))["balance_fen"] == 0


async def test_a_days_limit_in_the_shops_own_time(database_url: str, tmp_path: Path) -> None:
    """Three a day until 03:00 in Shanghai; what was wholly refunded gives its place back (R-000-24, A4)."""
    clock = ManualClock(datetime(2026, 11, 20, 18, 50, tzinfo=UTC))  # 02:50 in Shanghai
    async with open_till(database_url, tmp_path, clock) as till:
        card_id = await till.open(top_up_fen=10_000)
        trades = [(await till.consume(card_id, 100))["trade_id"] for _ in range(3)]
        no = await till.refusal("ConsumeCard", card_id=card_id, amount_fen=100)
        assert (no.code, no.detail) == (
            "card_limit_reached",
            {"trades_max": 3, "trades_today": 3, "business_day": "2026-11-20"},
        )
        await till.ask("RefundTrade", trade_id=trades[0], amount_fen=40)
        no = await till.refusal("ConsumeCard", card_id=card_id, amount_fen=100)
        assert no.code == "card_limit_reached"
        await till.ask("RefundTrade", trade_id=trades[0])
        assert (await till.consume(card_id, 100))["trades_today"] == 3
        clock.advance(seconds=600)
        assert (await till.consume(card_id, 100))["trades_today"] == 1
        await till.policy(trades_per_day_max=0)
        for _ in range(5):
            await till.consume(card_id, 100)
        await till.hold_to_the_ledger([card_id])


async def test_a_double_tap_pays_once(database_url: str, tmp_path: Path) -> None:
    """The same command, or the same serial of a register, is one trade, however often it comes (R-000-23)."""
    async with open_till(database_url, tmp_path) as till:
        card_id = await till.open(top_up_fen=10_000)
        tap = uuid.uuid4()
        body = {"card_id": card_id, "amount_fen": 300}
        got = await asyncio.gather(
            *(till.ask("ConsumeCard", "cashier", tap, **body) for _ in range(5))
        )
        assert len({one["trade_id"] for one in got}) == 1
        got = await asyncio.gather(
            *(till.ask("ConsumeCard", serial="POS-1", **body) for _ in range(5))
        )
        assert len({one["trade_id"] for one in got}) == 1
        no = await till.refusal("ConsumeCard", card_id=card_id, amount_fen=301, serial="POS-1")
        assert no.code == "trade_serial_reused"
        assert (await till.card(card_id))["balance_fen"] == 10_000 - 600
        await till.hold_to_the_ledger([card_id])


async def test_more_for_more_and_what_burns_first(database_url: str, tmp_path: Path) -> None:
    """A top-up of 500 gives 50; the policy says which goes first; closing pays what was paid (R-000-29, A5)."""
    rules = [{"from_fen": 50_000, "bonus_fen": 5_000}, {"from_fen": 20_000, "bonus_fen": 1_000}]
    async with open_till(database_url, tmp_path) as till:
        for phone, bonus_first, paid_fen, bonus_fen in (
            (PHONES[0], False, 44_000, 5_000),
            (PHONES[1], True, 49_000, 0),
        ):
            await till.policy(bonus_first=bonus_first, bonus_rules=rules)
            card_id = await till.open(phone, top_up_fen=50_000)
            paid = await till.consume(card_id, 6_000)
            card = await till.card(card_id)
            assert (card["paid_fen"], card["bonus_fen"]) == (paid_fen, bonus_fen)
            await till.ask("RefundTrade", trade_id=paid["trade_id"])
            card = await till.card(card_id)
            assert (card["paid_fen"], card["bonus_fen"]) == (50_000, 5_000)
            closed = await till.ask("CloseCard", "manager", card_id=card_id)
            assert (closed["paid_out_fen"], closed["lapsed_bonus_fen"]) == (50_000, 5_000)
            await till.hold_to_the_ledger([card_id])


async def test_a_refund_in_parts_is_held_to_the_tills_limit(
    database_url: str, tmp_path: Path
) -> None:
    """What a till may give back of a charge does not grow by giving it back in parts (R-000-18)."""
    async with open_till(database_url, tmp_path) as till:
        card_id = await till.open(top_up_fen=60_000)
        paid = (await till.consume(card_id, 50_000))["trade_id"]
        await till.ask("RefundTrade", trade_id=paid, amount_fen=15_000)
        no = await till.refusal("RefundTrade", trade_id=paid, amount_fen=15_000)
        assert (no.code, no.detail) == ("not_allowed", {"amount_fen_max": 5_000})
        await till.ask("RefundTrade", trade_id=paid, amount_fen=5_000)
        assert (
            await till.refusal("RefundTrade", trade_id=paid, amount_fen=1)
        ).code == "not_allowed"
        over = await till.refusal("RefundTrade", "manager", trade_id=paid, amount_fen=30_001)
        assert (over.code, over.detail) == ("refund_exceeded", {"refundable_fen": 30_000})
        await till.ask("RefundTrade", "manager", trade_id=paid)
        assert (await till.card(card_id))["balance_fen"] == 60_000
        await till.hold_to_the_ledger([card_id])


async def test_who_may_and_what_a_state_refuses(database_url: str, tmp_path: Path) -> None:
    """Overseers freeze, hold and close; a till gives back little; a frozen card spends nothing (R-000-25, R-000-28)."""
    async with open_till(database_url, tmp_path) as till:
        card_id = await till.open(top_up_fen=100_000)
        for name, body in (
            ("FreezeCard", {"card_id": card_id}),
            ("CloseCard", {"card_id": card_id}),
            ("FreezeFunds", {"card_id": card_id, "amount_fen": 1}),
        ):
            assert (await till.refusal(name, **body)).code == "not_allowed"
        assert (await till.refusal("ReadCard", "waiter", card_id=card_id)).code == "not_allowed"
        paid = (await till.consume(card_id, 50_000))["trade_id"]
        no = await till.refusal("RefundTrade", trade_id=paid)
        assert (no.code, no.detail) == ("not_allowed", {"amount_fen_max": 20_000})
        await till.ask("RefundTrade", "manager", trade_id=paid, amount_fen=50_000)
        assert (await till.refusal("RefundTrade", trade_id=paid)).code == "trade_not_refundable"
        held = await till.ask("FreezeFunds", "manager", card_id=card_id, amount_fen=90_000)
        assert (
            await till.refusal("CloseCard", "manager", card_id=card_id)
        ).code == "card_funds_held"
        for scope, code in (("card", "card_frozen"), ("user", "card_user_frozen")):
            await till.ask("FreezeCard", "manager", card_id=card_id, scope=scope)
            for name in ("ConsumeCard", "TopUpCard"):
                assert (await till.refusal(name, card_id=card_id, amount_fen=1)).code == code
            again = await till.ask("FreezeCard", "manager", card_id=card_id, scope=scope)
            assert not again["changed"]
            await till.ask("UnfreezeCard", "manager", card_id=card_id, scope=scope)
        await till.ask("UnfreezeFunds", "manager", trade_id=held["trade_id"])
        no = await till.refusal("UnfreezeFunds", "manager", trade_id=held["trade_id"])
        assert no.code == "hold_ended"
        no = await till.refusal("OpenCard", identity_kind="phone", identity=PHONES[0])
        assert no.code == "card_identity_taken"
        await till.ask("CloseCard", "manager", card_id=card_id)
        assert await till.open(PHONES[0]) != card_id  # who gave a card back may have another
        await till.hold_to_the_ledger([card_id])


ODDS = st.sampled_from(
    ["top_up", "consume", "consume", "consume", "refund", "hold", "release", "freeze", "unfreeze"]
)
STEPS = st.lists(
    st.tuples(ODDS, st.integers(0, 1), st.integers(1, 4_000), st.booleans()), max_size=25
)


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(waves=st.lists(STEPS, min_size=1, max_size=3))
async def test_whatever_is_done_trades_are_the_ledger(
    shared_till: Till, waves: list[list[tuple[str, int, int, bool]]]
) -> None:
    """Random trades on two cards, at once, some twice: sums, balances and screens agree (R-000-26, R-000-27)."""
    till = shared_till
    cards = [await till.open(fresh_phone(), top_up_fen=5_000) for _ in range(2)]
    trades: dict[str, list[int]] = {"consume": [], "hold": []}
    screen, since = await till.kitchen.view("monitor"), len(till.kitchen.ear.heard)

    async def step(kind: str, which: int, fen: int, twice: bool) -> None:
        card: dict[str, Any] = {"card_id": cards[which]}
        known = trades["hold" if kind == "release" else "consume"]
        named = {"trade_id": known[fen % len(known)] if known else 1}
        name, body = {
            "top_up": ("TopUpCard", card | {"amount_fen": fen}),
            "consume": ("ConsumeCard", card | {"amount_fen": fen}),
            "refund": ("RefundTrade", named | {"amount_fen": fen if fen % 2 else None}),
            "hold": ("FreezeFunds", card | {"amount_fen": fen}),
            "release": ("UnfreezeFunds", named),
            "freeze": ("FreezeCard", card),
            "unfreeze": ("UnfreezeCard", card),
        }[kind]
        command_id = uuid.uuid4()
        asked = [till.ask(name, "manager", command_id, **body) for _ in range(1 + twice)]
        got = await asyncio.gather(*asked, return_exceptions=True)
        assert all(
            isinstance(one, dict) or (isinstance(one, Refusal) and not one.retryable) for one in got
        )
        if twice:
            assert str(got[0]) == str(got[1])
        if isinstance(got[0], dict) and kind in trades:
            trades[kind].append(got[0]["trade_id"])

    for wave in waves:
        await asyncio.gather(*(step(*one) for one in wave))
    await till.hold_to_the_ledger(cards)
    for card_id in cards:
        assert (await till.card(card_id))["trades_today"] <= 3
    assert till.kitchen.carry(screen, since).cards == (await till.kitchen.view("monitor")).cards


_phones = itertools.count(13_500_000_000)


def fresh_phone() -> str:
    """Return a number nobody has."""
    return str(next(_phones))


@pytest.fixture
async def shared_till(database_url: str, tmp_path: Path) -> AsyncIterator[Till]:
    """Give one desk for many examples."""
    async with open_till(database_url, tmp_path) as till:
        yield till
