"""Takes the pictures of the README: one evening staged in a real house, seen by a real browser.

`python -m scripts.pictures` writes docs/pictures/. Needs Chromium and a Chinese font, as the tests.
"""

from __future__ import annotations

import asyncio
import logging
import shutil
import tempfile
from pathlib import Path

import asyncpg
import structlog
from playwright.async_api import Browser, Page

from scripts import card_scene, console_scene, report_scene, sms_scene
from scripts.evening_scene import PAIRED, Evening, stage, token
from scripts.screens_page import LANGUAGES, SCREENS, Language, picture_of
from server import app
from server.db.migrate import migrate
from server.db.pool import open_pool
from server.demo.seed import seed
from server.engines import start_engines
from server.settings import Settings
from tests.support.browser import chromium

PICTURES = Path(__file__).parent.parent / "docs" / "pictures"
LOST_AFTER_MS = 17_000  # the red frame comes at 15 s
KEPT_AFTER_MS = 1_200  # an answer that comes within a moment needs no mark on the row
SETTLED_MS = 5_000  # the last moments of the staged evening pass on the screens' own clock
SHOWS_SOMETHING = "() => window.chuancai && window.chuancai.stateHash() !== ''"
LINKED = "() => document.querySelector('[data-link=ok]')"  # no picture of a machine that was busy


async def open_page(browser: Browser, url: str, width: int, height: int) -> Page:
    """Open an address in a browser of its own, so that screens share nothing."""
    context = await browser.new_context(viewport={"width": width, "height": height})
    page = await context.new_page()
    await page.goto(url)
    return page


async def shoot(base: str, tokens: dict[str, str], report: report_scene.Read) -> None:
    """Open every screen and take its picture, in one language after the other."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    async with chromium() as browser:
        for language in LANGUAGES:
            # A device has one connection: who speaks the other language comes after this one.
            for context in browser.contexts:
                await context.close()
            opened = {
                one.name: await open_page(browser, base + one.address(language, tokens), *one.size)
                for one in SCREENS
            }
            for one in SCREENS:
                if one.kept_by:
                    await opened[one.name].wait_for_function(SHOWS_SOMETHING)
            await card_scene.ready_to_charge(opened["register"])
            await opened["board"].wait_for_timeout(SETTLED_MS)
            for one in SCREENS:
                page = opened[one.name]
                if one.kept_by:
                    await page.wait_for_function(LINKED)
                await page.screenshot(path=PICTURES / picture_of(one.name, language))
            await _lose(opened["board"], language)
        await report_scene.shoot(browser, base, report, PICTURES)
        await console_scene.shoot(browser, base, tokens["owner"], PICTURES)
        await browser.close()


async def _lose(board: Page, language: Language) -> None:
    """Cut a board off, press a key at it, and take its picture."""
    await board.context.set_offline(True)
    await board.wait_for_timeout(LOST_AFTER_MS)
    await board.keyboard.press("1")
    await board.keyboard.press("Enter")
    await board.wait_for_timeout(KEPT_AFTER_MS)
    await board.screenshot(path=PICTURES / picture_of("board-lost", language))


async def main() -> None:
    """Stage, serve, shoot."""
    directory = Path(tempfile.mkdtemp(prefix="chuancai-pictures-"))
    directory.chmod(0o711)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    log = structlog.get_logger()
    try:
        async with start_engines(directory, log=log) as engines:
            assert engines.database_url
            assert engines.redis_url
            await migrate(engines.database_url)
            await seed(engines.database_url)
            pool = await open_pool(engines.database_url, 4)
            settings = Settings(
                database_url=engines.database_url,
                redis_url=engines.redis_url,
                data_dir=directory / "house",
                sms_carriers="paper",
            )
            evening = Evening(pool, settings)
            await evening.move_to_evening()
            midnight = evening.yesterday()
            await report_scene.live(Evening(pool, settings, midnight), midnight)
            report = await report_scene.reader(evening, midnight)
            tokens = await play(pool, settings)
            await sms_scene.trade(pool, settings)
            await pool.close()
            await _serve_and_shoot(settings, tokens, report)
    finally:
        shutil.rmtree(directory, ignore_errors=True)


async def play(pool: asyncpg.Pool, settings: Settings) -> dict[str, str]:
    """Play the evening in a seeded shop; return each screen's token by its name, and a first password."""
    await card_scene.serve(Evening(pool, settings))
    evening = Evening(pool, settings)
    # Before anything happens: only a paired device is an end that something is said to.
    tokens = {name: await token(evening, device) for name, device in PAIRED.items()}
    await stage(evening)
    await evening.hear()
    tokens |= await card_scene.pair(evening)
    return tokens | await console_scene.take_on(evening)


async def _serve_and_shoot(
    settings: Settings, tokens: dict[str, str], report: report_scene.Read
) -> None:
    sock = app.listen("127.0.0.1", 0)
    async with app.build(settings) as house:
        server = app.web_server(house)
        serving = asyncio.create_task(server._serve(sockets=[sock]))  # noqa: SLF001 - without its signal handlers
        try:
            await shoot(f"http://127.0.0.1:{sock.getsockname()[1]}", tokens, report)
        finally:
            server.should_exit = True
            await serving
            sock.close()


if __name__ == "__main__":
    asyncio.run(main())
