"""Cards over HTTP: business services with a key for money, and nobody else."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from server.events.view import DeviceKind
from tests.support.api_house import SHOP, ApiHouse, api_house

KINDS: tuple[DeviceKind, ...] = ("monitor", "waiter")
OPEN = {"shop_id": SHOP, "identity_kind": "phone", "identity": "13800138000", "name": "李四"}


@pytest.fixture
async def house(database_url: str, redis_url: str) -> AsyncIterator[ApiHouse]:
    """Give an API on real engines."""
    async with api_house(database_url, redis_url) as made:
        yield made


async def test_a_cards_life_over_http(house: ApiHouse) -> None:
    """Open, rules, top up with a bonus, read, consume, refund, hold, freeze, replace, close (R-000-16, R-000-18)."""
    pos = await house.caller(roles=("business", "money"))

    async def post(
        path: str, status: int = 200, key: str = "", **body: object
    ) -> dict[str, object]:
        answer = await pos.ask("POST", path, {"shop_id": SHOP, **body}, key)
        assert answer.status_code == status, answer.text
        return dict(answer.json())

    rules = (await pos.ask("GET", "/v1/card-policy")).json()
    assert (rules["version"], rules["policy"]["trades_per_day_max"]) == (0, 3)
    rules["policy"] |= {"bonus_rules": [{"from_fen": 50_000, "bonus_fen": 5_000}]}
    put = await pos.ask("PUT", "/v1/card-policy", rules["policy"] | {"version": 0})
    assert put.json()["version"] == 1, put.text
    put = await pos.ask("PUT", "/v1/card-policy", rules["policy"] | {"version": 0})
    assert put.json()["code"] == "version_changed"

    made = (await pos.ask("POST", "/v1/cards", OPEN)).json()
    card = f"/v1/cards/{made['card_id']}"
    assert (await post(f"{card}/top-up", amount_fen=50_000))["bonus_fen"] == 5_000
    paid = [await post(f"{card}/consume", key="till-1", amount_fen=1_800) for _ in range(2)]
    assert paid[0] == paid[1]
    for key in ("number", "user_code", "card_id"):
        read = (await pos.ask("GET", f"/v1/cards?shop_id={SHOP}&{key}={made[key]}")).json()
        assert (read["balance_fen"], read["paid_fen"], read["bonus_fen"]) == (53_200, 48_200, 5_000)
    back = await post(f"/v1/card-trades/{paid[0]['trade_id']}/refund")
    assert (back["balance_fen"], back["state"]) == (55_000, "refunded")
    held = await post(f"{card}/freeze-funds", amount_fen=54_000)
    short = await post(f"{card}/consume", 409, amount_fen=1_500)
    assert short["code"] == "balance_insufficient"
    assert short["facts"] == {"balance_fen": 55_000, "available_fen": 1_000, "short_fen": 500}
    await post(f"/v1/card-trades/{held['trade_id']}/unfreeze-funds")
    await post(f"{card}/freeze")
    assert (await post(f"{card}/consume", 409, amount_fen=1))["code"] == "card_frozen"
    await post(f"{card}/unfreeze")
    new = await post(f"{card}/replace")
    old = await pos.ask("GET", f"/v1/cards?shop_id={SHOP}&number={made['number']}")
    assert old.json()["code"] == "card_not_found"
    found = await pos.ask("GET", f"/v1/cards?shop_id={SHOP}&number={new['number']}")
    assert found.json()["card_id"] == made["card_id"]
    closed = await post(f"{card}/close")
    assert (closed["paid_out_fen"], closed["lapsed_bonus_fen"]) == (50_000, 5_000)


async def test_only_keys_for_money_touch_cards(house: ApiHouse) -> None:
    """A till that orders dishes cannot open, read or spend a card (R-000-16)."""
    till = await house.caller("till")
    manager = await house.manager()
    for caller in (till, manager):
        for method, path, body in (
            ("POST", "/v1/cards", OPEN),
            ("GET", f"/v1/cards?shop_id={SHOP}&card_id=1", None),
            ("GET", "/v1/card-policy", None),
        ):
            answer = await caller.ask(method, path, body)
            assert answer.json()["code"] == "not_allowed", (method, path)


async def test_an_identity_is_nowhere_to_be_read(house: ApiHouse) -> None:
    """Neither tables nor the log nor remembered answers hold the number in the plain (R-000-10)."""
    pos = await house.caller(roles=("money",))
    made = await pos.ask("POST", "/v1/cards", OPEN)
    assert made.status_code == 201
    taken = await pos.ask("POST", "/v1/cards", OPEN | {"identity": "+86 138-0013-8000"})
    assert taken.json()["code"] == "card_identity_taken"
    for table in ("card_user", "card", "card_trade", "event", "command", "ledger.account"):
        rows = await house.db.fetch(f"SELECT t::text AS row FROM {table} t")
        assert rows or table == "card_trade"
        for row in rows:
            for secret in (
                "13800138000",
                "李四",
                b"13800138000".hex(),
                "李四".encode().hex(),
            ):
                assert secret not in row["row"], table


async def test_reports_come_to_the_same_sum_as_the_ledger(house: ApiHouse) -> None:
    """By day, dish and hour, as JSON, CSV, workbook and page (R-000-3, R-000-20)."""
    pos = await house.caller(roles=("money",))
    made = (await pos.ask("POST", "/v1/cards", OPEN)).json()
    card = f"/v1/cards/{made['card_id']}"
    await pos.ask("POST", f"{card}/top-up", {"shop_id": SHOP, "amount_fen": 20_000})
    lines = [
        {
            "name": {"zh": "饺子", "en": "Dumplings"},
            "amount_fen": 2_000,
            "quantity": 2,
            "dish_id": 2,
        },
        {"name": {"zh": "=茶", "en": "Tea"}, "amount_fen": 500},
    ]
    trades = [
        (await pos.ask("POST", f"{card}/consume", {"shop_id": SHOP, **body})).json()
        for body in (
            {"amount_fen": 2_500, "lines": lines},
            {"amount_fen": 2_500, "lines": lines},
            {"amount_fen": 900},
        )
    ]
    wrong = await pos.ask(
        "POST", f"{card}/consume", {"shop_id": SHOP, "amount_fen": 9, "lines": lines}
    )
    assert wrong.json()["code"] == "card_lines_differ"
    back = f"/v1/card-trades/{trades[0]['trade_id']}/refund"
    assert (await pos.ask("POST", back, {"shop_id": SHOP})).status_code == 200
    back = f"/v1/card-trades/{trades[1]['trade_id']}/refund"
    assert (await pos.ask("POST", back, {"shop_id": SHOP, "amount_fen": 100})).status_code == 200
    spent = await house.db.fetchval(
        "SELECT sum(posted)::bigint FROM ledger.account WHERE code = 'consumed'"
    )
    report = f"/v1/shops/{SHOP}/card-report"
    for by, keys in (("day", ["2026-11-20"]), ("hour", ["12:00"]), ("dish", ["2", "", ""])):
        told = (await pos.ask("GET", f"{report}?by={by}")).json()
        assert [row["key"] for row in told["rows"]] == keys
        assert told["total"]["net_fen"] == spent == 3_300
    dish = (await pos.ask("GET", f"{report}?by=dish")).json()["rows"][0]
    assert (dish["sold"], dish["refunds"], dish["net_fen"]) == (4, 2, 2_000)
    for form, kind, piece in (
        ("csv", "text/csv", b"'=\xe8\x8c\xb6 Tea"),
        ("xlsx", "application/vnd.openxml", b"PK"),
        ("html", "text/html", "合计 total".encode()),
    ):
        answer = await pos.ask("GET", f"{report}?by=dish&format={form}")
        assert answer.headers["content-type"].startswith(kind)
        assert piece in answer.content
    statement = (await pos.ask("GET", f"{card}/statement?shop_id={SHOP}")).json()
    assert [one["kind"] for one in statement["trades"]] == [
        "refund",
        "refund",
        "consume",
        "consume",
        "consume",
        "top_up",
    ]
    assert statement["next"] is None


async def test_a_monitor_opens_a_report_to_print(house: ApiHouse) -> None:
    """The administrator's screen prints its own shop's day; no other device does, and not for ever (R-000-3)."""
    tokens = {kind: await house.token(kind) for kind in KINDS}

    async def ask(token: str) -> httpx.Response:
        headers = {"authorization": f"Bearer {token}"}
        return await house.http.get("/device/card-report?by=hour", headers=headers)

    assert (await ask("x")).json()["code"] == "bad_token"
    assert (await ask(tokens["waiter"])).json()["code"] == "not_allowed"
    url = (await ask(tokens["monitor"])).json()["url"]
    page = await house.http.get(url)
    assert "餐卡消费统计" in page.text
    assert "script-src" not in page.headers["content-security-policy"]
    assert (await house.http.get(url[:-4] + "AAAA")).status_code == 404
    house.clock.advance(seconds=121)
    assert (await house.http.get(url)).status_code == 404
