"""The door to a kitchen's report: who may read it, and what it is taken away as."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import AsyncIterator

import pytest

from tests.support.api_house import SHOP, ApiHouse, Caller, api_house, is_problem
from tests.support.people import person

REPORT = f"/v1/shops/{SHOP}/kitchen-report"
KUNG_PAO, ROOM_801 = 2, 1


@pytest.fixture
async def house(database_url: str, redis_url: str) -> AsyncIterator[ApiHouse]:
    """Give an API on real engines."""
    async with api_house(database_url, redis_url) as made:
        yield made


async def cook(house: ApiHouse, pos: Caller, minutes: int) -> None:
    """Order a dish, begin it at once, have it ready after so many minutes and bring it."""
    item = (await pos.order(KUNG_PAO))["item_ids"][0]
    for step, after in (("start", 0), ("finish", minutes), ("pick-up", 2), ("deliver", 1)):
        house.clock.advance(seconds=after * 60)
        answer = await pos.ask("POST", f"/v1/items/{item}/{step}", {"shop_id": SHOP})
        assert answer.status_code == 200, answer.text


async def test_a_report_is_read_as_json_csv_workbook_and_page(house: ApiHouse) -> None:
    """The same figures in every form, in Chinese and English (R-000-20)."""
    pos = await house.caller()
    for minutes in (4, 5, 12):
        await cook(house, pos, minutes)
    told = (await pos.ask("GET", REPORT)).json()
    assert (told["shop"]["en"], told["since"], told["days_open"]) == (
        "Cloud Rest Hotel",
        "2026-11-20",
        1,
    )
    assert told["total"]["cooking"] == {
        "dishes": 3, "sum_ms": 21 * 60_000, "p50_ms": 300_000, "p90_ms": 720_000,
    }  # fmt: skip
    assert (told["total"]["orders"], told["total"]["late"], told["total"]["late_share"]) == (
        1,
        1,
        0.3333,
    )
    assert [(row["key"], row["name"]["zh"]) for row in told["by_station"]] == [("1", "热菜档")]

    listed = await pos.ask("GET", f"{REPORT}?format=csv&by=dish&language=en")
    assert listed.headers["content-disposition"].startswith("attachment; filename=")
    head, dish, total = csv.reader(io.StringIO(listed.content.decode("utf-8-sig")))
    row = dict(zip(head, dish, strict=True))
    assert (row["Dish"], row["Cooking sum"], row["Cooking p50"]) == (
        "Kung pao chicken",
        "1260.000",
        "300.000",
    )
    assert (row["Late share"], row["Pick-up p90"], total[0]) == ("0.3333", "120.000", "Total")

    book = await pos.ask("GET", f"{REPORT}?format=xlsx")
    with zipfile.ZipFile(io.BytesIO(book.content)) as parts:
        assert len([name for name in parts.namelist() if "worksheets/" in name]) == 4
        assert "宫保鸡丁" in parts.read("xl/sharedStrings.xml").decode()

    page = await pos.ask("GET", f"{REPORT}?format=html&language=en")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.headers["content-disposition"].startswith("inline")
    assert "script-src" not in page.headers["content-security-policy"]
    assert page.text.count("<svg") == 6
    assert "Dishes most often late" in page.text
    assert "5:00 · 12:00" in page.text


async def test_targets_of_stages_stand_beside_their_times(house: ApiHouse) -> None:
    """R-000-20: what the menu wants of a dish's stages; late is measured by the target of the whole alone."""
    pos = await house.caller()
    manager = await house.caller("m", roles=("business", "manager"))
    wanted = {"target_s": 600, "stage_targets": {"cooking_s": 240, "pick_up_s": 90}}
    dish = f"/v1/shops/{SHOP}/dishes/{KUNG_PAO}"
    assert (await manager.ask("PUT", dish, wanted)).status_code == 200
    await cook(house, pos, 5)  # its cooking took longer than it should, and it is not late
    told = (await pos.ask("GET", REPORT)).json()
    (row,) = told["by_dish"]
    assert row["stage_targets"] == {"waiting_s": None, "cooking_s": 240, "pick_up_s": 90}
    assert (row["target_s"], row["late"]) == (600, 0)
    assert told["by_station"][0]["stage_targets"] is None
    listed = await pos.ask("GET", f"{REPORT}?format=csv&by=dish&language=en")
    head, cells, total = csv.reader(io.StringIO(listed.content.decode("utf-8-sig")))
    line = dict(zip(head, cells, strict=True))
    assert (line["Target"], line["Cooking target"], line["Pick-up target"]) == (
        "600.000",
        "240.000",
        "90.000",
    )
    assert (line["Waiting target"], dict(zip(head, total, strict=True))["Cooking target"]) == (
        "",
        "",
    )
    page = (await pos.ask("GET", f"{REPORT}?format=html")).text
    assert "5:00 · 5:00 (4:00)" in page
    assert "5:00 · 5:00 (10:00)" in page
    assert "制作 中位 · 九成 (目标)" in page


async def test_a_name_in_a_report_runs_nothing(house: ApiHouse) -> None:
    """A dish called like a formula or a tag is words in a cell and on the page."""
    pos = await house.caller()
    await cook(house, pos, 5)
    await house.db.execute(RENAME, SHOP, '{"zh": "<b>", "en": "=1+1"}')
    listed = (await pos.ask("GET", f"{REPORT}?format=csv&language=en")).content.decode("utf-8-sig")
    assert "\n'=1+1," in listed
    page = (await pos.ask("GET", f"{REPORT}?format=html")).text
    assert "&lt;b&gt;" in page
    assert "<b>," not in page


RENAME = "UPDATE catering_order_goods SET name = $2 WHERE shop_id = $1"


async def test_who_orders_or_manages_may_read_it(house: ApiHouse) -> None:
    """Keys for business or managing, and people in their session; no key for money, no other brand."""
    for roles in (("business",), ("manager",)):
        caller = await house.caller("-".join(roles), roles=roles)
        assert (await caller.ask("GET", REPORT)).status_code == 200
    money = await house.caller("money", roles=("money",))
    is_problem(await money.ask("GET", REPORT), "not_allowed")
    stranger = await house.caller("other", brand_id=2)
    is_problem(await stranger.ask("GET", REPORT), "shop_not_found")
    manager = await person(house, "wang", "manager", SHOP)
    page = await manager.ask("GET", f"{REPORT}?format=html&since=2026-11-01&until=2026-11-20")
    assert "这段时间没有订单。" in page.text
    typed = await manager.ask("GET", f"{REPORT}?format=html", Origin="")
    assert typed.status_code == 200, "an address typed by hand names no origin"
    auditor = await person(house, "li", "auditor", SHOP)
    is_problem(await auditor.ask("GET", REPORT), "not_allowed")


async def test_days_that_are_none_are_refused(house: ApiHouse) -> None:
    """A range that is too long or no range names the field."""
    pos = await house.caller()
    for query in ("since=2026-01-01&until=2026-11-20", "since=2026-11-20&until=2026-11-19"):
        told = is_problem(await pos.ask("GET", f"{REPORT}?{query}"), "bad_field")
        assert told["facts"]["field"] == "until"
    is_problem(await pos.ask("GET", f"{REPORT}?language=fr"), "bad_field")
