"""Calls from end to end: a service's client, the house, a device that hears, a webhook that tells."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import msgspec
import pytest

from server.client.calls import CallWanted, Client, accepted
from server.client.device import Device
from server.client.terms import Heard, Tempo
from server.errors import Refusal
from server.events import catalogue as c
from server.webhooks.message import Told, read_told
from tests.support.house import SHOP, HouseOnThread
from tests.support.patience import PATIENCE_S
from tests.support.receiver import Receiver, receiver

QUICK = Tempo(ping_s=0.2, backoff_first_s=0.02)
PARAMS = {"roomName": "801", "goodsName": "水饺", "num": "2"}
SECRET = "a-secret-of-the-till-32-or-longer"


@pytest.fixture
async def client(house: HouseOnThread) -> AsyncIterator[Client]:
    """Give a business service's client of a running house."""
    key = house.call(house.house.api_key("till"))
    async with Client(house.url, *key) as made:
        yield made


@pytest.fixture
async def till() -> AsyncIterator[Receiver]:
    """Give a webhook's receiver on a real socket."""
    async with receiver() as listening:
        yield listening


def stages(till: Receiver, now_s: float) -> list[str]:
    """Return the stages told so far, each checked by its signature."""
    told = [read_told(SECRET, p.target, p.headers, p.body, now_s) for p in till.posts]
    return [one.stage for one in sorted(told, key=lambda one: one.at_ms)]


async def test_a_call_reaches_its_device_and_is_answered(
    house: HouseOnThread, client: Client, till: Receiver
) -> None:
    """R-004-31..36: asked, heard, claimed; the service is told of each and reads it afterwards."""
    heard: list[Heard] = []
    token = house.pair("waiter", "王敏")
    await client.put_webhook(till.url, SECRET)
    async with (
        asyncio.timeout(PATIENCE_S),
        Device(house.url, token, on_event=heard.append, tempo=QUICK) as pad,
    ):
        await pad.until(lambda d: d.replica.whole)
        call = await client.send_im_call(
            SHOP, "item_ready", ["pad"], PARAMS, msg_type="pad_call", template_id=2
        )
        assert [(e.channel, e.state, e.devices, e.online) for e in call.ends] == [
            ("pad", "queued", 1, 1)
        ]
        await pad.until(lambda d: any(isinstance(h.event, c.Announced) for h in heard))
        (said,) = [h.event.utterance for h in heard if isinstance(h.event, c.Announced)]
        assert (said.call_id, said.text.zh) == (call.call_id, "801房间的水饺2份好了,请取餐")
        await pad.ask("ClaimCall", call_id=call.call_id)
        await till.until(2)
        record = await client.read_im_call(SHOP, call.call_id)
        assert (record.state, record.claimed_by) == ("claimed", "王敏")
        assert await client.cancel_im_call(SHOP, call.call_id)
        await till.until(3)
    now_s = house.clock.now().timestamp()
    assert stages(till, now_s) == ["rung", "claimed", "ended"]
    told = [msgspec.json.decode(post.body, type=Told) for post in till.posts]
    assert {one.call_id for one in told} == {call.call_id}
    assert len({one.event_id for one in told}) == 3


async def test_the_caller_is_told_that_the_kitchen_saw_it(
    house: HouseOnThread, client: Client, till: Receiver
) -> None:
    """R-004-33: 看到了 on a board reaches the service that called, with who saw it and which ring."""
    token = house.pair("kitchen", "热菜档", station_id=1)
    await client.put_webhook(till.url, SECRET)
    async with asyncio.timeout(PATIENCE_S), Device(house.url, token, tempo=QUICK) as board:
        await board.until(lambda d: d.replica.whole)
        call = await client.send_im_call(
            SHOP, "order_rushed", ["kitchen"], {"roomName": "801", "goodsName": "水饺"}
        )
        await till.until(1)
        await board.ask("SeeCall", call_id=call.call_id, ring=1)
        await till.until(2)
    told = [
        read_told(SECRET, p.target, p.headers, p.body, house.clock.now().timestamp())
        for p in till.posts
    ]
    (seen,) = [one for one in told if one.stage == "seen"]
    assert (seen.call_id, seen.detail["ring"], seen.detail["by"]) == (call.call_id, 1, "热菜档")


async def test_a_board_answers_only_what_rang_at_its_own_account(
    house: HouseOnThread, client: Client
) -> None:
    """R-004-33: 看到了 for a call to one account counts at that account's board, and at no other."""
    tokens = [house.pair("kitchen", name) for name in ("热菜档", "凉菜档")]
    async with (
        asyncio.timeout(PATIENCE_S),
        Device(house.url, tokens[0], tempo=QUICK) as meant,
        Device(house.url, tokens[1], tempo=QUICK) as other,
    ):
        await meant.until(lambda d: d.replica.whole)
        assert meant.replica.view is not None
        named = [meant.replica.view.device.account]
        call = await client.send_im_call(
            SHOP, "service_wanted", params={"roomName": "801"}, accounts=named
        )
        with pytest.raises(Refusal) as refusal:
            await other.ask("SeeCall", call_id=call.call_id, ring=1)
        assert refusal.value.code == "not_allowed"
        assert (await client.read_im_call(SHOP, call.call_id)).receipts == []
        await meant.ask("SeeCall", call_id=call.call_id, ring=1)
        record = await client.read_im_call(SHOP, call.call_id)
    (receipt,) = [one for one in record.receipts if one.stage == "acknowledged"]
    assert receipt.device_name == "热菜档"


async def test_many_calls_go_at_once(house: HouseOnThread, client: Client) -> None:
    """A batch in plain words: accepted and refused side by side, the same when repeated."""
    house.pair("kitchen", station_id=1)
    wanted = CallWanted(shop_id=SHOP, event="order_placed", channels=["kitchen"], params=PARAMS)
    calls = [wanted, msgspec.structs.replace(wanted, params={}), wanted]
    first = await client.send_im_calls(calls, key="night-1")
    assert (await client.send_im_calls(calls, key="night-1")) == first
    assert accepted(first[0]) != accepted(first[2])
    with pytest.raises(Refusal, match="template_parameter_missing"):
        accepted(first[1])
    page = await client.list_im_calls(SHOP, event="order_placed", limit=10)
    assert {one.call_id for one in page.calls} == {accepted(first[0]), accepted(first[2])}
    await client.set_technician(SHOP, "技师 7", on_clock=False)
