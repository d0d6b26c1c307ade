"""A menu kept from a desk: each change is heard at once, and old orders stay as they were."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.support.api_house import OTHER_SHOP, SHOP, ApiHouse, api_house, is_problem

DISHES = f"/v1/shops/{SHOP}/dishes"
STATIONS = f"/v1/shops/{SHOP}/stations"
DEVICES = f"/v1/shops/{SHOP}/devices"
MASHED = {"name": {"zh": "土豆泥", "en": "Mashed potatoes"}, "category": "wok", "price_fen": 1800}


@pytest.fixture
async def house(database_url: str, redis_url: str) -> AsyncIterator[ApiHouse]:
    """Give an API on real engines."""
    async with api_house(database_url, redis_url) as made:
        yield made


async def menu_of(manager: Any) -> dict[int, dict[str, Any]]:
    """Return what guests may order."""
    told = (await manager.ask("GET", f"/v1/shops/{SHOP}/menu")).json()
    return {dish["id"]: dish for dish in told["menu"]["dishes"]}


async def test_a_dish_changes_only_where_it_is_told_to(house: ApiHouse) -> None:
    """R-004-6: price and target change, all else stays; the same again is no change; a new dish comes last."""
    manager = await house.caller("m", roles=("business", "manager"))
    before = (await menu_of(manager))[2]
    for changed in (True, False):
        told = await manager.ask("PUT", f"{DISHES}/2", {"price_fen": 4200, "target_s": 900})
        assert told.json() == {"dish_id": 2, "changed": changed}
    assert (await menu_of(manager))[2] == before | {"price_fen": 4200, "target_s": 900}
    added = await manager.ask("POST", DISHES, MASHED)
    assert added.status_code == 201, added.text
    assert list(await menu_of(manager))[-1] == added.json()["dish_id"]


async def test_each_stage_of_a_dish_has_a_target_of_its_own(house: ApiHouse) -> None:
    """R-004-6: beside the whole time; named together, and gone when they are left out."""
    manager = await house.caller("m", roles=("business", "manager"))
    stages = {"waiting_s": 120, "cooking_s": 480, "pick_up_s": None}
    for wanted in (stages, dict.fromkeys(stages)):
        told = await manager.ask("PUT", f"{DISHES}/2", {"stage_targets": wanted})
        assert told.json()["changed"]
        assert (await menu_of(manager))[2]["stage_targets"] == wanted
        again = await manager.ask("PUT", f"{DISHES}/2", {"stage_targets": wanted})
        assert not again.json()["changed"]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"station_id": 999},                                                 "station_not_found"),
        ({"category": "nowhere"},                                             "bad_field"),
        ({"name": {"zh": " ", "en": ""}},                                     "bad_field"),
        ({"name": {"zh": "土\n豆", "en": ""}},                                 "bad_field"),
        ({"target_s": 5},                                                     "bad_field"),
        ({"stage_targets": {"cooking_s": 5}},                                 "bad_field"),
        ({"stage_targets": {"eating_s": 600}},                                "bad_field"),
        ({"price_fen": -1},                                                   "bad_field"),
        ({"picture": "javascript:alert(1)"},                                  "bad_field"),
        ({"modifier_groups": [{"id": "a", "name": {"zh": "甲", "en": ""}, "min": 2, "max": 1,
           "choices": [{"id": "b", "name": {"zh": "乙", "en": ""}, "sign": "less"}]}]}, "bad_field"),
    ],
)  # fmt: skip
async def test_a_dish_that_could_not_be_sold_is_refused(
    house: ApiHouse, change: dict[str, Any], code: str
) -> None:
    """Bad input names its field and changes nothing."""
    manager = await house.caller("m", roles=("business", "manager"))
    before = await menu_of(manager)
    is_problem(await manager.ask("PUT", f"{DISHES}/2", change), code)
    assert await menu_of(manager) == before


async def test_stations_and_names_of_devices_are_kept_by_managers(house: ApiHouse) -> None:
    """R-004-30: a device is renamed, told how to show, sought; of another brand's shop nobody hears."""
    manager = await house.caller("m", roles=("business", "manager"))
    told = await manager.ask("PUT", f"{STATIONS}/1", {"name": {"zh": "炒锅", "en": "Woks"}})
    assert told.json() == {"station_id": 1, "changed": True}
    added = await manager.ask("POST", STATIONS, {"name": {"zh": "面点", "en": "Noodles"}})
    assert added.status_code == 201
    device_id = await house.pair("kitchen")
    one = f"{DEVICES}/{device_id}"
    assert (await manager.ask("POST", f"{one}/rename", {"name": " 热菜 2 "})).status_code == 200
    shown = await manager.ask("PUT", f"{one}/screen", {"columns": 3, "volume": 50, "version": 0})
    device = shown.json()["device"]
    assert (device["name"], device["settings"]["columns"]) == ("热菜 2", 3)
    assert (await manager.ask("POST", f"{one}/seek")).status_code == 200
    is_problem(
        await manager.ask("PUT", f"{one}/screen", {"columns": 30, "version": 1}), "bad_field"
    )
    is_problem(await manager.ask("POST", f"{DEVICES}/99999/seek"), "device_not_found")
    is_problem(
        await manager.ask("POST", f"/v1/shops/{OTHER_SHOP}/dishes", MASHED), "shop_not_found"
    )
    service = await house.caller("pos")
    is_problem(await service.ask("PUT", f"{DISHES}/2", {"price_fen": 1}), "not_allowed")


async def test_of_two_who_set_up_one_screen_the_later_is_told(house: ApiHouse) -> None:
    """R-004-6: who saves names the settings that were read; those of somebody else meanwhile stay."""
    manager = await house.caller("m", roles=("business", "manager"))
    one = f"{DEVICES}/{await house.pair('kitchen')}"
    screen = f"{one}/screen"
    is_problem(await manager.ask("PUT", screen, {"columns": 3}), "bad_field")
    first = await manager.ask("PUT", screen, {"columns": 3, "version": 0})
    assert first.json()["device"]["settings_version"] == 1
    is_problem(await manager.ask("PUT", screen, {"rows": 2, "version": 0}), "version_changed")
    same = await manager.ask("PUT", screen, {"columns": 3, "version": 0})
    assert same.json()["device"] == first.json()["device"], "both wished the same"
    moved = {"station_id": 1}
    assert (await manager.ask("POST", f"{one}/move", moved)).status_code == 200
    read = await manager.ask("PUT", screen, {"rows": 2, "version": 1})
    assert read.status_code == 200, "where a screen stands is another matter"
    settings = read.json()["device"]["settings"]
    assert (settings["columns"], settings["rows"]) == (None, 2)
