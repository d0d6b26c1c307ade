"""◆ A shop's devices: paired, moved, unpaired (R-004-30).

One device has one IM account; all cash desks of a shop share one. Moving a device changes where it
stands, never its account or its place in the log. Refuses to know codes and tokens: `pairing/`
brings a token's hash when a code was right.
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from server.errors import Refusal
from server.events import catalogue as c
from server.events.decision import Context, Decision, Row, Said
from server.events.screens import (
    AS_IT_LIKES,
    DeviceRenamed,
    DeviceSought,
    ScreenSet,
    ScreenSettings,
    SettingsVersion,
)
from server.events.topics import device_topics
from server.events.view import DeviceKind
from server.ids import Id

NAME_CHARACTERS_MAX = 40

SHARED_ACCOUNT_KINDS: frozenset[DeviceKind] = frozenset({"cashier"})


class PairDevice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """配对: a device gets its token; `device_id` gives an existing device new hardware."""

    kind: DeviceKind
    name: Annotated[str, msgspec.Meta(max_length=NAME_CHARACTERS_MAX)]
    token_hash: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]  # SHA-256
    place_id: Id | None = None
    station_id: Id | None = None
    device_id: Id | None = None


class MoveDevice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """换位置: the device stands elsewhere now."""

    device_id: Id
    place_id: Id | None = None
    station_id: Id | None = None


class RevokeDevice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """解除配对: the device's token opens nothing from now on."""

    device_id: Id


class SetScreen(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """设置屏幕: all settings of a screen at once; what is left out is the screen's own affair again.

    `version`: which settings were read (a device's `settings_version`).
    """

    device_id: Id
    settings: ScreenSettings
    version: SettingsVersion


class RenameDevice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """改名: people call the device otherwise; its account stays."""

    device_id: Id
    name: Annotated[
        str,
        msgspec.Meta(min_length=1, max_length=NAME_CHARACTERS_MAX, pattern=r"^[^\x00-\x1f\x7f]*$"),
    ]


class SeekDevice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """找设备: let a screen flash its name, so that who stands before it knows which one it is."""

    device_id: Id


class StoredDevice(msgspec.Struct):
    """A device as stored."""

    id: int
    kind: DeviceKind
    name: str
    account_id: int
    account: str
    place_id: int | None
    station_id: int | None
    token_hash: str | None
    paired_at_ms: int | None
    revoked_at_ms: int | None
    version: int
    settings: ScreenSettings = AS_IT_LIKES
    settings_version: int = 0


class DeviceFacts(msgspec.Struct):
    """What a decision about one device needs to know."""

    device: StoredDevice | None
    next_device_id: int
    next_account_id: int
    shared_account_id: int | None
    place_known: bool
    station_known: bool


def pair(command: PairDevice, facts: DeviceFacts, context: Context) -> Decision:
    """Give a new device an account and a token, or an existing device a new token."""
    _refuse_unknown(command, facts)
    if command.kind == "guest" and command.place_id is None:
        raise Refusal("bad_field", "A guest's pad needs a place.", field="place_id")
    if command.device_id is not None and facts.device is None:
        raise Refusal("device_not_found", device_id=command.device_id)
    if facts.device is not None and facts.device.kind != command.kind:
        raise Refusal("bad_field", "The device is of another kind.", field="kind")
    rows: list[Row] = []
    if facts.device is not None:
        device = _renewed(command, facts.device, context)
    else:
        device, rows = _added(command, facts, context)
    event = c.DevicePaired(device_id=device.id, device_kind=device.kind, name=device.name)
    return Decision(
        result=_answer(device) | {"account": device.account},
        rows=[*rows, _row(device)],
        said=[Said(event, device_topics(device.id))],
    )


def _renewed(command: PairDevice, device: StoredDevice, context: Context) -> StoredDevice:
    return msgspec.structs.replace(
        device,
        name=command.name,
        place_id=command.place_id or device.place_id,
        station_id=command.station_id or device.station_id,
        token_hash=command.token_hash,
        paired_at_ms=context.now_ms,
        revoked_at_ms=None,
        version=device.version + 1,
    )


def _added(
    command: PairDevice, facts: DeviceFacts, context: Context
) -> tuple[StoredDevice, list[Row]]:
    shared = command.kind in SHARED_ACCOUNT_KINDS
    account = "收银台" if shared else f"{command.name} {facts.next_device_id}"
    account_id = facts.shared_account_id if shared else None
    rows: list[Row] = []
    if account_id is None:
        account_id = facts.next_account_id
        rows.append(Row("account", {"id": account_id, "kind": command.kind, "name": account}))
    device = StoredDevice(
        id=facts.next_device_id,
        kind=command.kind,
        name=command.name,
        account_id=account_id,
        account=account,
        place_id=command.place_id,
        station_id=command.station_id,
        token_hash=command.token_hash,
        paired_at_ms=context.now_ms,
        revoked_at_ms=None,
        version=1,
    )
    return device, rows


def move(command: MoveDevice, facts: DeviceFacts, context: Context) -> Decision:
    """Put a device at another place or station; staff's devices may move themselves."""
    device = _known(facts, command.device_id)
    actor = context.actor
    if actor.role != "manager" and actor.device_id != device.id:
        raise Refusal("not_allowed")
    _refuse_unknown(command, facts)
    if device.kind == "guest" and command.place_id is None:
        raise Refusal("bad_field", "A guest's pad needs a place.", field="place_id")
    if (device.place_id, device.station_id) == (command.place_id, command.station_id):
        return Decision(result=_answer(device) | {"changed": False})
    moved = msgspec.structs.replace(
        device,
        place_id=command.place_id,
        station_id=command.station_id,
        version=device.version + 1,
    )
    event = c.DeviceMoved(device_id=moved.id, place_id=moved.place_id, station_id=moved.station_id)
    return Decision(
        result=_answer(moved) | {"changed": True},
        rows=[_row(moved)],
        said=[Said(event, device_topics(moved.id))],
    )


def set_screen(command: SetScreen, facts: DeviceFacts, context: Context) -> Decision:
    """Tell a screen how to show and sound; it changes while somebody looks.

    Raises `version_changed` when somebody else set it up meanwhile. To have wished the same is no quarrel.
    """
    device = _known(facts, command.device_id)
    answer = _answer(device) | {"settings": command.settings}
    if device.settings == command.settings:
        return Decision(
            result=answer | {"settings_version": device.settings_version, "changed": False}
        )
    if device.settings_version != command.version:
        raise Refusal("version_changed", version=device.settings_version)
    told = msgspec.structs.replace(
        device,
        settings=command.settings,
        settings_version=device.settings_version + 1,
        version=device.version + 1,
    )
    return Decision(
        result=answer | {"settings_version": told.settings_version, "changed": True},
        rows=[_row(told)],
        said=[Said(ScreenSet(told.id, told.settings), device_topics(told.id))],
    )


def rename(command: RenameDevice, facts: DeviceFacts, context: Context) -> Decision:
    """Give a device another name. Raises `bad_field` for one of spaces only."""
    device = _known(facts, command.device_id)
    name = command.name.strip()
    if not name:
        raise Refusal("bad_field", "A name has letters.", field="name")
    if device.name == name:
        return Decision(result=_answer(device) | {"changed": False})
    renamed = msgspec.structs.replace(device, name=name, version=device.version + 1)
    return Decision(
        result=_answer(renamed) | {"changed": True},
        rows=[_row(renamed)],
        said=[Said(DeviceRenamed(renamed.id, renamed.name), device_topics(renamed.id))],
    )


def seek(command: SeekDevice, facts: DeviceFacts, context: Context) -> Decision:
    """Say that a screen shall show itself; nothing about it changes."""
    device = _known(facts, command.device_id)
    event = DeviceSought(device.id, context.now_ms, context.actor.name)
    return Decision(result=_answer(device), said=[Said(event, device_topics(device.id))])


def revoke(command: RevokeDevice, facts: DeviceFacts, context: Context) -> Decision:
    """Unpair a device: its token is forgotten and its connection closes with 4410."""
    device = _known(facts, command.device_id)
    if device.token_hash is None:
        return Decision(result=_answer(device) | {"changed": False})
    gone = msgspec.structs.replace(
        device, token_hash=None, revoked_at_ms=context.now_ms, version=device.version + 1
    )
    return Decision(
        result=_answer(gone) | {"changed": True},
        rows=[_row(gone)],
        said=[Said(c.DeviceUnpaired(device_id=gone.id), device_topics(gone.id))],
    )


def _known(facts: DeviceFacts, device_id: int) -> StoredDevice:
    if facts.device is None:
        raise Refusal("device_not_found", device_id=device_id)
    return facts.device


def _refuse_unknown(command: PairDevice | MoveDevice, facts: DeviceFacts) -> None:
    if command.place_id is not None and not facts.place_known:
        raise Refusal("place_not_found", place_id=command.place_id)
    if command.station_id is not None and not facts.station_known:
        raise Refusal("station_not_found", station_id=command.station_id)


def _answer(device: StoredDevice) -> dict[str, Any]:
    return {
        "device_id": device.id,
        "kind": device.kind,
        "name": device.name,
        "place_id": device.place_id,
        "station_id": device.station_id,
    }


def _row(device: StoredDevice) -> Row:
    values: dict[str, Any] = msgspec.to_builtins(device)
    del values["account"]
    return Row("device", values)
