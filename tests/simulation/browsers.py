"""Real kitchen boards in a real Chromium, each behind a link of its own, that write down what they hear.

Refuses to look at pixels: `tests/screens` does.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from typing import Literal

from playwright.async_api import Page

from server.client.api import Api
from tests.simulation.cast import SHOP
from tests.simulation.screens import Entry, Screen
from tests.support.browser import chromium
from tests.support.links import Link

# Runs in every document, because a board loads itself anew when the server has newer pages. The
# screen's own listeners were there first, so the picture has the frame when ours is called.
_WRITE_DOWN = """() => {
  const listen = () => {
    if (!window.chuancai?.stateHash()) return setTimeout(listen, 5);
    const { link, screen, stateHash } = window.chuancai;
    let flashed = 0;
    window.writeDown("snapshot", link.seq, stateHash(), 0);
    screen.happened.on(() => { flashed += 1; });
    link.frames.on((frame) => {
      if (frame.t === "snapshot") window.writeDown("snapshot", frame.seq, stateHash(), 0);
      if (frame.t === "event") window.writeDown("event", frame.seq, "", flashed);
      flashed = 0;
    });
  };
  listen();
}"""

Open = Callable[[str], AbstractAsyncContextManager[Link]]


class Board:
    """One page, and the screen that the house takes it for."""

    def __init__(self, screen: Screen, page: Page) -> None:
        self.screen = screen
        self.listening = asyncio.Event()
        self.flashed_again: list[int] = []  # lines that flashed or sounded more than once
        self._page = page

    async def look(self) -> str:
        """Return the hash of what the page shows."""
        shown: str = await self._page.evaluate("window.chuancai?.stateHash() ?? ''")
        self.screen.history.shown = shown
        return shown

    def write_down(self, what: Literal["snapshot", "event"], seq: int, shown: str, n: int) -> None:
        """Take one line from the page."""
        self.screen.history.entries.append(Entry(what, seq, shown))
        self.listening.set()
        if n > 1:
            self.flashed_again.append(seq)


@asynccontextmanager
async def open_boards(api: Api, count: int, open_link: Open) -> AsyncIterator[list[Board]]:
    """Open so many boards of the whole kitchen for the length of the block."""
    async with AsyncExitStack() as stack:
        boards: list[Board] = []
        browser = await stack.enter_async_context(chromium()) if count else None
        for number in range(1, count + 1):
            assert browser is not None
            name = f"browser-{number}"
            paired = await api.pair(SHOP, "kitchen", name)
            link = await stack.enter_async_context(open_link(name))
            context = await browser.new_context()
            page = await context.new_page()
            board = Board(Screen(name, "kitchen", paired.device["id"]), page)
            await context.expose_function("writeDown", board.write_down)
            await context.add_init_script(f"({_WRITE_DOWN})()")
            await page.goto(f"http://127.0.0.1:{link.port}/kds/#token={paired.token}")
            await board.listening.wait()
            boards.append(board)
        yield boards
