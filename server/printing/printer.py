"""◆ A printer as it is set up, and which of a shop's printers a paper goes to.

Refuses to reach one: an address is read here and used elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Annotated, Literal

import msgspec

from server.auth import Network, address_in, is_address
from server.errors import Refusal
from server.events.printing import DocumentKind, PrinterCondition
from server.ids import Id
from server.printing.port import Paper

PrinterKind = Literal["network", "serial", "usb", "file"]
PaperLanguage = Literal["zh", "en"]

PRINTERS_MAX = 64  # of one shop
STATIONS_MAX = 64
NAME_CHARACTERS_MAX = 40
ADDRESS_CHARACTERS_MAX = 200
EXPIRES_AFTER_S = 900
NETWORK_PORT = 9100
BAUD = 9600
PORT_MAX = 65_535

_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,250}[A-Za-z0-9])?|[0-9A-Fa-f:]{2,45}")
_DEVICE = re.compile(r"/dev/[\w./-]{1,100}(@[1-9]\d{2,6})?")
_USB = re.compile(r"[0-9A-Fa-f]{4}:[0-9A-Fa-f]{4}")
_FOLDER = re.compile(r"[\w.-]{1,60}(/[\w.-]{1,60}){0,3}")

Name = Annotated[
    str, msgspec.Meta(min_length=1, max_length=NAME_CHARACTERS_MAX, pattern=r"^[^\x00-\x1f\x7f]+$")
]
Address = Annotated[str, msgspec.Meta(min_length=1, max_length=ADDRESS_CHARACTERS_MAX)]
Kinds = Annotated[list[Literal["ticket", "receipt", "label"]], msgspec.Meta(max_length=3)]
Stations = Annotated[list[Id], msgspec.Meta(max_length=STATIONS_MAX)]


class PrinterPlan(msgspec.Struct, frozen=True, kw_only=True):
    """How a printer is set up.

    `address`: host:port (`network`), /dev/ttyUSB0@9600 (`serial`), vendor:product in hex (`usb`), a
    folder below the data directory (`file`). `stations` empty: of all stations. `answers`: it says how
    it is and when a paper is done; without, its papers end as `sent`. What lies longer than
    `expires_after_s` is not printed any more, but listed.
    """

    name: Name
    kind: PrinterKind
    address: Address
    language: PaperLanguage = "zh"
    paper: Paper
    documents: Kinds = msgspec.field(default_factory=lambda: ["ticket"])
    stations: Stations = []
    answers: bool = True
    backup_id: Id | None = None
    expires_after_s: Annotated[int, msgspec.Meta(ge=30, le=86_400)] = EXPIRES_AFTER_S
    enabled: bool = True


class Printer(PrinterPlan, frozen=True, kw_only=True):
    """A printer of a shop as stored."""

    id: int
    version: int
    condition: PrinterCondition = "unknown"
    condition_at_ms: int | None = None


def paper_of(plan: PrinterPlan) -> Paper:
    """Return a plan's paper with its mode: pictures where a wire is quick, characters elsewhere.

    A picture of a ticket takes 44 seconds at 9,600 bit/s; over others it needs no Chinese in the printer.
    """
    if plan.paper.mode is not None:
        return plan.paper
    return msgspec.structs.replace(
        plan.paper, mode="raster" if plan.kind in {"network", "usb"} else "text"
    )


def check_reach(kind: PrinterKind, address: str, allowed: Sequence[Network]) -> None:
    """Raise `printer_not_private` for an address outside these networks.

    A name is looked up when something is printed, and each address it leads to is asked for then.
    """
    if kind != "network":
        return
    host, _ = host_and_port(address)
    if is_address(host) and not address_in(host, allowed):
        raise Refusal("printer_not_private", address=host)


def check(plan: PrinterPlan) -> None:
    """Raise `bad_field` for an address that cannot be one of its kind."""
    patterns = {"serial": _DEVICE, "usb": _USB, "file": _FOLDER}
    if plan.kind == "network":
        host_and_port(plan.address)
    elif (
        not patterns[plan.kind].fullmatch(plan.address) or ".." in PurePosixPath(plan.address).parts
    ):
        raise Refusal("bad_field", f"This is no {plan.kind} address.", field="address")
    if plan.kind == "file" and plan.answers:
        raise Refusal("bad_field", "A file does not answer.", field="answers")


def host_and_port(address: str) -> tuple[str, int]:
    """Return where a network printer listens; without a port 9100. Raises `bad_field`."""
    host, port = address, str(NETWORK_PORT)
    if address.startswith("["):
        host, _, rest = address[1:].partition("]")
        port = rest.removeprefix(":") or port
    elif address.count(":") == 1:
        host, _, port = address.partition(":")
    if not _HOST.fullmatch(host) or not port.isdecimal() or not 0 < int(port) <= PORT_MAX:
        raise Refusal("bad_field", "This is no host:port.", field="address")
    return host, int(port)


def device_and_baud(address: str) -> tuple[str, int]:
    """Return a serial printer's device and its speed; without one 9,600 bit/s."""
    device, _, baud = address.partition("@")
    return device, int(baud) if baud else BAUD


def takes(printer: Printer, document: DocumentKind, station_id: int | None) -> bool:
    """Return whether a paper for a station goes to this printer: its own, or every station's."""
    known = not printer.stations or station_id in printer.stations
    return printer.enabled and document in printer.documents and known
