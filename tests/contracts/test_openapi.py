"""The OpenAPI document is one, every door in it answers, and answers are what it says."""

from __future__ import annotations

import re
import uuid
from collections.abc import AsyncIterator, Mapping
from typing import Any

import msgspec
import pytest
from openapi_schema_validator import OAS31Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from server.api.problem import Problem
from server.errors import REFUSALS
from tests.support.api_house import ROOM_801, SHOP, ApiHouse, Caller, api_house
from tests.support.people import PASSWORD, person, take_on


@pytest.fixture
async def house(database_url: str, redis_url: str) -> AsyncIterator[ApiHouse]:
    """Give an API on real engines."""
    async with api_house(database_url, redis_url) as made:
        yield made


async def read_document(house: ApiHouse) -> dict[str, Any]:
    """Return what /openapi.json says."""
    return dict((await house.http.get("/openapi.json")).json())


async def test_document_is_openapi_31(house: ApiHouse) -> None:
    """Generators of clients in any language can read it (OpenAPI 3.1 meta-schema)."""
    document = await read_document(house)
    assert document["openapi"] == "3.1.0"
    assert [str(error) for error in OpenAPIV31SpecValidator(document).iter_errors()] == []
    names = [
        operation["operationId"]
        for methods in document["paths"].values()
        for operation in methods.values()
    ]
    assert len(names) == len(set(names)) >= 24


async def test_every_refusal_it_names_is_in_the_catalogue(house: ApiHouse) -> None:
    """A documented code has the documented status, and every door names at least one."""
    document = await read_document(house)
    assert {row["code"] for row in document["x-refusals"]} == set(REFUSALS)
    for methods in document["paths"].values():
        for operation in methods.values():
            for status, answer in operation["responses"].items():
                for code in answer.get("x-codes", ()):
                    assert REFUSALS[code].status == int(status)


def target_of(path: str, operation: dict[str, Any], values: Mapping[str, int | str]) -> str:
    """Return the path and query of a documented door, filled in."""
    filled = re.sub(r"{(\w+)}", lambda found: str(values[found[1]]), path)
    query = [p["name"] for p in operation["parameters"] if p["in"] == "query" and p["required"]]
    return filled + ("?" + "&".join(f"{name}={values[name]}" for name in query) if query else "")


def schema_of(document: dict[str, Any], content: dict[str, Any]) -> dict[str, Any]:
    """Return a schema that stands on its own."""
    return {**content["schema"], "components": document["components"]}


IM_CALL = {"shopId": SHOP, "event": 6, "Channels": [2], "MsgType": 2}
SENTENCE = {"name": "spa", "parameters": {}, "text": {"zh": "请注意", "en": "Look"}}
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
NUMBER = "3f0c3a52-8a4e-4c55-9d0e-6a2f3a3c9a10"
PRINTER = {
    "name": "热菜", "kind": "network", "address": "192.168.1.20", "paper": {},
    "documents": ["ticket", "receipt"],
}  # fmt: skip
BODIES: dict[str, dict[str, Any]] = {
    "addPrinter": PRINTER,
    "changePrinter": {**PRINTER, "version": 1},
    "settlePrintJob": {"outcome": "dropped"},
    "addDish": {
        "category": "wok", "price_fen": 1_800,
        "name": {"zh": "白粥", "en": "Congee"},
    },
    "changeDish": {"price_fen": 2_000},
    "addPicture": {"data": PIXEL},
    "setSmsRules": {"warnBelow": 100},
    "tryTemplate": {"shop_id": SHOP, "channel": "kitchen", "params": {}},
    "addStation": {"name": {"zh": "粥档", "en": "Congee"}},
    "renameStation": {"name": {"zh": "粥面档", "en": "Congee and noodles"}},
    "sendImCall": IM_CALL,
    "sendImCalls": {"calls": [IM_CALL, {**IM_CALL, "event": 77}]},
    "cancelImCall": {"shopId": SHOP},
    "addTemplate": SENTENCE,
    "changeTemplate": {**SENTENCE, "version": 1},
    "previewTemplate": {"template": SENTENCE, "params": {}},
    "changeRules": {"channel": "kitchen", "change": {"on": False}, "version": 0},
    "setTechnician": {"shopId": SHOP, "onClock": True},
    "putWebhook": {"url": "https://till.example/", "secret": "x" * 32},
    "placeOrder": {"shop_id": SHOP, "place_id": ROOM_801, "lines": [{"dish_id": 1}]},
    "sendSms": {"type": "notice", "text": "【传菜】好", "phones": ["13800138000"]},
    "smsReceiptStatusCallBack": {"state": "delivered"},
    "undoItem": {"shop_id": SHOP, "state": "delivered"},
    "changeItem": {"shop_id": SHOP, "quantity": 2},
    "setDishSale": {"shop_id": SHOP, "sold_out": True},
    "makePairingCode": {"kind": "waiter", "name": "陈"},
    "makePairingOffer": {"kind": "waiter"},
    "moveDevice": {"place_id": 2},
    "renameDevice": {"name": "前厅"},
    "setScreen": {"columns": 3, "version": 0},
    "openCard": {"shop_id": SHOP, "identity_kind": "phone", "identity": "13800138000"},
    "topUpCard": {"shop_id": SHOP, "amount_fen": 10_000},
    "consumeCard": {"shop_id": SHOP, "amount_fen": 1_800},
    "freezeFunds": {"shop_id": SHOP, "amount_fen": 100},
    "putCardPolicy": {"version": 0, "trades_per_day_max": 5},
    "logIn": {"login": "owner", "password": PASSWORD},
    "changePassword": {"old": PASSWORD, "new": "another horse 88 battery"},
    "addApiClient": {"name": "wms"},
    "changeApiClient": {"name": "wms 2"},
    "addStaff": {"login": "li", "roles": [{"role": "cashier", "shop_id": SHOP}]},
    "setStaffRoles": {"roles": []},
    "earnByPurchase": {"user_id": 7, "source": "A1", "amount_fen": 100_000},
    "earnByReview": {"user_id": 7, "source": "R1"},
    "exchangePoints": {"user_id": 7, "product_id": 3, "credit": 100},
    "refundExchange": {"credit": 10},
    "putPointsRule": {
        "version": 0, "purchase_points": 2, "purchase_fen": 100, "review_points": 10,
        "reviews_per_day_max": 1, "valid_days": None,
    },
    "buySmsPackage": {"orderNo": "M1", "segments": 100, "validityDays": 30},
    "smsSendPrePay": {"segments": 9, "number": NUMBER},
    "smsSendPay": {"segments": 4, "number": NUMBER, "payment": NUMBER[::-1].replace("-", "")},
    "smsSendStatusCallBack": {"success": False},
    "smsReleaseFreezeNum": {},
    "returnSmsPackage": {"returnNo": "B1", "segments": 5},
}  # fmt: skip
# Path and query values of doors that are asked only whether they let somebody in.
NUMBERS = (
    "shop_id", "place_id", "order_id", "item_id", "dish_id", "device_id", "shopId", "callId", "technicianId",
    "template_id", "event", "channel", "user_id", "exchange_id", "staff_id", "session_id",
    "number", "payment", "orderNo", "carrier", "card_id", "trade_id", "ticket",
    "printer_id", "job_id", "station_id", "promise_id", "name",
    "client_id", "key_id",
)  # fmt: skip
# In the order of a dish's life; what is not named comes after, in the document's order.
LIFE = [
    "placeOrder",
    "changeItem",
    "confirmItem",
    "holdItems",
    "fireItems",
    "rushItems",
    "startItem",
    "finishItem",
    "callItem",
    "pickUpItem",
    "deliverItem",
    "undoItem",
    "sendImCall",
    "addTemplate",
    "addPicture",
    "addApiClient",
    "changeApiClient",
    "makeApiKey",
    "endApiKey",
    "earnByPurchase",
    "exchangePoints",
    "buySmsPackage",
    "smsSendPrePay",
    "smsSendPay",
    "openCard",
    "readCard",
    "topUpCard",
    "consumeCard",
    "refundTrade",
    "freezeFunds",
    "unfreezeFunds",
]


async def test_every_door_answers_as_documented(house: ApiHouse) -> None:
    """Each documented door is called; its answer fits the documented schema of its status."""
    document = await read_document(house)
    manager = await house.caller("everything", roles=("business", "manager", "money"))
    owner = await person(house, "owner", "owner")
    doors = doors_of(document)
    values: dict[str, int | str] = {
        "shop_id": SHOP, "place_id": ROOM_801, "device_id": 8, "shopId": SHOP, "technicianId": "7",
        "dish_id": 9, "promise_id": 1,
        "event": "order_placed", "channel": "kitchen", "user_id": 7, "orderNo": "M1", "number": NUMBER,
        "payment": BODIES["smsSendPay"]["payment"],
        "session_id": str(uuid.uuid4()), "carrier": "chuanglan",
        "staff_id": (await take_on(house, "target"))[0],
    }  # fmt: skip
    answered: dict[str, int] = {}
    between = [name for name in doors if name not in {*LIFE, "logOut"}]
    for name in [*LIFE, *between, "logOut"]:
        method, path, operation = doors[name]
        if name == "makeCardReport":
            headers = {"Authorization": f"Bearer {await house.token('monitor')}"}
            answer = await house.http.get(path, headers=headers)
            values["ticket"] = answer.json()["url"].rpartition("/")[2]
        elif name == "readPairingOffer":
            made = (await house.http.post("/v1/pairing/offers", json={"kind": "waiter"})).json()
            values["offer_id"], secret = made["offer_id"], made["secret"]
            headers = {"Authorization": f"Bearer {secret}"}
            target = target_of(path, operation, values)
            answer = await house.http.get(target, headers=headers)
        else:
            body = await body_for(name, operation, house, manager)
            asker = owner if "staff" in operation["tags"] else manager
            answer = await asker.ask(method, target_of(path, operation, values), body)
        told: Any = answer.json() if "json" in answer.headers["content-type"] else answer.text
        if name == "placeOrder":
            values |= {"order_id": told["order_id"], "item_id": told["item_ids"][0]}
        if name == "sendImCall":
            values["callId"] = told["callId"]
        values |= {
            key: told[key]
            for key in ("card_id", "trade_id", "printer_id", "station_id", "client_id", "key_id")
            if key in told
        }
        if name == "addPicture":
            values["name"] = told["picture"].rpartition("/")[2]
        if name == "testPrinter":
            values["job_id"] = told["job_ids"][0]
        if name == "exchangePoints":
            values["exchange_id"] = told["exchange_id"]
        if name == "addTemplate":
            values["template_id"] = told["template"]["id"]
        documented = operation["responses"][str(answer.status_code)]["content"]
        kind = answer.headers["content-type"].partition(";")[0]
        OAS31Validator(schema_of(document, documented[kind])).validate(told)
        answered[name] = answer.status_code
    # A delivered dish cannot be cancelled, no card was named, a paper still waits, no promise died, this
    # house has no carrier: documented refusals.
    refused = {name for name, status in answered.items() if status >= 400}
    assert refused == {
        "cancelItem", "readCard", "readPromise", "reprint", "revivePromise", "settlePrintJob",
        "sendSms", "readSms", "pushSmsReceipt",
    }, answered  # fmt: skip


def doors_of(document: dict[str, Any]) -> dict[str, tuple[str, str, dict[str, Any]]]:
    """Return method, path and description of each documented door, by its name."""
    return {
        operation["operationId"]: (method.upper(), path, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }


async def test_doors_open_to_people_know_people(house: ApiHouse) -> None:
    """An owner in his session comes through every door that takes either way in."""
    document, owner = await read_document(house), await person(house, "owner", "owner")
    values: dict[str, int | str] = {
        **dict.fromkeys(NUMBERS, 1), "event": "order_placed", "channel": "kitchen", "user_id": 7,
    }  # fmt: skip
    met: dict[str, str] = {}
    for name, (method, path, operation) in doors_of(document).items():
        if {"session": []} in operation["security"] and len(operation["security"]) > 2:
            target = target_of(path, operation, values)
            answer = await owner.ask(method, target, BODIES.get(name, {"shop_id": SHOP}))
            met[name] = answer.json()["code"] if answer.status_code >= 400 else "ok"
    assert len(met) > 20
    barred = {"internal", "not_allowed", "session_ended", "bad_signature", "unavailable"}
    assert {name: code for name, code in met.items() if code in barred} == {}


async def body_for(
    name: str, operation: dict[str, Any], house: ApiHouse, manager: Caller
) -> dict[str, Any] | None:
    """Return a body that a door accepts."""
    if name == "claimPairingCode":
        wish = BODIES["makePairingCode"]
        made = await manager.ask("POST", f"/v1/shops/{SHOP}/pairing-codes", wish)
        return {"code": made.json()["code"]}
    if name == "confirmPairingOffer":
        made = await house.http.post("/v1/pairing/offers", json={"kind": "waiter"})
        return {"code": made.json()["code"], "name": "刘"}
    if "requestBody" not in operation:
        return None
    return BODIES.get(name, {"shop_id": SHOP})


async def test_every_signed_door_refuses_the_unsigned(house: ApiHouse) -> None:
    """No door that needs a signature was left open, and each refuses as documented."""
    document = await read_document(house)
    values = dict.fromkeys(NUMBERS, 1)
    signed = 0
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if not operation["security"]:
                assert not path.startswith("/v1/shops")
                continue
            signed += 1
            target = target_of(path, operation, values)
            answer = await house.http.request(method, target, content=b"{}")
            assert answer.status_code == 401
            code = "bad_signature" if len(operation["security"]) == 1 else "session_ended"
            assert msgspec.json.decode(answer.content, type=Problem).code == code
            assert code in operation["responses"]["401"]["x-codes"]
    assert signed >= 17
