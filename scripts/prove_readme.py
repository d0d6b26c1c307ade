"""Proves the README: a stranger clones, runs `make run`, sees a ticket, presses Ctrl-C.

Clones the commit into an empty directory, runs the README's command there, opens the printed
kitchen and guest links in Chromium, orders on the guest's pad and waits for the ticket on the
board; then stops it as a person would and looks for anything left running or listening.
"""

from __future__ import annotations

import asyncio
import ctypes
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from tests.support.browser import chromium

ROOT = Path(__file__).parents[1]
READY_S_MAX = 900
SEEN_MS_MAX = 30_000
STAPLES, RICE = 4, 24  # where rice stands in the demo menu: it needs no choice
STOP_S_MAX = 60
_PR_SET_CHILD_SUBREAPER = 36
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
    """Order a bowl of rice on the guest's pad; return what the kitchen's first ticket shows."""
    async with chromium() as browser:
        board, pad = [await (await browser.new_context()).new_page() for _ in range(2)]
        for page, address in ((board, addresses["kitchen"]), (pad, addresses["guest"])):
            page.set_default_timeout(SEEN_MS_MAX)
            await page.goto(address)
        await pad.locator(".rail button").nth(STAPLES).click()
        await pad.locator(f"[data-dish='{RICE}'] .step button").last.click()
        await pad.locator(".place-it").click()
        return await board.locator("article.ticket").first.inner_text()


def adopt_orphans() -> None:
    """Become the parent of whatever our children leave behind, so that it is found."""
    if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")


def descendants() -> dict[int, str]:
    """Return the command lines of the living processes that come from this one."""
    parents, said = {}, {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            state, parent = (entry / "stat").read_text("utf-8").rpartition(")")[2].split()[:2]
            command = (entry / "cmdline").read_bytes().replace(b"\0", b" ")
        except OSError:  # it ended meanwhile
            continue
        if state != "Z":
            parents[int(entry.name)] = int(parent)
            said[int(entry.name)] = command.decode(errors="replace")
    found = {os.getpid()}
    while more := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= more
    return {pid: said[pid] for pid in found - {os.getpid()}}


def socket_folders(clone: Path) -> set[Path]:
    """Return where the engines of the running house have their sockets."""
    (left,) = (clone / ".chuancai").glob("**/addresses.json")
    addresses = json.loads(left.read_text("utf-8"))
    host = parse_qs(urlsplit(addresses["database_url"]).query)["host"][0]
    return {Path(host), Path(urlsplit(addresses["redis_url"]).path).parent}


def stop(process: subprocess.Popen[bytes]) -> dict[int, str]:
    """Press Ctrl-C as a terminal does; return what lives on, after ending that too."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGINT)
        process.wait(STOP_S_MAX)
    rest = descendants()
    for pid in rest:
        with suppress(ProcessLookupError):  # it was about to end
            os.kill(pid, signal.SIGKILL)
    return rest


def prove(directory: Path) -> None:
    """Walk the README once."""
    clone, said, port = directory / "chuancai", directory / "said", free_port()
    subprocess.run(["git", "clone", "-q", ROOT, clone], check=True)
    begun = time.monotonic()
    process = start(clone, port, said)
    try:
        addresses = links(process, said)
        print(f"make run: screens after {time.monotonic() - begun:.1f} s")
        ticket = asyncio.run(order_and_see(addresses))
        print(f"the kitchen's ticket says: {' '.join(ticket.split()[:6])}")
        folders = socket_folders(clone)
    finally:
        rest = stop(process)
    sockets = [str(p) for folder in folders if folder.exists() for p in folder.iterdir()]
    with socket.socket() as probe:
        listening = probe.connect_ex(("127.0.0.1", port)) == 0
    if rest or sockets or listening:
        sys.exit(f"left after Ctrl-C: {rest}, sockets {sockets}, listening: {listening}")
    print("Ctrl-C: nothing left running, no sockets left")


def main() -> None:
    """Prove it in a directory of its own."""
    adopt_orphans()
    directory = Path(tempfile.mkdtemp(prefix="chuancai-readme-"))
    directory.chmod(0o755)
    try:
        prove(directory)
    finally:
        shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    main()
