"""The one write door: remembered replies, guards, double presses, refusals that leave nothing."""

from __future__ import annotations

import asyncio
import uuid
from collections import Counter

import asyncpg
import pytest

from server.clock import ManualClock
from server.errors import Refusal
from server.events import catalogue as c
from server.settings import Settings
from tests.support.kitchen import NOON, Kitchen, open_kitchen


async def test_the_same_command_twice_has_one_effect_and_one_answer(database_url: str) -> None:
    """A pad that sends again after a lost reply gets the same answer, and the kitchen one order."""
    async with open_kitchen(database_url) as kitchen:
        command_id, lines = uuid.uuid4(), [{"dish_id": 1, "quantity": 2, "modifier_ids": []}]
        body = {"place_id": 2, "lines": lines}
        first = await kitchen.ask("waiter", "PlaceOrder", command_id, **body)
        again = await kitchen.ask("waiter", "PlaceOrder", command_id, **body)
        assert first == again
        assert len(kitchen.ear.heard) == 1


async def test_a_remembered_refusal_stays_a_refusal(database_url: str) -> None:
    """A refused command is answered the same way later, even when it would succeed by then."""
    async with open_kitchen(database_url) as kitchen:
        item = (await kitchen.order(2, 1))["item_ids"][0]
        command_id = uuid.uuid4()
        with pytest.raises(Refusal, match="item_not_started"):
            await kitchen.ask("kitchen", "FinishItem", command_id, item_id=item)
        await kitchen.ask("kitchen", "StartItem", item_id=item)
        with pytest.raises(Refusal, match="item_not_started") as refusal:
            await kitchen.ask("kitchen", "FinishItem", command_id, item_id=item)
        assert refusal.value.detail == {"state": "queued"}


async def test_an_id_used_for_something_else_is_refused(database_url: str) -> None:
    """The same id with another body, name or sender is `command_id_reused`."""
    async with open_kitchen(database_url) as kitchen:
        item = (await kitchen.order(2, 1))["item_ids"][0]
        command_id = uuid.uuid4()
        await kitchen.ask("kitchen", "StartItem", command_id, item_id=item)
        for role, name in (("kitchen", "FinishItem"), ("business", "StartItem")):
            with pytest.raises(Refusal, match="command_id_reused"):
                await kitchen.ask(role, name, command_id, item_id=item)  # type: ignore[arg-type]


async def test_a_thousand_double_presses(database_url: str) -> None:
    """Two screens press each of 1,000 dishes at once: 1,000 steps, 1,000 polite answers (bar 5)."""
    async with open_kitchen(database_url) as one:
        other = Kitchen(one.pool, one.clock)  # a second process: its own desk, the same database
        items = [
            item
            for place in range(1, 21)
            for item in (await one.order(place, *[1] * 50))["item_ids"]
        ]
        presses = [
            kitchen.ask("kitchen", "StartItem", item_id=item)
            for item in items
            for kitchen in (one, other)
        ]
        answers = await asyncio.gather(*presses)
        assert Counter(answer["changed"] for answer in answers) == {True: 1000, False: 1000}
        assert {answer["by"] for answer in answers} == {"张师傅"}
        steps = Counter(type(event) for event in one.events() + other.events())
        assert steps[c.ItemStarted] == 1000


async def test_two_processes_open_one_order_for_a_room(database_url: str) -> None:
    """Two pads order for one empty room at once: one order with two rounds (R-004-8)."""
    async with open_kitchen(database_url) as one:
        other = Kitchen(one.pool, one.clock)
        placed = await asyncio.gather(
            *(kitchen.order(3, 1) for _ in range(10) for kitchen in (one, other))
        )
        assert len({answer["order_id"] for answer in placed}) == 1
        assert sorted(answer["round"] for answer in placed) == list(range(1, 21))


async def test_seq_has_no_gap_and_no_double(database_url: str) -> None:
    """Whoever writes, a shop's log counts up by one (belief 1)."""
    async with open_kitchen(database_url) as one:
        other = Kitchen(one.pool, one.clock)
        items = [
            (await asyncio.gather(*(k.order(place, *[1] * 5) for k in (one, other))))
            for place in range(1, 21)
        ]
        # Nothing but the head is common to these: each process starts dishes of its own.
        await asyncio.gather(
            *(
                k.ask("kitchen", "StartItem", item_id=item)
                for pair in items
                for k, placed in zip((one, other), pair, strict=True)
                for item in placed["item_ids"]
            )
        )
        seqs = sorted(line.seq for k in (one, other) for line in k.ear.heard)
        assert seqs == list(range(1, 1 + 40 + 200))


async def test_a_refused_command_leaves_nothing(database_url: str) -> None:
    """One wrong line refuses the whole placing: no order, no number, no event."""
    async with open_kitchen(database_url) as kitchen:
        with pytest.raises(Refusal, match="dish_not_found"):
            await kitchen.order(2, 1, 9999)
        assert await kitchen.pool.fetchval("SELECT count(*) FROM catering_order") == 0
        assert await kitchen.pool.fetchval("SELECT count(*) FROM shop_day") == 0
        assert kitchen.ear.heard == []
        assert (await kitchen.order(2, 1))["number"] == 1


@pytest.mark.parametrize(
    ("role", "name", "body", "code"),
    [
        ("waiter", "BurnItem", {}, "unknown_command"),
        ("guest", "StartItem", {"item_id": 1}, "not_allowed"),
        ("kitchen", "CleanPlace", {"place_id": 1}, "not_allowed"),
        ("kitchen", "StartItem", {}, "bad_field"),
        ("kitchen", "StartItem", {"item_id": "x"}, "bad_field"),
        ("kitchen", "StartItem", {"item_id": 1, "more": 1}, "bad_field"),
        ("kitchen", "StartItem", {"item_id": 404}, "item_not_found"),
        ("waiter", "PlaceOrder", {"place_id": 404, "lines": [{"dish_id": 1}]}, "place_not_found"),
        ("waiter", "PlaceOrder", {"place_id": 1, "lines": []}, "order_empty"),
        (
            "waiter",
            "PlaceOrder",
            {"place_id": 1, "lines": [{"dish_id": 1, "quantity": 0}]},
            "bad_field",
        ),
        ("guest", "PlaceOrder", {"place_id": 2, "lines": [{"dish_id": 1}]}, "not_allowed"),
        ("waiter", "ClaimCall", {"call_id": 404}, "call_not_found"),
    ],
)
async def test_bad_input_gets_a_clear_refusal(
    database_url: str, role: str, name: str, body: dict[str, object], code: str
) -> None:
    """Whatever is wrong has its own stable code."""
    async with open_kitchen(database_url) as kitchen:
        with pytest.raises(Refusal) as refusal:
            await kitchen.ask(role, name, **body)  # type: ignore[arg-type]
        assert refusal.value.code == code


async def test_a_lost_database_is_a_refusal_that_may_be_tried_again(database_url: str) -> None:
    """While PostgreSQL is away a command is refused as `unavailable`, and works afterwards."""
    async with open_kitchen(database_url) as kitchen:
        await kitchen.order(2, 1)
        admin = await asyncpg.connect(database_url)
        try:
            async with kitchen.pool.acquire(), kitchen.pool.acquire():
                await admin.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
        except (asyncpg.PostgresError, asyncpg.InternalClientError):
            pass  # the pool notices its dead connections when it gets them back
        finally:
            await admin.close()
        codes = set()
        for _ in range(3):
            try:
                await kitchen.order(2, 1)
            except Refusal as refusal:
                codes.add((refusal.code, refusal.retryable))
        assert codes <= {("unavailable", True)}
        await kitchen.order(2, 1)


async def test_too_many_waiting_commands_are_refused_as_busy(database_url: str) -> None:
    """The queue has a bound: beyond it the answer is `busy` at once, and nothing is lost of the rest."""
    settings = Settings(waiting_commands_max=5)
    async with open_kitchen(database_url, ManualClock(NOON), settings) as kitchen:
        answers = await asyncio.gather(
            *(kitchen.order(2, 1) for _ in range(20)), return_exceptions=True
        )
        refused = [a for a in answers if isinstance(a, Refusal)]
        assert {r.code for r in refused} == {"busy"}
        rounds = await kitchen.pool.fetchval("SELECT rounds FROM catering_order")
        assert rounds == len(answers) - len(refused)
