"""Utterances for tests of what screens say, sentences that can be heard, and an ear on a page.

Refuses to know what should be heard: tests say that.
"""

from __future__ import annotations

import io
import math
import struct
import wave
from itertools import pairwise
from typing import Any, NamedTuple

from playwright.async_api import Page

from server.events import catalogue as c
from tests.support.patience import PATIENCE_MS
from tests.support.scripted_gateway import ScriptedGateway

RATE_HZ = 22_050
LOUDNESS = 0.4

# Everything a page says from now on, by the clock its sound is played by.
EAR = """
  () => {
    window.spoken = [];
    chuancai.screen.speaker.spoke.on(({ what, entry, atS, stage }) => {
      if (what === "ended" && !window.spoken.length) return; // it began before anybody listened
      const call = entry.call_id, text = entry.utterance?.text.zh ?? entry.sound;
      window.spoken.push({ what, call, ring: entry.ring, text, at_s: atS, stage });
    });
  }
"""


class Spoken(NamedTuple):
    """One thing that was heard from its begin to its end, in seconds of the sound's clock."""

    call_id: int
    began_s: float
    ended_s: float
    stage: str | None


def tone(seconds: float) -> bytes:
    """Return a WAV file that hums."""
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        wave_ = (math.sin(n / 16) * LOUDNESS for n in range(int(RATE_HZ * seconds)))
        file.writeframes(b"".join(struct.pack("<h", int(one * 32767)) for one in wave_))
    return out.getvalue()


def utterance(gateway: ScriptedGateway, call_id: int, **more: Any) -> c.Utterance:
    """Return what the kitchen is to hear now, for a minute, most ordinary unless said otherwise."""
    now_ms = gateway.now_ms()
    text = more.pop("text", f"{call_id} 号的话")
    seconds = more.pop("seconds", 0.3)
    lasts_ms = more.pop("lasts_ms", 60_000)
    path = f"/audio/{seconds}.wav"
    if seconds:
        gateway.sounds[path] = tone(seconds)
    audio = more.pop("audio", {"zh": path, "en": path} if seconds else {})
    fields: dict[str, Any] = {
        "ring": 1, "rings_max": 1, "event": "custom", "msg_type": 1, "channels": ["kitchen"],
        "accounts": [], "sound": "none", "priority": 4, "at_ms": now_ms,
        "expires_at_ms": now_ms + lasts_ms, "place_id": None, "item_id": None,
    }  # fmt: skip
    return c.Utterance(
        call_id=call_id, text=c.Text(text, f"Words of {call_id}"), spoken=c.Text(text, text),
        audio=audio, **(fields | more),
    )  # fmt: skip


async def announce(gateway: ScriptedGateway, call_id: int, **more: Any) -> c.Utterance:
    """Let the shop's log announce something."""
    said = utterance(gateway, call_id, **more)
    await gateway.happen(c.Announced(utterance=said))
    return said


async def heard(page: Page, count: int) -> list[Spoken]:
    """Wait until so many things have been heard to their end, and return them in that order."""
    done = "count => window.spoken.filter(({ what }) => what === 'ended').length >= count"
    await page.wait_for_function(done, arg=count, timeout=PATIENCE_MS)
    return whole(await page.evaluate("window.spoken"))


def whole(spoken: list[dict[str, Any]]) -> list[Spoken]:
    """Put begins and ends together; between a begin and its end nothing else may stand."""
    found = []
    for began, ended in zip(spoken[::2], spoken[1::2], strict=False):
        assert (began["what"], ended["what"]) == ("began", "ended")
        assert (began["call"], began["ring"]) == (ended["call"], ended["ring"])
        found.append(Spoken(began["call"], began["at_s"], ended["at_s"], ended["stage"]))
    return found


def no_overlap(spoken: list[Spoken]) -> bool:
    """Say whether each thing began after the one before it had ended."""
    return all(a.ended_s <= b.began_s for a, b in pairwise(spoken))


def stages(gateway: ScriptedGateway, call_id: int) -> list[str]:
    """Return what the screens told of a call, in order."""
    return [r.stage for ack in gateway.acks for r in ack.rings if r.call_id == call_id]


async def told(gateway: ScriptedGateway, call_id: int, stage: str) -> None:
    """Wait until a screen told that stage of a call."""
    await gateway.until(lambda: stage in stages(gateway, call_id))
