"""Chromium for tests of screens: how it is started, in one place. Refuses to know pages."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from playwright import sync_api
from playwright.async_api import Browser, async_playwright

CHROMIUM = "/usr/bin/chromium"
QUIET = (
    "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
SOUND_ALLOWED = "--autoplay-policy=no-user-gesture-required"  # what a kiosk sets


@asynccontextmanager
async def chromium(*flags: str) -> AsyncIterator[Browser]:
    """Run a browser that may sound, with more `flags`, for the length of the block."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=CHROMIUM, args=[*QUIET, SOUND_ALLOWED, *flags]
        )
        try:
            yield browser
        finally:
            await browser.close()


@contextmanager
def quiet_chromium(*flags: str) -> Iterator[sync_api.Browser]:
    """Run a browser for tests that wait for it and for nothing else, with more `flags`, for the length of the block."""
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*QUIET, *flags])
        yield browser
        browser.close()
