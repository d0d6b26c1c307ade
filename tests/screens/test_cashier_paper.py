"""The cash desk and paper, whole: a real house, a printer on a socket, a person with a keyboard."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.support.boards import KUNGPAO, Boards, ordered, settled
from tests.support.house import HouseOnThread
from tests.support.paper import TestPrinter, text_of
from tests.support.patience import PATIENCE_MS


def _desk(boards: Boards, house: HouseOnThread) -> Page:
    token = house.pair("cashier", "收银台")
    page = boards.browser.new_page(viewport={"width": 1366, "height": 768})
    page.set_default_timeout(PATIENCE_MS)
    page.on("pageerror", lambda error: boards.errors.append(str(error)))
    page.goto(f"{house.url}/cashier/#token={token}")
    page.wait_for_function("() => window.chuancai?.view()")
    return page


def test_a_torn_paper_is_printed_again_by_a_key(boards: Boards, house: HouseOnThread) -> None:
    """Half a ticket, then a reset: the desk is told, 1 prints it again with 补打, and the alarm is gone."""
    printer = TestPrinter()
    house.call(printer.switch_on())
    try:
        made = house.ask(
            "manager", "PutPrinter", name="热菜", kind="network", paper={"columns": 32, "mode": "text"},
            address=f"127.0.0.1:{printer.port}",
        )  # fmt: skip
        page = _desk(boards, house)
        printer.resets_after = 30
        ordered(house, 1, KUNGPAO)
        alarm = page.locator(".alarm.paper")
        expect(alarm.locator(".what")).to_contain_text("不知道出没出纸")
        expect(alarm.locator(".why")).to_have_text("出品单 · 热菜 · 请去看一眼")
        page.keyboard.press("1")
        expect(alarm).to_have_count(0)
        house.call(_until_known(house))
        assert text_of(printer.papers[0]).startswith("** 补打 #2 **")
        house.call(printer.switch_off())
        ordered(house, 2, KUNGPAO)
        trouble = page.locator(f".alarm[data-printer='{made['printer_id']}']")
        expect(trouble.locator(".what")).to_have_text("热菜打印机没有出单")
        expect(trouble.locator(".why")).to_have_text("连不上。检查电源和网线")
        page.keyboard.press("l")
        expect(trouble.locator(".what")).to_have_text("热菜: nothing comes out")
        house.call(printer.switch_on())
        expect(trouble).to_have_count(0)
        assert page.evaluate("() => chuancai.view().printing") == {
            "printers": [],
            "papers": [],
            "more": 0,
        }
    finally:
        house.call(printer.switch_off())


SETTLED = "SELECT count(*) FROM print_job WHERE settled = 'printed'"
PUT_IN_DOUBT = """
INSERT INTO print_job (shop_id, id, printer_id, source, kind, title, document, copy, state, made_at, expires_at,
                       ended_at)
SELECT $1, n, $2, n, 'ticket', '801 #' || n, '{}', 1, 'uncertain', $4::timestamptz, $4, $4
  FROM generate_series(1, $3::bigint) n
"""


def test_more_papers_than_a_desk_lists_are_counted_and_come_after(
    boards: Boards, house: HouseOnThread
) -> None:
    """105 papers in doubt: 4 stand there, 101 are counted; what is older comes when the list runs out."""
    made = house.ask(
        "manager", "PutPrinter", name="冷菜", kind="network", paper={}, address="127.0.0.1:9",
        enabled=False,
    )  # fmt: skip
    now = house.house.clock.now()
    house.call(house.house.pool.execute(PUT_IN_DOUBT, 1, made["printer_id"], 105, now))
    page = _desk(boards, house)
    expect(page.locator(".alarm.paper")).to_have_count(4)
    expect(page.locator(".alarms .none")).to_have_text("还有 101 张")
    page.keyboard.press("2")
    expect(page.locator(".alarms .none")).to_have_text("还有 100 张")
    house.ask("cashier", "SettlePaper", job_id=1, outcome="printed")
    expect(page.locator(".alarms .none")).to_have_text("还有 99 张")
    for job_id in range(105, 55, -1):
        house.ask("cashier", "SettlePaper", job_id=job_id, outcome="printed")
    expect(page.locator(".alarms .none")).to_have_text("还有 49 张")
    page.wait_for_function("() => chuancai.view().printing.more === 0")
    assert page.evaluate("() => chuancai.view().printing.papers.length") == 53
    assert boards.errors == []


def test_a_double_press_means_one_paper(boards: Boards, house: HouseOnThread) -> None:
    """2 pressed twice: the paper that moves up in between is left alone, and pressed a moment later it is meant."""
    made = house.ask(
        "manager", "PutPrinter", name="面点", kind="network", paper={}, address="127.0.0.1:9",
        enabled=False,
    )  # fmt: skip
    now = house.house.clock.now()
    house.call(house.house.pool.execute("DELETE FROM print_job"))
    house.call(house.house.pool.execute(PUT_IN_DOUBT, 1, made["printer_id"], 2, now))
    page = _desk(boards, house)
    alarms = page.locator(".alarm.paper")
    expect(alarms).to_have_count(2)
    page.keyboard.press("2")
    expect(alarms).to_have_count(1)
    page.keyboard.press("2")
    settled(page)
    assert house.call(house.house.pool.fetchval(SETTLED)) == 1
    page.keyboard.press("2")
    expect(alarms).to_have_count(0)
    assert house.call(house.house.pool.fetchval(SETTLED)) == 2


async def _until_known(house: HouseOnThread) -> None:
    """Wait until every paper's fate is known; whoever cuts the power before makes it uncertain."""
    while await house.house.pool.fetchval("SELECT count(*) FROM print_job WHERE ended_at IS NULL"):
        pass
