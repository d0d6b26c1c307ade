"""Calls that wait for each other's company: said in one sentence, and each still judged for itself."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.calling import Calling, calling

ORDER = {"roomName": "801", "goodsName": "水饺", "num": "2"}
PLACED: dict[str, Any] = {"event": "order_placed", "channels": ["kitchen"], "params": ORDER}
NUMBER: dict[str, Any] = {"event": "custom", "template_id": 3}  # says 请7号顾客取餐
ROOM_801, ROOM_802 = 1, 2


async def _sentence(house: Calling, template_id: int, zh: str) -> None:
    """Write a sentence of the brand's own about an order."""
    params = '{"roomName": "room", "goodsName": "goods", "num": "quantity"}'
    pool = house.kitchen.pool
    await pool.execute("INSERT INTO im_template VALUES (1, $1, $2, 1)", template_id, zh)
    await pool.execute(
        "INSERT INTO im_template_version (brand_id, id, version, parameters, text, made_at, made_by)"
        " VALUES (1, $1, 1, $2, jsonb_build_object('zh', $3::text, 'en', 'x'), now(), 'test')",
        template_id, params, zh,
    )  # fmt: skip


async def test_a_refresh_silences_no_order(database_url: str) -> None:
    """What only redraws screens (R-004-32) waits for no company, and takes nobody's voice along."""
    async with calling(database_url) as house:
        await house.send(**PLACED)
        since = len(house.kitchen.ear.heard)
        await house.send(**PLACED, msg_type=2)
        assert [one.msg_type for one in house.announced(since)] == [2]
        await house.send(**PLACED | {"params": ORDER | {"roomName": "802"}})
        (order,) = await house.after(seconds=2)
        assert (order.msg_type, order.text.zh) == (1, "802房间下单了水饺2份,请注意")
        assert order.audio


async def test_orders_wait_for_no_refresh(database_url: str) -> None:
    """A refresh a moment ago is nothing that was said: the order after it is heard at once."""
    async with calling(database_url) as house:
        await house.send(**PLACED, msg_type=2)
        since = len(house.kitchen.ear.heard)
        await house.send(**PLACED)
        assert [one.msg_type for one in house.announced(since)] == [1]


async def test_calls_with_sentences_of_their_own_are_said_together(database_url: str) -> None:
    """Each is said in the sentence its caller named, whichever was read before (R-004-31)."""
    async with calling(database_url) as house:
        await _sentence(house, 2001, "甲{roomName}")
        await _sentence(house, 2002, "乙{roomName}")
        await house.send(**PLACED)
        first = await house.send(**PLACED, template_id=2001)
        house.kitchen.advance(seconds=1)
        second = await house.send(**PLACED, template_id=2002)
        (said,) = await house.after(seconds=1)
        assert said.text.zh == "甲801；乙801"
        for one in (first, second):
            assert await house.messages(one["call_id"]) == [("kitchen", 1, "sent", "")]


async def test_rooms_hear_only_what_is_theirs(database_url: str) -> None:
    """The end `room` is another one in every place: 802 is not told in 801."""
    async with calling(database_url) as house:
        for place in (ROOM_801, ROOM_802):
            await house.kitchen.pair("guest", place_id=place)
        await house.policy("custom", "room", '{"coalesce_s": 5}')
        for number, place in ((1, ROOM_801), (2, ROOM_801), (3, ROOM_802)):
            params = {"number": str(number), "placeId": str(place)}
            await house.send(**NUMBER, channels=["room"], params=params)
        said = await house.after(seconds=5)
        assert [(one.place_id, one.text.zh) for one in said] == [
            (ROOM_801, "请2号顾客取餐"), (ROOM_802, "请3号顾客取餐"),
        ]  # fmt: skip


async def test_every_account_hears_what_was_said_beside_another(database_url: str) -> None:
    """A call for two accounts that is said in another's breath at one still reaches the other."""
    async with calling(database_url) as house:
        anna = await _account(house, "anna")
        bo = await _account(house, "bo")
        await house.policy("custom", "pad", '{"coalesce_s": 5, "repeat_max": 0}')
        await house.send(**NUMBER, accounts=[anna], params={"number": "1"})
        await house.send(**NUMBER, accounts=[anna], params={"number": "2"})
        house.kitchen.advance(seconds=1)
        both = await house.send(**NUMBER, accounts=[anna, bo], params={"number": "3"})
        assert len(await house.after(seconds=4)) == 1
        (rest,) = await house.after(seconds=1)
        assert (rest.accounts, rest.text.zh) == ([bo], "请3号顾客取餐")
        assert {row[2] for row in await house.messages(both["call_id"])} == {"sent"}


async def _account(house: Calling, name: str) -> int:
    device = await house.kitchen.pair("waiter", account=name)
    account: int = await house.kitchen.pool.fetchval(
        "SELECT account_id FROM device WHERE shop_id = 1 AND id = $1", device
    )
    return account


async def test_a_call_said_beside_another_ends_when_nothing_of_it_waits(database_url: str) -> None:
    """One of its ends rang at once, the other in company: then it is over, and not open for ever."""
    async with calling(database_url) as house:
        await house.policy("order_placed", "cashier", '{"coalesce_s": 0, "repeat_max": 0}')
        await house.send(**PLACED)
        await house.send(**PLACED)
        house.kitchen.advance(seconds=1)
        call = await house.send(**PLACED | {"channels": ["kitchen", "cashier"]})
        assert len(await house.after(seconds=1)) == 1
        state = await house.kitchen.pool.fetchval(
            "SELECT state FROM im_call WHERE id = $1", call["call_id"]
        )
        assert state == "ended"


@pytest.mark.parametrize("on_clock", [True, False], ids=["on", "off"])
async def test_company_is_judged_like_every_ring(database_url: str, *, on_clock: bool) -> None:
    """Whose session ended while its call waited is not said with the others (R-004-34)."""
    async with calling(database_url) as house:
        await house.policy("custom", "cashier", '{"coalesce_s": 5}')
        for number in ("1", "2"):
            await house.send(**NUMBER, channels=["cashier"], params={"number": number})
        await house.kitchen.ask("business", "SetTechnician", technician_id="t8", on_clock=True)
        params = {"number": "3", "technicianId": "t8"}
        call = await house.send(**NUMBER, channels=["cashier"], params=params)
        await house.kitchen.ask("business", "SetTechnician", technician_id="t8", on_clock=on_clock)
        (said,) = await house.after(seconds=5)
        assert ("3号" in said.text.zh) is on_clock
        known = ("sent", "") if on_clock else ("suppressed", "technician_off_clock")
        assert await house.messages(call["call_id"]) == [("cashier", 1, *known)]


async def test_a_batch_of_orders_is_said_together(database_url: str) -> None:
    """Five orders in one request are heard as five that came one by one: one at once, then the rest."""
    async with calling(database_url) as house:
        rooms = [PLACED | {"params": ORDER | {"roomName": str(room)}} for room in range(801, 806)]
        await house.kitchen.ask("business", "SendImCall", calls=rooms)
        (first,) = house.announced()
        assert first.text.zh == "801房间下单了水饺2份,请注意"
        (rest,) = await house.after(seconds=2)
        assert [room in rest.text.zh for room in ("802", "803", "804", "805")] == [True] * 4


async def test_orders_kept_in_one_batch_are_said_together(database_url: str) -> None:
    """The worker comes to three guests' orders at once: no three sentences at once."""
    async with calling(database_url) as house:
        for place in (ROOM_801, ROOM_802, 3):
            await house.kitchen.order(place, 1)
        assert [one.event for one in await house.after(seconds=0)] == ["order_placed"]
        (rest,) = [one for one in await house.after(seconds=2) if one.event == "order_placed"]
        assert "802" in rest.text.zh
        assert "803" in rest.text.zh
