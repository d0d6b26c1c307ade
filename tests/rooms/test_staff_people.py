"""Owners and managers take people on and say what they may; nobody gives more than he has."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from server.errors import Refusal
from server.staff.door import StaffDoor
from server.staff.member import MAY, Grant
from tests.support.api_house import OTHER_SHOP, ROOM_801, SHOP, ApiHouse, api_house
from tests.support.people import PASSWORD, Browser, person, refused, take_on

PEOPLE = "/v1/staff/people"
ORDER = {"shop_id": SHOP, "place_id": ROOM_801, "lines": [{"dish_id": 1}]}
CODE = {"kind": "waiter", "name": "陈"}


@pytest.fixture
async def house(database_url: str, redis_url: str) -> AsyncIterator[ApiHouse]:
    """Give an API on real engines."""
    async with api_house(database_url, redis_url) as made:
        yield made


ROLES = [
    # role      order  pair  people  code of each
    ("owner", "ok", "ok", "ok"),
    ("manager", "ok", "ok", "ok"),
    ("cashier", "ok", "not_allowed", "not_allowed"),
    ("auditor", "not_allowed", "not_allowed", "not_allowed"),
]


@pytest.mark.parametrize(("role", "order", "pair", "people"), ROLES)
async def test_what_each_role_may(
    house: ApiHouse, role: str, order: str, pair: str, people: str
) -> None:
    """A role opens the doors its row of the table says, in its brand (R-000-16)."""
    browser = await person(house, "somebody", role)  # type: ignore[arg-type]
    for method, target, body, expected in [
        ("POST", "/v1/orders", ORDER, order),
        ("POST", f"/v1/shops/{SHOP}/pairing-codes", CODE, pair),
        ("GET", PEOPLE, None, people),
    ]:
        answer = await browser.ask(method, target, body)
        told = "ok" if answer.status_code < 300 else answer.json()["code"]
        assert told == expected, (role, target)
    answer = await browser.ask("GET", f"/v1/shops/{OTHER_SHOP}/board")
    assert answer.json()["code"] in {"shop_not_found", "not_allowed"}


async def test_a_role_in_one_shop_ends_there(house: ApiHouse) -> None:
    """Who manages one shop is no manager in another, and changes nothing all shops share."""
    await house.db.execute(
        "INSERT INTO shop (id, brand_id, name) VALUES (3, 1, '{}'); INSERT INTO shop_head (shop_id) VALUES (3)"
    )
    browser = await person(house, "li", "manager", SHOP)
    assert (await browser.ask("GET", f"/v1/shops/{SHOP}/devices")).status_code == 200
    answer = await browser.ask("GET", "/v1/shops/3/devices")
    assert refused(answer, "not_allowed") == {"shop_id": 3}
    template = {"name": "x", "parameters": {}, "text": {"zh": "请注意", "en": "Look"}}
    assert refused(await browser.ask("POST", "/v1/im/templates", template), "not_allowed")
    assert (await browser.ask("GET", "/v1/im/templates")).status_code == 200
    answer = await browser.ask("GET", "/v1/points/rule")
    assert refused(answer, "not_allowed") == {"shop_id": 0}


async def test_a_day_of_an_owner(house: ApiHouse) -> None:
    """An owner takes somebody on, gives a role, resets a password, lets out and in again."""
    owner = await person(house, "wang", "owner")
    made = await owner.ask(
        "POST",
        PEOPLE,
        {"login": "chen", "name": "陈", "roles": [{"role": "cashier", "shop_id": SHOP}]},
    )
    assert made.status_code == 201, made.text
    staff_id, first = made.json()["id"], made.json()["password"]
    chen = Browser(house.http)
    await chen.log_in("chen", first)
    await chen.ask("POST", "/v1/staff/password", {"old": first, "new": PASSWORD})
    assert (await chen.ask("POST", "/v1/orders", ORDER)).status_code == 201
    here = f"{PEOPLE}/{staff_id}"
    assert (await owner.ask("PUT", f"{here}/roles", {"roles": [{"role": "auditor"}]})).is_success
    refused(await chen.ask("POST", "/v1/orders", ORDER), "not_allowed")
    first = (await owner.ask("POST", f"{here}/reset")).json()["password"]
    refused(await chen.ask("GET", "/v1/staff/me"), "session_ended")
    assert (await chen.log_in("chen", first)).json()["must_change"] is True
    assert (await owner.ask("POST", f"{here}/disable")).is_success
    refused(await chen.ask("GET", "/v1/staff/me"), "session_ended")
    refused(await chen.log_in("chen", first), "login_failed")
    listed = (await owner.ask("GET", PEOPLE)).json()["people"]
    assert [(p["login"], p["disabled"]) for p in listed] == [("wang", False), ("chen", True)]
    assert (await owner.ask("POST", f"{here}/enable")).is_success
    assert (await chen.log_in("chen", first)).is_success


async def test_nobody_gives_more_than_he_has(house: ApiHouse) -> None:
    """A manager makes cashiers of his shop, no manager, no owner, none of another shop."""
    manager = await person(house, "li", "manager", SHOP)
    for number, (role, shop_id, expected) in enumerate(
        [
            ("cashier", SHOP, "ok"),
            ("cashier", 0, "not_allowed"),
            ("manager", SHOP, "not_allowed"),
            ("auditor", SHOP, "not_allowed"),
            ("owner", 0, "not_allowed"),
        ]
    ):
        body: dict[str, Any] = {
            "login": f"new-{number}",
            "roles": [{"role": role, "shop_id": shop_id}],
        }
        answer = await manager.ask("POST", PEOPLE, body)
        assert ("ok" if answer.is_success else answer.json()["code"]) == expected
    for role, given in ((role, given) for role, may in MAY.items() for given in may.gives):
        assert MAY[given].speaks <= MAY[role].speaks
        assert MAY[given].reads_audit <= MAY[role].reads_audit
        assert MAY[given].keeps_keys <= MAY[role].keeps_keys


async def test_nobody_changes_somebody_above_him(house: ApiHouse) -> None:
    """A manager cannot make himself a way up by resetting an owner, nor reach another brand."""
    owner_id, _ = await take_on(house, "wang", Grant("owner"))
    other_id, _ = await take_on(house, "zhao", Grant("owner"), brand_id=2)
    manager = await person(house, "li", "manager", SHOP)
    ways: list[tuple[str, str, dict[str, list[str]] | None]] = [
        ("POST", "reset", None),
        ("POST", "disable", None),
        ("PUT", "roles", {"roles": []}),
    ]
    for method, word, body in ways:
        answer = await manager.ask(method, f"{PEOPLE}/{owner_id}/{word}", body)
        refused(answer, "not_allowed")
    owner = await person(house, "wu", "owner")
    assert other_id == 1
    await owner.ask("POST", f"{PEOPLE}/{other_id}/disable")
    assert await house.db.fetchval("SELECT disabled_at FROM staff WHERE login = 'zhao'") is None
    refused(await owner.ask("POST", f"{PEOPLE}/99/reset"), "staff_not_found")


async def test_somebodys_logins_are_ended_at_once(house: ApiHouse) -> None:
    """R-000-16: who lost a pad is logged out of it by whoever leads him, and by nobody else."""
    owner, chen = await person(house, "wang", "owner"), await person(house, "chen", "cashier", SHOP)
    manager = await person(house, "li", "manager", SHOP)
    listed = (await owner.ask("GET", PEOPLE)).json()["people"]
    assert [(one["login"], one["sessions"]) for one in listed] == [
        ("wang", 1),
        ("chen", 1),
        ("li", 1),
    ]
    refused(await manager.ask("POST", f"{PEOPLE}/1/end-sessions"), "not_allowed")
    refused(await chen.ask("POST", f"{PEOPLE}/1/end-sessions"), "not_allowed")
    assert (await manager.ask("POST", f"{PEOPLE}/2/end-sessions")).json() == {"ended": 1}
    refused(await chen.ask("GET", "/v1/staff/me"), "session_ended")
    listed = (await owner.ask("GET", f"{PEOPLE}?words=CHEN")).json()["people"]
    assert [(one["sessions"], one["seen_at_ms"] is not None) for one in listed] == [(0, True)]


async def test_people_are_found_by_words_and_page_by_page(house: ApiHouse) -> None:
    """R-000-16: by login or name, those who left apart; a manager of one shop sees whom he works with."""
    owner = await person(house, "wang", "owner")
    await house.db.execute(
        "INSERT INTO shop (id, brand_id, name) VALUES (3, 1, '{}'); INSERT INTO shop_head (shop_id) VALUES (3)"
    )
    await take_on(house, "chen", Grant("cashier", 3))
    await take_on(house, "chen_2", Grant("cashier", SHOP))
    await take_on(house, "nobody")
    manager = await person(house, "li", "manager", SHOP)
    await owner.ask("POST", f"{PEOPLE}/4/disable")

    async def found(who: Browser, query: str = "") -> list[str]:
        return [one["login"] for one in (await who.ask("GET", f"{PEOPLE}{query}")).json()["people"]]

    assert await found(owner) == ["wang", "chen", "chen_2", "nobody", "li"]
    assert await found(owner, "?words=n_") == ["chen_2"]
    assert await found(owner, "?words=Chen") == ["chen", "chen_2"]
    assert await found(owner, "?state=disabled") == ["nobody"]
    assert await found(owner, "?state=active&limit=2&after=2") == ["chen_2", "li"]
    assert (await owner.ask("GET", f"{PEOPLE}?limit=2")).json()["next"] == 2
    assert (await owner.ask("GET", PEOPLE)).json()["next"] is None
    assert await found(manager) == ["wang", "chen_2", "nobody", "li"]
    told = (await manager.ask("GET", PEOPLE)).json()["people"]
    assert [one["login"] for one in told if one["may_change"]] == ["chen_2", "nobody"]


async def test_two_owners_cannot_put_each_other_out(house: ApiHouse) -> None:
    """Whoever is second is refused, however close they are: somebody can still let the other in."""
    door = StaffDoor(house.db, house.clock)
    for turn in range(10):
        brand_id = 2
        first, _ = await take_on(house, f"wang{turn}", Grant("owner"), brand_id=brand_id)
        second, _ = await take_on(house, f"zhao{turn}", Grant("owner"), brand_id=brand_id)
        outcomes = await asyncio.gather(
            door.set_disabled(None, brand_id, first, disabled=True),
            door.set_roles(None, brand_id, second, []),
            return_exceptions=True,
        )
        (refusal,) = [one for one in outcomes if one is not None]
        assert isinstance(refusal, Refusal)
        assert refusal.code == "last_owner"
        await house.db.execute("UPDATE staff SET disabled_at = now() WHERE brand_id = $1", brand_id)


async def test_a_brand_keeps_an_owner(house: ApiHouse) -> None:
    """The last owner can neither go nor become something else; with a second one he can."""
    owner = await person(house, "wang", "owner")
    refused(await owner.ask("POST", f"{PEOPLE}/1/disable"), "last_owner")
    refused(await owner.ask("PUT", f"{PEOPLE}/1/roles", {"roles": []}), "last_owner")
    await take_on(house, "li", Grant("owner"))
    assert (await owner.ask("PUT", f"{PEOPLE}/1/roles", {"roles": []})).is_success


async def test_wrong_names_and_shops_are_told(house: ApiHouse) -> None:
    """A login name is one person's, letters only; a shop is the brand's."""
    owner = await person(house, "wang", "owner")
    refused(await owner.ask("POST", PEOPLE, {"login": "WANG"}), "login_taken")
    assert refused(await owner.ask("POST", PEOPLE, {"login": "a b"}), "bad_field")
    roles = [{"role": "cashier", "shop_id": OTHER_SHOP}]
    answer = await owner.ask("POST", PEOPLE, {"login": "chen", "roles": roles})
    assert refused(answer, "shop_not_found") == {"shop_id": OTHER_SHOP}


async def test_a_repeated_order_of_a_person_is_one_order(house: ApiHouse) -> None:
    """A person's page repeats with its Idempotency-Key and gets the same answer; others do not."""
    chen, li = await person(house, "chen", "cashier"), await person(house, "li", "cashier")
    key = {"Idempotency-Key": "page-1"}
    answers = [await who.ask("POST", "/v1/orders", ORDER, **key) for who in (chen, chen, li)]
    items = [answer.json()["item_ids"] for answer in answers]
    assert items[0] == items[1] != items[2]
