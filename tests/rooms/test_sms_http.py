"""The cost centre over HTTP: who may, whose brand pays, and the way from a package to a refund (R-004-18 … 22)."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from typing import Any

import pytest

from server.sms.costcentre import NAMES
from tests.support.api_house import ApiHouse, Caller, api_house, is_problem

DAY_MS = 86_400_000
PACKAGE = {
    "orderNo": "MALL-1",
    "segments": 100,
    "priceFen": 450,
    "name": "一百条",
    "validityDays": 30,
}


@pytest.fixture
async def house(database_url: str, redis_url: str) -> AsyncIterator[ApiHouse]:
    """Give an API on real engines."""
    async with api_house(database_url, redis_url) as made:
        yield made


async def mall(house: ApiHouse, **changes: Any) -> Caller:
    """Return a caller that may move money."""
    return await house.caller(**({"name": "mall", "roles": ("money",)} | changes))


async def told(caller: Caller, method: str, path: str, body: Any = None, key: str = "") -> Any:
    """Ask and return what was answered."""
    answer = await caller.ask(method, f"/v1/sms/{path}", body, key)
    assert answer.is_success, answer.text
    return answer.json()


async def test_from_a_package_to_a_refund(house: ApiHouse) -> None:
    """Bought, frozen, paid, sent or failed, released; the balance and the records say so."""
    caller = await mall(house)
    assert (await told(caller, "GET", "balance"))["available"] == 0
    package = await told(caller, "POST", "packages", PACKAGE)
    assert package == await told(caller, "POST", "packages", PACKAGE)
    assert (package["left"], package["expiresAt"] - package["boughtAt"]) == (100, 30 * DAY_MS)
    freeze = await told(caller, "POST", "freezes", {"segments": 9})
    number = freeze["number"]
    assert freeze["available"] == 91
    paid = await told(caller, "POST", "payments", {"number": number, "segments": 4})
    assert paid["balance"] == 96
    other = await told(caller, "POST", "payments", {"number": number, "segments": 3})
    for payment, success, refunded in ((paid, True, 0), (other, False, 3)):
        status = await told(
            caller, "POST", f"payments/{payment['payment']}/status", {"success": success}
        )
        assert (status["state"], status["refunded"]) == ("sent" if success else "failed", refunded)
    await told(caller, "POST", f"freezes/{number}/release", {})
    found = await told(caller, "GET", f"freezes/{number}")
    assert (found["state"], found["segments"], found["paid"], found["rest"]) == (
        "released",
        9,
        7,
        0,
    )
    balance = await told(caller, "GET", "balance")
    assert balance == {
        "brandId": 1, "available": 96, "held": 0, "expiring": 96, "expiresAt": package["expiresAt"]
    }  # fmt: skip
    back = await told(
        caller, "POST", "packages/MALL-1/return", {"returnNo": "BACK-1", "segments": 50}
    )
    assert (back["left"], back["returned"]) == (46, 50)
    records = (await told(caller, "GET", "records"))["records"]
    kinds = ["return", "release", "refund", "payment", "payment", "freeze", "package"]
    assert [record["kind"] for record in records] == kinds
    payments = (await told(caller, "GET", "records?kind=payment"))["records"]
    assert [record["state"] for record in payments] == ["failed", "sent"]
    about = await told(caller, "GET", f"records?about={number}&limit=2")
    assert [record["kind"] for record in about["records"]] == ["release", "payment"]
    rest = await told(caller, "GET", f"records?about={number}&limit=2&before={about['next']}")
    assert [record["kind"] for record in rest["records"]] == ["payment", "freeze"]


async def test_a_request_that_is_repeated_has_one_effect(house: ApiHouse) -> None:
    """By the caller's number, or by the Idempotency-Key where there is none; never other content."""
    caller = await mall(house)
    await told(caller, "POST", "packages", PACKAGE)
    first = await told(caller, "POST", "freezes", {"segments": 5}, "press-1")
    assert first == await told(caller, "POST", "freezes", {"segments": 5}, "press-1")
    number = str(uuid.uuid4())
    for _ in range(2):
        await told(caller, "POST", "freezes", {"segments": 5, "number": number})
    assert (await told(caller, "GET", "balance"))["held"] == 10
    for body, key in (({"segments": 6}, "press-1"), ({"segments": 6, "number": number}, "")):
        is_problem(await caller.ask("POST", "/v1/sms/freezes", body, key), "posting_id_reused")


@pytest.mark.parametrize(
    ("client", "facts"),
    [({"roles": ("business", "manager")}, {"role": "money"}), ({"shop_ids": [1]}, {"shop_id": 0})],
)
async def test_who_may_not_move_money_is_refused_everywhere(
    house: ApiHouse, client: dict[str, Any], facts: dict[str, Any]
) -> None:
    """A till's key, or one of some shops only, sees and moves nothing (R-004-17)."""
    caller, some = await mall(house, **client), str(uuid.uuid4())
    for method, path, body in (
        ("POST", "packages", PACKAGE), ("POST", "freezes", {"segments": 5}), ("GET", f"freezes/{some}", None),
        ("POST", f"freezes/{some}/release", {}), ("POST", "payments", {"number": some, "segments": 1}),
        ("POST", f"payments/{some}/status", {"success": True}), ("GET", "packages", None),
        ("POST", "packages/A/return", {"returnNo": "B", "segments": 1}), ("GET", "balance", None),
        ("GET", "records", None),
    ):  # fmt: skip
        problem = is_problem(await caller.ask(method, f"/v1/sms/{path}", body), "not_allowed")
        assert problem["facts"] == facts


async def test_nobody_charges_another_brand(house: ApiHouse) -> None:
    """The key's brand pays; another's numbers, payments and packages are as if there were none."""
    ours, theirs = await mall(house), await mall(house, brand_id=2)
    for caller in (ours, theirs):
        await told(caller, "POST", "packages", PACKAGE)
    wish = {"segments": 5, "brandId": 1, "number": str(uuid.uuid4())}
    number = (await told(ours, "POST", "freezes", wish))["number"]
    paid = await told(ours, "POST", "payments", {"number": number, "segments": 1})
    for method, path, body, code in (
        ("POST", "freezes", {"segments": 5, "brandId": 1}, "not_allowed"),
        ("POST", "packages", PACKAGE | {"brandId": 1}, "not_allowed"),
        ("POST", "payments", {"number": number, "segments": 1}, "hold_not_found"),
        ("GET", f"freezes/{number}", None, "hold_not_found"),
        ("POST", f"freezes/{number}/release", {}, "hold_not_found"),
        ("POST", f"payments/{paid['payment']}/status", {"success": False}, "posting_not_found"),
        ("POST", "freezes", {"segments": 5, "number": number}, "posting_id_reused"),
    ):
        is_problem(await theirs.ask(method, f"/v1/sms/{path}", body), code)
    assert [(await told(c, "GET", "balance"))["available"] for c in (ours, theirs)] == [95, 100]
    assert len((await told(theirs, "GET", "records"))["records"]) == 1


@pytest.mark.parametrize(
    ("path", "body", "code", "field"),
    [
        ("freezes", {"segments": 0}, "bad_field", "segments"),
        ("freezes", {"segments": 1, "expiresS": 0}, "bad_field", "expiresS"),
        ("freezes", {"segments": 1, "number": "7"}, "bad_field", "number"),
        ("freezes", {"segments": 1, "seconds": 7}, "bad_field", "seconds"),
        ("freezes", {"segments": 101}, "balance_insufficient", None),
        ("packages", PACKAGE | {"orderNo": "a b"}, "bad_field", "orderNo"),
        ("packages", PACKAGE | {"expiresAt": 1}, "bad_field", "expiresAt"),
        ("packages", {"orderNo": "X", "segments": 1, "expiresAt": 1}, "bad_field", "expiresAt"),
        ("packages", {"orderNo": "X", "segments": 1, "expiresAt": 2**53}, "bad_field", "expiresAt"),
        ("packages/MALL-1/return", {"returnNo": "1", "segments": 101}, "lot_exceeded", None),
    ],
)
async def test_what_is_wrong_is_named(
    house: ApiHouse, path: str, body: dict[str, Any], code: str, field: str | None
) -> None:
    """A refusal has its code and names the caller's field; nothing moved."""
    caller = await mall(house)
    await told(caller, "POST", "packages", PACKAGE)
    problem = is_problem(await caller.ask("POST", f"/v1/sms/{path}", body), code)
    assert problem["facts"].get("field") == field
    balance = await told(caller, "GET", "balance")
    assert (balance["available"], balance["held"]) == (100, 0)


async def test_nobody_uses_up_the_names_of_another_brand(house: ApiHouse) -> None:
    """A rival who guesses an order number cannot take the name of its package first (R-004-18)."""
    caller, rival = await mall(house), await mall(house, name="rival", brand_id=2)
    await told(rival, "POST", "packages", PACKAGE | {"orderNo": "RIVAL-1"})
    guessed = str(uuid.uuid5(NAMES, f"package 1 {PACKAGE['orderNo']}"))
    freeze = await told(rival, "POST", "freezes", {"segments": 9})
    message = {"type": "notice", "text": "好", "phones": ["13800138000"], "number": guessed}
    for path, body, field in (
        ("freezes", {"segments": 1, "number": guessed}, "number"),
        ("payments", {"segments": 1, "number": freeze["number"], "payment": guessed}, "payment"),
        ("messages", message, "number"),
    ):
        answer = await rival.ask("POST", f"/v1/sms/{path}", body)
        assert is_problem(answer, "bad_field")["facts"] == {"field": field}
    assert (await told(caller, "POST", "packages", PACKAGE))["left"] == PACKAGE["segments"]
    own = str(uuid.uuid4())
    assert (await told(rival, "POST", "freezes", {"segments": 1, "number": own}))["number"] == own
