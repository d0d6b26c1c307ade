"""Proof of display: what a station's screens showed, and what none did within ten seconds."""

from __future__ import annotations

import uuid
from typing import Any

import msgspec

from server.commands import PROMISES
from server.events import catalogue as c
from server.events import display
from server.kds.display import SHOWN_WITHIN_S
from server.reactions import PROVE_SHOWN
from tests.support.kitchen import NOON, SHOP, Kitchen, actor, open_kitchen

WOK, COLD = 1, 2
KUNGPAO, CUCUMBER = 2, 7


async def _board(kitchen: Kitchen, station_id: int | None) -> int:
    made = await kitchen.ask(
        "manager", "PairDevice", kind="kitchen", name=f"屏 {station_id}", place_id=None,
        station_id=station_id, token_hash=uuid.uuid4().hex * 2,
    )  # fmt: skip
    return int(made["device_id"])


async def _shown(kitchen: Kitchen, device_id: int, station_id: int | None, *items: int) -> int:
    now_ms = int(kitchen.clock.now().timestamp() * 1000)
    shown = [
        {"item_id": one, "device_id": device_id, "device_name": "屏", "station_id": station_id,
         "at_ms": now_ms} for one in items
    ]  # fmt: skip
    noted: int = (await kitchen.ask("system", "NoteShown", shown=shown))["noted"]
    return noted


async def _ten_seconds(kitchen: Kitchen, placed: dict[str, Any]) -> list[display.ItemsUnseen]:
    """Keep the promise that looks whether the round was shown."""
    kitchen.advance(seconds=SHOWN_WITHIN_S)
    since = len(kitchen.ear.heard)
    entry = PROMISES[PROVE_SHOWN]
    body = msgspec.json.encode({"order_id": placed["order_id"], "round": placed["round"]})
    assert entry.struct.__name__ == "ProveShown"
    await kitchen.desk.execute(actor("system"), uuid.uuid4(), PROVE_SHOWN, body)
    return [one for one in kitchen.events(since) if isinstance(one, display.ItemsUnseen)]


async def _item(kitchen: Kitchen, item_id: int) -> c.Item:
    view = await kitchen.view("kitchen")
    return next(i for o in view.orders for i in o.items if i.id == item_id)


async def test_a_dish_says_on_which_screen_it_was_shown_first(database_url: str) -> None:
    """R-004-6 step 2: shown on screen X at 12:00:00; a second screen changes nothing, nobody is told."""
    async with open_kitchen(database_url) as kitchen:
        first, second = await _board(kitchen, WOK), await _board(kitchen, WOK)
        placed = await kitchen.order(1, KUNGPAO)
        (item,) = placed["item_ids"]
        assert await _shown(kitchen, first, WOK, item, 99) == 1
        kitchen.advance(seconds=3)
        assert await _shown(kitchen, second, WOK, item) == 0
        assert await _ten_seconds(kitchen, placed) == []
        found = await _item(kitchen, item)
        assert (found.shown_on, found.shown_at_ms) == ("屏", int(NOON.timestamp() * 1000))


async def test_what_no_screen_of_its_station_showed_the_cash_desk_hears(database_url: str) -> None:
    """R-004-6: the pass does not speak for a station with a screen of its own; shown later, it is off the list."""
    async with open_kitchen(database_url) as kitchen:
        wok, passing = await _board(kitchen, WOK), await _board(kitchen, None)
        placed = await kitchen.order(1, KUNGPAO, CUCUMBER)
        hot, cold = placed["item_ids"]
        assert await _shown(kitchen, passing, None, hot, cold) == 1
        (told,) = await _ten_seconds(kitchen, placed)
        assert [dish.item_id for dish in told.unseen.dishes] == [hot]
        desk = await kitchen.view("cashier")
        assert [card.place_name for card in desk.unseen] == [told.unseen.place_name]
        assert await _ten_seconds(kitchen, placed) == [], "once"
        assert await _shown(kitchen, wok, WOK, hot) == 1
        assert (await kitchen.view("cashier")).unseen == []
        kept = await kitchen.pool.fetch(
            "SELECT payload FROM promise WHERE kind = 'Announce' AND payload ->> 'event' = 'item_unseen'"
        )
        assert len(kept) == 1, "the cash desk hears it in words"


async def test_nobody_is_told_of_what_was_begun_or_has_no_screen(database_url: str) -> None:
    """R-004-6: a kitchen without screens works from paper; who begins a dish has seen it."""
    async with open_kitchen(database_url) as kitchen:
        await kitchen.pool.execute("UPDATE device SET revoked_at = now() WHERE shop_id = $1", SHOP)
        placed = await kitchen.order(1, KUNGPAO)
        assert await _ten_seconds(kitchen, placed) == []
        await _board(kitchen, COLD)
        placed = await kitchen.order(2, KUNGPAO, CUCUMBER)
        await kitchen.ask("kitchen", "StartItem", item_id=placed["item_ids"][1])
        assert await _ten_seconds(kitchen, placed) == []
