"""An owner lets business services in from a desk: keys shown once, ended at once, never more than he has."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from server.api.keys import CLIENTS_MAX
from server.api.limits import Limits
from server.api.store import Client
from server.errors import Refusal
from tests.support.api_house import OTHER_SHOP, SHOP, ApiHouse, Caller, api_house, is_problem
from tests.support.api_server import served
from tests.support.people import Browser, person, refused

CLIENTS = "/v1/staff/api-clients"
BOARD = f"/v1/shops/{SHOP}/board"
DEVICES = f"/v1/shops/{SHOP}/devices"
SLOW_MS = 4_000  # longer than a call waits for Redis, shorter than a key is remembered
BLOCKED = """
SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()
"""


@pytest.fixture
async def house(database_url: str, redis_url: str) -> AsyncIterator[ApiHouse]:
    """Give an API on real engines."""
    async with api_house(database_url, redis_url) as made:
        yield made


@pytest.fixture
async def owner(house: ApiHouse) -> Browser:
    """The owner of the brand at a desk."""
    return await person(house, "wang", "owner")


async def let_in(house: ApiHouse, owner: Browser, **asked: Any) -> tuple[int, Caller]:
    """Make a business service at the desk; return its id and who signs with its key."""
    answer = await owner.ask("POST", CLIENTS, {"name": "pos"} | asked)
    assert answer.status_code == 201, answer.text
    told = answer.json()
    return told["client_id"], Caller(house.http, (told["key_id"], told["secret"]), house.clock.now)


async def test_a_key_is_shown_once_and_works_at_once(house: ApiHouse, owner: Browser) -> None:
    """R-000-16: the secret is in one answer, in no list and no audit line; when it was used is told."""
    client_id, caller = await let_in(house, owner, roles=["business", "money"])
    (listed,) = (await owner.ask("GET", CLIENTS)).json()["clients"]
    assert (listed["name"], listed["roles"]) == ("pos", ["business", "money"])
    assert listed["keys"][0]["used_at_ms"] is None
    assert (await caller.ask("GET", BOARD)).is_success
    answer = await owner.ask("GET", CLIENTS)
    (listed,) = answer.json()["clients"]
    assert listed["keys"] == [
        {"id": caller.key[0], "made_at_ms": listed["keys"][0]["made_at_ms"],
         "used_at_ms": round(house.clock.now().timestamp() * 1000)}
    ]  # fmt: skip
    assert caller.key[1] not in answer.text
    told = await owner.ask("GET", "/v1/audit?action=addApiClient")
    assert f"client_id={client_id}" in told.text
    assert caller.key[1] not in told.text


async def test_only_who_owns_the_brand_keeps_keys(house: ApiHouse) -> None:
    """R-000-16: a manager, an auditor, the owner of one shop only are refused at each of the doors."""
    await house.caller("till")
    ways = [
        ("GET", CLIENTS, None), ("POST", CLIENTS, {"name": "pos"}),
        ("PUT", f"{CLIENTS}/1", {"name": "pos"}), ("DELETE", f"{CLIENTS}/1", None),
        ("POST", f"{CLIENTS}/1/keys", None), ("DELETE", f"{CLIENTS}/1/keys/ck_1", None),
    ]  # fmt: skip
    for login, role, shop_id in [("li", "manager", 0), ("he", "auditor", 0), ("wu", "owner", SHOP)]:
        browser = await person(house, login, role, shop_id)  # type: ignore[arg-type]
        for method, target, body in ways:
            refused(await browser.ask(method, target, body), "not_allowed")
    caller = await house.caller("manager", roles=("business", "manager"))
    is_problem(await caller.ask("GET", CLIENTS), "not_allowed")


async def test_another_brands_services_are_not_there(house: ApiHouse) -> None:
    """R-000-16: an owner reaches his own brand's services only, whatever number he names."""
    caller = await house.caller("pos")
    other = await person(house, "zhao", "owner", brand_id=2)
    refused(await other.ask("DELETE", f"{CLIENTS}/1"), "api_client_not_found")
    refused(await other.ask("POST", f"{CLIENTS}/1/keys"), "api_client_not_found")
    gone = await other.ask("DELETE", f"{CLIENTS}/1/keys/{caller.key[0]}")
    refused(gone, "api_key_not_found")
    assert (await other.ask("GET", CLIENTS)).json()["clients"] == []
    assert (await caller.ask("GET", BOARD)).is_success


async def test_what_is_ended_is_ended_in_every_process_at_once(
    house: ApiHouse, owner: Browser
) -> None:
    """R-000-16: a process that just let the key in refuses it with the very next request."""
    client_id, caller = await let_in(house, owner)
    async with served(house.ground) as port:
        there = f"http://127.0.0.1:{port}{BOARD}"

        async def elsewhere(one: Caller) -> int:
            async with httpx.AsyncClient() as http:
                answer = await http.get(there, headers=one.headers("GET", BOARD))
            return answer.status_code

        assert await elsewhere(caller) == 200
        told = (await owner.ask("POST", f"{CLIENTS}/{client_id}/keys")).json()
        second = Caller(house.http, (told["key_id"], told["secret"]), house.clock.now)
        assert [await elsewhere(one) for one in (caller, second)] == [200, 200]
        gone = f"{CLIENTS}/{client_id}/keys/{caller.key[0]}"
        assert (await owner.ask("DELETE", gone)).is_success
        assert [await elsewhere(one) for one in (caller, second)] == [401, 200]
        refused(await owner.ask("DELETE", gone), "api_key_not_found")
        assert (await owner.ask("DELETE", f"{CLIENTS}/{client_id}")).is_success
        assert await elsewhere(second) == 401
        is_problem(await second.ask("GET", BOARD), "bad_signature")


async def test_two_keys_made_at_once_both_open(house: ApiHouse, owner: Browser) -> None:
    """R-000-16: two administrators renew a key at the same moment; neither is handed one that opens nothing."""
    client_id, _ = await let_in(house, owner)
    house.clock.advance(seconds=1)
    await house.keys.add_key(1, client_id)
    house.clock.advance(seconds=1)
    async with house.db.acquire() as other, other.transaction():
        await other.execute("SELECT FROM api_key FOR UPDATE")  # so that both are under way
        makings = [asyncio.create_task(house.keys.add_key(1, client_id)) for _ in range(2)]
        while await house.db.fetchval(BLOCKED) < len(makings):
            pass
    made = [await one for one in makings]
    (listed,) = (await owner.ask("GET", CLIENTS)).json()["clients"]
    assert {key["id"] for key in listed["keys"]} == {one.key_id for one in made}


async def test_what_a_service_may_changes_at_once(house: ApiHouse, owner: Browser) -> None:
    """R-000-16: a role or an address that is taken is gone with the next request; its name changes too."""
    client_id, caller = await let_in(house, owner, roles=["business", "manager"])
    here = f"{CLIENTS}/{client_id}"
    assert (await caller.ask("GET", DEVICES)).is_success
    assert (await owner.ask("PUT", here, {"name": "收银 2"})).is_success
    is_problem(await caller.ask("GET", DEVICES), "not_allowed")
    assert (await caller.ask("GET", BOARD)).is_success
    elsewhere = {"name": "收银 2", "addresses": ["10.9.0.0/16", "10.8.0.1"]}
    assert (await owner.ask("PUT", here, elsewhere)).is_success
    is_problem(await caller.ask("GET", BOARD), "address_not_allowed")
    (listed,) = (await owner.ask("GET", CLIENTS)).json()["clients"]
    assert (listed["name"], listed["addresses"]) == ("收银 2", ["10.9.0.0/16", "10.8.0.1"])


async def test_without_redis_a_key_ends_at_once_too(house: ApiHouse, owner: Browser) -> None:
    """R-000-18: while Redis is away no process goes by what it remembers of a key."""
    client_id, caller = await let_in(house, owner)
    assert (await caller.ask("GET", BOARD)).is_success
    limits: Limits = house.front.gate._limits
    limits._rest(OSError("away"))
    assert (await owner.ask("DELETE", f"{CLIENTS}/{client_id}")).is_success
    is_problem(await caller.ask("GET", BOARD), "bad_signature")


async def test_a_slow_redis_hears_that_a_key_is_ended(house: ApiHouse, owner: Browser) -> None:
    """R-000-16: who ends a key has the answer when it is ended everywhere; Redis is waited for."""
    client_id, caller = await let_in(house, owner)
    redis = house.ground.redis
    async with served(house.ground) as port:
        there = f"http://127.0.0.1:{port}{BOARD}"
        async with httpx.AsyncClient() as http:
            assert (await http.get(there, headers=caller.headers("GET", BOARD))).is_success
            await redis.delete(*await redis.keys("changed:*"), "nothing")  # by which it was made
            await redis.execute_command("CLIENT", "PAUSE", SLOW_MS, "WRITE")
            gone = await owner.ask("DELETE", f"{CLIENTS}/{client_id}")
            assert gone.is_success
            assert await redis.keys("changed:*") != []
            answer = await http.get(there, headers=caller.headers("GET", BOARD))
        assert answer.status_code == 401


async def test_what_cannot_be_is_refused_by_name(house: ApiHouse, owner: Browser) -> None:
    """A name twice, a shop of others, an address that is none, no role, a service that is not there."""
    client_id, _ = await let_in(house, owner)
    refused(await owner.ask("POST", CLIENTS, {"name": "pos"}), "api_name_taken")
    wrong: list[tuple[dict[str, Any], str, dict[str, Any]]] = [
        ({"shop_ids": [OTHER_SHOP]}, "shop_not_found", {"shop_id": OTHER_SHOP}),
        ({"addresses": ["10.0.0.0/40"]}, "bad_field", {"field": "addresses"}),
        ({"name": "  "}, "bad_field", {"field": "name"}),
    ]
    for asked, code, facts in wrong:
        for method, target in (("POST", CLIENTS), ("PUT", f"{CLIENTS}/{client_id}")):
            answer = await owner.ask(method, target, {"name": "till"} | asked)
            assert refused(answer, code) == facts, (method, asked)
    assert (await owner.ask("POST", CLIENTS, {"name": "x", "roles": []})).status_code == 422
    assert (await owner.ask("POST", CLIENTS, {"name": "x", "roles": ["owner"]})).status_code == 422
    refused(await owner.ask("PUT", f"{CLIENTS}/99", {"name": "x"}), "api_client_not_found")
    await let_in(house, owner, name="till")
    taken = await owner.ask("PUT", f"{CLIENTS}/{client_id}", {"name": "till"})
    refused(taken, "api_name_taken")


async def test_an_ended_service_gives_its_name_back(house: ApiHouse, owner: Browser) -> None:
    """Who was ended stays in the list without keys, and its name is for the next."""
    first, _ = await let_in(house, owner)
    assert (await owner.ask("DELETE", f"{CLIENTS}/{first}")).is_success
    refused(await owner.ask("POST", f"{CLIENTS}/{first}/keys"), "api_client_not_found")
    second, caller = await let_in(house, owner)
    assert (await caller.ask("GET", BOARD)).is_success
    listed = (await owner.ask("GET", CLIENTS)).json()["clients"]
    assert [(one["id"], one["ended_at_ms"] is None, len(one["keys"])) for one in listed] == [
        (second, True, 1),
        (first, False, 0),
    ]
    assert await house.db.fetchval("SELECT count(*) FROM api_key") == 1


async def test_a_brand_has_no_more_services_than_it_may(house: ApiHouse, owner: Browser) -> None:
    """However many are made at the same moment; one that ends makes room."""
    makings = [
        house.keys.make_client(Client(brand_id=1, id=0, name=f"service {number}"))
        for number in range(CLIENTS_MAX - 2)
    ]
    for making in makings:
        await making
    late = [
        house.keys.make_client(Client(brand_id=1, id=0, name=f"late {number}"))
        for number in range(4)
    ]
    outcomes = await asyncio.gather(*late, return_exceptions=True)
    codes = [one.code for one in outcomes if isinstance(one, Refusal)]
    assert codes == ["api_clients_full"] * 2
    answer = await owner.ask("POST", CLIENTS, {"name": "pos"})
    assert refused(answer, "api_clients_full") == {"clients_max": CLIENTS_MAX}
    assert (await owner.ask("DELETE", f"{CLIENTS}/1")).is_success
    await let_in(house, owner)


async def test_a_terminal_and_a_desk_use_one_door(house: ApiHouse, owner: Browser) -> None:
    """What was made at the terminal is listed and ended at the desk; two keys live, never three."""
    made = await house.keys.client_key(Client(brand_id=1, id=0, name="pos"))
    for _ in range(2):
        assert (await owner.ask("POST", f"{CLIENTS}/{made.client_id}/keys")).status_code == 201
    (listed,) = (await owner.ask("GET", CLIENTS)).json()["clients"]
    assert len(listed["keys"]) == 2
    assert made.key_id not in [key["id"] for key in listed["keys"]]
    assert (await owner.ask("DELETE", f"{CLIENTS}/{made.client_id}")).is_success
    again = await house.keys.client_key(Client(brand_id=1, id=0, name="pos"))
    assert again.client_id != made.client_id
