"""A dish's state machine: the whole grid, and every way back."""

from __future__ import annotations

import itertools

import pytest

from server.errors import REFUSALS, Refusal
from server.events.catalogue import Item, ItemState, Text
from server.kds import item as machine

# One row per state, one column per verb: → goes on, = done before, the rest is a refusal.
GRID = """
state      start                  finish                  call                    pick_up                 deliver                 cancel               hold                    fire                    rush                    change
held       item_held              item_not_started        item_not_ready          item_not_ready          item_not_picked_up      →cancelled           =                       →queued                 →queued                 →held
queued     →cooking               item_not_started        item_not_ready          item_not_ready          item_not_picked_up      →cancelled           →held                   =                       →queued                 →queued
cooking    =                      →ready                  item_not_ready          item_not_ready          item_not_picked_up      item_already_started item_already_started    =                       →cooking                item_already_started
ready      =                      =                       →called                 →picked_up              item_not_picked_up      item_already_started item_already_started    =                       item_already_ready      item_already_started
called     =                      =                       →called                 →picked_up              item_not_picked_up      item_already_started item_already_started    =                       item_already_ready      item_already_started
picked_up  =                      =                       =                       =                       →delivered              item_already_started item_already_started    =                       item_already_ready      item_already_started
delivered  =                      =                       =                       =                       =                       item_already_started item_already_started    =                       item_already_ready      item_already_started
cancelled  item_already_cancelled item_already_cancelled  item_already_cancelled  item_already_cancelled  item_already_cancelled  =                    item_already_cancelled  item_already_cancelled  item_already_cancelled  item_already_cancelled
"""  # noqa: E501 - a table is read across


def _cells() -> list[tuple[str, str, str]]:
    head, *rows = (line.split() for line in GRID.strip().splitlines())
    return [
        (row[0], verb, cell) for row in rows for verb, cell in zip(head[1:], row[1:], strict=True)
    ]


@pytest.mark.parametrize(("state", "verb", "cell"), _cells())
def test_every_cell_of_the_grid(state: ItemState, verb: machine.Verb, cell: str) -> None:
    """Each verb in each state leads on, repeats or refuses exactly so (R-004-11…15)."""
    if cell.startswith("→"):
        assert machine.next_state(state, verb) == cell[1:]
    elif cell == "=":
        assert machine.next_state(state, verb) is None
    else:
        with pytest.raises(Refusal) as refusal:
            machine.next_state(state, verb)
        assert (refusal.value.code, refusal.value.detail) == (cell, {"state": state})


def test_the_tables_fill_the_grid_once() -> None:
    """No cell is empty and none is said twice, so no press is left without an answer."""
    tables = [set(machine.STEPS), set(machine.REPEATS), set(machine.REFUSED)]
    assert set.union(*tables) == set(itertools.product(machine.STATES, machine.VERBS))
    assert sum(map(len, tables)) == len(machine.STATES) * len(machine.VERBS)
    assert set(machine.REFUSED.values()) <= set(REFUSALS)


UNDO = """
state      cooking             ready               called              picked_up           delivered
held       item_state_changed  item_state_changed  item_state_changed  item_state_changed  item_state_changed
queued     =                   item_state_changed  item_state_changed  item_state_changed  item_state_changed
cooking    →queued             =                   =                   item_state_changed  item_state_changed
ready      item_state_changed  →cooking            item_state_changed  =                   item_state_changed
called     item_state_changed  →cooking            →cooking            item_state_changed  item_state_changed
picked_up  item_state_changed  item_state_changed  item_state_changed  →ready              =
delivered  item_state_changed  item_state_changed  item_state_changed  item_state_changed  →picked_up
cancelled  item_state_changed  item_state_changed  item_state_changed  item_state_changed  item_state_changed
"""


def _undo_cells() -> list[tuple[str, str, str]]:
    head, *rows = (line.split() for line in UNDO.strip().splitlines())
    return [
        (row[0], seen, cell) for row in rows for seen, cell in zip(head[1:], row[1:], strict=True)
    ]


@pytest.mark.parametrize(("state", "seen", "cell"), _undo_cells())
def test_a_step_is_taken_back_only_from_where_it_was_seen(
    state: ItemState, seen: ItemState, cell: str
) -> None:
    """Undo goes one step back, twice does nothing, and never undoes what somebody did after."""
    if cell.startswith("→"):
        assert machine.undone_state(state, seen) == cell[1:]
    elif cell == "=":
        assert machine.undone_state(state, seen) is None
    else:
        with pytest.raises(Refusal, match=cell):
            machine.undone_state(state, seen)


@pytest.mark.parametrize("seen", ["held", "queued", "cancelled"])
def test_what_was_no_step_cannot_be_taken_back(seen: ItemState) -> None:
    """An order or a cancellation is not undone by the kitchen."""
    with pytest.raises(Refusal, match="nothing_to_undo"):
        machine.undone_state("queued", seen)


def test_a_step_stamps_and_a_step_back_forgets() -> None:
    """The clock of a taken-back step is gone, the earlier ones go on from their old value."""
    item = Item(
        id=1, order_id=1, round=1, dish_id=1, name=Text("水饺", "Dumplings"), quantity=2,
        modifiers=[], note="", station_id=1, target_s=600, price_fen=3800, state="queued",
        placed_at_ms=1,
    )  # fmt: skip
    cooking = machine.stepped(item, "cooking", 10, "张")
    ready = machine.stepped(cooking, "ready", 20, "张")
    back = machine.stepped_back(ready, "cooking", "张")
    assert (back.state, back.started_at_ms, back.ready_at_ms) == ("cooking", 10, None)
    assert [item.version, cooking.version, ready.version, back.version] == [1, 2, 3, 4]
