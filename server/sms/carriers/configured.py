"""The carriers a house has, from one TOML file: who they are, how fast they may be asked.

The file holds passwords, so it is refused when others may read it, and nothing said about it repeats
a value. Refuses to choose a carrier for a message: routes do.
"""

from __future__ import annotations

import stat
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Annotated

import msgspec

from server.clock import Clock
from server.sms.carriers.chuanglan import Chuanglan, HttpBounds
from server.sms.carriers.chuanglan_words import Account
from server.sms.carriers.port import Carrier
from server.sms.carriers.smpp import OnReceipt, Peer, Smpp, SmppBounds

CARRIERS_MAX = 32

Name = Annotated[str, msgspec.Meta(pattern="^[a-z0-9][a-z0-9-]{0,31}$")]
PerSecond = Annotated[float, msgspec.Meta(gt=0)]
Burst = Annotated[int, msgspec.Meta(ge=1)]


class ChuanglanSetup(
    msgspec.Struct, frozen=True, tag_field="kind", tag="chuanglan", forbid_unknown_fields=True
):
    """A ChuangLan account; `per_s` and `burst` count telephones."""

    name: Name
    account: Account
    bounds: HttpBounds = HttpBounds()
    per_s: PerSecond = 1_000.0
    burst: Burst = 200

    @property
    def at_once_max(self) -> int:
        """Return how many messages it asks its carrier at once."""
        return self.bounds.connections_max


class SmppSetup(
    msgspec.Struct, frozen=True, tag_field="kind", tag="smpp", forbid_unknown_fields=True
):
    """A message centre; `per_s` and `burst` count telephones."""

    name: Name
    peer: Peer
    bounds: SmppBounds = SmppBounds()
    per_s: PerSecond = 1_000.0
    burst: Burst = 200

    @property
    def at_once_max(self) -> int:
        """Return how many messages it asks its carrier at once."""
        return self.bounds.session.window_max


Setup = ChuanglanSetup | SmppSetup


class _File(msgspec.Struct, forbid_unknown_fields=True):
    carrier: Annotated[list[Setup], msgspec.Meta(max_length=CARRIERS_MAX)] = []


# A carrier's own pushes are never limited, so its password may not be one that is found by trying.
RECEIPT_PASSWORD_CHARS_MIN = 16


class CarriersFileError(Exception):
    """The file cannot be used; the sentence says why and repeats no value of it."""


def read_carriers(path: Path) -> tuple[Setup, ...]:
    """Return what the file says. Raises `CarriersFileError`."""
    try:
        mode, text = path.stat().st_mode, path.read_bytes()
    except OSError as error:
        raise CarriersFileError(f"{path} cannot be read: {error.strerror}.") from None
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise CarriersFileError(f"{path} holds passwords and others may read it: chmod 600.")
    try:
        setups = tuple(msgspec.toml.decode(text, type=_File).carrier)
    except (msgspec.DecodeError, ValueError) as error:
        raise CarriersFileError(f"{path}: {error}") from None
    names = [setup.name for setup in setups]
    if len(set(names)) < len(names):
        raise CarriersFileError(f"{path} names a carrier twice.")
    for setup in setups:
        if isinstance(setup, ChuanglanSetup):
            _check(path, setup)
    return setups


def _check(path: Path, setup: ChuanglanSetup) -> None:
    if not setup.account.is_private():
        raise CarriersFileError(f"{path}: {setup.name}'s url is https, http only on this machine.")
    if 0 < len(setup.account.receipt_password) < RECEIPT_PASSWORD_CHARS_MIN:
        raise CarriersFileError(
            f"{path}: {setup.name}'s receipt_password has at least {RECEIPT_PASSWORD_CHARS_MIN} characters."
        )


@asynccontextmanager
async def open_carriers(
    setups: Sequence[Setup], on_receipt: OnReceipt, clock: Clock
) -> AsyncIterator[dict[str, Carrier]]:
    """Open them all for the length of the block, by name.

    `on_receipt` takes what SMPP brings; ChuangLan's receipts come through a door (`read_push`).
    """
    async with AsyncExitStack() as stack:
        carriers: dict[str, Carrier] = {}
        for setup in setups:
            if isinstance(setup, ChuanglanSetup):
                opened: Chuanglan | Smpp = Chuanglan(setup.name, setup.account, setup.bounds)
            else:
                opened = Smpp(setup.name, setup.peer, on_receipt, clock, setup.bounds)
            carriers[setup.name] = await stack.enter_async_context(opened)
        yield carriers
