"""A house of its own as anybody starts one, a key to it, and boards of it in a real Chromium.

Everything goes through the command line and the public doors. Refuses to measure.
"""

from __future__ import annotations

import asyncio
import os
import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
from playwright.async_api import Browser, Page

from bench.start import free_port
from server.client.api import Api
from server.demo.menu import SHOP

READY_S_MAX = 60.0
END_S_MAX = 30.0
_SHOWN = re.compile(r"^(?:key id|secret): (\S+)$", re.MULTILINE)


class House:
    """A running house: its address, its directory, and the process that started all others."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.process: asyncio.subprocess.Process

    async def run(self, *arguments: str, quiet: bool = True) -> asyncio.subprocess.Process:
        """Start the command line with these arguments in this house's directory."""
        out = asyncio.subprocess.DEVNULL if quiet else asyncio.subprocess.PIPE
        environment = {k: v for k, v in os.environ.items() if not k.endswith(("BASE_URL", "S_URL"))}
        return await asyncio.create_subprocess_exec(
            sys.executable, "-W", "ignore", "-m", "server", "--data-dir", str(self.directory),
            "--log-level", "error", *arguments, stdout=out, env=environment,
        )  # fmt: skip

    async def key(self) -> tuple[str, str]:
        """Make a manager's key, as the operator of this machine does."""
        process = await self.run("api-key", "--name", "bench", "--manager", quiet=False)
        told, _ = await process.communicate()
        key_id, secret = _SHOWN.findall(told.decode())
        return key_id, secret

    async def is_ready(self) -> None:
        """Wait until the house can be used; raises TimeoutError after a minute."""
        async with asyncio.timeout(READY_S_MAX), httpx.AsyncClient(trust_env=False) as http:
            while True:
                try:
                    if (await http.get(f"{self.url}/readyz")).is_success:
                        return
                except httpx.TransportError:
                    pass
                await asyncio.sleep(0.05)


async def end(process: asyncio.subprocess.Process) -> None:
    """Press Ctrl-C and wait until everything of it has ended."""
    if process.returncode is None:
        process.send_signal(2)
    await asyncio.wait_for(process.wait(), END_S_MAX)


@asynccontextmanager
async def open_house(directory: Path) -> AsyncIterator[tuple[House, Api]]:
    """Run a house with the demo shop, and a manager's door to it, for the length of the block."""
    house = House(directory)
    house.process = await house.run("run", "--port", str(house.port))
    try:
        await house.is_ready()
        async with Api(house.url, *(await house.key())) as api:
            yield house, api
    finally:
        await end(house.process)


async def open_board(
    browser: Browser, house: House, api: Api, name: str, script: str, port: int = 0
) -> tuple[Page, list[str]]:
    """Pair and open a board of all stations, by another port if given; returns its page and its complaints to come."""
    paired = await api.pair(SHOP.id, "kitchen", name)
    context = await browser.new_context(viewport={"width": 1920, "height": 1080})
    await context.add_init_script(script)
    page = await context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    url = f"http://127.0.0.1:{port or house.port}"
    await page.goto(f"{url}/kds/#token={paired.token}")
    await page.wait_for_selector("kitchen-board .head")
    return page, complaints


async def first_touch(page: Page) -> None:
    """Touch where no dish is: a browser allows sound from then on."""
    await page.mouse.click(960, 20)
