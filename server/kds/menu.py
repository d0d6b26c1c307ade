"""◆ What a shop sells and where it is made: a dish as the menu shows it, its station, its target; the stations' names.

A change names only what changes, so two people who change different things of a dish do not meet, and one
change can be made in many shops. What guests ordered before keeps its name, price, station and target.
Refuses to take a dish off the menu: 沽清 does, and old orders still speak of it.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import UNSET, UnsetType

from server.errors import Refusal
from server.events.decision import Context, Decision, Row, Said
from server.events.menu import (
    EVERYBODY,
    TOPICS,
    Dish,
    DishPut,
    ModifierGroup,
    StageTargets,
    StationPut,
    StationView,
)
from server.events.words import Text
from server.ids import Id

NAME_CHARACTERS_MAX = 60
ABOUT_CHARACTERS_MAX = 500
PRICE_FEN_MAX = 10_000_000
TARGET_S_MIN, TARGET_S_MAX = 10, 14_400
GROUPS_MAX, CHOICES_MAX = 20, 50
DISHES_MAX = 2_000  # of one shop; every pad holds them all
STATIONS_MAX = 64

Category = Annotated[str, msgspec.Meta(min_length=1, max_length=60)]
Price = Annotated[int, msgspec.Meta(ge=0, le=PRICE_FEN_MAX)]
Target = Annotated[int, msgspec.Meta(ge=TARGET_S_MIN, le=TARGET_S_MAX)]
StageTarget = Annotated[int, msgspec.Meta(ge=TARGET_S_MIN, le=TARGET_S_MAX)] | None
Allergen = Annotated[str, msgspec.Meta(min_length=1, max_length=20)]
Allergens = Annotated[list[Allergen], msgspec.Meta(max_length=20)]
Groups = Annotated[list[ModifierGroup], msgspec.Meta(max_length=GROUPS_MAX)]
Picture = Annotated[str, msgspec.Meta(max_length=200, pattern=r"^[\w./-]*$")]
Spicy = Annotated[int, msgspec.Meta(ge=0, le=5)]


class WantedStages(StageTargets, frozen=True, forbid_unknown_fields=True):
    """The targets of all three stages, whole: what is left out has none."""

    waiting_s: StageTarget = None
    cooking_s: StageTarget = None
    pick_up_s: StageTarget = None


class DishChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What of a dish shall be otherwise; what is left out stays. Prices in fen, targets in seconds."""

    category: Category | UnsetType = UNSET
    name: Text | UnsetType = UNSET
    about: Text | UnsetType = UNSET
    price_fen: Price | UnsetType = UNSET
    station_id: Id | UnsetType | None = UNSET
    target_s: Target | UnsetType = UNSET
    stage_targets: WantedStages | UnsetType = UNSET
    modifier_groups: Groups | UnsetType = UNSET
    allergens: Allergens | UnsetType = UNSET
    picture: Picture | UnsetType = UNSET
    spicy: Spicy | UnsetType = UNSET


class PutDish(DishChange, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """改菜: a dish is otherwise from now on; without `dish_id` a new one, which needs all but the optional."""

    dish_id: Id | None = None


class PutStation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """改档口: a station is called otherwise; without `station_id` a new one."""

    name: Text
    station_id: Id | None = None


class MenuFacts(msgspec.Struct):
    """What a decision about one dish needs to know of the menu."""

    dish: Dish | None
    version: int
    next_id: int
    dishes: int
    categories: list[str]
    stations: list[int]


class StationFacts(msgspec.Struct):
    """The station asked for, and how many there are."""

    station: StationView | None
    next_id: int
    stations: int


def put_dish(command: PutDish, facts: MenuFacts, context: Context) -> Decision:
    """Change a dish or add one. Raises `dish_not_found`, `station_not_found` or `bad_field`."""
    dish = _new(facts) if command.dish_id is None else facts.dish
    if dish is None:
        raise Refusal("dish_not_found", dish_id=command.dish_id)
    wanted = {
        key: value
        for key, value in msgspec.structs.asdict(command).items()
        if value is not UNSET and key != "dish_id"
    }
    if isinstance(stages := wanted.get("stage_targets"), WantedStages):
        wanted["stage_targets"] = StageTargets(*msgspec.structs.astuple(stages))
    put = msgspec.structs.replace(dish, **wanted)
    _check(put, facts)
    changed = put != dish
    result = {"dish_id": put.id, "changed": changed}
    if not changed:
        return Decision(result=result)
    row = msgspec.to_builtins(put) | {"version": facts.version + 1}
    return Decision(result=result, rows=[Row("dish_put", row)], said=[Said(DishPut(put), TOPICS)])


def put_station(command: PutStation, facts: StationFacts, context: Context) -> Decision:
    """Name a station or add one. Raises `station_not_found` or `bad_field`."""
    if command.station_id is not None and facts.station is None:
        raise Refusal("station_not_found", station_id=command.station_id)
    if facts.station is None and facts.stations >= STATIONS_MAX:
        raise Refusal("bad_field", "There are too many stations.", field="station_id")
    _check_text(command.name, "name", NAME_CHARACTERS_MAX)
    put = StationView(facts.station.id if facts.station else facts.next_id, command.name)
    changed = put != facts.station
    result = {"station_id": put.id, "changed": changed}
    if not changed:
        return Decision(result=result)
    was = msgspec.to_builtins(facts.station.name) if facts.station else None
    row = Row("station_put", msgspec.to_builtins(put) | {"was": was})
    return Decision(result=result, rows=[row], said=[Said(StationPut(put), EVERYBODY)])


def _new(facts: MenuFacts) -> Dish:
    if facts.dishes >= DISHES_MAX:
        raise Refusal("bad_field", "The menu has too many dishes.", field="dish_id")
    blank = Text("", "")
    return Dish(
        id=facts.next_id, category="", name=blank, about=blank, price_fen=0, station_id=None,
        target_s=600, modifier_groups=[], allergens=[],
    )  # fmt: skip


def _check(dish: Dish, facts: MenuFacts) -> None:
    if dish.category not in facts.categories:
        raise Refusal("bad_field", "There is no such heading.", field="category")
    if dish.station_id is not None and dish.station_id not in facts.stations:
        raise Refusal("station_not_found", station_id=dish.station_id)
    _check_text(dish.name, "name", NAME_CHARACTERS_MAX)
    _check_text(dish.about, "about", ABOUT_CHARACTERS_MAX, needed=False)
    groups = [group.id for group in dish.modifier_groups]
    choices = [choice for group in dish.modifier_groups for choice in group.choices]
    ids = [choice.id for choice in choices]
    if len(set(groups)) < len(groups) or len(set(ids)) < len(ids) or "" in {*groups, *ids}:
        raise Refusal("bad_field", "Each choice has an id of its own.", field="modifier_groups")
    for group in dish.modifier_groups:
        _check_group(group)


def _check_group(group: ModifierGroup) -> None:
    _check_text(group.name, "modifier_groups", NAME_CHARACTERS_MAX)
    if not 1 <= len(group.choices) <= CHOICES_MAX or not 0 <= group.min <= group.max <= len(
        group.choices
    ):
        raise Refusal("bad_field", "Nobody could choose like this.", field="modifier_groups")
    for choice in group.choices:
        _check_text(choice.name, "modifier_groups", NAME_CHARACTERS_MAX)
        if abs(choice.price_fen) > PRICE_FEN_MAX:
            raise Refusal("bad_field", "This is no price.", field="modifier_groups")


def _check_text(text: Text, field: str, characters_max: int, *, needed: bool = True) -> None:
    for words in (text.zh, text.en):
        if len(words) > characters_max or any(ord(letter) < ord(" ") for letter in words):
            raise Refusal("bad_field", "It is too long, or has a line break.", field=field)
    if needed and not text.zh.strip() and not text.en.strip():
        raise Refusal("bad_field", "It has no name.", field=field)
