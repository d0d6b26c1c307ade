"""`chuancai billing …`: the ledger for a person at a terminal. What is asked here is done in billing/."""

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
from server.settings import Settings

if TYPE_CHECKING:
    import asyncpg

    from server.billing.statement import Sheet

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


def _write(path: Path, sheets: list[Sheet]) -> None:
    from server.billing.statement import WRITERS

    writer = WRITERS.get(path.suffix)
    if writer is None:
        raise click.ClickException("The file's name must end with .csv or .xlsx.")
    writer(path, sheets)
    click.echo(f"{sum(len(s.rows) for s in sheets)} rows in {path}")


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
