"""Proves the README: a stranger clones, runs `make run`, sees a ticket, presses Ctrl-C.

Clones the commit into an empty directory, runs the README's command there, opens the printed
kitchen and guest links in Chromium, orders on the guest's pad and waits for the ticket on the
board; then stops it as a person would and looks for anything left running or listening.
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from playwright.async_api import Page, async_playwright

ROOT = Path(__file__).parents[1]
READY_S_MAX = 900
TICKET_S_MAX = 30
STOP_S_MAX = 60
CHROMIUM = "/usr/bin/chromium"
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--autoplay-policy=no-user-gesture-required",
]  # fmt: skip
LINK = re.compile(r"^\s+(kitchen|guest|waiter)\s.*?(http://\S+)", re.MULTILINE)


def free_port() -> int:
    """Return a port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start(clone: Path, port: int, said: Path) -> subprocess.Popen[bytes]:
    """Run the README's command in a session of its own, as a terminal would."""
    known = {k: v for k, v in os.environ.items() if not k.startswith(("CHUANCAI_", "VIRTUAL_ENV"))}
    with said.open("wb") as output:
        return subprocess.Popen(
            ["make", "run", f"ARGS=--port {port}"],
            cwd=clone, env=known, stdin=subprocess.DEVNULL,
            stdout=output, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip


def links(process: subprocess.Popen[bytes], said: Path) -> dict[str, str]:
    """Wait until the addresses of the screens are printed; the first of each kind counts."""
    end = time.monotonic() + READY_S_MAX
    while time.monotonic() < end:
        found = LINK.findall(said.read_text("utf-8"))
        if {"kitchen", "guest"} <= {kind for kind, _ in found}:
            return dict(reversed(found))
        if process.poll() is not None:
            break
        time.sleep(0.05)
    sys.exit(f"`make run` printed no addresses:\n{said.read_text('utf-8')}")


async def order_and_see(addresses: dict[str, str]) -> str:
    """Order on the guest's pad; return what the ticket on the board says."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        board, pad = [await (await browser.new_context()).new_page() for _ in range(2)]
        await board.goto(addresses["kitchen"])
        await pad.goto(addresses["guest"])
        for page in (board, pad):
            await page.wait_for_function("window.chuancai?.view() != null")
        await _order(pad)
        ticket = board.locator("article.ticket").first
        await ticket.wait_for(timeout=TICKET_S_MAX * 1000)
        text = await ticket.inner_text()
        await browser.close()
        return text


async def _order(pad: Page) -> None:
    """Put one dish of the menu that needs no choice into the cart, and order it."""
    await pad.evaluate(
        """() => {
            const { view, screen } = window.chuancai;
            const plain = (dish) => !dish.sold_out && dish.modifier_groups.every((g) => g.min === 0);
            const dish = view().menu.dishes.find(plain);
            screen.send("PlaceOrder", {
                place_id: view().device.place_id, lines: [{ dish_id: dish.id, quantity: 2 }],
            });
        }"""
    )


def left_over(session: int, clone: Path) -> list[str]:
    """Return the command lines of processes that came from the run and live on."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            same_session = os.getsid(int(entry.name)) == session
        except (OSError, ProcessLookupError):
            continue
        if command and (same_session or str(clone) in command):
            found.append(command)
    return found


def prove(directory: Path) -> None:
    """Walk the README once."""
    clone, said, port = directory / "chuancai", directory / "said", free_port()
    subprocess.run(["git", "clone", "-q", ROOT, clone], check=True)
    begun = time.monotonic()
    process = start(clone, port, said)
    try:
        addresses = links(process, said)
        ready_s = time.monotonic() - begun
        ticket = asyncio.run(order_and_see(addresses))
        print(f"make run: screens after {ready_s:.1f} s; the ticket says {ticket.split()[:4]}")
    finally:
        os.killpg(process.pid, signal.SIGINT)
        process.wait(STOP_S_MAX)
    rest = left_over(process.pid, clone)
    with socket.socket() as probe:
        listening = probe.connect_ex(("127.0.0.1", port)) == 0
    if rest or listening:
        sys.exit(f"left running after Ctrl-C: {rest}, listening: {listening}")
    print("Ctrl-C: nothing left running")


def main() -> None:
    """Prove it in a directory of its own."""
    directory = Path(tempfile.mkdtemp(prefix="chuancai-readme-"))
    directory.chmod(0o755)
    try:
        prove(directory)
    finally:
        shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    main()
