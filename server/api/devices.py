"""Doors for managers: make and confirm pairing codes, see devices, move them, turn them out."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

import msgspec
import structlog
from redis.exceptions import RedisError

from server.api.business import Id, ShopPath
from server.api.callers import Gate
from server.api.im_calls import Online
from server.api.pairing import TypedCode
from server.api.reached import code_drawn, host_and_port
from server.api.table import Call, Door
from server.clock import to_ms
from server.events.decision import Actor
from server.events.screens import ScreenSettings, SettingsVersion
from server.events.view import DeviceKind
from server.pairing.door import Execute, PairingDoor
from server.pairing.pairing import NAME_CHARS_MAX, NAME_PATTERN, PairedDevice, Wish
from server.settings import Settings

DeviceName = Annotated[str, msgspec.Meta(max_length=NAME_CHARS_MAX, pattern=NAME_PATTERN)]

PRESENCE_S_MAX = 1.0

_log = structlog.get_logger(__name__)


class CodeRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the new device will be: `name` and `kind`, and where it stands.

    Or `device_id` alone: new hardware for a device there is.
    """

    name: DeviceName = ""
    kind: DeviceKind | None = None
    place_id: Id | None = None
    station_id: Id | None = None
    device_id: Id | None = None


class CodeAnswer(msgspec.Struct, frozen=True):
    """Eight digits to type on the device, shown this once.

    `open_url`: opened there, it types them itself; `open_qr`: the same to scan, as an image's `data:` address.
    """

    code: str
    expires_at_ms: int
    open_url: str
    open_qr: str


class ConfirmRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The code the screen shows, and what it shall be.

    Without `name` or `kind`: what it says it is. With `device_id`: new hardware for that device.
    """

    code: TypedCode
    name: DeviceName = ""
    kind: DeviceKind | None = None
    place_id: Id | None = None
    station_id: Id | None = None
    device_id: Id | None = None


class DeviceInfo(msgspec.Struct, frozen=True):
    """A device of a shop. `online` null: nobody knows at the moment. Who sets it up names `settings_version`.

    `app`: which page it runs and, where its browser tells, of which version, as it said when it came last.
    """

    id: int
    kind: DeviceKind
    name: str
    shop_id: int
    place_id: int | None
    station_id: int | None
    account_id: int
    paired: bool
    paired_at_ms: int | None
    last_seen_at_ms: int | None
    settings: ScreenSettings
    settings_version: int
    app: str
    online: bool | None = None


class DeviceAnswer(msgspec.Struct, frozen=True):
    """One device."""

    device: DeviceInfo


class DevicesAnswer(msgspec.Struct, frozen=True):
    """All devices of a shop, revoked ones too."""

    devices: list[DeviceInfo]


class DevicePath(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which device of which shop."""

    shop_id: Id
    device_id: Id


class MoveRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the device stands now; its account stays the same."""

    place_id: Id | None = None
    station_id: Id | None = None


class RenameRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What people call the device."""

    name: Annotated[DeviceName, msgspec.Meta(min_length=1)]


class ScreenRequest(ScreenSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the screen shows and sounds from now on; `version`: the `settings_version` you read."""

    version: SettingsVersion


_STANDING = ("place_not_found", "station_not_found", "device_not_found")
_CODES = ("pairing_code_wrong", "pairing_code_expired", "pairing_code_used", "pairing_locked")


class Devices:
    """What managers may ask about the devices of a shop."""

    def __init__(
        self,
        execute: Execute,
        door: PairingDoor,
        gate: Gate,
        online: Online | None,
        settings: Settings,
    ) -> None:
        self._execute = execute
        self._door = door
        self._gate = gate
        self._online = online
        self._settings = settings

    def doors(self) -> list[Door]:
        """Return this audience's rows of the table."""
        return [
            Door(
                "POST", "/v1/shops/{shop_id}/pairing-codes", "makePairingCode",
                "Make a code to be typed on a device", "manager", self.make_code,
                params=ShopPath, request=CodeRequest, response=CodeAnswer, status=201,
                refusals=_STANDING,
            ),
            Door(
                "POST", "/v1/shops/{shop_id}/pairing-offers/confirm", "confirmPairingOffer",
                "Make a device of the screen that shows this code", "manager", self.confirm,
                params=ShopPath, request=ConfirmRequest, response=DeviceAnswer, status=201,
                refusals=(*_CODES, *_STANDING),
            ),
            Door(
                "GET", "/v1/shops/{shop_id}/devices", "listDevices", "List the devices of a shop",
                "manager", self.list_devices, params=ShopPath, response=DevicesAnswer,
            ),
            Door(
                "POST", "/v1/shops/{shop_id}/devices/{device_id}/move", "moveDevice",
                "Move a device to another place or station", "manager", self.move,
                params=DevicePath, request=MoveRequest, response=DeviceAnswer, refusals=_STANDING,
            ),
            Door(
                "POST", "/v1/shops/{shop_id}/devices/{device_id}/rename", "renameDevice",
                "Call a device otherwise", "manager", self.rename, params=DevicePath,
                request=RenameRequest, response=DeviceAnswer, refusals=("device_not_found",),
            ),
            Door(
                "PUT", "/v1/shops/{shop_id}/devices/{device_id}/screen", "setScreen",
                "Say how a screen shows and sounds; it changes while somebody looks", "manager",
                self.set_screen, params=DevicePath, request=ScreenRequest, response=DeviceAnswer,
                refusals=("device_not_found", "version_changed"),
            ),
            Door(
                "POST", "/v1/shops/{shop_id}/devices/{device_id}/seek", "seekDevice",
                "Let a screen flash its name", "manager", self.seek, params=DevicePath,
                response=DeviceAnswer, refusals=("device_not_found",),
            ),
            Door(
                "DELETE", "/v1/shops/{shop_id}/devices/{device_id}", "revokeDevice",
                "Take a device's token away and close its connection", "manager", self.revoke,
                params=DevicePath, response=DeviceAnswer, refusals=("device_not_found",),
            ),
        ]  # fmt: skip

    async def make_code(self, call: Call) -> CodeAnswer:
        """Make a code."""
        actor = await self._actor(call)
        host, port = host_and_port(call.headers.get("host", ""), self._settings)
        made = await self._door.make_code(actor, _wish(call.body), call.command_id)
        # Any page will do: the code says what the screen is to be. It stands where no server sees it.
        url = f"{'https' if call.secure else 'http'}://{host}{port}/kds/#code={made.code}"
        drawn = code_drawn(url).svg_data_uri(border=4, light="#fff")
        return CodeAnswer(made.code, to_ms(made.expires_at), url, drawn)

    async def confirm(self, call: Call) -> DeviceAnswer:
        """Confirm a screen's code."""
        actor = await self._actor(call)
        device = await self._door.confirm_offer(actor, actor.id, call.body.code, _wish(call.body))
        return await self._answer(device)

    async def list_devices(self, call: Call) -> DevicesAnswer:
        """List devices with who is connected."""
        shop_id = (await self._actor(call)).shop_id
        online = await self._online_now(shop_id)
        devices = await self._door.devices(shop_id)
        return DevicesAnswer([_info(device, online) for device in devices])

    async def move(self, call: Call) -> DeviceAnswer:
        """Move a device."""
        stands = {"place_id": call.body.place_id, "station_id": call.body.station_id}
        return await self._command(call, "MoveDevice", stands)

    async def rename(self, call: Call) -> DeviceAnswer:
        """Rename a device."""
        return await self._command(call, "RenameDevice", {"name": call.body.name})

    async def set_screen(self, call: Call) -> DeviceAnswer:
        """Set a screen up."""
        settings = msgspec.to_builtins(call.body)
        version = settings.pop("version")
        return await self._command(call, "SetScreen", {"settings": settings, "version": version})

    async def seek(self, call: Call) -> DeviceAnswer:
        """Let a screen show itself."""
        return await self._command(call, "SeekDevice", {})

    async def _command(self, call: Call, name: str, more: dict[str, Any]) -> DeviceAnswer:
        actor, device_id = await self._actor(call), call.params.device_id
        body = msgspec.json.encode({"device_id": device_id} | more)
        await self._execute(actor, call.command_id, name, body)
        return await self._answer(await self._door.device(actor.shop_id, device_id))

    async def revoke(self, call: Call) -> DeviceAnswer:
        """Revoke a device."""
        actor = await self._actor(call)
        device = await self._door.revoke(actor, call.command_id, call.params.device_id)
        return await self._answer(device)

    async def _actor(self, call: Call) -> Actor:
        return await self._gate.actor(call.caller, "manager", call.params.shop_id)

    async def _answer(self, device: PairedDevice) -> DeviceAnswer:
        return DeviceAnswer(_info(device, await self._online_now(device.shop_id)))

    async def _online_now(self, shop_id: int) -> frozenset[int] | None:
        """Return who is connected, or None when nobody knows it at the moment."""
        if self._online is None:
            return None
        try:
            async with asyncio.timeout(PRESENCE_S_MAX):
                return await self._online(shop_id)
        except (RedisError, OSError) as error:
            _log.warning("presence_away", error=type(error).__name__)
            return None


def _wish(body: CodeRequest | ConfirmRequest) -> Wish:
    return Wish(
        name=body.name, kind=body.kind, place_id=body.place_id, station_id=body.station_id,
        device_id=body.device_id,
    )  # fmt: skip


def _info(device: PairedDevice, online: frozenset[int] | None) -> DeviceInfo:
    known = None if online is None else device.id in online
    return DeviceInfo(**msgspec.structs.asdict(device), online=known)
