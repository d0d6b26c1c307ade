"""Photographs of dishes: taken by a telephone, shown by every screen, kept while a dish shows them."""

from __future__ import annotations

import base64
import io
import struct
import zlib
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from PIL import Image, ImageCms

from server import housekeeping
from server.api.pictures import BODY_BYTES_MAX
from server.housekeeping import PICTURES_KEPT
from server.pictures import store
from server.pictures.photograph import SIDE_PX_MAX
from tests.support.api_house import OTHER_SHOP, SHOP, ApiHouse, api_house, is_problem

PICTURES = f"/v1/shops/{SHOP}/pictures"
ORIENTATION, GPS = 0x0112, 0x8825
LYING = 6  # held upright: the picture lies on its side in the file


@pytest.fixture
async def house(database_url: str, redis_url: str) -> AsyncIterator[ApiHouse]:
    """Give an API on real engines."""
    async with api_house(database_url, redis_url) as made:
        yield made


def taken(width: int, height: int, kind: str = "JPEG", mode: str = "RGB") -> bytes:
    """Take a photograph, red at its left, with where it was taken."""
    picture = Image.new(mode, (width, height), "white")
    picture.paste("red", (0, 0, width // 2, height))
    exif = Image.Exif()
    exif[ORIENTATION] = LYING
    exif[GPS] = {1: "N", 2: (30.0, 15.0, 0.0)}
    written = io.BytesIO()
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    picture.save(written, kind, exif=exif, icc_profile=profile)
    return written.getvalue()


def body(raw: bytes) -> dict[str, Any]:
    """Ask as a caller does."""
    return {"data": base64.b64encode(raw).decode()}


def bomb() -> bytes:
    """Make a small PNG that says it is 30,000 by 30,000."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    head = struct.pack(">IIBBBBB", 30_000, 30_000, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(bytes(1000)))
        + chunk(b"IEND", b"")
    )


async def test_a_telephones_photograph_is_upright_small_and_says_nothing_else(
    house: ApiHouse,
) -> None:
    """R-004-6: everybody sees it by an address that never changes; where it was taken nobody learns."""
    manager = await house.caller("m", roles=("business", "manager"))
    told = await manager.ask("POST", PICTURES, body(taken(2400, 1800)))
    assert told.status_code == 201, told.text
    path = told.json()["picture"]
    shown = await house.http.get(path)
    assert (shown.status_code, shown.headers["content-type"]) == (200, "image/webp")
    assert "immutable" in shown.headers["cache-control"]
    with Image.open(io.BytesIO(shown.content)) as picture:
        assert picture.size == (SIDE_PX_MAX * 3 // 4, SIDE_PX_MAX), "upright"
        assert not {"exif", "icc_profile", "xmp"} & picture.info.keys()
        red, green, _ = picture.convert("RGB").getpixel((picture.width // 2, 10))  # type: ignore[misc]
        assert (red > 200, green < 60) == (True, True), "red was at the left, which is up"
    again = await manager.ask("POST", PICTURES, body(taken(2400, 1800)))
    assert again.json()["picture"] == path
    assert (
        await manager.ask("PUT", f"/v1/shops/{SHOP}/dishes/2", {"picture": path})
    ).status_code == 200


@pytest.mark.parametrize(
    ("kind", "mode"), [("PNG", "RGBA"), ("WEBP", "RGB"), ("JPEG", "CMYK"), ("PNG", "L")]
)
async def test_every_usual_kind_is_read(house: ApiHouse, kind: str, mode: str) -> None:
    """What cameras, drawing programs and printers' studios write is shown all the same."""
    manager = await house.caller("m", roles=("business", "manager"))
    picture = io.BytesIO()
    Image.new(mode, (300, 200)).save(picture, kind)
    told = await manager.ask("POST", PICTURES, body(picture.getvalue()))
    assert told.status_code == 201, told.text


async def test_what_is_no_photograph_is_refused(house: ApiHouse) -> None:
    """A script, half a file, a bomb and another kind are told apart from a picture; nothing is kept."""
    manager = await house.caller("m", roles=("business", "manager"))
    gif = io.BytesIO()
    Image.new("P", (10, 10)).save(gif, "GIF")
    for raw in (b"", b"<svg onload='alert(1)'/>", taken(900, 900)[:2000], bomb(), gif.getvalue()):
        is_problem(await manager.ask("POST", PICTURES, body(raw)), "picture_unreadable")
    is_problem(await manager.ask("POST", PICTURES, {"data": "a" * BODY_BYTES_MAX}), "too_large")
    is_problem(await manager.ask("POST", PICTURES, {"data": "%%%"}), "bad_field")
    assert await house.db.fetchval("SELECT count(*) FROM picture") == 0
    assert (await house.http.get(f"/pictures/{'0' * 32}.webp")).status_code == 404


async def test_only_who_keeps_the_menu_brings_one(house: ApiHouse) -> None:
    """Strangers, services without the role and other brands' managers bring nothing."""
    raw = body(taken(40, 30))
    assert (await house.http.post(PICTURES, json=raw)).status_code == 401
    is_problem(await (await house.caller("pos")).ask("POST", PICTURES, raw), "not_allowed")
    manager = await house.caller("m", roles=("business", "manager"))
    is_problem(await manager.ask("POST", f"/v1/shops/{OTHER_SHOP}/pictures", raw), "shop_not_found")


async def test_a_brand_has_no_more_than_it_may_and_forgets_what_no_dish_shows(
    house: ApiHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bound refuses a further one and not the same again; what no dish shows is gone after a month."""
    monkeypatch.setattr(store, "PICTURES_MAX", 2)
    manager = await house.caller("m", roles=("business", "manager"))
    paths = [
        (await manager.ask("POST", PICTURES, body(taken(40, high)))).json()["picture"]
        for high in (30, 31)
    ]
    is_problem(await manager.ask("POST", PICTURES, body(taken(40, 32))), "pictures_too_many")
    assert (await manager.ask("POST", PICTURES, body(taken(40, 30)))).status_code == 201
    await manager.ask("PUT", f"/v1/shops/{SHOP}/dishes/2", {"picture": paths[0]})
    house.clock.advance(seconds=(PICTURES_KEPT + timedelta(seconds=1)).total_seconds())
    await housekeeping.forget(house.db, house.clock)
    assert [(await house.http.get(path)).status_code for path in paths] == [200, 404]
