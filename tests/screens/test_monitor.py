"""The monitor of meal cards: each trade as it happens, the day's sums, and the statistics to print."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from server.events.view import DeviceKind
from server.pairing.pairing import Wish
from tests.support.boards import manager, pairing_door
from tests.support.counters import Counters, counters_of_a_house
from tests.support.engines import EnginePair

SIZES = [(1280, 800), (1920, 1080)]

# What is wider than its place, or beyond the screen; what scrolls by itself is its own matter.
CUT = """() => [...document.querySelectorAll(
    "h1, h2, .btn, .line *, .says, .head > *, .totals *, .heads span, .pad button, .amount b, .bar, .kind, .became," +
    ".day b, .outcome *")]
  .filter((e) => e.clientWidth && e.scrollWidth > e.clientWidth + 1 || e.getBoundingClientRect().right > innerWidth + 1)
  .map((e) => e.className + ": " + e.textContent.trim())"""


@pytest.fixture(scope="module")
def opened(engines: EnginePair, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Counters]:
    """One house and one browser for this file."""
    with counters_of_a_house(engines, tmp_path_factory.mktemp("data")) as counters:
        yield counters


@pytest.fixture
def counters(opened: Counters) -> Iterator[Counters]:
    """The same house with its pages closed afterwards."""
    yield opened
    opened.tidy()


# Words of the page itself in the other language; names of people, dishes and devices are the shop's.
CHINESE = r"""() => [...document.querySelectorAll(".tasks, .pad, .primary, .amount, .line span, .says, .rules, .heads,"
    + ".bar, .totals, .foot, .kind, .became, .outcome h2, .outcome .what, .outcome .left span, .right h2, .empty span")]
  .map((e) => e.textContent.trim()).filter((text) => /[\u4e00-\u9fff]/.test(text))"""


def newest(page: Page, kind: str) -> str:
    """Wait until the newest line is of a kind; return what it says."""
    first = page.locator(".feed ol .row").first
    expect(first).to_have_attribute("data-kind", kind)
    return " ".join(first.inner_text().split())


def test_each_trade_appears_as_it_happens(counters: Counters) -> None:
    """R-000-3: opened, topped up with bonus, charged, refunded, frozen: newest first, with a word; sums follow."""
    page = counters.monitor()
    house = counters.house
    card_id, _ = counters.card()
    assert "开卡" in newest(page, "opened")
    house.ask("cashier", "TopUpCard", card_id=card_id, amount_fen=50_000)
    assert "+¥500.00 ¥550.00 送 ¥50.00" in newest(page, "top_up")
    lines = [{"name": {"zh": "牛肉面", "en": "Beef noodles"}, "quantity": 2, "amount_fen": 5_600}]
    paid = house.ask("cashier", "ConsumeCard", card_id=card_id, amount_fen=5_600, lines=lines)
    assert "¥56.00 ¥494.00 牛肉面 2" in newest(page, "consume")
    house.ask("cashier", "RefundTrade", trade_id=paid["trade_id"], amount_fen=1_600)
    assert "退款" in newest(page, "refund")
    charged = page.locator(f".row[data-key='{paid['trade_id']}']")
    expect(charged.locator(".became")).to_have_text("部分已退")
    house.ask("manager", "FreezeCard", card_id=card_id)
    assert "冻结" in newest(page, "frozen")

    for what, sum_ in {"consumed": "¥56.00", "refunded": "¥16.00", "net": "¥40.00"}.items():
        expect(page.locator(f".totals [data-sum={what}] b")).to_have_text(sum_)
    expect(page.locator(".totals [data-sum=bonus] b")).to_have_text("¥50.00")

    page.keyboard.press("4")
    expect(page.locator(".feed ol .row")).to_have_count(1)
    page.keyboard.press("2")
    expect(page.locator(".feed ol .row [data-cell=kind]")).to_contain_text(["消费"])

    page.reload()
    expect(page.locator(".totals [data-sum=net] b")).to_have_text("¥40.00")


@pytest.mark.parametrize("key", ["d", "g", "h"])
def test_statistics_are_printed_from_a_tab_of_their_own(counters: Counters, key: str) -> None:
    """R-000-3: day, dish or hour: one key opens a page to print."""
    card_id, _ = counters.card(20_000)
    counters.house.ask("cashier", "ConsumeCard", card_id=card_id, amount_fen=1_234)
    page = counters.monitor()
    with page.expect_popup() as tab:
        page.keyboard.press(key)
    expect(tab.value).to_have_url(re.compile("/reports/cards/"))
    expect(tab.value.locator("table").first).to_be_visible()


@pytest.mark.parametrize("size", SIZES, ids=lambda size: str(size[0]))
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_nothing_is_cut_at_either_size(
    counters: Counters, lang: str, size: tuple[int, int]
) -> None:
    """Both pages in both languages: no word wider than its place, nothing beyond the screen."""
    monitor = counters.monitor(f"?lang={lang}", size)
    counter = counters.register(f"?lang={lang}", size)
    _, number = counters.card(450_000, "欧阳小明明")
    assert counter.page.evaluate(CUT) == []
    counter.type("1999.99")
    counter.lay(number)
    expect(counter.line("before")).to_be_visible()
    assert counter.page.evaluate(CUT) == []
    counter.keys("Enter")
    expect(counter.outcome).to_have_attribute("data-as", "done")
    assert counter.page.evaluate(CUT) == []
    counter.keys("+")
    counter.lay("8000000000000000")
    expect(counter.says).to_be_visible()
    assert counter.page.evaluate(CUT) == []
    newest(monitor, "consume")
    assert monitor.evaluate(CUT) == []
    if lang == "en":
        assert [text for page in (counter.page, monitor) for text in page.evaluate(CHINESE)] == []


@pytest.mark.parametrize(("path", "kind"), [("register", "cashier"), ("monitor", "monitor")])
def test_an_unpaired_page_asks_for_a_code_of_its_kind(
    counters: Counters, path: str, kind: DeviceKind
) -> None:
    """R-004-30: without a token it is the pairing page; a code of its kind opens it at its own address."""
    page = counters.browser.new_page()
    page.goto(f"{counters.house.url}/{path}/")
    expect(page.locator("pairing-page")).to_be_visible()
    assert page.evaluate("document.querySelector('pairing-page').kind") == kind
    house = counters.house
    made = house.call(pairing_door(house).make_code(manager(), Wish(name="新", kind=kind)))
    for digit in made.code:
        page.keyboard.press(digit)
    expect(page.locator(f"card-{path}")).to_be_visible()
    assert f"/{path}/" in page.url
