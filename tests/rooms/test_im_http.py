"""SendImCall over HTTP, on the real desk: accepted per end, batched, repeated, read, taken back."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from server.api.im_calls import PRESENCE_KEPT_S
from server.api.table import BODY_BYTES_MAX
from server.clock import to_ms
from tests.support.api_house import (
    OTHER_SHOP,
    SHOP,
    ApiHouse,
    Caller,
    api_house,
    encode,
    is_problem,
)

CALLS = "/v1/im/calls"
PARAMS = {"roomName": "801", "goodsName": "水饺", "num": "2"}
SECRET = "a-secret-of-the-till-32-or-longer"


@pytest.fixture
async def house(database_url: str, redis_url: str) -> AsyncIterator[ApiHouse]:
    """Give an API on real engines."""
    async with api_house(database_url, redis_url) as made:
        yield made


def order_placed(**changes: Any) -> dict[str, Any]:
    """Return a call to the kitchen and the cash desk for a placed order."""
    call: dict[str, Any] = {
        "shopId": SHOP, "brandId": "1", "event": "IM_CALL_EVENT_ORDER_PLACED",
        "Channels": [1, "cashier"], "callParams": PARAMS, "MsgType": 1,
    }  # fmt: skip
    return call | changes


async def sent(caller: Caller, call: dict[str, Any], key: str = "") -> dict[str, Any]:
    """Send a call that is accepted and return its answer."""
    answer = await caller.ask("POST", CALLS, call, key)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def test_a_call_says_what_becomes_of_it_at_each_end(house: ApiHouse) -> None:
    """R-004-31: queued with its devices and those online, and an end that the shop has not."""
    boards = [await house.pair("kitchen", station_id=1), await house.pair("kitchen", station_id=2)]
    house.online = {boards[0]}
    caller = await house.caller()
    answer = await sent(caller, order_placed())
    assert answer["ends"] == [
        {
            "channel": "kitchen", "accountId": None, "state": "queued", "reason": "",
            "devices": 2, "online": 1,
        },
        {
            "channel": "cashier", "accountId": None, "state": "no_such_end", "reason": "no_device",
            "devices": 0, "online": 0,
        },
    ]  # fmt: skip
    house.online = None
    house.clock.advance(seconds=PRESENCE_KEPT_S)
    unknown = await sent(caller, order_placed())
    assert {end["online"] for end in unknown["ends"]} == {None}, "nobody knows"


async def test_a_suppressed_call_says_why(house: ApiHouse) -> None:
    """R-004-34: the technician is off the clock, so nobody is told, and the caller knows it."""
    await house.pair("waiter")
    caller = await house.caller()
    off = {"shopId": SHOP, "onClock": False, "name": "阿明"}
    answer = await caller.ask("POST", "/v1/im/technicians/t%2D7", off)
    assert answer.json() == {"technicianId": "t-7", "onClock": False}
    call = order_placed(
        event="technician_wanted", Channels=["pad"], msgTemplateId=1,
        callParams={**PARAMS, "technicianId": "t-7"},
    )  # fmt: skip
    (end,) = (await sent(caller, call))["ends"]
    assert (end["state"], end["reason"]) == ("suppressed", "technician_off_clock")
    await caller.ask("POST", "/v1/im/technicians/t-7", {"shopId": SHOP, "onClock": True})
    (end,) = (await sent(caller, call))["ends"]
    assert end["state"] == "queued"


async def test_designated_accounts_are_ends_of_their_own(house: ApiHouse) -> None:
    """By number or by name: each account is one end; one that is not there is said so."""
    await house.pair("waiter")
    account = await house.db.fetchrow("SELECT id, name FROM account WHERE kind = 'waiter' LIMIT 1")
    assert account is not None
    caller = await house.caller()
    for who in ({"accountId": str(account["id"])}, {"accountName": account["name"]}):
        call = order_placed(Channels=[], designatedList=[who, {"accountId": 999_999}])
        ends = {e["accountId"]: e["state"] for e in (await sent(caller, call))["ends"]}
        assert ends == {account["id"]: "queued", 999_999: "no_such_end"}
    call = order_placed(Channels=[], designatedList=[{"accountName": "nobody"}])
    (end,) = (await sent(caller, call))["ends"]  # and nobody else is called instead
    assert (end["channel"], end["accountId"], end["state"]) == (None, 0, "no_such_end")


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"event": "order_eaten"}, "bad_field", "event"),
        ({"Channels": ["roof"]}, "bad_field", "channels[0]"),
        ({"MsgType": 4}, "bad_field", "msgTemplateId"),
        ({"Channels": []}, "bad_field", "channels"),
        ({"callParams": {"num": 2}}, "bad_field", "callParams[...]"),
        ({"colour": 1}, "bad_field", "colour"),
        ({"brandId": 2}, "not_allowed", "brandId"),
        ({"shopId": OTHER_SHOP}, "shop_not_found", None),
        ({"msgTemplateId": 999}, "template_not_found", None),
        ({"callParams": {"roomName": "801"}}, "template_parameter_missing", None),
        ({"callParams": PARAMS | {"tip": "5"}}, "template_parameter_unknown", None),
    ],
)
async def test_what_cannot_be_called_is_refused(
    house: ApiHouse, changes: dict[str, Any], code: str, field: str | None
) -> None:
    """Every mistake is refused at the door with a stable code; nothing is stored."""
    answer = await (await house.caller()).ask("POST", CALLS, order_placed(**changes))
    assert is_problem(answer, code)["facts"].get("field") == field
    assert await house.db.fetchval("SELECT count(*) FROM im_call") == 0


async def test_a_repeated_call_is_one_call(house: ApiHouse) -> None:
    """Same Idempotency-Key and body, a day later: the same id; with another body: refused."""
    await house.pair("kitchen", station_id=1)
    caller = await house.caller()
    first = await sent(caller, order_placed(), "till-1")
    house.clock.advance(seconds=25 * 3600)
    assert (await sent(caller, order_placed(), "till-1"))["callId"] == first["callId"]
    other = await caller.ask("POST", CALLS, order_placed(Channels=[1]), "till-1")
    is_problem(other, "command_id_reused")
    assert await house.db.fetchval("SELECT count(*) FROM im_call") == 1


async def test_a_batch_spans_shops_and_each_call_stands_for_itself(house: ApiHouse) -> None:
    """Accepted and refused side by side, in order; repeated, nothing is done twice."""
    await house.pair("kitchen", station_id=1)
    await house.db.execute(
        'INSERT INTO shop (id, brand_id, name) VALUES (3, 1, \'{"zh": "二店", "en": "Two"}\');'
        "INSERT INTO shop_head (shop_id) VALUES (3)"
    )
    calls = [
        order_placed(), order_placed(event=77), order_placed(shopId=3), order_placed(shopId=9),
        order_placed(callParams={}), order_placed(MsgType=2, callParams={}),
    ]  # fmt: skip
    caller = await house.caller()
    answer = await caller.ask("POST", f"{CALLS}/batch", {"calls": calls}, "night-1")
    assert answer.status_code == 200, answer.text
    told = answer.json()["calls"]
    assert [(t["refusal"] or {}).get("code") for t in told] == [
        None, "bad_field", None, "shop_not_found", "template_parameter_missing", None,
    ]  # fmt: skip
    assert told[1]["refusal"]["facts"]["field"] == "calls[1].event"
    ids = [t["callId"] for t in told if t["callId"]]
    assert len(set(ids)) == 3
    again = await caller.ask("POST", f"{CALLS}/batch", {"calls": calls}, "night-1")
    assert [t["callId"] for t in again.json()["calls"] if t["callId"]] == ids
    assert await house.db.fetchval("SELECT count(*) FROM im_call") == 3


async def test_a_batch_is_bounded(house: ApiHouse) -> None:
    """500 calls and no more, 2 MiB and no more; a single call stays within 64 KiB."""
    await house.pair("kitchen", station_id=1)
    caller = await house.caller()
    full = await caller.ask("POST", f"{CALLS}/batch", {"calls": [order_placed()] * 500})
    assert {t["refusal"] for t in full.json()["calls"]} == {None}
    assert len(encode({"calls": [order_placed()] * 500})) > BODY_BYTES_MAX
    for calls in ([], [order_placed()] * 501):
        is_problem(await caller.ask("POST", f"{CALLS}/batch", {"calls": calls}), "bad_field")
    is_problem(await caller.ask("POST", f"{CALLS}/batch", b" " * (2 << 20) + b"{}"), "too_large")
    is_problem(await caller.ask("POST", CALLS, b" " * BODY_BYTES_MAX + b"{}"), "too_large")


async def test_a_call_is_read_with_every_ring(house: ApiHouse) -> None:
    """What was asked, each ring with its time, and why an end was not told."""
    await house.pair("kitchen", station_id=1)
    caller = await house.caller()
    call_id = (await sent(caller, order_placed()))["callId"]
    now_ms = int(house.clock.now().timestamp() * 1000)
    record = (await caller.ask("GET", f"{CALLS}/{call_id}?shopId={SHOP}")).json()
    assert (record["callId"], record["event"], record["params"]) == (
        call_id,
        "order_placed",
        PARAMS,
    )
    assert record["source"] == "api:1:1"
    assert [(m["end"], m["ring"], m["state"], m["reason"], m["sentAtMs"]) for m in record["messages"]] == [
        ("cashier", 1, "suppressed", "no_device", None), ("kitchen", 1, "sent", "", now_ms),
    ]  # fmt: skip
    await house.db.execute(
        "INSERT INTO im_receipt (shop_id, call_id, ring, device_id, stage, at)"
        " SELECT 1, $1, 1, id, 'played', $2 FROM device WHERE kind = 'kitchen' LIMIT 1",
        call_id, house.clock.now(),
    )  # fmt: skip
    record = (await caller.ask("GET", f"{CALLS}/{call_id}?shopId={SHOP}")).json()
    assert [(r["stage"], r["atMs"]) for r in record["receipts"]] == [("played", now_ms)]
    is_problem(await caller.ask("GET", f"{CALLS}/5?shopId={SHOP}"), "call_not_found")
    is_problem(await caller.ask("GET", f"{CALLS}/{call_id}?shopId={OTHER_SHOP}"), "shop_not_found")


async def test_calls_are_listed_by_page_and_filter(house: ApiHouse) -> None:
    """The newest first; by event, state, time; page by page without a gap."""
    await house.pair("kitchen", station_id=1)
    caller, ids = await house.caller(), []
    for event in ("order_placed", "order_rushed", "order_placed"):
        call = order_placed(event=event, Channels=[1], msgTemplateId=1)
        ids.append((await sent(caller, call))["callId"])
        house.clock.advance(seconds=60)
    now_ms = int(house.clock.now().timestamp() * 1000)

    async def listed(query: str) -> tuple[list[int], int | None]:
        page = (await caller.ask("GET", f"{CALLS}?shopId={SHOP}{query}")).json()
        return [call["callId"] for call in page["calls"]], page["next"]

    assert await listed("") == (ids[::-1], None)
    assert await listed("&limit=2") == ([ids[2], ids[1]], ids[1])
    assert await listed(f"&limit=2&before={ids[1]}") == ([ids[0]], None)
    assert await listed("&event=order_rushed") == ([ids[1]], None)
    assert await listed("&state=claimed") == ([], None)
    assert await listed(f"&since={now_ms - 120_000}&until={now_ms - 60_000}") == ([ids[1]], None)
    assert await listed("&place=7") == ([], None)
    is_problem(await caller.ask("GET", f"{CALLS}?shopId={SHOP}&event=eaten"), "bad_field")


async def test_a_call_is_taken_back(house: ApiHouse) -> None:
    """Cancelled, its further rings are cancelled with it; again is fine."""
    await house.pair("waiter")
    caller = await house.caller()
    call = order_placed(event="service_wanted", Channels=["pad"], msgTemplateId=1)
    call_id = (await sent(caller, call))["callId"]
    for changed in (True, False):
        answer = await caller.ask("POST", f"{CALLS}/{call_id}/cancel", {"shopId": SHOP})
        assert answer.json() == {"callId": call_id, "changed": changed}
    record = (await caller.ask("GET", f"{CALLS}/{call_id}?shopId={SHOP}")).json()
    assert (record["state"], record["endedReason"]) == ("ended", "cancelled")
    assert record["endedAtMs"] == to_ms(house.clock.now())
    listed = (await caller.ask("GET", f"{CALLS}?shopId={SHOP}")).json()
    assert [one["endedAtMs"] for one in listed["calls"]] == [record["endedAtMs"]]
    assert [m["state"] for m in record["messages"]] == ["sent", "cancelled"]
    gone = await caller.ask("POST", f"{CALLS}/5/cancel", {"shopId": SHOP})
    is_problem(gone, "call_not_found")


async def test_a_webhook_is_put_read_and_dropped(house: ApiHouse) -> None:
    """Each client has its own; the secret is never shown; private addresses are refused."""
    caller, other = await house.caller(), await house.caller("other")
    path, url = "/v1/im/webhook", "https://till.example/hooks"
    nothing = {"url": None, "changedAtMs": None}
    assert (await caller.ask("GET", path)).json() == nothing
    put = await caller.ask("PUT", path, {"url": url, "secret": SECRET})
    assert put.json() == (await caller.ask("GET", path)).json()
    assert (put.json()["url"], SECRET in put.text) == (url, False)
    assert (await other.ask("GET", path)).json() == nothing
    for bad in ("http://till.example/", "https://10.0.0.5/", "https://169.254.169.254/"):
        refused = await caller.ask("PUT", path, {"url": bad, "secret": SECRET})
        assert is_problem(refused, "bad_field")["facts"] == {"field": "url"}
    is_problem(await caller.ask("PUT", path, {"url": url, "secret": "short"}), "bad_field")
    assert (await caller.ask("DELETE", path)).json() == nothing
    manager = await house.caller("manager", roles=("manager",))
    is_problem(await manager.ask("GET", path), "not_allowed")


async def test_stages_are_promised_to_whoever_listens(house: ApiHouse) -> None:
    """With a webhook each stage of a call is a promise to post; without one there is none."""
    await house.pair("kitchen", station_id=1)
    silent, listening = await house.caller("silent"), await house.caller("listening")
    await listening.ask("PUT", "/v1/im/webhook", {"url": "https://a.example/", "secret": SECRET})
    await sent(silent, order_placed())
    count = "SELECT count(*) FROM promise WHERE kind = 'PostWebhook'"
    assert await house.db.fetchval(count) == 0
    await sent(listening, order_placed())
    assert await house.db.fetchval(count) > 0
