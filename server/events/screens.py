"""◆ How a screen shows and sounds, when it was told from a desk and not at the screen itself.

Everything left out (null) is the screen's own affair: it fits its cells to its size, and remembers its language.
Refuses to hold behaviour, as the catalogue does: what a setting looks like is the screen's.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from server.events.words import Fact

COLUMNS_MIN, COLUMNS_MAX = 2, 8
ROWS_MIN, ROWS_MAX = 1, 4
DISTANCE_CM_MIN, DISTANCE_CM_MAX = 50, 500

Columns = Annotated[int, msgspec.Meta(ge=COLUMNS_MIN, le=COLUMNS_MAX)]
Rows = Annotated[int, msgspec.Meta(ge=ROWS_MIN, le=ROWS_MAX)]
Distance = Annotated[int, msgspec.Meta(ge=DISTANCE_CM_MIN, le=DISTANCE_CM_MAX)]
Percent = Annotated[int, msgspec.Meta(ge=0, le=100)]
SettingsVersion = Annotated[int, msgspec.Meta(ge=0, le=2**31 - 2)]


class ScreenSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One screen's settings; null is "as the screen likes".

    `mode` "expo": a kitchen board that assembles whole orders instead of one station's dishes. `columns` × `rows`
    cells of a board. `distance_cm`: how far away who reads stands; text grows with it. `volume` in percent.
    `unfinished`, of an expo: what stands ready of an order some station still cooks for may "ask" be run (when that
    is said twice), or "never": then only who may set screens up lets it go.
    """

    mode: Literal["station", "expo"] | None = None
    columns: Columns | None = None
    rows: Rows | None = None
    distance_cm: Distance | None = None
    theme: Literal["dark", "light"] | None = None
    volume: Percent | None = None
    language: Literal["zh", "en"] | None = None
    unfinished: Literal["ask", "never"] | None = None


AS_IT_LIKES = ScreenSettings()


class ScreenSet(Fact, frozen=True, tag=True):
    """Somebody changed a screen's settings; these are all of them now."""

    device_id: int
    settings: ScreenSettings


class DeviceRenamed(Fact, frozen=True, tag=True):
    """A device is called otherwise now; its account keeps its name."""

    device_id: int
    name: str


class DeviceSought(Fact, frozen=True, tag=True):
    """Somebody at a desk wants to see which screen this is: it flashes its name for some seconds."""

    device_id: int
    at_ms: int
    by: str


ScreenFact = ScreenSet | DeviceRenamed | DeviceSought
