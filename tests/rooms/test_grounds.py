"""What a shop decided is remembered by the worker, and yet holds at the very next ring."""

from __future__ import annotations

from server.broadcast.grounds import store
from tests.support.calling import Calling, calling
from tests.support.kitchen import SHOP

ORDER = {"roomName": "801", "goodsName": "水饺", "num": "2"}
RULE = '{"repeat_max": 20, "interval_s": 10%s}'


async def _rings(house: Calling, *, seconds: float = 10) -> list[str]:
    return [one.spoken.zh for one in await house.after(seconds=seconds)]


async def test_a_rule_a_sentence_and_a_device_change_between_two_rings(database_url: str) -> None:
    """R-004-33: what a manager changes reaches a call that waits, however well the shop is known."""
    async with calling(database_url) as house:
        pool = house.kitchen.pool
        await house.policy("order_placed", "kitchen", RULE % "")
        await house.send(event="order_placed", channels=["kitchen"], params=ORDER)
        assert await _rings(house) == ["八零一房间下单了水饺两份,请注意"]
        await house.policy("order_placed", "kitchen", RULE % ', "one_as_yao": true')
        assert await _rings(house) == ["八零幺房间下单了水饺两份,请注意"]
        await pool.execute("INSERT INTO im_template VALUES (1, 2000, 'short', 1)")
        await pool.execute(
            "INSERT INTO im_template_version VALUES (1, 2000, 1, '{}', $1, now(), 'test')",
            '{"zh": "新单", "en": "New"}',
        )
        await house.policy("order_placed", "kitchen", RULE % ', "template_id": 2000')
        assert await _rings(house) == ["新单"]
        await pool.execute(
            "INSERT INTO im_template_version VALUES (1, 2000, 2, '{}', $1, now(), 'test')",
            '{"zh": "有新单", "en": "New one"}',
        )
        await pool.execute("UPDATE im_template SET latest = 2 WHERE id = 2000")
        assert await _rings(house) == ["有新单"]
        await pool.execute("UPDATE device SET revoked_at = now() WHERE kind = 'kitchen'")
        assert await _rings(house) == []


async def test_a_calm_shop_costs_its_stamps_and_nothing_else(database_url: str) -> None:
    """The second ring reads no rule, no device and no sentence: they are known."""
    async with calling(database_url) as house:
        await house.policy("order_placed", "kitchen", RULE % "")
        await house.send(event="order_placed", channels=["kitchen"], params=ORDER)
        await _rings(house)
        async with house.kitchen.pool.acquire() as connection:
            asked: list[str] = []
            connection.add_query_logger(lambda record: asked.append(record.query))
            found = await store.read_grounds(connection, {(SHOP, "order_placed")})  # type: ignore[arg-type]  # it acts like one
        assert asked == [store.READ_STAMPS]
        assert found[SHOP, "order_placed"].policies["kitchen"].repeat_max == 20


async def test_two_last_rings_of_one_call_end_it(database_url: str) -> None:
    """Two ends that ring for the last time in one moment leave no call open for ever."""
    async with calling(database_url) as house:
        for channel in ("kitchen", "cashier"):
            await house.policy("custom", channel, '{"repeat_max": 2, "interval_s": 10}')
        call = await house.send(
            event="custom", channels=["kitchen", "cashier"], template_id=3, params={"number": "7"}
        )
        for _ in range(2):
            assert len(await house.after(seconds=10)) == 2
        (row,) = await house.kitchen.pool.fetch(
            "SELECT state, ended_reason, ended_at FROM im_call WHERE id = $1", call["call_id"]
        )
        assert tuple(row) == ("ended", "done", house.kitchen.clock.now())


async def test_a_monitor_hears_no_call_and_breaks_none(database_url: str) -> None:
    """A shop with a monitor, which is no end of calls, is told as any other."""
    async with calling(database_url) as house:
        await house.kitchen.pool.execute("UPDATE device SET kind = 'monitor' WHERE kind = 'waiter'")
        call = await house.send(
            event="custom", channels=["kitchen", "pad"], template_id=3, params={"number": "7"}
        )
        assert [end["state"] for end in call["ends"]] == ["queued", "no_such_end"]
