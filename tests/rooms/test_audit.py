"""Who did what is written down before it is done, and cannot be changed (R-000-4, R-000-16)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from server.audit import store
from server.audit.book import AuditBook
from server.audit.line import subject_of
from server.errors import Refusal
from tests.support.api_house import NOON, SHOP, ApiHouse, api_house, is_problem
from tests.support.people import Browser, person

DEVICES = f"/v1/shops/{SHOP}/devices"
LINES = """
SELECT a.action, a.who, a.shop_id, a.subject, o.outcome, o.subject AS told
FROM audit AS a LEFT JOIN audit_outcome AS o USING (at, id) ORDER BY a.id
"""


@pytest.fixture
async def house(database_url: str, redis_url: str) -> AsyncIterator[ApiHouse]:
    """Give an API on real engines."""
    async with api_house(database_url, redis_url) as made:
        yield made
        await made.front.audit.settle()


async def lines(house: ApiHouse) -> list[dict[str, Any]]:
    """Return every line with what came of it."""
    await house.front.audit.settle()
    return [dict(row) for row in await house.db.fetch(LINES)]


async def test_a_managers_day_is_written_down(house: ApiHouse) -> None:
    """Who, what, on what and with which outcome, refusals too; reading leaves no line."""
    manager = await house.manager()
    device_id = await house.pair("waiter")
    await manager.ask("GET", DEVICES)
    await manager.ask("POST", f"{DEVICES}/{device_id}/move", {"place_id": 404})
    await manager.ask("DELETE", f"{DEVICES}/{device_id}")
    await manager.ask("PUT", "/v1/im/webhook", {"url": "https://t.example/", "secret": "s" * 32})
    told = await lines(house)
    assert [(one["action"], one["outcome"]) for one in told] == [
        ("moveDevice", "place_not_found"),
        ("revokeDevice", "ok"),
        ("putWebhook", "ok"),
    ]
    assert {one["who"] for one in told} == {"api:1:1"}
    assert told[0]["shop_id"] == SHOP
    assert told[0]["subject"] == f"shop_id={SHOP} device_id={device_id}"
    assert "ssss" not in repr(told)


async def test_money_lines_say_how_much(house: ApiHouse) -> None:
    """What was moved and for whom stands in the line, also of what was refused; numbers of people never (R-000-16)."""
    till = await house.caller("till", roles=("money",))
    identity = {"identity_kind": "phone", "identity": "13800138000"}
    opened = await till.ask("POST", "/v1/cards", {"shop_id": SHOP, **identity})
    card_id = opened.json()["card_id"]
    for verb, amount_fen in (("top-up", 20_000), ("consume", 3_500), ("consume", 90_000)):
        body = {"shop_id": SHOP, "amount_fen": amount_fen}
        await till.ask("POST", f"/v1/cards/{card_id}/{verb}", body)
    await till.ask("POST", "/v1/sms/packages", {"orderNo": "P1", "segments": 10, "priceFen": 45})
    told = await lines(house)
    assert [(one["outcome"], one["subject"]) for one in told[1:]] == [
        ("ok", f"card_id={card_id} amount_fen=20000"),
        ("ok", f"card_id={card_id} amount_fen=3500"),
        ("balance_insufficient", f"card_id={card_id} amount_fen=90000"),
        ("ok", "price_fen=45 segments=10"),
    ]
    assert "13800138000" not in repr(told)
    assert opened.json()["number"] not in repr(told)


async def test_logins_are_written_down(house: ApiHouse) -> None:
    """Who came in, from where; a failed login without the name that was typed."""
    chen = await person(house, "chen", "cashier")
    await Browser(house.http).log_in("chen", "my bank password")
    await Browser(house.http).log_in("my bank password")
    await chen.ask("POST", "/v1/staff/logout")
    told = await lines(house)
    assert [(one["action"], one["who"], one["outcome"]) for one in told] == [
        ("logIn", "staff:1:1", "ok"),
        ("changePassword", "staff:1:1", "ok"),
        ("logIn", "unknown", "login_failed"),
        ("logIn", "unknown", "login_failed"),
        ("logOut", "staff:1:1", "ok"),
    ]
    assert "bank" not in repr(await house.db.fetch("SELECT * FROM audit"))


@pytest.mark.parametrize("table", ["audit", "audit_outcome"])
async def test_lines_cannot_be_changed(house: ApiHouse, table: str) -> None:
    """Who owns the tables may not change, delete or empty lines, and cannot when he takes the right."""
    manager = await house.manager()
    await manager.ask("DELETE", f"{DEVICES}/1")
    assert len(await lines(house)) == 1
    parts = await house.db.fetch(
        "SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = $1::text::regclass",
        table,
    )
    assert len(parts) >= 3
    everything = [table, *(part["name"] for part in parts)]
    changes = [f"TRUNCATE {name}" for name in everything]
    changes += [f"UPDATE {table} SET subject = 'x'", f"DELETE FROM {table}"]
    for change in changes:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await house.db.execute(change)
    for name in everything:  # whoever takes the privilege, or is a superuser, meets the trigger
        await house.db.execute(f"GRANT UPDATE, DELETE, TRUNCATE ON {name} TO CURRENT_USER")
    for change in changes:
        with pytest.raises(asyncpg.PostgresError, match="append only"):
            await house.db.execute(change)


async def test_what_cannot_be_written_down_is_not_done(house: ApiHouse) -> None:
    """Without its line a money or manager door refuses, and works again afterwards (R-000-16)."""
    caller = await house.caller("pos", roles=("business", "manager", "money"))
    await house.db.execute("ALTER TABLE audit RENAME TO audit_away")
    rule = {
        "version": 0, "purchase_points": 2, "purchase_fen": 100, "review_points": 10,
        "reviews_per_day_max": 1, "valid_days": None,
    }  # fmt: skip
    is_problem(await caller.ask("PUT", "/v1/points/rule", rule), "audit_unavailable")
    is_problem(await caller.ask("DELETE", f"{DEVICES}/8"), "audit_unavailable")
    assert (await caller.ask("GET", DEVICES)).is_success, "reading needs no line"
    paired = {d["id"]: d["paired"] for d in (await caller.ask("GET", DEVICES)).json()["devices"]}
    await house.db.execute("ALTER TABLE audit_away RENAME TO audit")
    assert (await caller.ask("PUT", "/v1/points/rule", rule)).is_success
    again = {d["id"]: d["paired"] for d in (await caller.ask("GET", DEVICES)).json()["devices"]}
    assert paired == again
    assert [one["action"] for one in await lines(house)] == ["putPointsRule"]


async def test_an_outcome_outlives_a_database_that_is_away(house: ApiHouse) -> None:
    """What came of an action is kept and written when it can be."""
    book = AuditBook(house.db, house.clock)
    line = await book.begin("test", "cli", "cli", "")
    await house.db.execute("ALTER TABLE audit_outcome RENAME TO away")
    book.finish(line, "ok", {"amount": 5})
    with pytest.raises(Refusal, match="audit_unavailable"):
        await book.begin("other", "cli", "cli", "")
    await house.db.execute("ALTER TABLE away RENAME TO audit_outcome")
    await book.begin("third", "cli", "cli", "")
    await book.close()
    told = [(one["action"], one["outcome"], one["told"]) for one in await lines(house)]
    assert told == [("test", "ok", "amount=5"), ("third", None, None)]
    assert book.outcomes_lost == 0


async def test_old_months_go_as_a_whole(house: ApiHouse) -> None:
    """Retention drops whole months, which no DELETE can; younger ones stay."""
    old = NOON - timedelta(days=1_200)
    await store.make_partitions(house.db, old)
    await store.make_partitions(house.db, NOON)
    gone = await store.forget(house.db, NOON - timedelta(days=1_096))
    assert len(gone) == 4
    assert all(name.endswith(("_202308", "_202309")) for name in gone)
    assert await store.forget(house.db, NOON - timedelta(days=1_096)) == []


def test_a_subject_keeps_secrets_to_itself() -> None:
    """Ids and words are taken down; rows of digits, bytes and whole bodies are not."""
    facts = {
        "card_id": 5_001_234_567,
        "phone": "13800138000",
        "word": "a\nb",
        "blob": b"x",
        "empty": "",
    }
    assert subject_of(facts) == "card_id=5001234567 phone=· word=a b"
    assert len(subject_of({f"n{i}": "x" * 200 for i in range(50)})) == 400


async def test_auditors_read_their_part_page_by_page(house: ApiHouse) -> None:
    """An auditor reads his brand's lines with filters and pages; a shop's manager his shop's; others none."""
    auditor = await person(house, "shen", "auditor")
    manager = await person(house, "li", "manager", SHOP)
    cashier = await person(house, "chen", "cashier")
    await manager.ask("DELETE", f"{DEVICES}/1")
    is_problem(await cashier.ask("GET", "/v1/audit"), "not_allowed")
    seen: list[str] = []
    target = "/v1/audit?limit=2"
    while True:
        page = (await auditor.ask("GET", target)).json()
        seen += [f"{line['who']} {line['action']} {line['outcome']}" for line in page["lines"]]
        if page["next"] is None:
            break
        target = f"/v1/audit?limit=2&before={page['next']}"
    assert seen[0] == "staff:1:2 revokeDevice ok"
    assert len(seen) == len(set(seen)) == 7
    own = (await manager.ask("GET", "/v1/audit")).json()["lines"]
    assert [line["action"] for line in own] == ["revokeDevice"]
    is_problem(await manager.ask("GET", "/v1/audit?shop_id=0"), "not_allowed")
    for query, count in [("who=staff:1:3", 2), ("action=logIn", 3), ("outcome=busy", 0)]:
        page = (await auditor.ask("GET", f"/v1/audit?{query}")).json()
        assert len(page["lines"]) == count, query


async def test_alarms_are_counted(house: ApiHouse) -> None:
    """Wrong passwords and forged signatures rise in /metrics, beside the ledger's findings (R-000-16)."""
    await Browser(house.http).log_in("nobody", "wrong")
    await house.http.get(DEVICES, headers={"X-Chuancai-Signature": "0" * 64})
    text = (await house.http.get("/metrics")).text
    for line in (
        'chuancai_alarms_total{process="web",kind="login_failed"} 1.0',
        'chuancai_alarms_total{process="web",kind="signature_refused"} 1.0',
        'chuancai_alarms_total{process="web",kind="login_locked"} 0.0',
        "chuancai_ledger_alarms 0.0",
        "chuancai_promises_dead 0.0",
    ):
        assert line in text
