"""◆ A device as the gateway knows it, and whether its token opens the door.

Refuses to look tokens up (`store.py`) and to hold tokens: only their hashes are compared.
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from server.events.decision import Actor
from server.events.screens import AS_IT_LIKES, ScreenSettings
from server.events.view import DeviceKind, DeviceView

TOKEN_EXPIRED = 4001
BAD_TOKEN = 4401
NOT_PAIRED = 4403
UNPAIRED = 4410


class Device(msgspec.Struct, gc=False):
    """Who is at the other end; place and station change when it is moved."""

    shop_id: int
    id: int
    kind: DeviceKind
    name: str
    account_id: int
    account: str
    place_id: int | None
    station_id: int | None
    settings: ScreenSettings = AS_IT_LIKES

    def view(self) -> DeviceView:
        """Return what the device's own screen shows about it."""
        return DeviceView(
            id=self.id, kind=self.kind, name=self.name, account=self.account,
            place_id=self.place_id, station_id=self.station_id, settings=self.settings,
        )  # fmt: skip

    def actor(self) -> Actor:
        """Return the device as the speaker of a command."""
        return Actor(
            self.kind, f"device:{self.id}", self.name, self.shop_id, self.id, self.place_id,
            self.station_id, self.account_id,
        )  # fmt: skip


class Found(NamedTuple):
    """A looked-up token: its device, and where the shop's log stood at that moment."""

    device: Device
    paired_ms: int | None
    revoked: bool
    epoch: int
    seq: int


def verdict(
    token: str, found: Found | None, now_ms: int, token_age_s_max: float | None
) -> int | None:
    """Return the close code for a token that opens nothing, None for a good one."""
    if not token:
        return NOT_PAIRED
    if found is None:
        return BAD_TOKEN
    if found.revoked:
        return UNPAIRED
    if found.paired_ms is None:
        return NOT_PAIRED
    if token_age_s_max is not None and now_ms - found.paired_ms > token_age_s_max * 1000:
        return TOKEN_EXPIRED
    return None
