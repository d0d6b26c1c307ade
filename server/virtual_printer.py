"""`chuancai virtual-printer`: a printer for whoever has none, with all that can go wrong with one.

What it prints lies in a folder as pictures and text. Typed words make it fail and mend it. Refuses to be
reached from other machines unless asked to.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from server.printing.virtual.machine import Trouble, VirtualPrinter

WORDS: dict[str, Trouble] = {
    "paper": "paper_out",
    "cover": "cover_open",
    "cutter": "cutter_jammed",
}
HELP = "Type paper, cover or cutter to make that fail and again to mend it; die [BYTES]; quit."


@click.command("virtual-printer")
@click.option("--port", type=click.IntRange(0, 65_535), default=9100, show_default=True)
@click.option("--host", default="127.0.0.1", show_default=True, help="Where it listens.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("paper"),
    show_default=True,
)
@click.option(
    "--width",
    type=click.Choice(["58", "80"]),
    default="80",
    show_default=True,
    help="Of the paper, in mm.",
)
@click.option(
    "--encoding",
    type=click.Choice(["gb18030", "gbk", "big5", "utf8"]),
    default="gb18030",
    show_default=True,
)
@click.option("--serial", is_flag=True, help="Also at a pseudo-terminal, as a serial printer.")
def virtual_printer(**asked: object) -> None:
    """Be a printer: answer, print into a folder, fail when told to."""
    asyncio.run(_be(**asked))  # type: ignore[arg-type]  # click gives what the options say


async def _be(*, port: int, host: str, out: Path, width: str, encoding: str, serial: bool) -> None:
    import msgspec

    from server.printing.port import PAPERS, Paper
    from server.printing.virtual.listen import Folder, at_terminal, listening
    from server.printing.virtual.machine import VirtualPrinter

    paper = msgspec.convert({**PAPERS[width], "encoding": encoding}, Paper)
    printer = VirtualPrinter(paper)
    folder = Folder(out, printer)
    end = asyncio.Event()
    async with AsyncExitStack() as stack:
        try:
            found = await stack.enter_async_context(listening(printer, folder, host, port))
        except OSError as error:
            raise click.ClickException(f"Cannot listen at {host}:{port}: {error}") from error
        click.echo(f"A printer listens at {host}:{found}; sheets go to {out}/. Ctrl-C ends it.")
        if serial:
            device = await stack.enter_async_context(at_terminal(printer, folder))
            click.echo(f"And at {device}.")
        if sys.stdin.isatty():
            click.echo(HELP)
            loop = asyncio.get_running_loop()

            def typed() -> None:
                click.echo(obeyed(printer, sys.stdin.readline(), end.set))
                folder.collect()

            loop.add_reader(sys.stdin, typed)
            stack.callback(loop.remove_reader, sys.stdin)
        while not end.is_set():
            came, over = asyncio.create_task(folder.came.wait()), asyncio.create_task(end.wait())
            await asyncio.wait([came, over], return_when=asyncio.FIRST_COMPLETED)
            came.cancel()
            over.cancel()
            if folder.came.is_set():
                folder.came.clear()
                for said in noises(printer):
                    click.echo(said)
                click.echo(f"Sheet {folder.count:06}.png")


def noises(printer: VirtualPrinter) -> list[str]:
    """Return what was heard beside paper since the last look: the buzzer, a drawer."""
    sheets = printer.sheets
    heard = [(sheets.beeps, "It beeps."), (sheets.pulses, "The drawer opens.")]
    sheets.beeps = sheets.pulses = 0
    return [what for times, what in heard if times]


def obeyed(printer: VirtualPrinter, typed: str, end: Callable[[], None]) -> str:
    """Do what was typed; return what to say to it."""
    word, *more = typed.split() or ["quit"]
    if word == "quit":
        end()
        return "Good night."
    if word == "die":
        printer.dies_after = int(more[0]) if more and more[0].isdecimal() else 1
        return f"The power goes after {printer.dies_after} more bytes."
    if word in WORDS:
        trouble = WORDS[word]
        change = printer.mend if trouble in printer.troubles else printer.fail
        change(trouble)
        return "Now: " + (", ".join(sorted(printer.troubles)) or "well") + "."
    return HELP
