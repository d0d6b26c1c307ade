"""What business services can do: order, move dishes, clean; once, whatever is repeated."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from typing import Any

import pytest

from server.api.table import BODY_BYTES_MAX
from tests.support.api_house import ROOM_801, SHOP, ApiHouse, api_house, is_problem

ORDER = {"shop_id": SHOP, "place_id": ROOM_801, "lines": [{"dish_id": 1, "quantity": 2}]}


@pytest.fixture
async def house(database_url: str, redis_url: str) -> AsyncIterator[ApiHouse]:
    """Give an API on real engines."""
    async with api_house(database_url, redis_url) as made:
        yield made


async def test_order_walks_through(house: ApiHouse) -> None:
    """A dish is ordered, cooked, called, picked up, delivered, and the room is cleaned."""
    caller = await house.caller()
    placed = await caller.order(1)
    assert (placed["number"], placed["round"], len(placed["item_ids"])) == (1, 1, 1)
    item = f"/v1/items/{placed['item_ids'][0]}"
    for word, state in [
        ("start", "cooking"), ("finish", "ready"), ("call", "called"),
        ("pick-up", "picked_up"), ("deliver", "delivered"),
    ]:  # fmt: skip
        answer = await caller.ask("POST", f"{item}/{word}", {"shop_id": SHOP})
        assert answer.status_code == 200, answer.text
        assert (answer.json()["state"], answer.json()["changed"]) == (state, True)
    board = (await caller.ask("GET", f"/v1/shops/{SHOP}/board")).json()
    assert [order["id"] for order in board["orders"]] == [placed["order_id"]]
    assert board["seq"] > 6
    cleaned = await caller.ask("POST", f"/v1/places/{ROOM_801}/clean", {"shop_id": SHOP})
    assert cleaned.json() == {
        "place_id": ROOM_801, "order_id": placed["order_id"], "changed": True, "undelivered": 0,
    }  # fmt: skip
    read = await caller.ask("GET", f"/v1/orders/{placed['order_id']}?shop_id={SHOP}")
    assert read.json()["state"] == "completed"
    assert read.json()["order"]["items"][0]["state"] == "delivered"
    board = (await caller.ask("GET", f"/v1/shops/{SHOP}/board")).json()
    assert (board["orders"], board["calls"]) == ([], [])


async def test_call_shows_on_the_board(house: ApiHouse) -> None:
    """A called dish rings on the board until it is picked up (R-004-13)."""
    caller = await house.caller()
    item_id = (await caller.order(1))["item_ids"][0]
    for word in ("start", "finish", "call"):
        await caller.ask("POST", f"/v1/items/{item_id}/{word}", {"shop_id": SHOP})
    board = (await caller.ask("GET", f"/v1/shops/{SHOP}/board")).json()
    assert [(call["item_id"], call["state"]) for call in board["calls"]] == [(item_id, "ringing")]
    await caller.ask("POST", f"/v1/items/{item_id}/pick-up", {"shop_id": SHOP})
    board = (await caller.ask("GET", f"/v1/shops/{SHOP}/board")).json()
    assert board["calls"] == []


async def test_cancel_and_undo(house: ApiHouse) -> None:
    """A dish is cancelled before cooking only, and a mistaken step is taken back (R-004-15)."""
    caller = await house.caller()
    kept, dropped = (await caller.order(1, 2))["item_ids"]
    answer = await caller.ask(
        "POST", f"/v1/items/{dropped}/cancel", {"shop_id": SHOP, "reason": "客人不要了"}
    )
    assert answer.json()["state"] == "cancelled"
    start = await caller.ask("POST", f"/v1/items/{dropped}/start", {"shop_id": SHOP})
    is_problem(start, "item_already_cancelled")
    await caller.ask("POST", f"/v1/items/{kept}/start", {"shop_id": SHOP})
    cancel = await caller.ask("POST", f"/v1/items/{kept}/cancel", {"shop_id": SHOP})
    is_problem(cancel, "item_already_started")
    undo = await caller.ask("POST", f"/v1/items/{kept}/undo", {"shop_id": SHOP, "state": "cooking"})
    assert undo.json()["state"] == "queued"


async def test_done_step_is_polite(house: ApiHouse) -> None:
    """Starting what somebody started answers success and who did it (R-004-11)."""
    first, second = await house.caller("till 1"), await house.caller("till 2")
    item_id = (await first.order(1))["item_ids"][0]
    await first.ask("POST", f"/v1/items/{item_id}/start", {"shop_id": SHOP})
    again = (await second.ask("POST", f"/v1/items/{item_id}/start", {"shop_id": SHOP})).json()
    assert (again["changed"], again["by"], again["state"]) == (False, "till 1", "cooking")


async def test_same_key_same_answer(house: ApiHouse) -> None:
    """A till that lost the answer asks again and gets it; the kitchen sees one order."""
    caller = await house.caller()
    first = await caller.ask("POST", "/v1/orders", ORDER, "till-4-000123")
    again = await caller.ask("POST", "/v1/orders", ORDER, "till-4-000123")
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert await house.db.fetchval("SELECT count(*) FROM catering_order_goods") == 1
    further = await caller.ask("POST", "/v1/orders", ORDER, "till-4-000124")
    assert further.json()["round"] == 2


async def test_same_key_in_the_same_moment(house: ApiHouse) -> None:
    """Ten impatient repeats at once are one order and ten equal answers."""
    caller = await house.caller()
    answers = await asyncio.gather(
        *(caller.ask("POST", "/v1/orders", ORDER, "till-4-000125") for _ in range(10))
    )
    assert {answer.text for answer in answers} == {answers[0].text}
    assert answers[0].status_code == 201
    assert await house.db.fetchval("SELECT count(*) FROM catering_order_goods") == 1


async def test_same_key_other_words_is_refused(house: ApiHouse) -> None:
    """A key that was used for something else never does a second thing."""
    caller = await house.caller()
    await caller.ask("POST", "/v1/orders", ORDER, "till-4-000123")
    other = await caller.ask("POST", "/v1/orders", {**ORDER, "note": "少辣"}, "till-4-000123")
    is_problem(other, "command_id_reused")
    clean = await caller.ask(
        "POST", f"/v1/places/{ROOM_801}/clean", {"shop_id": SHOP}, "till-4-000123"
    )
    is_problem(clean, "command_id_reused")
    assert await house.db.fetchval("SELECT count(*) FROM catering_order_goods") == 1
    neighbour = await house.caller("neighbour")
    own = await neighbour.ask("POST", "/v1/orders", ORDER, "till-4-000123")
    assert own.status_code == 201, "another client's keys are its own"


async def test_remembered_refusal(house: ApiHouse) -> None:
    """A refused command stays refused under its key."""
    caller = await house.caller()
    body = {**ORDER, "place_id": 999}
    for _ in range(2):
        is_problem(await caller.ask("POST", "/v1/orders", body, "till-9"), "place_not_found")


BAD_BODIES: list[tuple[bytes, str, str | None]] = [
    (b"", "bad_request", None),
    (b"{", "bad_request", None),
    (b"\xff\xfe", "bad_request", None),
    (b'{"shop_id":1,"place_id":1,"lines":[{"dish_id":1,"note":"\xff"}]}', "bad_request", None),
    (b"[]", "bad_field", ""),
    (b'{"shop_id":1,"place_id":1}', "bad_field", "lines"),
    (b'{"shop_id":"1","place_id":1,"lines":[]}', "bad_field", "shop_id"),
    (b'{"shop_id":1,"place_id":1,"lines":[{"dish_id":1},{"dish_id":"x"}]}', "bad_field",
     "lines[1].dish_id"),
    (b'{"shop_id":1,"place_id":1,"lines":[{"quantity":1}]}', "bad_field", "lines[0].dish_id"),
    (b'{"shop_id":1,"place_id":1,"lines":[{"dish_id":1,"quantity":0}]}', "bad_field",
     "lines[0].quantity"),
    (b'{"shop_id":1,"place_id":1,"lines":[],"tip":5}', "bad_field", "tip"),
    (b'{"shop_id":0,"place_id":1,"lines":[]}', "bad_field", "shop_id"),
    (b'{"shop_id":1,"place_id":99999999999999999999999,"lines":[]}', "bad_field", "place_id"),
    (b'{"shop_id":1,"place_id":1,"lines":[]}', "order_empty", None),
    (b'{"shop_id":1,"place_id":999,"lines":[{"dish_id":1}]}', "place_not_found", None),
    (b'{"shop_id":1,"place_id":1,"lines":[{"dish_id":999}]}', "dish_not_found", None),
    (b'{"shop_id":9,"place_id":1,"lines":[{"dish_id":1}]}', "shop_not_found", None),
    (b'{"shop_id":1,"place_id":1,"lines":[{"dish_id":1,"note":"a\\u0000b"}]}', "bad_field",
     "lines[0].note"),
    (b'{"shop_id":1,"place_id":999,"lines":[{"dish_id":1,"note":"a\\\\u0000b"}]}', "place_not_found", None),
    (b" " * (BODY_BYTES_MAX + 1), "too_large", None),
]  # fmt: skip


@pytest.mark.parametrize(("body", "code", "field"), BAD_BODIES, ids=range(len(BAD_BODIES)))
async def test_bad_body_is_refused_by_name(
    house: ApiHouse, body: bytes, code: str, field: str | None
) -> None:
    """Whoever writes a client is told what is wrong and where."""
    caller = await house.caller()
    told = is_problem(await caller.ask("POST", "/v1/orders", body), code)
    if field is not None:
        assert told["facts"]["field"] == field
    assert await house.db.fetchval("SELECT count(*) FROM catering_order") == 0


BAD_TARGETS = [
    ("GET", "/v1/orders/1", "bad_field", "shop_id"),
    ("GET", "/v1/orders/seven?shop_id=1", "bad_field", "order_id"),
    ("GET", "/v1/orders/1?shop_id=1&deep=1", "bad_field", "deep"),
    ("GET", "/v1/orders/1?shop_id=x", "bad_field", "shop_id"),
    ("GET", "/v1/orders/1?shop_id=1", "order_not_found", None),
    ("GET", "/v1/shops/0/board", "bad_field", "shop_id"),
    ("GET", "/v1/orders/1?" + "&".join(["a=1"] * 51), "bad_field", ""),
]


@pytest.mark.parametrize(("method", "target", "code", "field"), BAD_TARGETS)
async def test_bad_target_is_refused_by_name(
    house: ApiHouse, method: str, target: str, code: str, field: str | None
) -> None:
    """A wrong path or query value is named too."""
    told = is_problem(await (await house.caller()).ask(method, target), code)
    if field is not None:
        assert told["facts"]["field"] == field


async def test_wrong_address_method_and_type(house: ApiHouse) -> None:
    """What is not there, cannot be done or is not JSON is refused like everything else."""
    is_problem(await house.http.get("/v1/nothing"), "not_found")
    answer = await house.http.put("/v1/orders")
    is_problem(answer, "method_not_allowed")
    assert answer.headers["allow"] == "POST"
    caller = await house.caller()
    headers = caller.headers("POST", "/v1/orders", b"a=1")
    headers["content-type"] = "application/x-www-form-urlencoded"
    form = await house.http.post("/v1/orders", headers=headers, content=b"a=1")
    is_problem(form, "bad_request")


async def test_head_is_get_without_body(house: ApiHouse) -> None:
    """HEAD answers the same headers and no body."""
    answer = await (await house.caller()).ask("HEAD", f"/v1/shops/{SHOP}/board")
    assert (answer.status_code, answer.content) == (200, b"")
    assert int(answer.headers["content-length"]) > 20


REQUEST_IDS = [("till-4.shift_2", True), ("a" * 64, True), ("a" * 65, False), ("a b", False)]


@pytest.mark.parametrize(("given", "kept"), REQUEST_IDS)
async def test_request_id_comes_back(house: ApiHouse, given: str, kept: bool) -> None:
    """A caller finds its own request id in the answer; a strange one is replaced by ours."""
    answer = await house.http.get("/healthz", headers={"X-Request-Id": given})
    assert (answer.headers["x-request-id"] == given) is kept
    if not kept:
        assert uuid.UUID(answer.headers["x-request-id"]).version == 4


async def test_lost_database_is_unavailable(house: ApiHouse) -> None:
    """Without its database the API says so and when to come back, and does not hang."""
    caller = await house.caller()
    await caller.ask("GET", f"/v1/shops/{SHOP}/board")
    await house.db.close()
    for method, target, body in [
        ("GET", f"/v1/shops/{SHOP}/board", None),
        ("POST", "/v1/orders", ORDER),
    ]:
        answer = await caller.ask(method, target, body)
        is_problem(answer, "unavailable")
        assert answer.headers["retry-after"] == "1"


async def test_menu_is_what_can_be_ordered(house: ApiHouse) -> None:
    """A service finds the ids it orders with: dishes, places, stations."""
    answer = await (await house.caller()).ask("GET", f"/v1/shops/{SHOP}/menu")
    menu: dict[str, Any] = answer.json()
    assert len(menu["menu"]["dishes"]) >= 30
    assert ROOM_801 in {place["id"] for place in menu["places"]}
    assert len(menu["stations"]) == 4
