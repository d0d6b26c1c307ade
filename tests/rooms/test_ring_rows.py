"""What a ring reads and what it leaves: the call as it is shown, its ring's row, no promise that says it twice."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from server.broadcast.rings import RingCall
from server.broadcast.store import read_calls, read_rings
from server.clock import to_ms
from tests.support.calling import Calling, calling
from tests.support.kitchen import SHOP, Kitchen

REPEATS = '{"repeat_max": 3, "interval_s": 10, "coalesce_s": 0}'
PROMISES = "SELECT state, attempt FROM promise WHERE kind = 'RingEnd' ORDER BY id"
ORDER = {"roomName": "801", "goodsName": "水饺", "num": "2"}


async def _announced(house: Calling) -> int:
    """Announce an order in the kitchen that is repeated every ten seconds; return the call."""
    await house.policy("order_placed", "kitchen", REPEATS)
    sent = await house.send(event="order_placed", channels=["kitchen"], params=ORDER)
    call_id: int = sent["call_id"]
    return call_id


async def test_a_ring_reads_the_call_that_pads_show(database_url: str) -> None:
    """R-004-15: a dish's card and a service's call come to a ring field by field as a snapshot has them."""
    async with calling(database_url) as house:
        item = (await house.kitchen.order(2, 1))["item_ids"][0]
        for name in ("StartItem", "FinishItem", "CallItem"):
            await house.kitchen.ask("kitchen", name, item_id=item)
        await _announced(house)
        await house.send(
            event="custom", channels=["pad"], msg_type=4, params={"text": "加水", "placeId": "3"}
        )
        ids = [row["id"] for row in await house.kitchen.pool.fetch("SELECT id FROM im_call")]
        async with house.kitchen.pool.acquire() as connection:
            shown = await read_calls(connection, [(SHOP, one) for one in ids])  # type: ignore[arg-type]
            asked = [(SHOP, RingCall(one, 0)) for one in ids]
            now_ms = to_ms(house.kitchen.clock.now())
            rung = await read_rings(connection, asked, now_ms)  # type: ignore[arg-type]
    assert len(ids) >= 2
    assert [one.row for one in rung] == [shown[SHOP, one] for one in ids]


async def test_what_rang_says_so_once(database_url: str) -> None:
    """A repeat leaves its ring's row and the next one's promise; one that had trouble stays to be looked at."""
    async with calling(database_url) as house:
        call_id = await _announced(house)
        pool = house.kitchen.pool
        assert len(await house.after(seconds=10)) == 1
        assert await house.messages(call_id) == [
            ("kitchen", 1, "sent", ""), ("kitchen", 2, "sent", ""), ("kitchen", 3, "queued", ""),
        ]  # fmt: skip
        assert [tuple(row) for row in await pool.fetch(PROMISES)] == [("waiting", 0)]
        await pool.execute("UPDATE promise SET last_error = 'unavailable' WHERE kind = 'RingEnd'")
        assert len(await house.after(seconds=10)) == 1
        assert [tuple(row) for row in await pool.fetch(PROMISES)] == [("done", 1), ("waiting", 0)]


async def test_a_repeat_of_a_call_heard_meanwhile_is_not_said(database_url: str) -> None:
    """Answered between the reading of a ring and its writing: nothing is said, nothing waits any more."""
    async with calling(database_url) as house:
        call_id = await _announced(house)
        kitchen = house.kitchen
        book: dict[str, Any] = kitchen.desk._book  # type: ignore[assignment]
        entry, claims = book["RingEnd"], [call_id]
        other = Kitchen(kitchen.pool, kitchen.clock)

        async def load(*asked: Any) -> Sequence[Any]:
            facts: Sequence[Any] = await entry.load(*asked)
            while claims:
                await other.ask("waiter", "ClaimCall", call_id=claims.pop())
            return facts

        book["RingEnd"] = entry._replace(load=load)
        assert await house.after(seconds=10) == []
        assert await house.messages(call_id) == [
            ("kitchen", 1, "sent", ""), ("kitchen", 2, "cancelled", "acknowledged"),
        ]  # fmt: skip
        book["RingEnd"] = entry
