"""A printer that is not ours: emupos of PyPI, in a Python of its own, because it needs 3.13.

It shares no code with us and prints from Epson's manual. Refuses to be part of the tests: what it printed
lies in tests/contracts/paper/, and `python -m scripts.prove_printing` asks it anew.
"""

from __future__ import annotations

import asyncio
import io
import json
import shutil
import socket
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

import httpx
from PIL import Image

EMUPOS = "emupos==0.4.0"
PYTHONS = ("3.14", "3.13")
WAIT_S_MAX = 30.0
LOOK_S = 0.1
# What it is to the product: an 80 mm printer at a port; and to whoever stands before it: a page of doors.
CONFIG = """schema: 1
api: {{ host: 127.0.0.1, port: {api} }}
devices:
  - id: front
    type: printer
    profile: xprinter-xp80t
    receipts_dir: {receipts}
    connections: [ {{ tcp: {{ port: {port} }} }} ]
"""
_TOKENS = """
import json, sys
from emupos.printer.escpos.tokenizer import Command, Text, Tokenizer
out = []
for one in Tokenizer().feed(sys.stdin.buffer.read()):
    name = one.name if isinstance(one, Command) else type(one).__name__
    out.append([name, (one.data if isinstance(one, Text) else one.raw).hex()])
print(json.dumps(out))
"""


class Token(NamedTuple):
    """What a foreign reader takes some bytes for: a command's name, `Text`, or `Unknown`."""

    name: str
    data: bytes


class ForeignPrinter:
    """An emupos that runs: what it printed, and what is broken about it."""

    def __init__(self, python: Path, port: int, doors: httpx.AsyncClient) -> None:
        self.port = port
        self._python = python
        self._doors = doors

    async def fail(self, fault: str, *, mended: bool = False) -> None:
        """Break it, or mend it: paper-out, cover-open, offline, paper-near-end."""
        method = "DELETE" if mended else "PUT"
        (await self._doors.request(method, f"/devices/front/faults/{fault}")).raise_for_status()

    async def count(self) -> int:
        """Return how many sheets it has printed."""
        return len((await self._doors.get("/devices/front/receipts")).raise_for_status().json())

    async def sheet(self) -> Image.Image:
        """Return the newest sheet, as it is on paper."""
        answer = await self._doors.get("/devices/front/receipts/latest/image")
        picture = Image.open(io.BytesIO(answer.raise_for_status().content))
        picture.load()
        return picture.convert("1")

    async def drawer(self) -> str:
        """Return whether the drawer is `open` or `closed`."""
        (front,) = (await self._doors.get("/devices")).raise_for_status().json()
        said: str = front["state"]["drawer"]
        return said

    def tokens(self, data: bytes) -> list[Token]:
        """Return what its reader makes of some bytes."""
        done = subprocess.run(
            [self._python, "-c", _TOKENS], input=data, capture_output=True, check=True
        )
        return [Token(name, bytes.fromhex(said)) for name, said in json.loads(done.stdout)]


def python_for_it() -> str | None:
    """Return a Python new enough for it; None: this machine has none."""
    named = [shutil.which(f"python{one}") for one in PYTHONS]
    kept = sorted(Path.home().glob(".pyenv/versions/3.1[34]*/bin/python3"), reverse=True)
    for candidate in [*filter(None, named), *map(str, kept)]:
        ran = subprocess.run([candidate, "--version"], capture_output=True, check=False)
        if ran.returncode == 0:  # a shim may stand where nothing is installed
            return candidate
    return None


def installed(python: str, below: Path) -> Path:
    """Install it below a folder; return the Python it runs in."""
    subprocess.run([python, "-m", "venv", below / "venv"], check=True)
    inside: Path = below / "venv" / "bin" / "python"
    pip = (inside, "-m", "pip", "--quiet", "--disable-pip-version-check", "install", EMUPOS)
    subprocess.run(pip, check=True, stderr=subprocess.DEVNULL)
    return inside


def _free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


@asynccontextmanager
async def foreign_printer(python: Path, below: Path) -> AsyncIterator[ForeignPrinter]:
    """Run one; it listens on this machine only."""
    api, port = _free_port(), _free_port()
    config = below / "emupos.yaml"
    config.write_text(CONFIG.format(api=api, port=port, receipts=below / "receipts"), "utf-8")
    process = await asyncio.create_subprocess_exec(
        python.parent / "emupos", "run", "--config", config,
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{api}/api/v1") as doors:
            async with asyncio.timeout(WAIT_S_MAX):
                while not await _answers(doors):  # noqa: ASYNC110 - another process
                    await asyncio.sleep(LOOK_S)
            yield ForeignPrinter(python, port, doors)
    finally:
        process.terminate()
        await process.wait()


async def _answers(doors: httpx.AsyncClient) -> bool:
    try:
        return (await doors.get("/devices")).is_success
    except httpx.TransportError:
        return False
