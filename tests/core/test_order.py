"""Queue numbers, business days, an order's state, and what a guest may choose."""

from __future__ import annotations

import pytest

from server.clock import to_ms
from server.errors import Refusal
from server.events.catalogue import Item, ItemState, Text
from server.events.days import business_day
from server.events.menu import Dish, ModifierChoice, ModifierGroup
from server.orders import order as rules

from datetime import datetime, timezone, timedelta, UTC  # isort: skip

SHANGHAI = timezone(timedelta(hours=8))
NAME = Text("水饺", "Dumplings")


@pytest.mark.parametrize(
    ("local", "day"),
    [
        ("2026-11-20 02:59:59", "2026-11-19"),
        ("2026-11-20 03:00:00", "2026-11-20"),
        ("2026-11-20 23:59:59", "2026-11-20"),
        ("2026-11-21 02:59:59", "2026-11-20"),
        ("2027-01-01 01:00:00", "2026-12-31"),
    ],
)
def test_the_business_day_turns_at_three(local: str, day: str) -> None:
    """A night's guests belong to the day they came; the day turns at 03:00 shop time (R-004-9)."""
    moment = datetime.fromisoformat(local).replace(tzinfo=SHANGHAI)
    assert business_day(to_ms(moment), "Asia/Shanghai").isoformat() == day


def test_the_day_turns_at_the_shops_own_three() -> None:
    """The same moment is another business day in another time zone (R-004-9)."""
    moment = to_ms(datetime(2026, 11, 20, 20, 0, tzinfo=UTC))
    assert business_day(moment, "Asia/Shanghai").isoformat() == "2026-11-21"
    assert business_day(moment, "Europe/Berlin").isoformat() == "2026-11-20"


@pytest.mark.parametrize(("number", "label"), [(1, "#01"), (42, "#42"), (99, "#99"), (100, "#100")])
def test_queue_numbers_have_two_digits_and_grow(number: int, label: str) -> None:
    """The queue number reads #01 and grows past #99 (R-004-9)."""
    assert rules.queue_label(number) == label


def _item(state: ItemState) -> Item:
    return Item(
        id=1, order_id=1, round=1, dish_id=1, name=NAME, quantity=1, modifiers=[], note="",
        station_id=1, target_s=600, price_fen=1, state=state, placed_at_ms=1,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("states", "folded"),
    [
        ("queued queued", "queued"),
        ("queued cooking", "cooking"),
        ("held queued", "queued"),
        ("held ready", "cooking"),  # a course at the table, the next one waits for its word
        ("ready queued", "cooking"),  # a new round beside a ready one: back in the kitchen
        ("ready called", "ready"),
        ("called picked_up", "ready"),
        ("picked_up delivered", "delivering"),
        ("delivered cancelled", "delivered"),
        ("cancelled cancelled", "cancelled"),
        ("", "cancelled"),
    ],
)
def test_an_order_is_where_its_slowest_dish_is(states: str, folded: str) -> None:
    """The order's state is a fold over its dishes; what was cancelled does not count."""
    assert rules.fold(_item(s) for s in states.split()) == folded  # type: ignore[arg-type]


DISH = Dish(
    id=7, category="hot", name=NAME, about=NAME, price_fen=3800, station_id=1, target_s=600,
    modifier_groups=[
        ModifierGroup("heat", NAME, 1, 1, [
            ModifierChoice("mild", NAME, "change"), ModifierChoice("hot", NAME, "change"),
        ]),
        ModifierGroup("extra", NAME, 0, 2, [
            ModifierChoice("sprouts", NAME, "plus", price_fen=300),
            ModifierChoice("no-nuts", NAME, "less", allergen=True),
        ]),
    ],
    allergens=[],
)  # fmt: skip


def test_chosen_modifiers_come_in_menu_order_with_their_price() -> None:
    """The kitchen reads modifiers in one order whoever tapped them in which."""
    chosen, extra_fen = rules.chosen_modifiers(DISH, ["no-nuts", "sprouts", "hot"])
    assert [m.id for m in chosen] == ["hot", "sprouts", "no-nuts"]
    assert (extra_fen, chosen[2].allergen) == (300, True)


@pytest.mark.parametrize(
    ("ids", "code"),
    [
        ([], "modifier_choice_invalid"),
        (["mild", "hot"], "modifier_choice_invalid"),
        (["mild", "gold"], "modifier_not_found"),
    ],
)
def test_a_wrong_choice_is_refused(ids: list[str], code: str) -> None:
    """Too few, too many or unknown choices never reach the kitchen."""
    with pytest.raises(Refusal, match=code):
        rules.chosen_modifiers(DISH, ids)
