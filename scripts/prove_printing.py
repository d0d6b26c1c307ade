"""Lets people who never heard of us print and be printed on: `python -m scripts.prove_printing`.

receiptio of npm, a client, prints on our virtual printer; emupos of PyPI, a printer, prints what we send.
Neither shares code with us. Needs the network once, npx with port 9100 free, the only one receiptio knows,
and a Python 3.13 beside our own. Ends with 1 where it sees anything else than it should. `--record` keeps
what emupos printed for the tests (tests/contracts/paper/), which need neither.
"""

from __future__ import annotations

import asyncio
import gzip
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import msgspec
from PIL import Image

from scripts.foreign_printer import ForeignPrinter, Token, foreign_printer, installed, python_for_it
from scripts.paper_pictures import CANCEL, COPY, LABEL, RECEIPT, TICKET
from server.auth import read_networks
from server.printing.layout import laid_out
from server.printing.picture import drawn
from server.printing.port import (
    DONE_QUERY,
    PAPERS,
    STATUS_QUERY,
    Document,
    Language,
    Paper,
    is_done,
    read_status,
)
from server.printing.press import condition_of
from server.printing.printer import Printer
from server.printing.render import as_text, render
from server.printing.transports import Wire, open_wire
from server.printing.virtual.listen import Folder, listening
from server.printing.virtual.machine import VirtualPrinter

RECEIPTIO = "receiptio@2.1.2"
PORT = 9100
CALL_S_MAX = 90.0
ANSWER_S_MAX = 5.0
JOB = """^^^传菜

水饺 | ￥38
-
{code:https://example.com/; option:qrcode,4,m}
"""
PRINT = ("-p", "escpos", "-l", "zh-hans")
LOOPBACK = read_networks(["127.0.0.0/8"])
RECORDS = Path(__file__).parent.parent / "tests" / "contracts" / "paper"
DOCUMENTS: dict[str, Document] = {
    "ticket": TICKET, "cancel": CANCEL, "copy": COPY, "receipt": RECEIPT, "label": LABEL,
}  # fmt: skip
RECORDED = ("ticket-zh", "receipt-zh", "label-en")
LANGUAGES: tuple[Language, ...] = ("zh", "en")
RASTER = msgspec.convert(PAPERS["80"] | {"mode": "raster"}, Paper)
TEXT = msgspec.convert(PAPERS["80"], Paper)
FAULTS = {
    "paper-out": "paper_out", "cover-open": "cover_open", "offline": "error",
    "paper-near-end": "ready",
}  # fmt: skip
# What only Chinese printers have, and Epson's manual for others has not.
CHINESE_ONLY = frozenset({b"\x1c!"})


class Seen:
    """What was seen, said as it comes."""

    def __init__(self) -> None:
        self.all: list[bool] = []

    def note(self, what: str, *, good: bool) -> None:
        """Note whether something was as it should be."""
        self.all.append(good)
        print(f"{'ok ' if good else 'BAD'}  {what}")


async def _receiptio(*words: str, job: str = "") -> tuple[int | None, str]:
    process = await asyncio.create_subprocess_exec(
        "npx", "--yes", RECEIPTIO, "-d", "127.0.0.1", *words,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    async with asyncio.timeout(CALL_S_MAX):
        said, _ = await process.communicate(job.encode())
    return process.returncode, said.decode().strip()


async def prove_client(out: Path, seen: Seen) -> None:
    """Let receiptio ask and print in every state of ours."""
    printer = VirtualPrinter(Paper())
    folder = Folder(out, printer)

    async def expect(code: int, word: str, *words: str, job: str = "") -> None:
        got = await _receiptio(*words, job=job)
        seen.note(f"receiptio {' '.join(words):<24} {got}", good=got == (code, word))

    async with listening(printer, folder, "127.0.0.1", PORT):
        await expect(100, "online", "-q")
        await expect(0, "success", *PRINT, job=JOB)
        printer.fail("cover_open")
        await expect(101, "coveropen", "-q")
        await expect(101, "coveropen", *PRINT, job=JOB)
        printer.mend("cover_open")
        printer.fail("paper_out")
        await expect(102, "paperempty", "-q")
        printer.mend("paper_out")
        await expect(0, "success", *PRINT, job=JOB)
    texts = [one.read_text("utf-8") for one in sorted(out.glob("*.txt"))]
    right = len(texts) == 2 and all("传菜" in one and "￥38" in one for one in texts)  # noqa: PLR2004
    seen.note(f"two sheets with 传菜 and ￥38: {out}", good=right)


async def _hear(wire: Wire, question: bytes, enough: Callable[[bytes], bool]) -> bytes:
    await wire.write(question)
    heard = b""
    while not enough(heard) and (more := await wire.read(ANSWER_S_MAX)):
        heard += more
    return heard


async def prove_printer(stranger: ForeignPrinter, seen: Seen, *, record: bool) -> None:
    """Let emupos print our papers and tell us how it is."""
    ours = Printer(
        id=1, version=1, name="emupos", kind="network", address=f"127.0.0.1:{stranger.port}",
        paper=RASTER,
    )  # fmt: skip
    for name, document in DOCUMENTS.items():
        for language in LANGUAGES:
            case = f"{name}-{language}"
            await _prove_paper(stranger, ours, seen, (case, document, language))
            if record and case in RECORDED:
                sent = gzip.compress(render(document, RASTER, language), mtime=0)
                (RECORDS / f"{case}.bin.gz").write_bytes(sent)
                (await stranger.sheet()).save(RECORDS / f"{case}.png", optimize=True)
    for fault, condition in FAULTS.items():
        await stranger.fail(fault)
        async with open_wire(ours, Path(), LOOPBACK) as wire:
            said = await _hear(wire, STATUS_QUERY, lambda heard: read_status(heard) is not None)
        await stranger.fail(fault, mended=True)
        got = condition_of(read_status(said))
        seen.note(f"emupos with {fault:<15} is {got}", good=got == condition)
    drawered = msgspec.structs.replace(RASTER, drawer=True)
    before = await stranger.drawer()
    async with open_wire(ours, Path(), LOOPBACK) as wire:
        await _hear(wire, render(RECEIPT, drawered, "zh") + DONE_QUERY, is_done)
    opened = (before, await stranger.drawer()) == ("closed", "open")
    seen.note("emupos opens its drawer for a bill", good=opened)


async def _prove_paper(
    stranger: ForeignPrinter, ours: Printer, seen: Seen, case: tuple[str, Document, Language]
) -> None:
    name, document, language = case
    sheets = await stranger.count()
    async with open_wire(ours, Path(), LOOPBACK) as wire:
        await wire.write(render(document, RASTER, language))
        done = is_done(await _hear(wire, DONE_QUERY, is_done))
    wanted = drawn(laid_out(document, language), RASTER.width_dots)
    sheet = await stranger.sheet()
    same = done and await stranger.count() == sheets + 1 and same_dots(sheet, wanted)
    seen.note(f"emupos prints {name:<11} as a picture, dot by dot, and says so", good=same)
    tokens = stranger.tokens(render(document, TEXT, language))
    read, strange = read_by(tokens)
    wanted_text = "".join(as_text(document, TEXT, language).split())
    good = read == wanted_text and strange <= CHINESE_ONLY
    seen.note(f"emupos reads  {name:<11} in characters as it was meant", good=good)


def same_dots(one: Image.Image, other: Image.Image) -> bool:
    """Return whether two sheets are the same but for blank paper at the end."""
    height = max(one.height, other.height)
    papers = []
    for sheet in (one, other):
        paper = Image.new("1", (sheet.width, height), 1)
        paper.paste(sheet, (0, 0))
        papers.append(paper.tobytes())
    return papers[0] == papers[1]


def read_by(tokens: list[Token]) -> tuple[str, set[bytes]]:
    """Return what foreign tokens say, without blanks, and the commands that nobody there knows."""
    said, strange, argument = "", set(), False
    for token in tokens:
        if token.name == "Text":
            said += token.data.decode("gb18030")
        elif token.name == "GS ( k" and token.data[5:8] == b"1P0":
            said += token.data[8:].decode()
        elif token.name == "Unknown" and not argument:
            strange.add(token.data)
            argument = True
            continue
        argument = False
    return "".join(said.split()), strange


async def prove(*, record: bool) -> bool:
    """Prove both ways; return whether all was seen as it should be."""
    seen = Seen()
    await prove_client(Path(tempfile.mkdtemp(prefix="sheets-")), seen)
    python = python_for_it()
    if python is None:
        seen.note("no Python 3.13 for emupos on this machine", good=False)
        return False
    with tempfile.TemporaryDirectory(prefix="emupos-") as made:
        below = Path(made)
        inside = await asyncio.to_thread(installed, python, below)
        async with foreign_printer(inside, below) as stranger:
            await prove_printer(stranger, seen, record=record)
    return all(seen.all)


if __name__ == "__main__":
    sys.exit(0 if asyncio.run(prove(record="--record" in sys.argv)) else 1)
