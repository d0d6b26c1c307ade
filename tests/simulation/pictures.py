"""Waits, after the day, until every screen shows what the server would show it.

Refuses to judge how a screen got there: the checker does.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

import asyncpg

from tests.simulation.browsers import Board
from tests.simulation.screens import Screen
from tests.simulation.truth import fresh_hash, is_calm

CALM_S_MAX = 90.0
LOOK_S = 0.05


async def settle(
    pool: asyncpg.Pool, screens: Mapping[str, Screen], boards: Sequence[Board]
) -> list[str]:
    """Wait until nothing is promised, asked or on its way; say what did not come to rest."""
    pictures = _Pictures(pool, screens, boards)
    try:
        async with asyncio.timeout(CALM_S_MAX):
            # PostgreSQL and browsers do not call back, so they are asked.
            while not (await pictures.calm() and await pictures.equal()):  # noqa: ASYNC110
                await asyncio.sleep(LOOK_S)
    except TimeoutError:
        waiting = {name: len(s.device.outbox) for name, s in screens.items()}
        return [*pictures.differences(), f"no rest: still to be answered {waiting}"]
    return []


class _Pictures:
    """What every screen shows beside what the server would show it."""

    def __init__(
        self, pool: asyncpg.Pool, screens: Mapping[str, Screen], boards: Sequence[Board]
    ) -> None:
        self._pool = pool
        self._screens = screens
        self._boards = boards
        self._truth: dict[str, str] = {}
        self._shown: dict[str, str] = {}

    async def calm(self) -> bool:
        """Tell whether nothing is promised and nothing asked."""
        asked = any(len(screen.device.outbox) for screen in self._screens.values())
        return not asked and await is_calm(self._pool)

    async def equal(self) -> bool:
        """Look at all screens once, and tell whether each shows the truth."""
        for screen in self._screens.values():
            self._truth[screen.name] = await fresh_hash(self._pool, screen)
            self._shown[screen.name] = screen.history.state_hash()
        for board in self._boards:
            self._truth[board.screen.name] = await fresh_hash(self._pool, board.screen)
            self._shown[board.screen.name] = await board.look()
        return self._truth == self._shown

    def differences(self) -> list[str]:
        """Return who showed something else than the truth when we looked last."""
        return [
            f"{name}: shows {self._shown[name] or 'nothing'}, the truth is {truth}"
            for name, truth in self._truth.items()
            if self._shown[name] != truth
        ]
