"""A photograph as somebody's telephone took it, made into what screens show.

Decoded and drawn anew: what stood beside the picture (where it was taken, by which telephone) and
what may hide in a file is gone. Refuses what is no photograph, and what would fill memory unpacked.
"""

from __future__ import annotations

import hashlib
import io
from typing import NamedTuple

from PIL import Image, ImageOps

from server.errors import Refusal

SIDE_PX_MAX = 1280  # a recipe on a board of 1920 by 1080 is looked at from two metres
PIXELS_MAX = 64_000_000  # a telephone's largest; 200 MB unpacked, for a moment
FORMATS = ("JPEG", "PNG", "WEBP")
QUALITY = 80


class Photograph(NamedTuple):
    """WebP bytes, named by what they are."""

    name: str
    body: bytes


def photograph(raw: bytes) -> Photograph:
    """Return the picture upright, at most `SIDE_PX_MAX` wide or high. Raises `picture_unreadable`.

    Takes up to a second of a core: not for the loop's thread.
    """
    try:
        clean = _clean(raw)
    except Refusal:
        raise
    except Exception as error:
        # A decoder falls over a broken file in ways of its own.
        raise Refusal("picture_unreadable") from error
    written = io.BytesIO()
    clean.save(written, "WEBP", quality=QUALITY)
    body = written.getvalue()
    return Photograph(hashlib.sha256(body).hexdigest()[:32] + ".webp", body)


def _clean(raw: bytes) -> Image.Image:
    """Return the picture of a file, upright, small, and nothing besides."""
    with Image.open(io.BytesIO(raw), formats=FORMATS) as opened:
        if opened.width * opened.height > PIXELS_MAX:
            raise Refusal("picture_unreadable", pixels_max=PIXELS_MAX)
        opened.draft("RGB", (SIDE_PX_MAX, SIDE_PX_MAX))  # a JPEG is unpacked smaller at once
        upright = ImageOps.exif_transpose(opened)
        upright.thumbnail((SIDE_PX_MAX, SIDE_PX_MAX))
        return _on_white(upright)


def _on_white(picture: Image.Image) -> Image.Image:
    """Return the picture's pixels alone, what is clear in white."""
    seen = picture.convert("RGBA")
    white = Image.new("RGB", seen.size, "white")
    white.paste(seen, mask=seen.getchannel("A"))
    return white
