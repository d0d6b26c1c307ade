"""Doors to photographs of dishes: who keeps the menu brings one, every screen shows it.

A photograph's address says what it is and never shows anything else. Refuses to keep a file as it came.
"""

from __future__ import annotations

from typing import Annotated

import asyncpg
import msgspec

from server.api.business import ShopPath
from server.api.callers import Gate
from server.api.table import Call, Door, Plain
from server.clock import Clock
from server.errors import Refusal
from server.pictures import store
from server.pictures.darkroom import Darkroom

_FOR_EVER = {
    "cache-control": "public, max-age=31536000, immutable",
    "x-content-type-options": "nosniff",
}
BODY_BYTES_MAX = 2 * 1024 * 1024  # 1.5 MB of a picture, in base64; the console sends a tenth of it


class PicturePath(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which photograph."""

    name: Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{32}\.webp$")]


class PictureRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A JPEG, PNG or WebP, in base64."""

    data: bytes


class PictureAnswer(msgspec.Struct, frozen=True):
    """What a dish's `picture` is to say."""

    picture: str


class Pictures:
    """Who may bring a photograph, and everybody who looks at one."""

    def __init__(self, database: asyncpg.Pool, gate: Gate, clock: Clock) -> None:
        self._db = database
        self._gate = gate
        self._clock = clock
        self._darkroom = Darkroom()

    def doors(self) -> list[Door]:
        """Return this audience's rows of the table."""
        return [
            Door(
                "POST", "/v1/shops/{shop_id}/pictures", "addPicture",
                "Bring a photograph for a dish", "manager", self.add, "either", params=ShopPath,
                request=PictureRequest, response=PictureAnswer, status=201,
                refusals=("picture_unreadable", "pictures_too_many"),
                body_bytes_max=BODY_BYTES_MAX,
            ),
            Door(
                "GET", "/pictures/{name}", "readPicture", "See a photograph of a dish", "device",
                self.read, "public", params=PicturePath, media_type="image/webp",
                refusals=("not_found", "bad_field"),
            ),
        ]  # fmt: skip

    async def add(self, call: Call) -> PictureAnswer:
        """Make a photograph small and clean, and keep it for the brand."""
        await self._gate.actor(call.caller, "manager", call.params.shop_id)
        made = await self._darkroom.make(call.body.data)
        await store.put(self._db, call.caller.brand_id, made, self._clock.now())
        call.noted["picture"] = made.name
        return PictureAnswer(f"/pictures/{made.name}")

    async def read(self, call: Call) -> Plain:
        """Return a photograph."""
        body = await store.read(self._db, call.params.name)
        if body is None:
            raise Refusal("not_found")
        return Plain(body, "image/webp", headers=_FOR_EVER)
