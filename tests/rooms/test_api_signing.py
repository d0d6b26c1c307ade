"""Who may call the API: signatures, replays, rotated keys, addresses, rates, shops (R-000-16)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import structlog
from redis.asyncio import Redis
from starlette.applications import Starlette

from server.api import store
from server.api.limits import BUCKETS_MAX, KEY_KEPT_S, Limits
from server.api.routes import routes
from tests.support.api_house import (
    OTHER_SHOP,
    ROOM_801,
    SHOP,
    ApiHouse,
    Caller,
    api_house,
    is_problem,
)

BOARD = f"/v1/shops/{SHOP}/board"


@pytest.fixture
async def house(database_url: str, redis_url: str) -> AsyncIterator[ApiHouse]:
    """Give an API on real engines."""
    async with api_house(database_url, redis_url) as made:
        yield made


async def test_signed_request_is_answered(house: ApiHouse) -> None:
    """A business service that signs reads the board of its shop."""
    answer = await (await house.caller()).ask("GET", BOARD)
    assert answer.status_code == 200, answer.text
    assert answer.json() == {
        "epoch": 1, "seq": 0, "at_ms": int(house.clock.now().timestamp() * 1000),
        "orders": [], "calls": [],
    }  # fmt: skip


async def test_unsigned_and_wrongly_signed_are_refused(house: ApiHouse) -> None:
    """Nothing is told to whoever cannot sign, and an unknown key sounds like a wrong signature."""
    caller = await house.caller()
    is_problem(await house.http.get(BOARD), "session_ended")  # neither signed nor logged in
    half = {"X-Chuancai-Signature": "0" * 64}
    missing = is_problem(await house.http.get(BOARD, headers=half), "bad_signature")
    assert missing["facts"] == {"header": "X-Chuancai-Key"}
    forger = Caller(house.http, (caller.key[0], "x" * 43), caller.now)
    stranger = Caller(house.http, ("ck_nobody", "x" * 43), caller.now)
    wrong = is_problem(await forger.ask("GET", BOARD), "bad_signature")
    unknown = is_problem(await stranger.ask("GET", BOARD), "bad_signature")
    assert {**wrong, "request_id": ""} == {**unknown, "request_id": ""}


async def test_changed_on_the_way_is_refused(house: ApiHouse) -> None:
    """Body, query and idempotency key cannot be exchanged under a signature."""
    caller = await house.caller()
    headers = caller.headers("GET", "/v1/orders/7?shop_id=1")
    answer = await house.http.get("/v1/orders/7?shop_id=2", headers=headers)
    is_problem(answer, "bad_signature")
    body = b'{"shop_id":1}'
    headers = caller.headers("POST", "/v1/places/1/clean", body, "till-1")
    headers["Idempotency-Key"] = "till-2"
    answer = await house.http.post("/v1/places/1/clean", headers=headers, content=body)
    is_problem(answer, "bad_signature")


async def test_old_and_future_requests_are_refused(house: ApiHouse) -> None:
    """A request of six minutes ago or ahead is refused, and told by how much it is off."""
    caller = await house.caller()
    now_s = int(house.clock.now().timestamp())
    for off_s in (-360, 360):
        answer = await caller.ask("GET", BOARD, timestamp_s=now_s - off_s)
        assert is_problem(answer, "stale_request")["facts"] == {"off_s": off_s, "window_s": 300}


async def test_same_nonce_twice_is_refused(house: ApiHouse) -> None:
    """A recorded request cannot be played back, but another client may use the same nonce."""
    caller, other = await house.caller(), await house.caller("other")
    headers = caller.headers("GET", BOARD, nonce="a-nonce-of-some-length")
    assert (await house.http.get(BOARD, headers=headers)).status_code == 200
    is_problem(await house.http.get(BOARD, headers=headers), "nonce_reused")
    again = await other.ask("GET", BOARD, nonce="a-nonce-of-some-length")
    assert again.status_code == 200


async def test_playback_after_redis_forgot_changes_nothing(house: ApiHouse) -> None:
    """Wiping Redis gives back nonces, yet a played-back order is the same order."""
    caller = await house.caller()
    body = b'{"shop_id":1,"place_id":1,"lines":[{"dish_id":1}]}'
    headers = caller.headers("POST", "/v1/orders", body)
    headers["content-type"] = "application/json"
    first = await house.http.post("/v1/orders", headers=headers, content=body)
    assert first.status_code == 201, first.text
    await house.ground.redis.flushdb()
    second = await house.http.post("/v1/orders", headers=headers, content=body)
    assert second.json() == first.json()
    assert await house.db.fetchval("SELECT count(*) FROM catering_order_goods") == 1


async def test_without_redis_nonces_and_rates_still_hold(house: ApiHouse) -> None:
    """With Redis dead the API answers, refuses replays and limits rates all the same."""
    caller = await house.caller(rate_per_s=1, burst_max=2)
    async with Redis(host="127.0.0.1", port=1) as dead:
        ground = house.ground._replace(redis=dead)
        transport = httpx.ASGITransport(Starlette(routes=routes(_apart(ground))))
        async with httpx.AsyncClient(transport=transport, base_url="http://house") as http:
            caller.http = http
            headers = caller.headers("GET", BOARD)
            assert (await http.get(BOARD, headers=headers)).status_code == 200
            is_problem(await http.get(BOARD, headers=headers), "nonce_reused")
            is_problem(await caller.ask("GET", BOARD), "rate_limited")
            house.clock.advance(seconds=2)
            assert (await caller.ask("GET", BOARD)).status_code == 200
    house.clock.advance(seconds=601)
    client = store.Client(brand_id=1, id=1, name="pos")
    assert await store.take_nonce(house.db, client, "later", house.clock.now())
    assert await house.db.fetchval("SELECT count(*) FROM api_nonce") == 1, "old nonces go"


def _apart(ground: Any) -> Any:
    """Return the ground with counters of its own, as a second process has."""
    return ground._replace(registry=type(ground.registry)())


async def test_two_keys_live_and_the_oldest_goes(house: ApiHouse) -> None:
    """A key is changed without a moment in which none works."""
    first = await house.caller()
    client_id = await house.db.fetchval("SELECT id FROM api_client")
    second = await house.key_for(1, client_id)
    assert [(await c.ask("GET", BOARD)).status_code for c in (first, second)] == [200, 200]
    third = await house.key_for(1, client_id)
    house.clock.advance(seconds=KEY_KEPT_S)
    is_problem(await first.ask("GET", BOARD), "bad_signature")
    assert [(await c.ask("GET", BOARD)).status_code for c in (second, third)] == [200, 200]
    await house.keys.end_key(1, client_id, second.key[0])
    house.clock.advance(seconds=KEY_KEPT_S)
    is_problem(await second.ask("GET", BOARD), "bad_signature")


async def test_revoked_client_is_out_within_seconds(house: ApiHouse) -> None:
    """A revoked client's keys stop working."""
    caller = await house.caller()
    assert (await caller.ask("GET", BOARD)).status_code == 200
    await house.keys.revoke_client(1, 1)
    house.clock.advance(seconds=KEY_KEPT_S)
    is_problem(await caller.ask("GET", BOARD), "bad_signature")


async def test_address_list(database_url: str, redis_url: str) -> None:
    """A client with an address list is refused from elsewhere, whatever headers it sends."""
    async with api_house(
        database_url, redis_url, peer="10.0.0.2", trusted_proxies=("10.0.0.2",)
    ) as house:
        caller = await house.caller(ip_allow=["198.51.100.0/24"])
        for forwarded_for, status in [
            (["198.51.100.7"], 200),
            (["198.51.100.7, 203.0.113.1"], 403),
            (["198.51.100.7", "203.0.113.1"], 403),  # what a stranger says, then what HAProxy adds
            (["203.0.113.1", "198.51.100.7"], 200),
            ([""], 403),
        ]:
            hops = [("X-Forwarded-For", hop) for hop in forwarded_for]
            headers = [*caller.headers("GET", BOARD).items(), *hops]
            answer = await house.http.get(BOARD, headers=headers)
            assert answer.status_code == status, forwarded_for
        assert is_problem(answer, "address_not_allowed")["facts"] == {"address": "10.0.0.2"}


async def test_rate_limit_tells_when_to_return(house: ApiHouse) -> None:
    """A client over its rate is told to wait; others are not touched; a wait helps."""
    caller, other = await house.caller(rate_per_s=1, burst_max=3), await house.caller("other")
    statuses = [(await caller.ask("GET", BOARD)).status_code for _ in range(5)]
    assert statuses == [200, 200, 200, 429, 429]
    refused = await caller.ask("GET", BOARD)
    is_problem(refused, "rate_limited")
    assert refused.headers["retry-after"] == "1"
    assert (await other.ask("GET", BOARD)).status_code == 200


async def test_silent_callers_do_not_fill_the_memory(house: ApiHouse) -> None:
    """However many addresses knock while Redis is away, the process keeps a bounded number."""
    async with Redis(host="127.0.0.1", port=1) as dead:
        limits = Limits(house.db, dead, house.clock)
        for number in range(BUCKETS_MAX + 50):
            await limits.take(f"open:{number}", 1, 1)
        assert len(limits._buckets) == BUCKETS_MAX
        assert await limits.take(f"open:{BUCKETS_MAX + 49}", 1, 1) == 1.0


async def test_other_brands_shop_is_no_shop(house: ApiHouse) -> None:
    """A client cannot even learn that another brand's shop exists."""
    caller = await house.caller()
    for shop_id in (OTHER_SHOP, 999):
        answer = await caller.ask("GET", f"/v1/shops/{shop_id}/board")
        is_problem(answer, "shop_not_found")


async def test_client_of_some_shops(house: ApiHouse) -> None:
    """A client given some shops of its brand is refused in the others."""
    await house.db.execute("INSERT INTO shop (id, brand_id, name) VALUES (77, 1, '{}')")
    elsewhere = await house.caller("elsewhere", shop_ids=(77,))
    is_problem(await elsewhere.ask("GET", BOARD), "not_allowed")
    here = await house.caller("here", shop_ids=(77, SHOP))
    assert (await here.ask("GET", BOARD)).status_code == 200


async def test_business_is_no_manager(house: ApiHouse) -> None:
    """A till cannot pair or revoke devices, a console without the business role cannot order."""
    till, console = await house.caller(), await house.caller("console", roles=("manager",))
    is_problem(await till.ask("GET", f"/v1/shops/{SHOP}/devices"), "not_allowed")
    is_problem(await till.ask("DELETE", f"/v1/shops/{SHOP}/devices/1"), "not_allowed")
    body = {"shop_id": SHOP, "place_id": ROOM_801, "lines": [{"dish_id": 1}]}
    is_problem(await console.ask("POST", "/v1/orders", body), "not_allowed")


async def test_no_secret_in_any_log_line(house: ApiHouse) -> None:
    """Secrets, signatures and tokens are not written down, request ids are."""
    caller = await house.caller()
    with structlog.testing.capture_logs([structlog.contextvars.merge_contextvars]) as lines:
        answer = await caller.ask("GET", BOARD)
        forger = Caller(house.http, (caller.key[0], "x" * 43), caller.now)
        await forger.ask("GET", BOARD)
    text = repr(lines)
    assert caller.key[1] not in text
    assert answer.request.headers["x-chuancai-signature"] not in text
    answered = [line for line in lines if line["event"] == "answered"]
    assert answered[0]["request_id"] == answer.headers["x-request-id"]
    assert answered[0]["client"] == "pos"
    assert [line["code"] for line in answered] == ["ok", "bad_signature"]
    known = await store.find_key(house.db, caller.key[0], house.sealing)
    assert known is not None
    assert caller.key[1] not in repr(known)
