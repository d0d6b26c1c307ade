"""A small ledger under everything at once, as part of the suite; the full size has a command."""

from __future__ import annotations

import pytest

from tests.simulation.ledger import live


@pytest.mark.parametrize("seed", [1, 2])
async def test_a_small_ledger_lives_through_it(database_url: str, seed: int) -> None:
    """Random, repeated, disordered and killed, every posting stands once (R-000-23, R-000-27)."""
    await live(database_url, 4_000, seed, lambda _: None)
