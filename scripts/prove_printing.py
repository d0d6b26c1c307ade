"""Lets the receiptio of npm print on our virtual printer: `python -m scripts.prove_printing`.

It shares no code with us and knows printers by their answers. Needs npx, the network once, and port 9100
free, the only one it knows. Ends with 1 where it sees anything else than it should.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path

from server.printing.port import Paper
from server.printing.virtual.listen import Folder, listening
from server.printing.virtual.machine import VirtualPrinter

RECEIPTIO = "receiptio@2.1.2"
PORT = 9100
CALL_S_MAX = 90.0
JOB = """^^^传菜

水饺 | ￥38
-
{code:https://example.com/; option:qrcode,4,m}
"""
PRINT = ("-p", "escpos", "-l", "zh-hans")


async def _receiptio(*words: str, job: str = "") -> tuple[int | None, str]:
    process = await asyncio.create_subprocess_exec(
        "npx", "--yes", RECEIPTIO, "-d", "127.0.0.1", *words,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    async with asyncio.timeout(CALL_S_MAX):
        said, _ = await process.communicate(job.encode())
    return process.returncode, said.decode().strip()


async def prove(out: Path) -> bool:
    """Ask and print in every state; return whether all was seen as it should be."""
    printer = VirtualPrinter(Paper())
    folder = Folder(out, printer)
    seen = []

    async def expect(code: int, word: str, *words: str, job: str = "") -> None:
        got = await _receiptio(*words, job=job)
        seen.append(got == (code, word))
        print(f"{'ok ' if seen[-1] else 'BAD'}  receiptio {' '.join(words):<24} {got}")

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
    seen.append(len(texts) == 2 and all("传菜" in one and "￥38" in one for one in texts))  # noqa: PLR2004
    print(f"{'ok ' if seen[-1] else 'BAD'}  two sheets with 传菜 and ￥38: {out}")
    return all(seen)


if __name__ == "__main__":
    sys.exit(0 if asyncio.run(prove(Path(tempfile.mkdtemp(prefix="sheets-")))) else 1)
