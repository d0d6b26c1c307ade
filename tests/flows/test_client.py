"""The Python clients that integrations build on, against a running house."""

from __future__ import annotations

import asyncio
import random
import uuid

import pytest

from server.client.api import Api
from server.client.device import Device
from server.client.outbox import IN_FLIGHT_MAX, Outbox
from server.client.terms import Heard, Tempo
from server.errors import Refusal
from server.events import catalogue as c
from server.events.view import state_hash
from server.gateway import frames as f
from tests.support.house import HouseOnThread
from tests.support.patience import PATIENCE_S

QUICK = Tempo(ping_s=0.2, backoff_first_s=0.02)


@pytest.mark.parametrize("packed", [False, True])
async def test_a_cut_device_catches_up_and_repeats_nothing(
    house: HouseOnThread, packed: bool
) -> None:
    """After a pulled cable a device has every event once and the server's picture, in both encodings."""
    heard: list[Heard] = []
    token = house.pair("kitchen", "热菜档")
    device = Device(house.url, token, on_event=heard.append, tempo=QUICK, packed=packed)
    async with asyncio.timeout(PATIENCE_S), device:
        await device.until(lambda d: d.replica.whole)
        first = house.order(1, 1, 2)
        await device.until(lambda d: d.replica.item(first["item_ids"][1]) is not None)
        device.cut()
        second = house.order(2, 3)  # while it is away
        started = await device.ask("StartItem", item_id=second["item_ids"][0])
        await device.until(lambda d: d.replica.item(second["item_ids"][0]).state == "cooking")  # type: ignore[union-attr]
    assert started["changed"]
    assert device.links == 2
    assert [one.seq for one in heard] == sorted({one.seq for one in heard})
    kinds = [type(one.event) for one in heard if not isinstance(one.event, c.Announced)]
    assert kinds == [c.OrderPlaced, c.OrderPlaced, c.ItemStarted]
    assert device.replica.state_hash() == state_hash(house.view("kitchen"))


async def test_what_is_asked_during_a_cut_is_done_once(house: HouseOnThread) -> None:
    """Commands pressed while the link is down are kept, sent after it is back, and done once."""
    placed = house.order(1, 1, 2, 3)
    token = house.pair("kitchen")
    async with asyncio.timeout(PATIENCE_S), Device(house.url, token, tempo=QUICK) as device:
        await device.until(lambda d: d.replica.whole)
        answers = []
        for item_id in placed["item_ids"]:
            device.cut()
            answers.append(asyncio.create_task(device.ask("StartItem", item_id=item_id)))
            answers.append(asyncio.create_task(device.ask("FinishItem", item_id=item_id)))
        results = await asyncio.gather(*answers)
        assert len(device.outbox) == 0
    assert [r["changed"] for r in results] == [True] * 6
    versions = {i.id: i.version for o in house.view("kitchen").orders for i in o.items}
    assert all(version >= 3 for version in versions.values())


async def test_a_replaced_device_stays_away(house: HouseOnThread) -> None:
    """Two programs with one token: the newer wins, the older hears 4409 and does not fight back."""
    token = house.pair("waiter")
    async with asyncio.timeout(PATIENCE_S), Device(house.url, token, tempo=QUICK) as older:
        await older.until(lambda d: d.replica.whole)
        async with Device(house.url, token, tempo=QUICK) as newer:
            await newer.until(lambda d: d.replica.whole)
            await older.until(lambda d: d.state == "stopped")
            assert newer.state == "open"
    assert older.stopped is not None
    assert older.stopped.code == 4409
    assert (older.links, newer.links) == (1, 1)


async def test_a_refusal_reaches_who_asked(house: HouseOnThread) -> None:
    """A no arrives as a refusal with its stable code."""
    placed = house.order(1, 1)
    token = house.pair("kitchen")
    async with asyncio.timeout(PATIENCE_S), Device(house.url, token) as device:
        with pytest.raises(Refusal) as refused:
            await device.ask("FinishItem", item_id=placed["item_ids"][0])
    assert refused.value.code == "item_not_started"


async def test_a_repeated_call_takes_effect_once(house: HouseOnThread) -> None:
    """The API client repeats under the same Idempotency-Key: one order, the same answer."""
    key_id, secret = house.call(house.house.api_key())
    async with asyncio.timeout(PATIENCE_S), Api(house.url, key_id, secret) as api:
        lines = [{"dish_id": 2, "quantity": 2}]
        answers = [await api.place_order(1, 5, lines, key="evening-1") for _ in range(2)]
        paired = await api.pair(1, "guest", "805", place_id=5)
        async with Device(house.url, paired.token) as guest:
            await guest.until(lambda d: d.replica.whole)
            assert guest.replica.item(answers[0]["item_ids"][0]) is not None
            await api.unpair(1, paired.device["id"])
            await guest.until(lambda d: d.state == "stopped")
        with pytest.raises(Refusal, match="place_not_found"):
            await api.clean(1, 999)
        board = await api.board(1)
    assert answers[0] == answers[1]
    assert [len(order["items"]) for order in board["orders"]] == [1]
    assert guest.stopped is not None
    assert guest.stopped.code == 4410


def test_steps_of_one_dish_wait_for_each_other() -> None:
    """A later step of a dish is sent after the earlier one's answer, other dishes do not wait."""
    outbox = Outbox(random.Random(1))
    start, finish = (outbox.add(name, {"item_id": 1}) for name in ("StartItem", "FinishItem"))
    others = [outbox.add("StartItem", {"item_id": n}) for n in range(2, 20)]
    outbox.opened(0.0)
    sent = outbox.due(0.0)
    assert start in sent
    assert finish not in sent
    assert len(sent) == IN_FLIGHT_MAX
    busy = f.RefusalBody("busy", "", retryable=True)
    assert outbox.answered(f.Reply(str(start.id), ok=False, refusal=busy), 0.0) is None
    assert outbox.due(0.0) == [], "a busy server is left alone for a moment"
    again = outbox.due(1.0)
    assert again == [start]
    assert start.sends == 2
    assert outbox.answered(f.Reply(str(start.id), ok=True, result={}), 1.0) is start
    assert outbox.due(1.0) == [finish]
    assert outbox.answered(f.Reply(str(uuid.uuid4()), ok=True), 1.0) is None
    assert others[0] in sent
