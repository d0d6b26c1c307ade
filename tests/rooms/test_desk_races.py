"""What happens between a reading and its writing, and clocks that jump."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from server.clock import to_ms
from server.desk import Entry
from server.errors import Refusal
from server.events import catalogue as c
from server.events import log
from server.events.decision import Decision, Due, Said, Write
from server.ids import IdMint
from tests.support.kitchen import NOON, SHOP, Kitchen, actor, open_kitchen


def _meanwhile(kitchen: Kitchen, name: str, what: Callable[[], Awaitable[Any]]) -> None:
    """Let something happen once, between the next reading of command `name` and its writing."""
    book: dict[str, Entry] = kitchen.desk._book  # type: ignore[assignment]
    entry = book[name]
    waiting = [what]

    async def load(*asked: Any) -> list[Any]:
        facts = await entry.load(*asked)
        if waiting:
            await waiting.pop()()
        return facts

    book[name] = entry._replace(load=load)


async def test_a_call_raised_while_a_room_is_cleaned_does_not_ring_on(database_url: str) -> None:
    """Cleaning and calling at once, in two processes: no pad rings for a guest who is gone."""
    async with open_kitchen(database_url) as kitchen:
        other = Kitchen(kitchen.pool, kitchen.clock)
        item = (await kitchen.order(2, 1))["item_ids"][0]
        await kitchen.ask("kitchen", "StartItem", item_id=item)
        await kitchen.ask("kitchen", "FinishItem", item_id=item)
        _meanwhile(kitchen, "CleanPlace", lambda: other.ask("kitchen", "CallItem", item_id=item))
        cleaned = await kitchen.ask("waiter", "CleanPlace", place_id=2)
        assert cleaned["changed"]
        view = await kitchen.view("waiter")
        assert (view.orders, view.calls) == ([], [])
        assert [type(e) for e in kitchen.events()[-2:]] == [c.PlaceCleaned, c.CallEnded]


async def test_a_round_ordered_while_a_room_is_cleaned_opens_a_new_order(database_url: str) -> None:
    """Ordering and cleaning at once: the dish is on a new order, never on the completed one."""
    async with open_kitchen(database_url) as kitchen:
        other = Kitchen(kitchen.pool, kitchen.clock)
        first = await kitchen.order(2, 1)
        _meanwhile(kitchen, "PlaceOrder", lambda: other.ask("waiter", "CleanPlace", place_id=2))
        second = await kitchen.order(2, 1)
        assert (first["number"], second["number"], second["round"]) == (1, 2, 1)


@pytest.mark.parametrize(
    ("meanwhile", "late", "codes"),
    [
        ("CancelItem", "StartItem", "item_already_cancelled"),
        ("StartItem", "CancelItem", "item_already_started"),
    ],
)
async def test_the_later_press_is_judged_by_what_the_earlier_did(
    database_url: str, meanwhile: str, late: str, codes: str
) -> None:
    """Guest cancels and cook starts at once: one of them happens, the other is refused."""
    async with open_kitchen(database_url) as kitchen:
        other = Kitchen(kitchen.pool, kitchen.clock)
        item = (await kitchen.order(2, 1))["item_ids"][0]
        _meanwhile(kitchen, late, lambda: other.ask("business", meanwhile, item_id=item))  # fmt: skip
        with pytest.raises(Refusal, match=codes):
            await kitchen.ask("business", late, item_id=item)


async def test_a_dish_of_a_room_cleaned_meanwhile_takes_no_step(database_url: str) -> None:
    """Starting and cleaning at once: the cook hears that the order is completed."""
    async with open_kitchen(database_url) as kitchen:
        other = Kitchen(kitchen.pool, kitchen.clock)
        item = (await kitchen.order(2, 1))["item_ids"][0]
        _meanwhile(kitchen, "StartItem", lambda: other.ask("waiter", "CleanPlace", place_id=2))
        with pytest.raises(Refusal, match="order_completed"):
            await kitchen.ask("kitchen", "StartItem", item_id=item)


async def test_a_promise_is_settled_once(database_url: str) -> None:
    """A promise read by two workers, or moved on since it was read, is kept by one of them."""
    async with open_kitchen(database_url) as kitchen:
        item = (await kitchen.order(2, 1))["item_ids"][0]
        for name in ("StartItem", "FinishItem"):
            await kitchen.ask("kitchen", name, item_id=item)
        *_, armed = kitchen.ear.armed  # what the order promised, then the dish's call
        payload = msgspec.json.encode({"item_id": item, "version": 3}).decode()
        said = len(kitchen.ear.heard)

        async def keep(attempt: int) -> int:
            """Keep it as read at `attempt`; return how many events that made."""
            before = len(kitchen.ear.heard)
            due = Due(SHOP, armed.id, "CallFinishedItem", payload, attempt)
            assert await kitchen.desk.keep([due]) == [None]
            return len(kitchen.ear.heard) - before

        assert [await keep(attempt) for attempt in (7, 0, 0, 1)] == [0, 2, 0, 0]
        assert [type(e) for e in kitchen.events(said)] == [c.ItemCalled, c.CallRaised]


async def test_two_waiters_say_coming_at_once(database_url: str) -> None:
    """The first "coming" owns the call, the second is told who, across processes."""
    async with open_kitchen(database_url) as kitchen:
        other = Kitchen(kitchen.pool, kitchen.clock)
        item = (await kitchen.order(2, 1))["item_ids"][0]
        for name in ("StartItem", "FinishItem", "CallItem"):
            await kitchen.ask("kitchen", name, item_id=item)
        (call,) = (await kitchen.view("waiter")).calls
        body = msgspec.json.encode({"call_id": call.id})
        rival = actor("waiter", device_id=8)
        _meanwhile(
            kitchen,
            "ClaimCall",
            lambda: other.desk.execute(rival, uuid.uuid4(), "ClaimCall", body),
        )
        with pytest.raises(Refusal, match="call_already_claimed"):
            await kitchen.ask("waiter", "ClaimCall", call_id=call.id)
        (call,) = (await kitchen.view("waiter")).calls
        assert call.claimed_by_device == rival.device_id


async def test_two_rooms_ordering_at_once_get_two_numbers(database_url: str) -> None:
    """Two first orders of one moment, in two processes: two queue numbers, no gap (R-004-9)."""
    async with open_kitchen(database_url) as kitchen:
        other = Kitchen(kitchen.pool, kitchen.clock)
        _meanwhile(kitchen, "PlaceOrder", lambda: other.order(3, 1))
        assert (await kitchen.order(2, 1))["number"] == 2
        _meanwhile(kitchen, "PlaceOrder", lambda: other.order(5, 1))
        assert (await kitchen.order(4, 1))["number"] == 4


async def test_a_clock_set_back_by_days_goes_on_counting(database_url: str) -> None:
    """A box whose clock ran ahead and is set right takes orders, with the day's next numbers."""
    async with open_kitchen(database_url) as kitchen:
        for place in range(1, 6):
            assert (await kitchen.order(place, 1))["number"] == 1
            kitchen.advance(seconds=86_400)
        kitchen.advance(seconds=-5 * 86_400)
        assert [(await kitchen.order(place, 1))["number"] for place in (11, 12)] == [2, 3]


async def test_two_workers_make_partitions_at_once(database_url: str) -> None:
    """Workers that start together do not trip over each other, whatever the shops say meanwhile."""
    async with open_kitchen(database_url) as kitchen:
        await asyncio.gather(
            *(log.make_partitions(kitchen.pool, NOON) for _ in range(4)),
            *(kitchen.order(place, 1) for place in range(1, 21)),
        )
        rest = await kitchen.pool.fetchval("SELECT count(*) FROM event_rest")
        assert rest == 0, "what was said before lies in its month now"
        assert len(await log.read_log(kitchen.pool, SHOP, 0)) == 20


@pytest.mark.parametrize("day", [1, 28, 29, 30, 31])
async def test_next_months_partition_is_there_in_time(database_url: str, day: int) -> None:
    """On any day of January, February's lines have a place of their own already."""
    now = datetime(2027, 1, day, 23, 30, tzinfo=UTC)
    async with open_kitchen(database_url) as kitchen:
        await log.make_partitions(kitchen.pool, now)
        made = await kitchen.pool.fetch(
            "SELECT inhrelid::regclass::text AS name FROM pg_inherits"
            " WHERE inhparent = 'event'::regclass"
        )
        assert {row["name"] for row in made} == {"event_rest", "event_2027_01", "event_2027_02"}


async def test_a_writer_waits_for_the_head_before_it_counts(database_url: str) -> None:
    """Two writers of one shop, the first not yet committed: the second's seq comes after (belief 1)."""
    async with open_kitchen(database_url) as kitchen, kitchen.pool.acquire() as first:
        said = Said(c.DeviceUnpaired(device_id=1), frozenset({"console"}))
        write = Write(SHOP, Decision(result={}, said=[said]))
        now_ms, mint = to_ms(NOON), IdMint()
        async with kitchen.pool.acquire() as second:
            opened = first.transaction()
            await opened.start()
            ((one,),), _ = await log.write(first, [write], now_ms, mint)  # type: ignore[arg-type]
            later = asyncio.create_task(log.write(second, [write], now_ms, mint))  # type: ignore[arg-type]
            blocked = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
            while not await kitchen.pool.fetchval(blocked):
                pass
            await opened.commit()
            ((two,),), _ = await later
        assert (one.seq, two.seq) == (1, 2)
