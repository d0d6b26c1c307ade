"""The `chuancai` command: what it is asked on the command line, it has done elsewhere."""

from __future__ import annotations

import asyncio
import ctypes
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Any, get_args

import click
import msgspec
import uvloop

from server import addresses, logs
from server.bookkeeper import billing, sms
from server.broadcast.speech import Language
from server.engines import EngineRefusal
from server.errors import Refusal
from server.events.view import DeviceKind
from server.listening import web_options, with_tls
from server.options import Anywhere, settled
from server.paperwork import print_test, printers
from server.personnel import audit, staff
from server.settings import Settings
from server.virtual_printer import virtual_printer

_PR_SET_PDEATHSIG = 1


@click.group(cls=Anywhere, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--data-dir", type=click.Path(path_type=Path), help="Where the engines keep data.")
@click.option("--log-level", type=click.Choice(["debug", "info", "warning", "error"]))
@click.option("--parent", type=int, hidden=True, help="End when this process ends.")
@click.pass_context
def main(
    context: click.Context, data_dir: Path | None, log_level: str | None, parent: int | None
) -> None:
    """Chuancai 传菜: the moment a dish is ready, somebody knows."""
    if parent is not None:
        _end_with(parent)
    context.obj = settled(data_dir, log_level)


def _end_with(parent: int) -> None:
    """Have the kernel tell us when our parent is gone, so that nothing is left running."""
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        sys.exit(0)


@main.command()
@web_options
@click.pass_obj
def run(settings: Settings, /, processes: int, *, tls: bool, **given: Any) -> None:
    """Run everything: engines, migrations, demo shop, web, worker."""
    from server.demo.welcome import greeting
    from server.run import run as run_all

    settings = with_tls(_given(settings, **given), wanted=tls)
    logs.set_up(settings.log_level, service="run")

    async def announce(complete: Settings) -> None:
        click.echo(await greeting(complete))

    async def until_told(stop: asyncio.Event) -> None:
        await run_all(settings, processes, announce, stop)

    _until_signal(until_told)


@main.command()
@web_options
@click.pass_obj
def serve(settings: Settings, /, processes: int, *, tls: bool, **given: Any) -> None:
    """Serve devices and the API; needs DATABASE_URL and REDIS_URL."""
    from server.app import serve as serve_web
    from server.fleet import serve_many

    settings = _engines_known(with_tls(_given(settings, **given), wanted=tls))
    logs.set_up(settings.log_level, service="web")
    if processes == 1:
        _run(serve_web(settings))
    else:

        async def until_told(stop: asyncio.Event) -> None:
            await serve_many(settings, processes, stop)

        _until_signal(until_told)


@main.command()
@click.pass_obj
def worker(settings: Settings) -> None:
    """Keep promises (calls that ring again) and house."""
    from server.worker import run_worker

    settings = _engines_known(settings)
    logs.set_up(settings.log_level, service="worker")

    async def until_told(stop: asyncio.Event) -> None:
        working = asyncio.create_task(run_worker(settings))
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
        for task in (working, stopping):
            task.cancel()
        await asyncio.wait({working, stopping})
        if not working.cancelled():
            working.result()

    _until_signal(until_told)


@main.command()
@click.pass_obj
def migrate(settings: Settings) -> None:
    """Bring the database up to this version."""
    from server.db.migrate import migrate as apply

    for name in _run(apply(_engines_known(settings).database_url)):
        click.echo(f"applied {name}")


@main.command()
@click.argument("text", default="801房间下单了水饺2份,请注意")
@click.option("--lang", type=click.Choice(["zh", "en"]), default="zh", show_default=True)
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), default="say.wav")
@click.pass_obj
def say_test(settings: Settings, text: str, lang: Language, out: Path) -> None:
    """Speak a sentence into a WAV file and say what is to be heard in it."""
    from server.broadcast.audio import VoiceError
    from server.office import say

    try:
        click.echo(_run(say(settings, text, lang, out)))
    except VoiceError as error:
        raise click.ClickException(
            f"{error}. `pip install 'chuancai[voice]'` brings espeak-ng."
        ) from error


@main.command()
@click.option("--lang", type=click.Choice(["en", "zh"]), default="en", show_default=True)
@click.option("--host")
@click.option("--port", type=int)
@click.pass_obj
def doctor(settings: Settings, lang: str, host: str | None, port: int | None) -> None:
    """Say in plain words what is wrong on this machine."""
    from server.doctor import print_findings, run_doctor

    settings = addresses.find(_given(settings, host=host, port=port))
    findings = run_doctor(
        settings.data_dir,
        settings.host,
        settings.port,
        database_url=settings.database_url,
        redis_url=settings.redis_url,
        tls_port=settings.tls_port,
    )
    sys.exit(print_findings(findings, lang))


@main.command()
@click.option("--shop", type=int, default=1, show_default=True)
@click.option("--kind", type=click.Choice(get_args(DeviceKind)), required=True)
@click.option("--name", required=True)
@click.option("--place", type=int, help="Where a guest's pad stands.")
@click.option("--station", type=int, help="Which station a kitchen board shows.")
@click.option("--device", type=int, help="Give this existing device new hardware.")
@click.option("--confirm", metavar="CODE", help="Confirm the code a new screen shows.")
@click.pass_obj
def pair(
    settings: Settings, shop: int, kind: DeviceKind, name: str, place: int | None,
    station: int | None, device: int | None, confirm: str | None,
) -> None:  # fmt: skip
    """Make a code to type on a device, or confirm the code it shows."""
    from server.office import open_office
    from server.pairing.pairing import Wish

    wish = Wish(kind=kind, name=name, place_id=place, station_id=station, device_id=device)

    async def do() -> str:
        async with open_office(_engines_known(settings)) as office:
            if confirm is None:
                code = await office.make_code(shop, wish)
                return f"Type on the device within ten minutes: {code[:4]} {code[4:]}"
            paired = await office.confirm(shop, confirm, wish)
            return f"Paired: device {paired.id} ({paired.kind} {paired.name})"

    click.echo(_run(do()))


@main.command()
@click.option("--shop", type=int, default=1, show_default=True)
@click.option("--revoke", type=int, metavar="DEVICE", help="Unpair this device.")
@click.pass_obj
def devices(settings: Settings, shop: int, revoke: int | None) -> None:
    """List a shop's devices, or unpair one."""
    from server.office import open_office

    async def do() -> list[str]:
        async with open_office(_engines_known(settings)) as office:
            if revoke is not None:
                gone = await office.unpair(shop, revoke)
                return [f"Unpaired: device {gone.id} ({gone.kind} {gone.name})"]
            return [
                f"{d.id:>4}  {d.kind:<12} {'paired' if d.paired else '-':<8} {d.name}"
                for d in await office.pairing.devices(shop)
            ]

    click.echo("\n".join(_run(do())))


@main.command()
@click.option("--shop", type=int, help="Only this shop's; default: every shop's.")
@click.option("--revive", type=int, metavar="PROMISE", help="Try this one again now.")
@click.option("--revive-all", is_flag=True, help="Try all of them again now.")
@click.pass_obj
def promises(
    settings: Settings, shop: int | None, revive: int | None, *, revive_all: bool
) -> None:  # fmt: skip
    """List promises that were given up (dead), or bring them back to life."""
    from server.office import open_office

    async def do() -> list[str]:
        async with open_office(_engines_known(settings)) as office:
            if revive is not None or revive_all:
                revived = await office.revive(shop, revive)
                if revived == 0:
                    raise click.ClickException("No such promise is dead.")
                return [f"Revived: {revived}"]
            return await office.dead_promises(shop)

    click.echo("\n".join(_run(do())) or "No promise is dead.")


@main.command("api-key")
@click.option("--brand", type=int, default=1, show_default=True)
@click.option("--name", required=True, help="The business service that calls.")
@click.option("--manager", is_flag=True, help="May pair and unpair devices too.")
@click.option("--money", is_flag=True, help="May move money too: segments, cards, points.")
@click.pass_obj
def api_key(settings: Settings, brand: int, name: str, *, manager: bool, money: bool) -> None:
    """Make a key for a business service; the secret is shown once.

    Asked again for the same name, it makes a second key to change over to; a third ends the oldest.
    """
    from server.api.keys import NewKey
    from server.api.store import Client
    from server.office import open_office
    from server.terminal import written_down

    roles = ("business", *["manager"] * manager, *["money"] * money)
    client = Client(brand_id=brand, id=0, name=name, roles=roles)

    async def do() -> NewKey:
        async with open_office(_engines_known(settings)) as office:
            about = {"brand_id": brand, "manager": int(manager), "money": int(money)}
            async with written_down(office.pool, office.clock, "makeApiKey", **about):
                return await (await office.key_maker()).client_key(client)

    key = _run(do())
    click.echo(f"key id: {key.key_id}\nsecret: {key.secret}")


@main.command("demo-traffic")
@click.option(
    "--pace", type=click.FloatRange(0.1, 600), default=12, show_default=True, help="Orders/minute."
)
@click.option("--seed", type=int, default=0, show_default=True, help="The same evening again.")
@click.option("--shop", type=int, default=1, show_default=True)
@click.option("--url", help="Where the doors are; default: the running `chuancai run`.")
@click.pass_obj
def demo_traffic(settings: Settings, pace: float, seed: int, shop: int, url: str | None) -> None:
    """Simulate guests, cooks and waiters until Ctrl-C."""
    from server.demo.opening import live

    settings = _engines_known(settings)
    logs.set_up("warning", service="demo-traffic")

    async def until_told(stop: asyncio.Event) -> None:
        await live(
            settings, stop, click.echo, url=url, shop_id=shop, orders_per_minute=pace, seed=seed
        )

    _until_signal(until_told)


for group in (billing, sms, staff, audit, printers, print_test, virtual_printer):
    main.add_command(group)


def _given(settings: Settings, **changes: Any) -> Settings:
    return msgspec.structs.replace(
        settings, **{name: value for name, value in changes.items() if value is not None}
    )


def _engines_known(settings: Settings) -> Settings:
    found = addresses.find(settings)
    if not found.database_url or not found.redis_url:
        raise click.ClickException(
            "No engines: set DATABASE_URL and REDIS_URL, or start `chuancai run` first."
        )
    return found


def _run(work: Awaitable[Any]) -> Any:
    """Run to the end; refusals are sentences, not tracebacks."""

    async def finish() -> Any:
        return await work

    try:
        return uvloop.run(finish())
    except (EngineRefusal, Refusal) as refusal:
        raise click.ClickException(f"{refusal.sentence} [{refusal.code}]") from refusal
    except OSError as error:
        raise click.ClickException(str(error) or type(error).__name__) from error


def _until_signal(work: Callable[[asyncio.Event], Coroutine[Any, Any, None]]) -> None:
    """Run until Ctrl-C or SIGTERM sets the event and the work has ended."""

    async def listen() -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop.set)
        working = asyncio.create_task(work(stop))
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        await working

    _run(listen())
