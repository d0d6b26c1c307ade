"""`chuancai staff …` and `chuancai audit`: people and what they did, for a person at the machine itself.

Whoever can type here may everything; what is done here is written down (`terminal.py`). Passwords are
made by the house and printed once, or read from the terminal; never from the command's words, which
every process of the machine can read.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, get_args

import click

from server import addresses
from server.clock import SystemClock, from_ms
from server.errors import Refusal
from server.settings import Settings
from server.staff.member import Grant, Member, StaffRole

if TYPE_CHECKING:
    import asyncpg

    from server.staff.door import StaffDoor

LINES_SHOWN_MAX = 1_000

BRAND = click.option("--brand", type=int, default=1, show_default=True)
ROLES = click.option(
    "--role", "roles", multiple=True, metavar="ROLE[@SHOP]",
    help=f"One of {', '.join(get_args(StaffRole))}; without a shop: in all of the brand. May be repeated.",
)  # fmt: skip


class PeopleDesk:
    """What the commands here stand on."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        from server.audit.book import AuditBook
        from server.staff.door import StaffDoor

        self.pool = pool
        self.clock = SystemClock()
        self.staff: StaffDoor = StaffDoor(pool, self.clock)
        self.audit = AuditBook(pool, self.clock)

    async def acting(
        self, action: str, brand_id: int, facts: dict[str, Any], work: Awaitable[Any]
    ) -> Any:
        """Do what was typed, with its audit line before and its outcome after it."""
        from server.terminal import written_down

        async with written_down(self.pool, self.clock, action, brand_id=brand_id, **facts):
            return await work

    async def find(self, brand_id: int, login: str) -> int:
        """Return the id behind a login name. Raises `staff_not_found`."""
        from server.staff.door import read_login

        wanted = read_login(login)
        for person in await self.staff.people(brand_id):
            if person.login == wanted:
                return person.id
        raise Refusal("staff_not_found", login=wanted)


@asynccontextmanager
async def _open(settings: Settings) -> AsyncIterator[PeopleDesk]:
    from server.db.pool import open_pool

    found = addresses.find(settings)
    if not found.database_url:
        raise click.ClickException("No database: set DATABASE_URL, or start `chuancai run` first.")
    pool = await open_pool(found.database_url, 1)
    try:
        desk = PeopleDesk(pool)
        try:
            yield desk
        finally:
            await desk.audit.close()
    finally:
        await pool.close()


def _run(settings: Settings, work: Callable[[PeopleDesk], Awaitable[Any]]) -> Any:
    async def with_desk() -> Any:
        async with _open(settings) as desk:
            return await work(desk)

    try:
        return asyncio.run(with_desk())
    except Refusal as refusal:
        raise click.ClickException(f"{refusal.sentence} [{refusal.code}]") from refusal
    except OSError as error:
        raise click.ClickException(str(error) or type(error).__name__) from error


def _grants(roles: tuple[str, ...]) -> tuple[Grant, ...]:
    grants = []
    for said in roles:
        role, _, shop = said.partition("@")
        if role not in get_args(StaffRole) or (shop and not shop.isdecimal()):
            raise click.BadParameter(f"{said}: a role, or a role and a shop's number: cashier@1")
        grants.append(Grant(role, int(shop or 0)))  # type: ignore[arg-type]
    return tuple(grants)


@click.group()
def staff() -> None:
    """People of a brand: take on, list, reset, disable, give roles."""


@staff.command()
@BRAND
@ROLES
@click.option("--name", default="", help="What screens and audit lines call the person.")
@click.argument("login")
@click.pass_obj
def add(settings: Settings, brand: int, roles: tuple[str, ...], name: str, login: str) -> None:
    """Take somebody on; a first password is printed once and must be changed at the first login."""
    new = Member(brand_id=brand, id=0, login=login, name=name, grants=_grants(roles))

    async def do(desk: PeopleDesk) -> tuple[int, str]:
        work = desk.staff.add(None, new)
        told: tuple[int, str] = await desk.acting("addStaff", brand, {}, work)
        return told

    staff_id, password = _run(settings, do)
    click.echo(f"Taken on: staff {staff_id}\nfirst password, shown this once: {password}")


@staff.command("list")
@BRAND
@click.pass_obj
def list_people(settings: Settings, brand: int) -> None:
    """List everybody of a brand."""
    for person in _run(settings, lambda desk: desk.staff.people(brand)):
        roles = " ".join(f"{g.role}@{g.shop_id}" if g.shop_id else g.role for g in person.roles)
        state = "disabled" if person.disabled else "first login" if person.must_change else "-"
        seen = f"{from_ms(person.seen_at_ms):%Y-%m-%d %H:%M}" if person.seen_at_ms else "-"
        click.echo(
            f"{person.id:>4}  {person.login:<20} {state:<12} {seen:<17} {roles:<24} {person.name}"
        )


@staff.command()
@BRAND
@click.option(
    "--own", is_flag=True, help="Type the password (or pipe it in) instead of a first one."
)
@click.argument("login")
@click.pass_obj
def reset(settings: Settings, brand: int, login: str, *, own: bool) -> None:
    """Give somebody a first password again, or one that is typed; all sessions end, locks open."""
    given = _typed() if own else None

    async def do(desk: PeopleDesk) -> str:
        staff_id = await desk.find(brand, login)
        work = desk.staff.reset(None, brand, staff_id, given)
        told: str = await desk.acting("resetStaff", brand, {"staff_id": staff_id}, work)
        return told

    password = _run(settings, do)
    click.echo("Changed." if own else f"first password, shown this once: {password}")


def _typed() -> str:
    if sys.stdin.isatty():
        return str(click.prompt("Password", hide_input=True, confirmation_prompt=True))
    return sys.stdin.readline().rstrip("\r\n")


@staff.command()
@BRAND
@click.option("--again", is_flag=True, help="Let the person in again.")
@click.argument("login")
@click.pass_obj
def disable(settings: Settings, brand: int, login: str, *, again: bool) -> None:
    """Let somebody in no more; all sessions end at once."""

    async def do(desk: PeopleDesk) -> None:
        staff_id = await desk.find(brand, login)
        work = desk.staff.set_disabled(None, brand, staff_id, disabled=not again)
        action = "enableStaff" if again else "disableStaff"
        await desk.acting(action, brand, {"staff_id": staff_id}, work)

    _run(settings, do)
    click.echo("Let in again." if again else "Disabled.")


@staff.command("roles")
@BRAND
@ROLES
@click.argument("login")
@click.pass_obj
def set_roles(settings: Settings, brand: int, roles: tuple[str, ...], login: str) -> None:
    """Say which roles somebody has: these and no others."""
    grants = _grants(roles)

    async def do(desk: PeopleDesk) -> None:
        staff_id = await desk.find(brand, login)
        work = desk.staff.set_roles(None, brand, staff_id, grants)
        facts = {"staff_id": staff_id, "roles": ",".join(roles) or "none"}
        await desk.acting("setStaffRoles", brand, facts, work)

    _run(settings, do)
    click.echo(f"Roles: {', '.join(roles) or 'none'}")


@click.command()
@click.option("--brand", type=int, default=1, show_default=True, help="0: failed logins.")
@click.option("--who", help="staff:1:7, api:1:3 or cli.")
@click.option("--limit", type=click.IntRange(1, LINES_SHOWN_MAX), default=50, show_default=True)
@click.pass_obj
def audit(settings: Settings, brand: int, who: str | None, limit: int) -> None:
    """Show who did what, the newest first."""
    from server.audit import store

    async def do(desk: PeopleDesk) -> list[Any]:
        wanted = store.Wanted(who=who, lines_max=limit)
        return list(await store.list_lines(desk.pool, brand, wanted))

    for row in _run(settings, do):
        click.echo(
            f"{row['at']:%Y-%m-%d %H:%M:%S}  {row['who']:<12} {row['name']:<12} {row['address']:<15} "
            f"{row['action']:<20} {row['outcome'] or 'not known':<16} {row['subject']} {row['told']}"
        )
