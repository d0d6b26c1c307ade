"""The child process that speaks with espeak-ng: `python -m server.broadcast.espeak`.

One request a line on stdin (`{"text": …, "language": …}`), one answer on stdout: four bytes of length,
then 16-bit mono samples. A process of its own, because the library is not made for threads, may die of
a bad text, and stands under the GPL (docs/decisions/0011-voice.md). Refuses digits: it would read
801 as eight hundred and ten.
"""

from __future__ import annotations

import ctypes
import importlib
import json
import struct
import sys
from typing import Any, BinaryIO

SAMPLES_PER_S = 22_050
WORDS_PER_MINUTE = {"zh": 165, "en": 160}  # slower than talk: a kitchen is loud
VOICES = {"zh": b"cmn", "en": b"en"}

_SYNCHRONOUS = 2
_RATE = 1
_UTF8 = 1
_OK = 0

_Callback = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p
)


class Engine:
    """The loaded library; raises `RuntimeError` when it cannot speak."""

    def __init__(self) -> None:
        # An extra that may be missing, and that brings no types.
        espeakng_loader: Any = importlib.import_module("espeakng_loader")

        self._library: Any = ctypes.CDLL(espeakng_loader.get_library_path())
        path = espeakng_loader.get_data_path().encode()
        rate = self._library.espeak_Initialize(_SYNCHRONOUS, 0, path, 0)
        if rate != SAMPLES_PER_S:
            raise RuntimeError(f"espeak-ng began with {rate} samples a second")
        self._heard = bytearray()
        self._callback = _Callback(self._hear)  # the library keeps a bare pointer: keep it alive
        self._library.espeak_SetSynthCallback(self._callback)

    def _hear(self, samples: Any, count: int, _events: Any) -> int:
        if samples and count > 0:
            self._heard += ctypes.string_at(samples, count * 2)
        return 0  # go on

    def say(self, text: str, language: str) -> bytes:
        """Return the samples of a sentence."""
        if any(char.isdecimal() for char in text):
            raise ValueError("a digit reached the voice")
        self._heard.clear()
        if self._library.espeak_SetVoiceByName(VOICES[language]) != _OK:
            raise RuntimeError(f"espeak-ng has no voice for {language}")
        self._library.espeak_SetParameter(_RATE, WORDS_PER_MINUTE[language], 0)
        data = text.encode() + b"\0"
        said = self._library.espeak_Synth(data, len(data), 0, 0, 0, _UTF8, None, None)
        if said != _OK:
            raise RuntimeError(f"espeak-ng answered {said}")
        return bytes(self._heard)


def serve(asked: BinaryIO, answers: BinaryIO) -> None:
    """Answer requests until stdin ends."""
    engine = Engine()
    for line in asked:
        request = json.loads(line)
        samples = engine.say(request["text"], request["language"])
        answers.write(struct.pack("<I", len(samples)) + samples)
        answers.flush()


if __name__ == "__main__":
    serve(sys.stdin.buffer, sys.stdout.buffer)
