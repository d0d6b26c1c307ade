"""The cost centre from a desk: the statement as a file, the warning before texts are used up, who may."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator
from typing import Any

import pytest

from server.api import sms_desk
from server.health.roll import Roll
from server.health.watch import SeenDevice, Watch
from server.sms import views
from tests.support.api_house import SHOP, ApiHouse, Caller, api_house
from tests.support.people import Browser, person, refused

HEADS = ["时间", "流水号", "类型", "条数变动", "条数", "结余", "可用", "结果", "编号", "关于"]


@pytest.fixture
async def house(database_url: str, redis_url: str) -> AsyncIterator[ApiHouse]:
    """Give an API on real engines."""
    async with api_house(database_url, redis_url) as made:
        yield made


@pytest.fixture
async def mall(house: ApiHouse) -> Caller:
    """Give a service whose brand bought a hundred segments, froze ten and paid four of them."""
    caller = await house.caller("mall", roles=("money",))
    await caller.ask("POST", "/v1/sms/packages", {"orderNo": "M1", "segments": 100})
    house.clock.advance(seconds=60)
    frozen = (await caller.ask("POST", "/v1/sms/freezes", {"segments": 10})).json()
    paid = {"number": frozen["number"], "segments": 4}
    assert (await caller.ask("POST", "/v1/sms/payments", paid)).status_code == 201
    return caller


async def lines(browser: Browser, query: str = "") -> list[list[str]]:
    """Return the statement's rows, its heads first."""
    answer = await browser.ask("GET", f"/v1/sms/statement?{query}")
    assert answer.status_code == 200, answer.text
    assert "attachment" in answer.headers["content-disposition"]
    return list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))


async def test_the_statement_is_taken_away_as_a_file(house: ApiHouse, mall: Caller) -> None:
    """R-004-37: each line in words at the times of one's own zone, in both languages, of one kind or of all."""
    owner = await person(house, "wang", "owner")
    heads, *rows = await lines(owner, "zone=Asia/Shanghai")
    assert heads == HEADS
    assert [(row[0][-8:], *row[2:7]) for row in rows] == [
        ("12:01:00", "发送扣除", "-4", "4", "96", "90"),
        ("12:01:00", "冻结", "0", "10", "100", "90"),
        ("12:00:00", "买套餐", "100", "100", "100", "100"),
    ]
    assert rows[0][9] == rows[1][8]
    heads, *rows = await lines(owner, "language=en&kind=payment")
    assert (heads[0], [row[2] for row in rows]) == ("Time", ["paid for sending"])
    assert rows[0][0].endswith("04:01:00")
    facts = refused(await owner.ask("GET", "/v1/sms/statement?zone=Mars/Base"), "bad_field")
    assert facts == {"field": "zone"}


async def test_a_statement_that_is_too_long_says_so(
    house: ApiHouse, mall: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R-004-37: a file has so many lines and, when there are more, says so in its last row."""
    monkeypatch.setattr(sms_desk, "LINES_MAX", 2)
    owner = await person(house, "wang", "owner")
    for page_max in (1, 5):  # more pages would follow; the only page has more than the file takes
        monkeypatch.setattr(views, "RECORDS_MAX", page_max)
        _, *rows = await lines(owner)
        assert [len(rows), rows[-1][0]] == [3, "行数已到上限，请缩短日期再导出"]


async def turn(house: ApiHouse) -> list[Any]:
    """Let a worker's watch look once."""

    async def nobody(shop_id: int) -> list[SeenDevice]:
        del shop_id
        return []

    return await Watch(house.db, Roll(house.ground.redis, house.clock), house.clock, nobody).turn()


async def test_whoever_keeps_the_brand_is_warned_before_texts_are_used_up(
    house: ApiHouse, mall: Caller
) -> None:
    """R-004-17: below the limit it is the brand's alarm and no other's, over when a package is bought."""
    owner = await person(house, "wang", "owner")
    assert (await owner.ask("GET", "/v1/sms/rules")).json() == {
        "warnBelow": 0, "undelivered": "kept",
    }  # fmt: skip
    assert await turn(house) == []
    told = (await owner.ask("PUT", "/v1/sms/rules", {"warnBelow": 90})).json()
    assert told["warnBelow"] == 90
    assert await turn(house) == []  # exactly as many as wanted
    await owner.ask("PUT", "/v1/sms/rules", {"warnBelow": 120})
    assert [(one.kind, one.brand_id, one.number) for one in await turn(house)] == [
        ("sms_low", 1, 30)
    ]
    told = (await owner.ask("GET", "/v1/ops/health")).json()
    assert [(one["kind"], one["shop_id"]) for one in told["alarms"]] == [("sms_low", 0)]
    stranger = await person(house, "liu", "owner", brand_id=2)
    assert (await stranger.ask("GET", "/v1/ops/health")).json()["alarms"] == []
    await mall.ask("POST", "/v1/sms/packages", {"orderNo": "M2", "segments": 100})
    house.clock.advance(seconds=301)
    assert await turn(house) == []
    owner = await person(house, "zhao", "owner")
    assert (await owner.ask("GET", "/v1/ops/health")).json()["alarms"] == []


async def test_a_brand_without_a_package_is_warned_too(house: ApiHouse) -> None:
    """R-004-17: who wants a hundred and never bought one has none."""
    owner = await person(house, "wang", "owner")
    await owner.ask("PUT", "/v1/sms/rules", {"warnBelow": 100})
    assert [one.kind for one in await turn(house)] == ["sms_low"]


async def test_who_may_see_and_who_may_set(house: ApiHouse, mall: Caller) -> None:
    """R-004-17: what a brand paid for is seen by who has all its shops; the limit is set by who leads them."""
    put = ("PUT", "/v1/sms/rules", {"warnBelow": 5})
    cashier = await person(house, "sun", "cashier")
    assert (await cashier.ask("GET", "/v1/sms/balance")).status_code == 200
    refused(await cashier.ask(*put), "not_allowed")
    for login, role, shop_id in (("qian", "manager", SHOP), ("shen", "auditor", 0)):
        one = await person(house, login, role, shop_id)  # type: ignore[arg-type]
        for path in ("balance", "packages", "records", "messages", "statement", "rules"):
            refused(await one.ask("GET", f"/v1/sms/{path}"), "not_allowed")
        refused(await one.ask(*put), "not_allowed")
    manager = await person(house, "chen", "manager")
    assert (await manager.ask(*put)).status_code == 200
    assert (await mall.ask(*put)).status_code == 200
    await house.front.audit.settle()
    told = (await manager.ask("GET", "/v1/audit?action=setSmsRules")).json()["lines"]
    assert {line["outcome"] for line in told} == {"ok", "not_allowed"}
    assert any("warn_below=5" in line["subject"] for line in told)


async def test_a_person_adds_no_segments_and_spends_none(house: ApiHouse) -> None:
    """R-004-18: what was bought is said by who sold it: no session is let through those doors."""
    owner = await person(house, "wang", "owner")
    for path, body in (
        ("packages", {"orderNo": "X", "segments": 5}), ("freezes", {"segments": 1}),
        ("packages/M1/return", {"returnNo": "R", "segments": 1}),
    ):  # fmt: skip
        refused(await owner.ask("POST", f"/v1/sms/{path}", body), "bad_signature")
