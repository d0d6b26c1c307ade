"""The register for meal cards: read, charge, top up, refund; by keys and by a reader; and honest without a link."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.support.counters import Counter, Counters, counters_of_a_house
from tests.support.engines import EnginePair


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


@pytest.fixture
def counter(counters: Counters) -> Counter:
    """A register with nothing on it."""
    return counters.register()


def test_a_walk_by_keys_alone(counters: Counters, counter: Counter) -> None:
    """R-000-2, R-000-22, R-000-29: open, top up with bonus, charge, short, top up what is missing, charge."""
    counter.keys("n")
    counter.page.keyboard.type("13912345678", delay=90)
    counter.keys("Enter")
    fresh = counter.page.locator(".outcome .fresh")
    expect(fresh).to_be_visible()
    number = fresh.inner_text().replace(" ", "")

    counter.keys("Enter", "+")
    counter.lay(number)
    expect(counter.line("before")).to_have_text("¥0.00")
    expect(counter.page.locator(".rules .btn")).to_have_text(["充 500 送 50", "充 1000 送 150"])
    counter.type("500")
    expect(counter.line("after")).to_have_text("¥550.00")
    counter.keys("Enter")
    expect(counter.outcome.locator("h2")).to_contain_text("已充值")
    expect(counter.outcome.locator(".left b")).to_have_text("¥550.00")

    counter.keys("*")
    counter.type("28.5")
    counter.lay(number)
    expect(counter.line("before")).to_have_text("¥550.00")
    expect(counter.line("after")).to_have_text("¥521.50")
    counter.keys("Enter")
    expect(counter.outcome.locator(".sum")).to_have_text("¥28.50")
    expect(counter.outcome.locator(".left b")).to_have_text("¥521.50")

    counter.keys("Enter")
    counter.type("600")
    counter.keys("/")
    counter.page.keyboard.type(number, delay=90)
    counter.keys("Enter")
    expect(counter.page.locator(".says")).to_contain_text("还差 ¥78.50")
    counter.keys("Enter")
    expect(counter.page.locator(".amount b")).to_have_text("¥78.50")
    counter.keys("Enter")
    expect(counter.page.locator(".strip")).to_contain_text("已充值 ¥78.50")
    expect(counter.line("after")).to_have_text("¥0.00")
    counter.keys("Enter")
    expect(counter.outcome.locator(".sum")).to_have_text("¥600.00")
    expect(counter.outcome.locator(".left b")).to_have_text("¥0.00")


def test_a_short_balance_known_only_to_the_house(counters: Counters, counter: Counter) -> None:
    """R-000-22: somebody spent meanwhile: the house says what is missing and the page offers it."""
    card_id, number = counters.card(10_000)
    counter.type("80")
    counter.lay(number)
    expect(counter.line("after")).to_have_text("¥20.00")
    counters.house.ask("cashier", "ConsumeCard", card_id=card_id, amount_fen=5_000)
    counter.keys("Enter")
    expect(counter.says).to_contain_text("余额不足，还差 ¥30.00")
    counter.keys("Enter")
    expect(counter.page.locator(".amount b")).to_have_text("¥30")


def test_what_may_not_be_is_said_in_a_sentence(counters: Counters, counter: Counter) -> None:
    """R-000-24, R-000-25: the fourth charge of a day, a frozen card, an unknown one."""
    card_id, number = counters.card(10_000)
    for amount in ("1", "2", "3"):
        counter.charge(number, amount)
        counter.keys("Enter")
    counter.type("4")
    counter.lay(number)
    expect(counter.page.locator(".face em")).to_contain_text("已到上限 3 笔")
    counter.keys("Enter")
    expect(counter.says).to_have_text("今天已消费 3 笔，上限 3 笔，不能再消费")
    assert counters.truth(card_id)["balance_fen"] == 10_000 - 600

    frozen_id, frozen = counters.card(1_000)
    counters.house.ask("manager", "FreezeCard", card_id=frozen_id)
    counter.keys("Escape")
    counter.type("4")
    counter.lay(frozen)
    expect(counter.page.locator(".says")).to_contain_text("卡已冻结")
    expect(counter.primary).to_be_disabled()

    counter.lay("8000000000000000")
    expect(counter.says).to_contain_text("没有这张卡")


def test_a_refund_of_todays_list(counters: Counters, counter: Counter) -> None:
    """R-000-25: minus, Enter: the newest charge goes back to its card; a part first, then the rest."""
    card_id, number = counters.card(10_000)
    counter.charge(number, "60")
    counter.keys("-")
    expect(counter.primary).to_contain_text("退 ¥60.00")
    counter.type("20")
    counter.keys("Enter")
    expect(counter.outcome.locator("h2")).to_contain_text("已退款")
    expect(counter.outcome.locator(".left b")).to_have_text("¥60.00")
    counter.keys("-")
    expect(counter.page.locator(".day [aria-pressed=true]")).to_contain_text("部分已退")
    counter.keys("Enter")
    expect(counter.outcome.locator(".left b")).to_have_text("¥100.00")
    assert counters.truth(card_id)["balance_fen"] == 10_000


def test_a_double_tap_and_a_reader_that_sends_twice_charge_once(
    counters: Counters, counter: Counter
) -> None:
    """R-000-23: two taps, two Enters and a number sent twice are one charge."""
    card_id, number = counters.card(10_000)
    counter.type("10")
    counter.lay(number)
    expect(counter.line("after")).to_have_text("¥90.00")
    counter.lay(number)
    counter.page.keyboard.press("Enter")
    counter.calm()
    assert (
        counters.truth(card_id)["balance_fen"] == 10_000
    )  # the reader's own Enter confirms nothing
    counter.primary.dblclick()
    counter.page.keyboard.press("Enter")
    expect(counter.outcome.locator(".left b")).to_have_text("¥90.00")
    counter.lay(number)
    expect(counter.outcome.locator(".left b")).to_have_text("¥90.00")
    assert counters.truth(card_id)["balance_fen"] == 9_000
    assert counters.truth(card_id)["trades_today"] == 1


@pytest.mark.parametrize("reloads", [False, True], ids=["stays", "reloads"])
@pytest.mark.parametrize("arrives", [True, False], ids=["it-arrived", "it-did-not"])
def test_a_cable_pulled_in_the_middle_of_a_charge(
    counters: Counters, counter: Counter, arrives: bool, reloads: bool
) -> None:
    """R-000-23: nobody knows, the page says so and asks again under the same id: one charge, over a reload."""
    card_id, number = counters.card(10_000)
    counter.type("10")
    counter.lay(number)
    expect(counter.line("after")).to_have_text("¥90.00")
    if arrives:
        counter.wire.deafen()
    else:
        counter.wire.silence()
    counter.keys("Enter")
    expect(counter.outcome).to_have_attribute("data-as", "unknown")
    expect(counter.outcome).to_contain_text("还不知道办成没有")
    counter.wire.cut()
    counter.keys("Escape", "*", "1", "Enter")
    expect(counter.outcome).to_have_attribute("data-as", "unknown")
    if reloads:
        counter.page.reload()
        expect(counter.page.locator(".waits")).to_be_visible()
    counter.mend()
    expect(counter.outcome).to_have_attribute("data-as", "done")
    expect(counter.outcome.locator(".left b")).to_have_text("¥90.00")
    assert counters.truth(card_id)["balance_fen"] == 9_000
    assert counters.truth(card_id)["trades_today"] == 1


def test_a_charge_without_a_link_is_not_made_later(counters: Counters, counter: Counter) -> None:
    """R-000-23: without a link nothing is queued; when it is back nothing happens by itself."""
    card_id, number = counters.card(10_000)
    counter.type("10")
    counter.lay(number)
    expect(counter.line("after")).to_have_text("¥90.00")
    counter.wire.cut()
    counter.page.wait_for_function("() => window.chuancai.link.state !== 'open'")
    counter.keys("Enter")
    expect(counter.says).to_contain_text("断线，现在不能办卡业务")
    counter.mend()
    counter.page.wait_for_function("() => window.chuancai.link.state === 'open'")
    assert counter.page.evaluate("window.chuancai.screen.outbox.entries.length") == 0
    assert counters.truth(card_id)["balance_fen"] == 10_000
    counter.keys("Enter")
    expect(counter.outcome.locator(".left b")).to_have_text("¥90.00")


def test_a_lost_card_is_replaced(counters: Counters, counter: Counter) -> None:
    """R-000-21: read by its number, moved to the blank laid down; the old number opens nothing."""
    _, number = counters.card(10_000)
    counter.keys("r")
    counter.lay(number)
    expect(counter.line("before")).to_have_text("¥100.00")
    counter.lay("770011223344")
    expect(counter.page.locator("input[name=fresh]")).to_have_value("770011223344")
    counter.keys("Enter")
    expect(counter.outcome).to_contain_text("旧卡已作废")
    counter.keys("*")
    counter.lay("770011223344")
    expect(counter.line("before")).to_have_text("¥100.00")
    counter.keys("Escape")
    counter.lay(number)
    expect(counter.says).to_contain_text("没有这张卡")


AMOUNTS = [
    # keys            shown      fen
    ("28",            "28",      2_800),
    ("0.29",          "0.29",    29),
    (".07",           "0.07",    7),
    ("1.10",          "1.10",    110),
    ("1.1",           "1.1",     110),
    ("1.",            "1.",      100),
    ("007",           "7",       700),
    ("1.2.3",         "1.23",    123),
    ("4.567",         "4.56",    456),
    ("1234567",       "123456",  12_345_600),
    ("19.99<<<5",     "195",     19_500),
]  # fmt: skip


def test_every_amount_is_exact_to_the_fen(counter: Counter) -> None:
    """R-000-2: what the keys make is what is meant, in whole fen; a key that makes no amount does nothing."""
    made = counter.page.evaluate(
        """async (all) => {
          const { fenOf, pressed, typedAs } = await import("/register/amount.js");
          return all.map((keys) => {
            const shown = [...keys].reduce((text, key) => pressed(text, key === "<" ? "Backspace" : key), "");
            return [shown, fenOf(shown), fenOf(typedAs(fenOf(shown)))];
          });
        }""",
        [keys for keys, *_ in AMOUNTS],
    )
    assert made == [[shown, fen, fen] for _, shown, fen in AMOUNTS]


def test_by_touch_alone(counters: Counters, counter: Counter) -> None:
    """R-000-2: the keypad types amount and number; Enter later is not the key that was touched last."""
    _, number = counters.card(10_000)
    pad = counter.page.locator(".pad")
    for cap in ("1", "2", ".", "5"):
        pad.get_by_role("button", name=cap, exact=True).click()
    counter.page.locator(".empty").click()
    for digit in number:
        pad.get_by_role("button", name=digit, exact=True).click()
    counter.calm()
    counter.primary.click()
    expect(counter.line("after")).to_have_text("¥87.50")
    counter.keys("Enter")
    expect(counter.outcome.locator(".sum")).to_have_text("¥12.50")


def test_what_was_cleared_by_mistake_is_laid_back(counters: Counters, counter: Counter) -> None:
    """R-000-2: Esc and 清空 can be taken back by key or press, until something else lies there."""
    card_id, number = counters.card(10_000)
    put_back = counter.page.locator("button[name=put_back]")
    amount = counter.page.locator(".amount b")
    counter.type("28.5")
    counter.lay(number)
    expect(counter.line("after")).to_have_text("¥71.50")
    counter.keys("Escape")
    expect(amount).to_have_text("¥0")
    expect(counter.page.locator(".wiped")).to_contain_text("¥28.50")
    counter.keys("Escape", "z")  # a second Esc clears nothing and loses nothing
    expect(counter.line("after")).to_have_text("¥71.50")
    expect(put_back).to_have_count(0)
    counter.page.locator(".pad .soft", has_text="清空").click()
    put_back.click()
    counter.keys("Enter")
    expect(counter.outcome.locator(".left b")).to_have_text("¥71.50")
    counter.keys("Escape")
    expect(put_back).to_have_count(0)  # what was done is not lost

    counter.type("9")
    counter.lay(number)
    expect(counter.line("after")).to_be_visible()
    counter.keys("Escape")
    counter.keys("1", "z")  # the next guest's amount has begun
    expect(amount).to_have_text("¥1")
    expect(put_back).to_have_count(0)
    assert counters.truth(card_id)["balance_fen"] == 7_150


def test_a_new_cards_number_comes_back_and_an_old_counter_does_not(
    counters: Counters, counter: Counter
) -> None:
    """R-000-21: the number that is shown once survives an Esc; five seconds later nothing does."""
    counter.keys("n")
    counter.page.keyboard.type("13700001234", delay=90)
    counter.keys("Enter")
    fresh = counter.page.locator(".outcome .fresh")
    number = fresh.inner_text()
    counter.keys("Escape")
    expect(fresh).to_have_count(0)
    counter.page.locator("button[name=put_back]").click()
    expect(fresh).to_have_text(number)
    counter.keys("Escape")
    expect(counter.page.locator("button[name=put_back]")).to_have_count(0)
