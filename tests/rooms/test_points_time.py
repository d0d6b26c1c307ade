"""Points and time: what is used first, what expires, what comes back, and how rules change."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from server.billing import keeper as keeping
from server.billing.anchors import Anchors
from server.billing.keeper import Keeper
from server.clock import to_ms
from tests.support.api_house import ApiHouse, Caller, api_house, is_problem

GUEST = 7
HOUR_S, DAY_S = 3_600, 86_400
RULE = {
    "version": 0, "purchase_points": 1, "purchase_fen": 100, "review_points": 5,
    "reviews_per_day_max": 1, "valid_days": 2,
}  # fmt: skip


async def _mall(house: ApiHouse, **rule: Any) -> Caller:
    mall = await house.caller("mall", roles=("money",), rate_per_s=10_000, burst_max=10_000)
    put = await mall.ask("PUT", "/v1/points/rule", RULE | rule)
    assert put.status_code == 200, put.text
    return mall


async def _buy(mall: Caller, order: str, yuan: int) -> dict[str, Any]:
    body = {"user_id": GUEST, "source": order, "amount_fen": yuan * 100}
    return dict((await mall.ask("POST", "/v1/points/purchases", body)).json())


async def _exchange(mall: Caller, credit: int) -> dict[str, Any]:
    body = {"user_id": GUEST, "product_id": 3, "credit": credit}
    return dict((await mall.ask("POST", "/v1/points/exchanges", body)).json())


async def _told(mall: Caller, what: str = "") -> dict[str, Any]:
    return dict((await mall.ask("GET", f"/v1/points/users/{GUEST}{what}")).json())


def _midnight(month: int, day: int) -> int:
    """Return the beginning of a day in China."""
    return to_ms(datetime(2026, month, day, tzinfo=UTC) - timedelta(hours=8))


async def test_what_expires_first_is_used_first(
    database_url: str, redis_url: str, tmp_path: Path
) -> None:
    """Lots go by their day, whatever was earned when; what is left is gone at midnight and is told so."""
    async with api_house(database_url, redis_url) as house:  # noon of 20 November in China
        mall = await _mall(house, valid_days=9)
        keeper = Keeper(house.db, house.clock, Anchors(tmp_path))
        await _buy(mall, "long", 100)
        await mall.ask("PUT", "/v1/points/rule", RULE | {"version": 1})
        await _buy(mall, "short", 50)
        assert (await _told(mall))["expiring"] == [
            {"points": 50, "at_ms": _midnight(11, 23)},
            {"points": 100, "at_ms": _midnight(11, 30)},
        ]
        await _exchange(mall, 20)
        assert [one["points"] for one in (await _told(mall))["expiring"]] == [30, 100]
        house.clock.advance(seconds=2 * DAY_S + 12 * HOUR_S - 1)
        assert await keeper.sweep() == 0, "a second before midnight"
        house.clock.advance(seconds=1)
        assert await keeper.sweep() == 1
        lines = (await _told(mall, "/statement"))["lines"]
        assert [(one["what"], one["points"], one["balance"], one["source"]) for one in lines] == [
            ("expired", -30, 100, "short"),
            ("exchanged", -20, 130, None),
            ("earned", 50, 150, "short"),
            ("earned", 100, 100, "long"),
        ]
        assert lines[1]["product_id"] == 3
        assert await house.db.fetchval("SELECT sum(posted) FROM ledger.account") == 0


async def test_what_comes_back_late_is_good_for_some_days(
    database_url: str, redis_url: str, tmp_path: Path
) -> None:
    """Points given back after they had expired can still be used, for three days."""
    async with api_house(database_url, redis_url) as house:
        mall = await _mall(house)
        keeper = Keeper(house.db, house.clock, Anchors(tmp_path))
        await _buy(mall, "A1", 100)
        made = await _exchange(mall, 100)
        house.clock.advance(seconds=10 * DAY_S)
        assert await keeper.sweep() == 0
        where = f"/v1/points/exchanges/{made['exchange_id']}/refunds"
        assert (await mall.ask("POST", where, {"credit": 60})).json()["balance"] == 60
        back = (await _told(mall))["expiring"]
        assert back == [{"points": 60, "at_ms": to_ms(house.clock.now()) + 3 * DAY_S * 1_000}]
        house.clock.advance(seconds=3 * DAY_S)
        assert await keeper.sweep() == 1
        assert (await _told(mall))["credit"] == 0
        whats = [one["what"] for one in (await _told(mall, "/statement?limit=2"))["lines"]]
        assert whats == ["expired", "given_back"]


async def test_a_midnight_with_more_than_a_sweep_takes(
    database_url: str, redis_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Points expire together at midnight: one sweep goes on in turns until all are gone."""
    monkeypatch.setattr(keeping, "SWEEP_ROWS_MAX", 2)
    async with api_house(database_url, redis_url) as house:
        mall = await _mall(house)
        for order in range(7):
            await _buy(mall, f"A{order}", 10)
        house.clock.advance(seconds=3 * DAY_S)
        assert await Keeper(house.db, house.clock, Anchors(tmp_path)).sweep() == 7
        assert (await _told(mall))["credit"] == 0


async def test_a_statement_is_read_in_pages(database_url: str, redis_url: str) -> None:
    """Each page goes on where the one before ended, and the last one says so."""
    async with api_house(database_url, redis_url) as house:
        mall = await _mall(house)
        for order in range(5):
            await _buy(mall, f"A{order}", 1)
        seen, target = [], "/statement?limit=2"
        while target:
            page = await _told(mall, target)
            seen += [one["source"] for one in page["lines"]]
            target = f"/statement?limit=2&before={page['next']}" if page["next"] else ""
        assert seen == ["A4", "A3", "A2", "A1", "A0"]
        assert (await mall.ask("GET", "/v1/points/users/8/statement")).json()["lines"] == []


async def test_a_rule_is_changed_by_who_read_it(database_url: str, redis_url: str) -> None:
    """A late hand is refused, a wrong zone too; what was earned stays what it was."""
    async with api_house(database_url, redis_url) as house:
        mall = await _mall(house)
        first = await _buy(mall, "A1", 100)
        is_problem(await mall.ask("PUT", "/v1/points/rule", RULE), "version_changed")
        is_problem(
            await mall.ask("PUT", "/v1/points/rule", RULE | {"version": 1, "timezone": "Mars/X"}),
            "bad_field",
        )
        twice = RULE | {"version": 1, "purchase_points": 2, "valid_days": None}
        assert (await mall.ask("PUT", "/v1/points/rule", twice)).json()["rule"]["version"] == 2
        assert await _buy(mall, "A1", 100) == first
        second = await _buy(mall, "A2", 100)
        assert (second["points"], second["expires_at_ms"]) == (200, None)
        other = await house.caller("other", brand_id=2, roles=("money",))
        assert (await other.ask("GET", "/v1/points/rule")).json()["rule"]["version"] == 0


async def test_more_than_the_ledger_takes_earns_nothing(database_url: str, redis_url: str) -> None:
    """A rule gone wild is refused by the ledger, and the source may be told again when it is mended."""
    async with api_house(database_url, redis_url) as house:
        mall = await _mall(house, purchase_points=1_000_000, purchase_fen=1)
        body = {"user_id": GUEST, "source": "A1", "amount_fen": 10**12}
        is_problem(await mall.ask("POST", "/v1/points/purchases", body), "ledger_amount_invalid")
        await mall.ask("PUT", "/v1/points/rule", RULE | {"version": 1})
        assert (await mall.ask("POST", "/v1/points/purchases", body)).json()["points"] == 10**10


async def test_a_review_counts_on_its_day_in_china(database_url: str, redis_url: str) -> None:
    """The day's cap begins anew at the brand's midnight, not at UTC's."""
    async with api_house(database_url, redis_url) as house:
        mall = await _mall(house)

        async def review(number: int) -> int:
            body = {"user_id": GUEST, "source": f"R{number}"}
            return int((await mall.ask("POST", "/v1/points/reviews", body)).json()["points"])

        house.clock.advance(seconds=11 * HOUR_S)  # 23:00 in China, 15:00 UTC
        assert [await review(1), await review(2)] == [5, 0]
        house.clock.advance(seconds=2 * HOUR_S)
        assert [await review(3), await review(4)] == [5, 0]


async def test_a_frozen_account_exchanges_nothing(database_url: str, redis_url: str) -> None:
    """What an audit froze still earns and is told, and gives nothing away (R-000-4)."""
    async with api_house(database_url, redis_url) as house:
        mall = await _mall(house)
        await _buy(mall, "A1", 100)
        await house.db.execute("UPDATE ledger.account SET state = 'frozen' WHERE guarded")
        body = {"user_id": GUEST, "product_id": 3, "credit": 1}
        is_problem(await mall.ask("POST", "/v1/points/exchanges", body), "ledger_account_frozen")
        assert (await _buy(mall, "A2", 1))["balance"] == 101
        assert (await _told(mall))["frozen"] is True
