"""The voice, heard by analysis: really spoken, evenly loud, kept, bounded, signed."""

from __future__ import annotations

import asyncio
import math
import os
import sys
from array import array
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from server.broadcast import sound
from server.broadcast.audio import Audio, CommandVoice, EspeakVoice, VoiceError, cover
from server.broadcast.speech import Language
from tests.support.house import SHOP, running_house
from tests.support.patience import PATIENCE_S

SENTENCES: list[tuple[Language, str, int]] = [
    # language, words, syllables
    ("zh", "水饺两份", 4),
    ("zh", "八零一房间下单了水饺两份,请注意", 14),
    ("zh", "请零一号顾客取餐", 8),
    ("zh", "宫保鸡丁三份好了", 8),
    ("en", "room eight oh one ordered two dumplings", 10),
]


@pytest.fixture
async def voice(tmp_path: Path) -> AsyncIterator[Audio]:
    """The voice that works after `make run`."""
    audio = Audio(tmp_path / "audio", None, EspeakVoice())
    yield audio
    await audio.close()


async def test_sentences_are_really_spoken(voice: Audio) -> None:
    """As long as their syllables take, not silent, not clipped, evenly loud, without long gaps."""
    for language, words, syllables in SENTENCES:
        samples = sound.read_wav(await voice.wav(words, language))
        heard = sound.measured(samples)
        assert 0.15 < heard.seconds / syllables < 0.45, words
        assert abs(heard.loudness_dbfs - sound.LOUDNESS_DBFS) < 2, words
        assert heard.peak_dbfs <= sound.PEAK_DBFS_MAX + 0.01, words
        assert _longest_gap_s(samples) < 0.7, words


def _longest_gap_s(samples: array[int]) -> float:
    longest = gap = 0
    for sample in samples:
        gap = gap + 1 if abs(sample) < 100 else 0
        longest = max(longest, gap)
    return longest / sound.SAMPLES_PER_S


async def test_words_make_a_difference(voice: Audio) -> None:
    """Two sentences differ, one sentence is the same each time, and Chinese is not read as letters."""
    first = await voice.wav("水饺两份", "zh")
    assert await voice.wav("水饺两份", "zh") == first
    assert await voice.wav("水饺三份", "zh") != first


async def test_a_sentence_is_made_once(tmp_path: Path) -> None:
    """A hundred screens ask at once: one sound is made; the next process finds it kept."""
    voice = _Counting()
    audio = Audio(tmp_path, None, voice)
    heard = await asyncio.gather(*(audio.wav("水饺两份", "zh") for _ in range(100)))
    assert len(set(heard)) == 1
    assert await Audio(tmp_path, None, voice).wav("水饺两份", "zh") == heard[0]
    assert voice.said == 1


class _Counting:
    """A second body of the port: a tone, and how often it was asked for."""

    name = "tone"

    def __init__(self) -> None:
        self.said = 0

    async def say(self, text: str, language: Language) -> bytes:
        self.said += 1
        await asyncio.sleep(0)
        return _tone(300)

    async def close(self) -> None:
        """Hold nothing."""


def _tone(ms: int, rate: int = sound.SAMPLES_PER_S) -> bytes:
    count = sound.SAMPLES_PER_S * ms // 1000
    wave = (round(9_000 * math.sin(i * 440 * 2 * math.pi / rate)) for i in range(count))
    return sound.write_wav(array("h", wave))


async def test_recorded_clips_come_first(tmp_path: Path) -> None:
    """A sentence that clips cover is theirs; one word that lacks and it is the engine's."""
    words = ["八", "零", "一", "房间下单了", "水饺", "两份", "请注意"]
    (tmp_path / "clips" / "zh").mkdir(parents=True)
    for word in words:
        (tmp_path / "clips" / "zh" / f"{word}.wav").write_bytes(_tone(200))
    voice = _Counting()
    audio = Audio(tmp_path / "audio", tmp_path / "clips", voice)
    wav = await audio.wav("八零一房间下单了水饺两份,请注意", "zh")
    assert voice.said == 0
    assert 1.4 < sound.measured(sound.read_wav(wav)).seconds < 2.0
    await audio.wav("八零二房间下单了水饺两份", "zh")
    assert voice.said == 1


async def test_a_clip_recorded_anew_is_heard_at_once(tmp_path: Path) -> None:
    """A sentence that was made of the old clip is not the sentence any more."""
    (tmp_path / "clips" / "zh").mkdir(parents=True)
    clip = tmp_path / "clips" / "zh" / "水饺.wav"
    audio = Audio(tmp_path / "audio", tmp_path / "clips", None)
    lengths = []
    for length in (200, 900):
        clip.write_bytes(_tone(length))
        lengths.append(sound.measured(sound.read_wav(await audio.wav("水饺", "zh"))).seconds)
    assert lengths[1] > 3 * lengths[0]


COVERED = [
    ("八零一", ["八零", "一"]),
    ("八零一,八零", ["八零", "一", "八零"]),
    ("九", None),
    (",", None),
    ("", None),
]


@pytest.mark.parametrize(("text", "clips"), COVERED)
def test_clips_cover_all_or_nothing(text: str, clips: list[str] | None) -> None:
    """Longest first; punctuation is a pause."""
    words = frozenset({"八", "零", "一", "八零"})
    assert cover(text, words) == clips


async def test_a_voice_of_ones_own(tmp_path: Path) -> None:
    """A command that gets text on stdin and gives WAV on stdout is a voice."""
    program = (
        "import sys, wave; text = sys.stdin.read(); out = wave.open(sys.stdout.buffer, 'wb');"
        "out.setparams((1, 2, 16000, 0, 'NONE', 'not compressed'));"
        "out.writeframes(b'\\x00\\x20\\x00\\xe0' * 2000 * len(text)); out.close()"
    )
    audio = Audio(tmp_path, None, CommandVoice((sys.executable, "-c", program)))
    heard = sound.measured(sound.read_wav(await audio.wav("水饺两份", "zh")))
    assert abs(heard.seconds - 1.0) < 0.1


ENDLESS = "import sys\nwhile True: sys.stdout.buffer.write(b'x' * 65536)"
BROKEN = [ENDLESS, "raise SystemExit(3)", "print('no sound')", "import os; os.abort()", ""]


@pytest.mark.parametrize("program", BROKEN)
async def test_a_broken_voice_is_a_clear_refusal(tmp_path: Path, program: str) -> None:
    """A voice that ends, babbles, dies or says nothing costs its sentence and no more."""
    audio = Audio(tmp_path, None, CommandVoice((sys.executable, "-c", program)))
    with pytest.raises(VoiceError):
        await audio.wav("水饺两份", "zh")
    assert list(tmp_path.glob("*.wav")) == []


async def test_a_missing_voice_and_a_broken_clip_are_refusals(tmp_path: Path) -> None:
    """A command that is not there, a clip that is no WAV: refused clearly, and nothing is kept."""
    with pytest.raises(VoiceError):
        await Audio(tmp_path, None, CommandVoice(("no-such-voice",))).wav("水饺", "zh")
    (tmp_path / "clips" / "zh").mkdir(parents=True)
    (tmp_path / "clips" / "zh" / "水饺.wav").write_bytes(b"not a WAV")
    with pytest.raises(VoiceError):
        await Audio(tmp_path / "audio", tmp_path / "clips", _Counting()).wav("水饺", "zh")
    assert list(tmp_path.rglob("audio/*.wav")) == []


async def test_a_killed_engine_speaks_again(voice: Audio) -> None:
    """The child dies between two sentences: the next one is spoken by a new one."""
    await voice.wav("水饺两份", "zh")
    child = voice._voice._child  # type: ignore[union-attr]
    assert child is not None
    os.kill(child.pid, 9)
    await child.wait()
    assert await voice.wav("水饺三份", "zh")


async def test_the_engine_refuses_digits(voice: Audio) -> None:
    """801 would be read as eight hundred and ten: a digit never reaches the engine."""
    with pytest.raises(VoiceError):
        await voice.wav("801", "zh")
    assert await voice.wav("八零一", "zh")


async def test_the_least_recently_heard_goes_first(tmp_path: Path) -> None:
    """The store stays within its bytes."""
    size = len(_tone(300)) + 2_000
    audio = Audio(tmp_path, None, _Counting(), kept_bytes_max=3 * size)
    for number in "一二三四五六七":
        await audio.wav(number, "zh")
    assert sum(file.stat().st_size for file in tmp_path.glob("*.wav")) <= 3 * size


async def test_a_screen_hears_what_was_announced(database_url: str, redis_url: str) -> None:
    """From an order to the sound: the address in the ring is signed, immutable and audible."""
    async with running_house(database_url, redis_url) as house:
        await house.pair("kitchen")
        await house.order(1, 2)
        path = await _announced(house.pool)
        async with httpx.AsyncClient(base_url=house.url) as browser:
            answer = await browser.get(path)
            assert answer.status_code == 200
            assert answer.headers["content-type"] == "audio/wav"
            assert "immutable" in answer.headers["cache-control"]
            assert sound.measured(sound.read_wav(answer.content)).seconds > 1
            forged = {"language": "zh", "text": "老板请客"}
            where = urlsplit(path).path
            assert (await browser.get(where, params=forged)).status_code == 404
            said = parse_qs(urlsplit(path).query)["text"][0]
            assert not any(char.isdecimal() for char in said)


async def _announced(pool: object) -> str:
    async with asyncio.timeout(PATIENCE_S):
        while True:
            path: str | None = await pool.fetchval(  # type: ignore[attr-defined]
                "SELECT convert_from(body, 'UTF8')::json -> 'utterance' -> 'audio' ->> 'zh'"
                "  FROM event WHERE shop_id = $1 AND kind = 'Announced'",
                SHOP,
            )
            if path:
                return path
