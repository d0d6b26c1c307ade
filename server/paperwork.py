"""`chuancai printers …` and `chuancai print-test`: paper, for a person at the machine itself.

Everything goes through the desk, as by HTTP, and what is set up here is written down as done by `cli`.
Refuses to print: a worker does, and this says what became of it.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import click
import msgspec

from server import addresses
from server.errors import Refusal
from server.settings import Settings

if TYPE_CHECKING:
    from server.office import Office

PAPERS_SHOWN = 30
TEST_S_MAX = 30.0
TROUBLE_S_MAX = 6.0  # a press looks again within five: what it says then is so
LOOK_S = 0.2

SHOP = click.option("--shop", type=int, default=1, show_default=True)


def _run(settings: Settings, work: Callable[[Office], Awaitable[Any]]) -> Any:
    from server.office import open_office

    found = addresses.find(settings)
    if not found.database_url or not found.redis_url:
        raise click.ClickException(
            "No engines: set DATABASE_URL and REDIS_URL, or start `chuancai run` first."
        )

    async def with_office() -> Any:
        async with open_office(found) as office:
            return await work(office)

    try:
        return asyncio.run(with_office())
    except Refusal as refusal:
        raise click.ClickException(f"{refusal.sentence} [{refusal.code}]") from refusal
    except OSError as error:
        raise click.ClickException(str(error) or type(error).__name__) from error


# The same deed has one name in the audit log, done at a door or at the machine.
_AUDITED_AS = {"PutPrinter": "addPrinter", "PrintTest": "testPrinter"}


async def _ask(
    office: Office,
    shop: int,
    name: str,
    body: dict[str, Any],
    check: Callable[[], None] = lambda: None,
) -> dict[str, Any]:
    """Ask the desk, with an audit line before and the outcome after it; `check` refuses between them."""
    await office.brand_of(shop)
    async with office.acting(_AUDITED_AS[name], shop):
        check()
        told: dict[str, Any] = await office.execute(
            office.manager(shop), uuid.uuid4(), name, msgspec.json.encode(body)
        )
    return told


@click.group(invoke_without_command=True)
@SHOP
@click.pass_context
def printers(context: click.Context, shop: int) -> None:
    """List printers and how they are; `add` sets one up, `papers` says what came out."""
    if context.invoked_subcommand is not None:
        return
    from server.printing import views

    async def do(office: Office) -> list[views.PrinterLine]:
        return await views.list_printers(office.pool, shop)

    for printer, waiting in _run(context.obj, do):
        used = printer.condition if printer.enabled else "put away"
        where = f"{printer.kind}:{printer.address}"
        stations = ",".join(map(str, printer.stations)) or "all"
        click.echo(
            f"{printer.id:>4}  {used:<12} {waiting:>4} waiting  {printer.name}  {where}"
            f"  {'+'.join(printer.documents)}  stations {stations}"
        )


@printers.command()
@SHOP
@click.option("--kind", type=click.Choice(["network", "serial", "usb", "file"]), default="network")
@click.option("--address", required=True, help="host[:port], /dev/ttyUSB0@9600, 04b8:0202, folder")
@click.option("--width", type=click.Choice(["58", "80"]), default="80", help="Of the paper, mm.")
@click.option(
    "--mode",
    type=click.Choice(["text", "raster"]),
    help="Characters or pictures; default: pictures over network and USB, characters otherwise.",
)
@click.option(
    "--encoding",
    type=click.Choice(["gb18030", "gbk", "big5", "utf8"]),
    default="gb18030",
    help="Of its own characters.",
)
@click.option("--language", type=click.Choice(["zh", "en"]), default="zh", help="Of the papers.")
@click.option("--cutter/--tear", default=True, help="Whether it cuts.")
@click.option("--buzzer", is_flag=True, help="It beeps with every paper.")
@click.option("--drawer", is_flag=True, help="A bill opens the drawer at it.")
@click.option("--document", "documents", multiple=True, help="ticket, receipt, label; repeatable.")
@click.option("--station", "stations", type=int, multiple=True, help="Only this one's; repeatable.")
@click.option("--backup", type=int, help="Which printer takes over.")
@click.option("--answers/--silent", default=True, help="Whether it says how it is.")
@click.argument("name")
@click.pass_obj
def add(settings: Settings, /, shop: int, name: str, width: str, **given: Any) -> None:
    """Set a printer up."""
    from server.auth import read_networks
    from server.printing.port import PAPERS
    from server.printing.printer import check_reach

    body = {
        "name": name, "kind": given["kind"], "address": given["address"],
        "language": given["language"],
        "paper": {**PAPERS[width], **{one: given[one] for one in ("encoding", "mode", "cutter", "buzzer", "drawer")}},
        "documents": given["documents"] or ["ticket"], "stations": given["stations"],
        "backup_id": given["backup"], "answers": given["answers"],
    }  # fmt: skip

    def in_reach() -> None:
        check_reach(given["kind"], given["address"], read_networks(settings.printer_networks))

    async def do(office: Office) -> dict[str, Any]:
        return await _ask(office, shop, "PutPrinter", body, in_reach)

    made = _run(settings, do)
    click.echo(f"Set up: printer {made['printer_id']} ({name})")


@printers.command()
@SHOP
@click.option("--undecided", is_flag=True, help="Only what somebody has to decide about.")
@click.pass_obj
def papers(settings: Settings, shop: int, *, undecided: bool) -> None:
    """Say what became of the latest papers."""
    from server.clock import from_ms
    from server.printing import views

    async def do(office: Office) -> list[views.JobLine]:
        wanted = views.JobsWanted(2**53, None, None, undecided, PAPERS_SHOWN)
        return await views.list_jobs(office.pool, shop, wanted)

    for job in _run(settings, do):
        known = f"{job.state} {job.reason}".strip()
        decided = f", {job.settled} by {job.settled_by}" if job.settled else ""
        click.echo(
            f"{job.id}  {from_ms(job.made_at_ms):%m-%d %H:%M} UTC  {job.printer}  {job.document}"
            f"  {job.title}  copy {job.copy}  {known}{decided}"
        )


@click.command("print-test")
@SHOP
@click.argument("printer", type=int)
@click.pass_obj
def print_test(settings: Settings, shop: int, printer: int) -> None:
    """Print a ticket with what is hard to print, and say what became of it."""
    from server.printing import views

    async def do(office: Office) -> tuple[views.JobLine, str]:
        made = await _ask(office, shop, "PrintTest", {"printer_id": printer})
        wanted = views.JobsWanted(made["job_ids"][0] + 1, None, None, undecided=False, limit=1)
        began_s = office.clock.monotonic_s()
        while True:
            (job,) = await views.list_jobs(office.pool, shop, wanted)
            listed = await views.list_printers(office.pool, shop)
            condition = next(p.condition for p, _ in listed if p.id == printer)
            trouble = condition not in {"ready", "unknown"}
            waited_s = office.clock.monotonic_s() - began_s
            if job.ended_at_ms or waited_s > (TROUBLE_S_MAX if trouble else TEST_S_MAX):
                return job, condition
            await asyncio.sleep(LOOK_S)

    job, condition = _run(settings, do)
    said = f"{job.printer}: {job.state} {job.reason}".strip()
    if job.ended_at_ms is not None:
        click.echo(said)
    elif condition in {"ready", "unknown"}:
        raise click.ClickException(f"{said}. Is a worker running?")
    else:
        raise click.ClickException(
            f"{said}, because it is {condition}. It comes out once that is mended."
        )
