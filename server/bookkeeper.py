"""`chuancai billing …` and `chuancai sms …`: the books for a person at a terminal.

What is asked here is done in billing/ and sms/.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from server import addresses
from server.clock import SystemClock
from server.errors import Refusal
from server.settings import Settings

if TYPE_CHECKING:
    import asyncpg

    from server.sheets import Table
    from server.sms.packages import Package, Packages

DATE = click.DateTime(["%Y-%m-%d"])
PERIOD = timedelta(days=31)


@click.group()
def billing() -> None:
    """Look into the ledger: verify it, print statements and the report."""


@asynccontextmanager
async def _open(settings: Settings) -> AsyncIterator[asyncpg.Pool]:
    from server.db.pool import open_pool

    found = addresses.find(settings)
    if not found.database_url:
        raise click.ClickException("No database: set DATABASE_URL, or start `chuancai run` first.")
    pool = await open_pool(found.database_url, 1)
    try:
        yield pool
    finally:
        await pool.close()


def _run(work: Callable[[asyncpg.Pool], Coroutine[Any, Any, Any]], settings: Settings) -> Any:
    async def with_pool() -> Any:
        async with _open(settings) as pool:
            return await work(pool)

    try:
        return asyncio.run(with_pool())
    except OSError as error:
        raise click.ClickException(str(error) or type(error).__name__) from error


@billing.command()
@click.option("--look-only", is_flag=True, help="Freeze nothing and write no alarm.")
@click.pass_obj
def verify(settings: Settings, *, look_only: bool) -> None:
    """Recompute everything from the journal; name the first bad line.

    Accounts that do not agree with their lines are frozen. Ends with 1 when something was found.
    """
    from server.billing.anchors import Anchors
    from server.billing.keeper import Keeper

    async def do(pool: asyncpg.Pool) -> Any:
        keeper = Keeper(pool, SystemClock(), Anchors(settings.data_dir / "ledger"))
        return await (keeper.look() if look_only else keeper.audit())

    found = _run(do, settings)
    for one in found.findings:
        where = f"shard {one.shard} line {one.seq}: " if one.seq is not None else ""
        click.echo(f"{one.kind}: {where}{one.sentence}")
        if one.accounts and not look_only:
            click.echo(f"  frozen: {', '.join(map(str, one.accounts))}")
    click.echo(f"{found.lines} lines in {found.blocks} blocks: {len(found.findings)} findings")
    sys.exit(1 if found.findings else 0)


def _period(since: datetime | None, until: datetime | None) -> tuple[datetime, datetime]:
    end = until.replace(tzinfo=UTC) if until else SystemClock().now()
    return (since.replace(tzinfo=UTC) if since else end - PERIOD), end


def _write(path: Path, tables: list[Table]) -> None:
    from server.sheets import as_csv, as_workbook

    if path.suffix not in {".csv", ".xlsx"}:
        raise click.ClickException("The file's name must end with .csv or .xlsx.")
    path.write_bytes(as_csv(*tables) if path.suffix == ".csv" else as_workbook(tables))
    click.echo(f"{sum(len(one.rows) for one in tables)} rows in {path}")


@billing.command()
@click.option("--account", type=int, required=True)
@click.option("--since", type=DATE, help="Default: 31 days before the end.")
@click.option("--until", type=DATE, help="Not including this day; default: now.")
@click.option("--to", "path", type=click.Path(path_type=Path, dir_okay=False), required=True)
@click.pass_obj
def statement(
    settings: Settings, account: int, since: datetime | None, until: datetime | None, path: Path
) -> None:  # fmt: skip
    """Write an account's lines with running balances to a .csv or .xlsx file."""
    from server.billing.statement import statement as read

    sheet = _run(lambda pool: read(pool, account, *_period(since, until)), settings)
    _write(path, [sheet])


@billing.command()
@click.option("--since", type=DATE, help="Default: 31 days before the end.")
@click.option("--until", type=DATE, help="Not including this day; default: now.")
@click.option("--to", "path", type=click.Path(path_type=Path, dir_okay=False), required=True)
@click.pass_obj
def report(
    settings: Settings, since: datetime | None, until: datetime | None, path: Path
) -> None:  # fmt: skip
    """Write what was posted by kind, and what all accounts come to, to a .csv or .xlsx file."""
    from server.billing.statement import reconciliation

    sheets = _run(lambda pool: reconciliation(pool, *_period(since, until)), settings)
    _write(path, sheets)


@click.group()
def sms() -> None:
    """Prepaid SMS segments of a brand: what it has, its packages, messages of unknown fate."""


def _sms(
    settings: Settings, work: Callable[[Packages], Coroutine[Any, Any, Any]], action: str = "",
    **about: Any,
) -> Any:  # fmt: skip
    """Do something with packages; what changes something has an `action`, and leaves an audit line."""
    from server.billing.teller import Teller
    from server.sms.costcentre import CostCentre
    from server.sms.packages import Packages

    async def do(pool: asyncpg.Pool) -> Any:
        clock = SystemClock()
        return await work(Packages(pool, CostCentre(pool, Teller(pool, clock), clock), clock))

    return _sms_pool(settings, do, action, **about)


def _sms_pool(
    settings: Settings, work: Callable[[asyncpg.Pool], Coroutine[Any, Any, Any]], action: str = "",
    **about: Any,
) -> Any:  # fmt: skip
    from server.terminal import written_down

    async def do(pool: asyncpg.Pool) -> Any:
        if not action:
            return await work(pool)
        async with written_down(pool, SystemClock(), action, **about):
            return await work(pool)

    try:
        return _run(do, settings)
    except Refusal as refusal:
        raise click.ClickException(f"{refusal.sentence} [{refusal.code}]") from refusal


def _day(moment: datetime | None) -> str:
    return "never expires" if moment is None else f"expires {moment:%Y-%m-%d %H:%M} UTC"


@sms.command()
@click.option("--brand", type=int, default=1, show_default=True)
@click.pass_obj
def balance(settings: Settings, brand: int) -> None:
    """Say what a brand has, what of it is frozen, and what will be lost when."""
    has = _sms(settings, lambda packages: packages.balance(brand))
    click.echo(f"available {has.available}, frozen {has.held}")
    if has.expires is not None:
        click.echo(f"of both {has.expiring}: {_day(has.expires)}")


@sms.command()
@click.option("--brand", type=int, default=1, show_default=True)
@click.option("--all", "every", is_flag=True, help="Those used up, too, the newest first.")
@click.option("--limit", type=click.IntRange(1, 200), default=50, show_default=True)
@click.pass_obj
def packages(settings: Settings, brand: int, limit: int, *, every: bool) -> None:
    """List a brand's packages in the order they are used."""

    async def read(packages: Packages) -> list[Package]:
        return await packages.list(brand, open_only=not every, rows_max=limit)

    found = _sms(settings, read)
    for one in found:
        click.echo(
            f"{one.order_no:<24} {one.left:>10} of {one.segments:<10} {one.state:<8}"
            f" {one.price_fen / 100:>10.2f}  {_day(one.expires)}  {one.name}"
        )
    if not found:
        click.echo("No package.")


@sms.command()
@click.option("--brand", type=int, default=1, show_default=True)
@click.option("--order", "order_no", required=True, help="The seller's number: once each.")
@click.option("--segments", type=int, required=True)
@click.option("--price-fen", type=int, default=0, show_default=True, help="For the record.")
@click.option("--days", type=int, help="When it expires; default: never.")
@click.pass_obj
def grant(
    settings: Settings, brand: int, order_no: str, segments: int, price_fen: int, days: int | None
) -> None:  # fmt: skip
    """Add a package by hand; the same order number again adds nothing."""
    from server.sms.packages import Purchase

    purchase = Purchase(
        order_no=order_no, segments=segments, price_fen=price_fen, validity_days=days
    )
    about = {"brand_id": brand, "segments": segments}
    added = _sms(settings, lambda packages: packages.buy(brand, purchase), "grantSms", **about)
    click.echo(f"{added.order_no}: {added.left} of {added.segments} left, {_day(added.expires)}")


@sms.command("open")
@click.option("--brand", type=int, default=1, show_default=True)
@click.option("--expiry-first/--oldest-first", required=True, help="Which package is used first.")
@click.pass_obj
def open_account(settings: Settings, brand: int, *, expiry_first: bool) -> None:
    """Open a brand's account before its first package and fix in which order it uses them."""
    about = {"brand_id": brand, "expiry_first": int(expiry_first)}
    _sms(settings, lambda p: p.open(brand, expiry_first=expiry_first), "openSms", **about)
    click.echo(f"brand {brand} uses {'what expires' if expiry_first else 'the oldest'} first")


@sms.command()
@click.option("--brand", type=int, default=1, show_default=True)
@click.option("--refund-undelivered/--keep-undelivered", required=True)
@click.pass_obj
def rules(settings: Settings, brand: int, *, refund_undelivered: bool) -> None:
    """Decide whether what did not reach its telephone comes back to the brand."""
    from server.sms import store

    async def do(pool: asyncpg.Pool) -> None:
        await pool.execute(store.PUT_BRAND, brand, refund_undelivered)

    about = {"brand_id": brand, "refund_undelivered": int(refund_undelivered)}
    _sms_pool(settings, do, "setSmsRules", **about)
    word = "comes back" if refund_undelivered else "is paid all the same"
    click.echo(f"brand {brand}: what is undelivered {word}")


@sms.command()
@click.option("--brand", type=int, default=0, help="Default: all brands.")
@click.option("--limit", type=click.IntRange(1, 1000), default=100, show_default=True)
@click.option(
    "--ask-now", is_flag=True, help="Let the workers ask the carriers about them at once."
)
@click.pass_obj
def unknown(settings: Settings, brand: int, limit: int, *, ask_now: bool) -> None:
    """List messages of which nobody could say what became; they are paid and were not sent again."""
    from server.sms.records import store, views

    async def do(pool: asyncpg.Pool) -> list[views.Unknown]:
        if ask_now:
            await pool.execute(store.ASK_NOW, SystemClock().now(), brand)
        return await views.read_unknown(pool, brand, limit)

    found = _sms_pool(settings, do, "askSms" if ask_now else "", brand_id=brand)
    now = SystemClock().now()
    for one in found:
        hours = (now - one.accepted_at).total_seconds() / 3600
        click.echo(
            f"brand {one.brand_id} message {one.id} {one.state:<8} {one.carrier:<16} {hours:7.1f} h"
            f"  {one.phones} telephone(s), {one.segments} segment(s), number {one.number}"
        )
    if not found:
        click.echo("Nothing is unknown.")


@sms.command()
@click.option("--brand", type=int, required=True)
@click.option("--message", type=int, required=True)
@click.option("--sent/--failed", "was_sent", required=True, help="What the carrier's people say.")
@click.pass_obj
def settle(settings: Settings, brand: int, message: int, *, was_sent: bool) -> None:
    """Settle an unknown message by hand: it was sent, or it failed and its segments come back."""
    about = {"brand_id": brand, "message": message, "sent": int(was_sent)}

    async def do(pool: asyncpg.Pool) -> bool:
        from server.billing.teller import Teller
        from server.sms.costcentre import CostCentre
        from server.sms.outcome import Step
        from server.sms.purse import Purses
        from server.sms.records import views
        from server.sms.settling import Settler, Settling

        clock = SystemClock()
        found = await views.read_one(pool, brand, message)
        if found is None:
            raise Refusal("sms_message_not_found")
        purses = Purses(CostCentre(pool, Teller(pool, clock), clock))
        step = Step("accept" if was_sent else "refuse", clock.now(), "by_hand")
        settling = Settling(brand, message, found.attempt, step)
        return await Settler(pool, clock, purses).settle(settling)

    done = _sms_pool(settings, do, "settleSms", **about)
    click.echo("settled" if done else "It is not unknown (any more): nothing was changed.")
