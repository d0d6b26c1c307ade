"""◆ Samples: read, trim, even out, join, measure. Mono, 16 bit, 22,050 a second.

Sentences of different engines and clips of different days are brought to one loudness, so that
nobody turns the volume up for one and down for the next. Refuses files, engines and languages.
"""

from __future__ import annotations

import io
import math
import wave
from array import array
from typing import NamedTuple

SAMPLES_PER_S = 22_050
LOUDNESS_DBFS = -20.0  # RMS of the parts that speak; kitchens want it loud, peaks want room
PEAK_DBFS_MAX = -1.0
SILENCE_DBFS = -45.0
FRAME_SAMPLES = SAMPLES_PER_S // 50
EDGE_SAMPLES = SAMPLES_PER_S // 50  # 20 ms stay around the speech
SECONDS_MAX = 60
_FULL = 32_768.0


class Measured(NamedTuple):
    """What a listener would say of it, in numbers."""

    seconds: float
    loudness_dbfs: float
    peak_dbfs: float


class NotSoundError(ValueError):
    """These bytes are no WAV this house can play."""


def samples_of(raw: bytes) -> array[int]:
    """Return the samples of raw little-endian 16-bit data."""
    samples = array("h")
    samples.frombytes(raw[: len(raw) // 2 * 2])
    return samples


def read_wav(data: bytes) -> array[int]:
    """Return the samples of a WAV file of any rate, mono or the first of its channels."""
    try:
        with wave.open(io.BytesIO(data)) as file:
            if file.getsampwidth() != 2:  # noqa: PLR2004 - bytes
                raise NotSoundError("not 16 bit")
            if file.getnframes() > file.getframerate() * SECONDS_MAX:
                raise NotSoundError("too long")
            rate, channels = file.getframerate(), file.getnchannels()
            samples = samples_of(file.readframes(file.getnframes()))
    except (wave.Error, EOFError) as error:
        raise NotSoundError(str(error)) from error
    return _resampled(samples[::channels], rate)


def _resampled(samples: array[int], rate: int) -> array[int]:
    if rate == SAMPLES_PER_S or not samples:
        return samples
    count = len(samples) * SAMPLES_PER_S // rate
    step, last = rate / SAMPLES_PER_S, len(samples) - 1
    out = array("h", bytes(2 * count))
    for i in range(count):
        at = i * step
        low = int(at)
        high = min(low + 1, last)
        out[i] = round(samples[low] + (samples[high] - samples[low]) * (at - low))
    return out


def write_wav(samples: array[int]) -> bytes:
    """Return a WAV file."""
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(SAMPLES_PER_S)
        out.writeframes(samples.tobytes())
    return file.getvalue()


def evened(samples: array[int]) -> array[int]:
    """Return the speech without the silence around it, at the house's loudness.

    Raises `NotSoundError` when nothing is to be heard.
    """
    trimmed = _trimmed(samples)
    gain = 10 ** ((LOUDNESS_DBFS - _loudness(trimmed)) / 20)
    peak = max(abs(max(trimmed)), abs(min(trimmed)))
    gain = min(gain, 10 ** (PEAK_DBFS_MAX / 20) * _FULL / peak)
    return array("h", (round(sample * gain) for sample in trimmed))


def _frames(samples: array[int]) -> list[float]:
    """Return the mean square of each 20 ms."""
    return [
        sum(s * s for s in samples[at : at + FRAME_SAMPLES]) / FRAME_SAMPLES
        for at in range(0, len(samples), FRAME_SAMPLES)
    ]


def _trimmed(samples: array[int]) -> array[int]:
    floor = (_FULL * 10 ** (SILENCE_DBFS / 20)) ** 2
    loud = [i for i, power in enumerate(_frames(samples)) if power > floor]
    if not loud:
        raise NotSoundError("silent")
    begin = max(0, loud[0] * FRAME_SAMPLES - EDGE_SAMPLES)
    return samples[begin : (loud[-1] + 1) * FRAME_SAMPLES + EDGE_SAMPLES]


def _loudness(samples: array[int]) -> float:
    floor = (_FULL * 10 ** (SILENCE_DBFS / 20)) ** 2
    loud = [power for power in _frames(samples) if power > floor]
    return 10 * math.log10(sum(loud) / len(loud) / _FULL**2) if loud else -math.inf


def joined(parts: list[array[int]], gap_ms: int) -> array[int]:
    """Return clips one after another with a short silence between them."""
    gap = array("h", bytes(2 * (SAMPLES_PER_S * gap_ms // 1000)))
    whole = array("h")
    for index, part in enumerate(parts):
        if index:
            whole.extend(gap)
        whole.extend(part)
    return whole


def measured(samples: array[int]) -> Measured:
    """Return duration, loudness of what speaks, and the highest peak."""
    peak = max((abs(s) for s in samples), default=0)
    peak_dbfs = 20 * math.log10(peak / _FULL) if peak else -math.inf
    return Measured(len(samples) / SAMPLES_PER_S, _loudness(samples), peak_dbfs)
