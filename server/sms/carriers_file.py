"""Which carriers a process has and who goes by which: the house's two files, or paper.

Refuses a route to a carrier that is not there: its messages would wait for nobody.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

import msgspec

from server.clock import Clock
from server.settings import Settings
from server.sms.carriers.chuanglan import Chuanglan
from server.sms.carriers.configured import CarriersFileError, Setup, SmppSetup, open_carriers
from server.sms.carriers.configured import read_carriers as read_file
from server.sms.carriers.paper import Paper
from server.sms.carriers.port import Carrier
from server.sms.carriers.smpp import OnReceipt, Smpp
from server.sms.lines import Line, Lines, Pace
from server.sms.message import KINDS
from server.sms.routing import Routes

PAPER = "paper"


class Carriers(NamedTuple):
    """What the files say; with `paper` nothing is sent to anybody."""

    setups: tuple[Setup, ...]
    routes: Routes
    paper: bool = False


def read_carriers(settings: Settings) -> Carriers:
    """Return the house's carriers and routes; without files there are none.

    Without routes everything goes by the first carrier. Raises `CarriersFileError`.
    """
    if settings.sms_carriers == PAPER:
        return Carriers((), Routes(dict.fromkeys(KINDS, PAPER)), paper=True)
    if not settings.sms_carriers:
        return Carriers((), Routes())
    setups = read_file(Path(settings.sms_carriers))
    most = {s.name: (Smpp if isinstance(s, SmppSetup) else Chuanglan).phones_max for s in setups}
    first = dict.fromkeys(KINDS, setups[0].name) if setups else {}
    routes = Routes(first, {}, most)
    if settings.sms_routes is not None:
        try:
            read = msgspec.toml.decode(settings.sms_routes.read_bytes(), type=Routes, strict=False)
        except (OSError, msgspec.DecodeError, ValueError) as error:
            raise CarriersFileError(f"{settings.sms_routes}: {error}") from None
        routes = Routes({**first, **read.default}, read.brands, most)
    missing = routes.names() - most.keys()
    if missing:
        raise CarriersFileError(f"Routes to carriers that are not there: {', '.join(missing)}")
    return Carriers(setups, routes)


@asynccontextmanager
async def open_lines(
    carriers: Carriers, clock: Clock, on_receipt: OnReceipt
) -> AsyncIterator[Lines]:
    """Open every carrier for the length of the block."""
    if carriers.paper:
        paper: Carrier = Paper()
        yield {PAPER: Line(paper, clock)}
        return
    async with open_carriers(carriers.setups, on_receipt, clock) as opened:
        yield {
            setup.name: Line(
                opened[setup.name], clock, Pace(setup.per_s, setup.burst, setup.at_once_max)
            )
            for setup in carriers.setups
        }
