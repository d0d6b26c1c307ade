"""The door to spoken sentences: signed addresses that never change.

Refuses words this house did not sign, and to make anybody wait for a voice that is not there.
"""

from __future__ import annotations

from typing import Annotated

import asyncpg
import msgspec
import structlog

from server.api.table import Call, Door, Plain
from server.broadcast.audio import Audio, VoiceError
from server.broadcast.audio_path import SPOKEN_CHARACTERS_MAX, is_signed
from server.broadcast.speech import Language
from server.broadcast.store import read_audio_key
from server.errors import Refusal

_FOR_EVER = {"cache-control": "public, max-age=31536000, immutable"}

_log = structlog.get_logger(__name__)


class SentencePath(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The words of a sentence and the house's signature over them."""

    name: Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{32}\.wav$")]
    language: Language
    text: Annotated[str, msgspec.Meta(min_length=1, max_length=SPOKEN_CHARACTERS_MAX)]


class Sentences:
    """What screens fetch when a call is spoken."""

    def __init__(self, audio: Audio, database: asyncpg.Pool) -> None:
        self._audio = audio
        self._db = database
        self._key = b""

    def doors(self) -> list[Door]:
        """Return this audience's rows of the table."""
        return [
            Door(
                "GET", "/audio/{name}", "readSentence", "Hear a sentence of a call", "device",
                self.read, "public", params=SentencePath, media_type="audio/wav",
                refusals=("not_found", "voice_unavailable", "bad_field"),
            ),
        ]  # fmt: skip

    async def read(self, call: Call) -> Plain:
        """Return the sentence's WAV, made now if nobody asked before."""
        asked: SentencePath = call.params
        self._key = self._key or await read_audio_key(self._db)
        if not is_signed(self._key, asked.name.removesuffix(".wav"), asked.language, asked.text):
            raise Refusal("not_found")
        try:
            wav = await self._audio.wav(asked.text, asked.language)
        except VoiceError as error:
            _log.warning("voice_unavailable", error=str(error))
            raise Refusal("voice_unavailable") from error
        return Plain(wav, "audio/wav", headers=_FOR_EVER)
