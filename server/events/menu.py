"""◆ The menu's nouns, and what is said about it while guests read it (沽清, another price, a new dish).

Refuses to hold behaviour, as the catalogue does.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from server.events.words import Fact, Text


class StationView(msgspec.Struct):
    """档口: where dishes are made."""

    id: int
    name: Text


class ModifierChoice(msgspec.Struct):
    """One option a guest can pick."""

    id: str
    name: Text
    sign: Literal["less", "plus", "change"]
    price_fen: int = 0
    allergen: bool = False


class ModifierGroup(msgspec.Struct):
    """Options of which `min` to `max` are picked."""

    id: str
    name: Text
    min: int
    max: int
    choices: list[ModifierChoice]


class StageTargets(msgspec.Struct, frozen=True):
    """How long a dish may wait to be begun, be cooked, wait to be fetched; in seconds, null: as long as it takes."""

    waiting_s: int | None = None
    cooking_s: int | None = None
    pick_up_s: int | None = None


class Dish(msgspec.Struct):
    """A dish of the menu. `target_s`: from its order to done; `stage_targets`: of each stage alone."""

    id: int
    category: str
    name: Text
    about: Text
    price_fen: int
    station_id: int | None
    target_s: int
    modifier_groups: list[ModifierGroup]
    allergens: list[str]
    picture: str = ""
    spicy: int = 0
    sold_out: bool = False
    stage_targets: StageTargets = StageTargets()


class Category(msgspec.Struct):
    """A heading of the menu."""

    id: str
    name: Text


class Menu(msgspec.Struct):
    """What can be ordered, in the order it is shown."""

    categories: list[Category]
    dishes: list[Dish]


class DishSale(Fact, frozen=True, tag=True):
    """A dish is sold out from now on, or can be had again."""

    dish_id: int
    sold_out: bool
    at_ms: int
    by: str


class DishPut(Fact, frozen=True, tag=True):
    """A dish is on the menu like this from now on; a new one comes last. What was ordered before stays as it was."""

    dish: Dish


class StationPut(Fact, frozen=True, tag=True):
    """A station is called like this from now on, or is new."""

    station: StationView


MenuFact = DishSale | DishPut | StationPut

TOPICS = frozenset({"kitchen", "pad", "cashier", "menu"})  # everybody who orders, and who cooks
EVERYBODY = TOPICS | {"screen", "monitor"}
