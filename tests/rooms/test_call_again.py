"""Once more (再叫一遍) and seen (看到了): what people do with what was said."""

from __future__ import annotations

import uuid
from typing import Any

import msgspec
import pytest

from server.broadcast.again.commands import AGAIN_EVERY_S, AGAIN_MAX, AGAIN_WITHIN_S
from server.broadcast.views import read_call
from server.errors import Refusal
from server.events import catalogue as c
from tests.support.calling import Calling, calling
from tests.support.kitchen import SHOP, actor

RUSH = {
    "event": "order_rushed", "channels": ["kitchen"],
    "params": {"roomName": "801", "goodsName": "水饺"},
}  # fmt: skip
CARD = {"event": "service_wanted", "msg_type": 4, "template_id": 3, "params": {"number": "7"}}
FOR_EVER = '{"until_acknowledged": true, "interval_s": 10}'


async def again(house: Calling, call_id: int) -> dict[str, Any]:
    """Say a call once more, from the cash desk, when an impatient thumb's time is over."""
    house.kitchen.advance(seconds=AGAIN_EVERY_S)
    return await house.kitchen.ask("cashier", "CallAgain", call_id=call_id)


async def seen(house: Calling, call_id: int, ring: int = 1) -> dict[str, Any]:
    """Say on the board that a ring was seen."""
    cook = msgspec.structs.replace(actor("kitchen", 5), name="热菜档")
    body = msgspec.json.encode({"call_id": call_id, "ring": ring})
    return await house.kitchen.desk.execute(cook, uuid.uuid4(), "SeeCall", body)


async def test_an_announcement_is_said_once_more(database_url: str) -> None:
    """R-004-33: the same words at the same end, as a call of its own that names the first; five times."""
    async with calling(database_url) as house:
        first = await house.send(**RUSH)
        (said,) = house.announced()
        hasty = await house.kitchen.ask("cashier", "CallAgain", call_id=first["call_id"])
        assert hasty["changed"] is False
        told, call_id = [], first["call_id"]
        for _ in range(AGAIN_MAX):
            call_id = (await again(house, call_id))["call_id"]  # what is said again can be, too
            told.append(house.announced()[-1])
        assert {(one.text, one.event, tuple(one.channels)) for one in told} == {
            (said.text, "order_rushed", ("kitchen",))
        }
        record = await read_call(house.kitchen.pool, SHOP, call_id)
        assert record is not None
        assert record.params["againOf"] == str(first["call_id"])
        assert record.source == actor("cashier").id
        for one in (first["call_id"], call_id):
            with pytest.raises(Refusal) as refusal:
                await again(house, one)
            assert refusal.value.code == "call_repeated_enough"


async def test_old_news_is_not_said_again(database_url: str) -> None:
    """R-004-34: after half an hour nobody knows whether it still holds; and quiet hours hold for this too."""
    async with calling(database_url) as house:
        call = await house.send(**RUSH)
        await house.policy(
            "order_rushed",
            "kitchen",
            '{"quiet": {"from_minute": 0, "to_minute": 1439}, "quiet_exempt": false}',
        )
        (end,) = (await again(house, call["call_id"]))["ends"]
        assert (end["state"], end["reason"]) == ("suppressed", "quiet_hours")
        house.kitchen.advance(seconds=AGAIN_WITHIN_S)
        with pytest.raises(Refusal) as refusal:
            await again(house, call["call_id"])
        assert refusal.value.code == "call_ended"


async def test_a_card_rings_anew_until_somebody_comes(database_url: str) -> None:
    """R-004-32: once more is a further ring of the same card with its voice; who is coming is left alone."""
    async with calling(database_url) as house:
        call = await house.send(**CARD)
        assert (await again(house, call["call_id"]))["call_id"] == call["call_id"]
        assert [one.ring for one in house.announced()] == [1, 2]
        assert len((await house.kitchen.view("waiter")).calls) == 1
        await house.kitchen.ask("waiter", "ClaimCall", call_id=call["call_id"])
        with pytest.raises(Refusal) as refusal:
            await again(house, call["call_id"])
        assert refusal.value.code == "call_already_claimed"
        await house.kitchen.ask("waiter", "CloseCall", call_id=call["call_id"])
        with pytest.raises(Refusal) as over:
            await again(house, call["call_id"])
        assert over.value.code == "call_ended"


async def test_the_caller_knows_that_the_kitchen_saw_it(database_url: str) -> None:
    """R-004-33: a rush said once is over when it is seen; the desk and the call's record tell who, and when."""
    async with calling(database_url) as house:
        call = await house.send(**RUSH)
        house.kitchen.advance(seconds=20)
        since = len(house.kitchen.ear.heard)
        await seen(house, call["call_id"])
        (event,) = house.kitchen.events(since)
        assert isinstance(event, c.CallHeard)
        assert [(h.stage, h.device_name) for h in event.heard] == [("acknowledged", "热菜档")]
        assert house.kitchen.ear.heard[since].topics == {"cashier", "console", "kitchen"}
        await seen(house, call["call_id"])  # a second thumb
        record = await read_call(house.kitchen.pool, SHOP, call["call_id"])
        assert record is not None
        (receipt,) = record.receipts
        assert (receipt.stage, receipt.end, receipt.device_id) == ("acknowledged", "kitchen", 5)
        assert receipt.at_ms == record.raised_at_ms + 20_000


async def test_seen_stops_what_rings_until_somebody_answers(database_url: str) -> None:
    """R-004-33: a kitchen's call that repeats until it is acknowledged is over with 看到了."""
    async with calling(database_url) as house:
        await house.policy("order_rushed", "kitchen", FOR_EVER)
        call = await house.send(**RUSH)
        assert [one.ring for one in await house.after(seconds=10)] == [2]
        await seen(house, call["call_id"], ring=2)
        assert await house.after(seconds=60) == []
        record = await read_call(house.kitchen.pool, SHOP, call["call_id"])
        assert record is not None
        assert (record.state, record.ended_reason) == ("ended", "acknowledged")
        assert record.claimed_by == "热菜档"


async def test_what_was_said_can_be_taken_back_while_it_may_be_heard(database_url: str) -> None:
    """R-004-15: said once, it may wait in a queue of voices or on a board: a cancel reaches them, once."""
    async with calling(database_url) as house:
        old = (await house.send(**RUSH))["call_id"]
        house.kitchen.advance(seconds=600)
        call_id = (await house.send(**RUSH))["call_id"]
        since = len(house.kitchen.ear.heard)
        answers = [
            (await house.kitchen.ask("business", "CancelCall", call_id=one))["changed"]
            for one in (call_id, call_id, old)
        ]
        assert answers == [True, False, False]
        (event,) = house.kitchen.events(since)
        assert isinstance(event, c.CallEnded)
        assert (event.call_id, event.reason) == (call_id, "cancelled")
        assert "kitchen" in house.kitchen.ear.heard[since].topics
        record = await read_call(house.kitchen.pool, SHOP, call_id)
        assert record is not None
        assert record.ended_reason == "cancelled"


async def test_the_kitchen_answers_only_what_was_said_to_it(database_url: str) -> None:
    """R-004-33: a board cannot end what rings at the cash desk until somebody there answers."""
    async with calling(database_url) as house:
        await house.policy("service_wanted", "cashier", FOR_EVER)
        call = await house.send(**(CARD | {"msg_type": 1, "channels": ["cashier"]}))
        with pytest.raises(Refusal) as refusal:
            await seen(house, call["call_id"])
        assert refusal.value.code == "not_allowed"
        assert [one.ring for one in await house.after(seconds=10)] == [2]
