"""The console's doors to sentences and rules: who may, which layer holds, where a preview is heard."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from server.broadcast.audio_path import is_signed
from server.broadcast.policy import CHANNELS, EVENTS
from server.broadcast.store import read_audio_key
from tests.support.api_house import SHOP, ApiHouse, api_house
from tests.support.people import person, refused

SECOND, THIRD = 11, 12
FURTHER_SHOPS = """
INSERT INTO shop (id, brand_id, name)
SELECT id, 1, jsonb_build_object('zh', '店' || id, 'en', 'Shop ' || id) FROM unnest($1::bigint[]) AS u(id)
"""
SENTENCE = {
    "name": "spa", "parameters": {"roomName": "room", "minutes": "number"},
    "text": {"zh": "{roomName}还有{minutes}分钟", "en": "{roomName}: {minutes} minutes left"},
}  # fmt: skip


@pytest.fixture
async def house(database_url: str, redis_url: str) -> AsyncIterator[ApiHouse]:
    """Give an API on real engines, and two further shops of the brand."""
    async with api_house(database_url, redis_url) as made:
        await made.db.execute(FURTHER_SHOPS, [SECOND, THIRD])
        yield made


def change(version: int, **fields: Any) -> dict[str, Any]:
    """Return a change of the kitchen's rules."""
    return {"channel": "kitchen", "change": fields, "version": version}


async def test_a_manager_keeps_his_shop_and_an_owner_the_brand(house: ApiHouse) -> None:
    """R-004-33: who keeps one shop changes its rules only, and every attempt is written down; nobody else may."""
    manager, owner = await person(house, "ma", "manager", SHOP), await person(house, "ou", "owner")
    rules = "/v1/im/rules/order_placed"
    done = await manager.ask("PUT", f"{rules}?shop_id={SHOP}", change(0, interval_s=20))
    assert done.status_code == 200, done.text
    refused(await manager.ask("PUT", rules, change(0, interval_s=20)), "not_allowed")
    refused(await manager.ask("PUT", f"{rules}?shop_id={SECOND}", change(0)), "not_allowed")
    refused(await manager.ask("POST", "/v1/im/templates", SENTENCE), "not_allowed")
    assert (await manager.ask("GET", "/v1/im/templates")).status_code == 200
    assert (await owner.ask("PUT", rules, change(0, repeat_max=3))).status_code == 200
    made = await owner.ask("POST", "/v1/im/templates", SENTENCE)
    assert made.status_code == 201, made.text
    for login, role in (("ka", "cashier"), ("au", "auditor")):
        other = await person(house, login, role, SHOP)  # type: ignore[arg-type]
        for path in (f"/v1/im/rules?shop_id={SHOP}", f"{rules}/shops", "/v1/im/templates"):
            refused(await other.ask("GET", path), "not_allowed")
    lines = await house.db.fetch("SELECT name, shop_id FROM audit WHERE action = 'changeRules'")
    assert sorted(map(tuple, lines)) == [("Ma", 0), ("Ma", SHOP), ("Ma", SECOND), ("Ou", 0)]


async def test_every_layer_is_told_so_that_a_shop_can_give_back(house: ApiHouse) -> None:
    """R-004-33: what the house says, what the brand and the shop say otherwise; an empty change gives all back."""
    owner = await person(house, "ou", "owner")
    await house.db.execute("UPDATE shop SET call_interval_s = 33 WHERE id = $1", SHOP)
    rules = "/v1/im/rules/order_placed"
    await owner.ask("PUT", rules, change(0, interval_s=20, repeat_max=3))
    await owner.ask("PUT", f"{rules}?shop_id={SHOP}", change(0, interval_s=9))
    events = (await owner.ask("GET", f"/v1/im/rules?shop_id={SHOP}")).json()["events"]
    assert [one["event"] for one in events] == list(EVENTS)
    kitchen = events[0]["channels"][0]
    assert [one["channel"] for one in events[0]["channels"]] == list(CHANNELS)
    told = [kitchen[layer]["interval_s"] for layer in ("house", "brand", "shop", "effective")]
    assert told == [15, 20, 9, 9]
    ready = next(one for one in events if one["event"] == "item_ready")
    assert ready["channels"][1]["house"]["interval_s"] == 33, "the shop's own pads"
    back = await owner.ask("PUT", f"{rules}?shop_id={SHOP}", change(1))
    kitchen = back.json()["channels"][0]
    assert (kitchen["shop"], kitchen["shop_version"]) == ({}, 2)
    assert kitchen["effective"]["interval_s"] == 20
    brand = (await owner.ask("GET", "/v1/im/rules")).json()["events"][0]["channels"][0]
    assert (brand["effective"]["interval_s"], brand["shop"]) == (20, None)


async def test_a_brand_knows_which_shops_do_not_follow(house: ApiHouse) -> None:
    """R-004-33: shops with rules of their own are told, each manager only of his."""
    owner, manager = await person(house, "ou", "owner"), await person(house, "ma", "manager", THIRD)
    rules = "/v1/im/rules/order_rushed"
    await owner.ask("PUT", rules, change(0, priority=0))
    for shop, on in ((THIRD, False), (SECOND, True)):
        await owner.ask("PUT", f"{rules}?shop_id={shop}", change(0, on=on))
    found = (await owner.ask("GET", f"{rules}/shops")).json()["changes"]
    assert [(one["shop_id"], one["change"], one["version"]) for one in found] == [
        (SECOND, {"on": True}, 1),
        (THIRD, {"on": False}, 1),
    ]
    own = (await manager.ask("GET", f"{rules}/shops")).json()["changes"]
    assert [one["shop_id"] for one in own] == [THIRD]
    stranger = await person(house, "li", "owner", brand_id=2)
    assert (await stranger.ask("GET", f"{rules}/shops")).json()["changes"] == []


async def test_a_preview_says_where_it_is_heard_and_what_is_wrong_where(house: ApiHouse) -> None:
    """R-004-35: the very address a cash desk would fetch, 幺 as a rule asks; a brace names its language and place."""
    manager = await person(house, "ma", "manager", SHOP)
    asks = {"template": SENTENCE, "params": {"roomName": "101", "minutes": "5"}}
    told = (await manager.ask("POST", "/v1/im/previews", asks | {"one_as_yao": True})).json()
    assert told["words"]["spoken"]["zh"] == "幺零幺还有五分钟"
    key = await read_audio_key(house.db)
    path, _, query = told["audio"]["zh"].partition("?")
    assert query.startswith("language=zh")
    assert is_signed(key, path[len("/audio/") : -len(".wav")], "zh", told["words"]["spoken"]["zh"])
    plain = (await manager.ask("POST", "/v1/im/previews", asks)).json()
    assert plain["words"]["spoken"]["zh"] == "一零一还有五分钟"
    torn = SENTENCE | {"text": {"zh": "{roomName}好", "en": "Room {room"}}
    facts = refused(
        await manager.ask("POST", "/v1/im/previews", asks | {"template": torn}), "template_invalid"
    )
    assert facts == {"language": "en", "reason": "brace", "at": 5}


async def test_a_sentence_is_tried_on_a_shops_devices(house: ApiHouse) -> None:
    """R-004-31: said at one channel as a call of whoever asked, once for one key; refusals as at any call."""
    manager = await person(house, "ma", "manager", SHOP)
    await house.pair("cashier")
    house.online = set()
    asks = {"shop_id": SHOP, "channel": "cashier", "params": {"number": "12"}}
    told = [
        (await manager.ask("POST", "/v1/im/templates/3/trial", asks, **{"Idempotency-Key": "one"}))
        for _ in range(2)
    ]
    assert [one.status_code for one in told] == [201, 201], told[0].text
    assert told[0].json() == told[1].json()
    assert told[0].json() | {"call_id": 0} == {
        "call_id": 0, "state": "queued", "reason": "", "devices": 1, "online": 0,
    }  # fmt: skip
    listed = (await manager.ask("GET", f"/v1/im/calls?shopId={SHOP}")).json()["calls"]
    assert [(one["event"], one["channels"], one["source"]) for one in listed] == [
        ("custom", ["cashier"], "staff:1:1")
    ]
    away = await manager.ask("POST", "/v1/im/templates/3/trial", asks | {"channel": "call_screen"})
    assert away.json()["state"] == "no_such_end"
    short = await manager.ask("POST", "/v1/im/templates/3/trial", asks | {"params": {}})
    refused(short, "template_parameter_missing")
    gone = await manager.ask("POST", "/v1/im/templates/4711/trial", asks)
    refused(gone, "template_not_found")
    cashier = await person(house, "ka", "cashier", SHOP)
    refused(await cashier.ask("POST", "/v1/im/templates/3/trial", asks), "not_allowed")
    foreign = await manager.ask("POST", "/v1/im/templates/3/trial", asks | {"shop_id": SECOND})
    refused(foreign, "not_allowed")
