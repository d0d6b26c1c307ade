"""Makes sentences audible: recorded clips first, then a voice, once each, kept by their content.

A sound is made when it is first asked for, never while a call rings. Bounded in every direction:
sentences at once, seconds a voice may take, bytes kept. Refuses to know calls and devices.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import importlib.util
import json
import os
import struct
import sys
import tempfile
from pathlib import Path
from typing import Protocol

import structlog

from server.broadcast import sound
from server.broadcast.speech import Language

AT_ONCE_MAX = 2
WAITING_MAX = 200
VOICE_S_MAX = 10.0
KEPT_BYTES_MAX = 256 * 1024 * 1024
CLIP_GAP_MS = 40
CLIP_CHARACTERS_MAX = 24
PAUSES = frozenset(" ,，。;；、!！?？:：")
END_S_MAX = 1.0
READ_BYTES = 64 * 1024
ANSWER_BYTES_MAX = sound.SAMPLES_PER_S * 2 * sound.SECONDS_MAX

_log = structlog.get_logger(__name__)


class VoiceError(Exception):
    """The voice did not speak; the device has other ways."""


class Voice(Protocol):
    """Somebody who can read a sentence aloud."""

    name: str

    async def say(self, text: str, language: Language) -> bytes:
        """Return a WAV file; raises `VoiceError`."""
        ...

    async def close(self) -> None:
        """Let go of what it holds."""
        ...


class EspeakVoice:
    """espeak-ng in a child process that lives as long as it behaves."""

    name = "espeak-ng"

    def __init__(self) -> None:
        self._child: asyncio.subprocess.Process | None = None
        self._turn = asyncio.Lock()

    async def say(self, text: str, language: Language) -> bytes:
        request = json.dumps({"text": text, "language": language}) + "\n"
        async with self._turn:
            try:
                async with asyncio.timeout(VOICE_S_MAX):
                    samples = await self._ask(request.encode())
            except (OSError, EOFError, TimeoutError) as error:
                await self.close()
                raise VoiceError(f"espeak-ng fell silent: {type(error).__name__}") from error
            except asyncio.CancelledError:
                await self.close()  # half an answer would be taken for the next one
                raise
        return sound.write_wav(sound.samples_of(samples))

    async def _ask(self, request: bytes) -> bytes:
        if self._child is None or self._child.returncode is not None:
            self._child = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "server.broadcast.espeak",
                stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
            )  # fmt: skip
        into, out = self._child.stdin, self._child.stdout
        assert into is not None
        assert out is not None
        into.write(request)
        await into.drain()
        (size,) = struct.unpack("<I", await out.readexactly(4))
        if size > ANSWER_BYTES_MAX:
            raise EOFError
        return await out.readexactly(size)

    async def close(self) -> None:
        child, self._child = self._child, None
        if child is None:
            return
        if child.returncode is None:
            child.kill()
        assert child.stdin is not None
        child.stdin.close()
        await child.wait()


class CommandVoice:
    """A voice of one's own: a command that gets the text on stdin and gives WAV on stdout.

    The language is its last argument. A neural engine is plugged in this way.
    """

    def __init__(self, command: tuple[str, ...]) -> None:
        self._command = command
        self.name = " ".join(command)

    async def say(self, text: str, language: Language) -> bytes:
        try:
            child = await asyncio.create_subprocess_exec(
                *self._command, language,
                stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
            )  # fmt: skip
        except OSError as error:
            raise VoiceError(f"the voice cannot be started: {type(error).__name__}") from error
        try:
            async with asyncio.timeout(VOICE_S_MAX):
                data = await _conversed(child, text.encode())
        except TimeoutError as error:
            raise VoiceError("the voice took too long") from error
        finally:
            if child.returncode is None:
                await _end(child)
        if child.returncode != 0:
            raise VoiceError(f"the voice ended with {child.returncode}")
        return data

    async def close(self) -> None:
        """Hold nothing."""


async def _conversed(child: asyncio.subprocess.Process, text: bytes) -> bytes:
    """Hand over the text and read all it says, at most `ANSWER_BYTES_MAX`; raises `VoiceError`."""
    into, out = child.stdin, child.stdout
    assert into is not None
    assert out is not None
    telling = asyncio.create_task(_tell(into, text))
    parts, size = [], 0
    try:
        while part := await out.read(READ_BYTES):
            parts.append(part)
            size += len(part)
            if size > ANSWER_BYTES_MAX:
                raise VoiceError("the voice does not stop")
        await child.wait()
    finally:
        telling.cancel()
        await asyncio.wait([telling])
    return b"".join(parts)


async def _end(child: asyncio.subprocess.Process) -> None:
    """Kill it, and read on to its end: who leaves a full pipe alone waits for ever."""
    assert child.stdout is not None
    child.kill()
    with contextlib.suppress(TimeoutError):  # a child of its own may hold the pipe
        async with asyncio.timeout(END_S_MAX):
            while await child.stdout.read(READ_BYTES):
                pass
            await child.wait()


async def _tell(into: asyncio.StreamWriter, text: bytes) -> None:
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # who knows enough may stop
        into.write(text)
        await into.drain()
        into.close()


def cover(text: str, words: frozenset[str]) -> list[str] | None:
    """Return the clips that say the whole text, longest first from the left; None when some lack."""
    clips: list[str] = []
    at = 0
    while at < len(text):
        if text[at] in PAUSES:
            at += 1
            continue
        for size in range(min(CLIP_CHARACTERS_MAX, len(text) - at), 0, -1):
            if text[at : at + size] in words:
                clips.append(text[at : at + size])
                at += size
                break
        else:
            return None
    return clips or None


class Audio:
    """Sentences as files."""

    def __init__(
        self,
        folder: Path,
        clips: Path | None,
        voice: Voice | None,
        *,
        kept_bytes_max: int = KEPT_BYTES_MAX,
    ) -> None:
        self._folder = folder
        self._clips = clips
        self._voice = voice
        self._kept_bytes_max = kept_bytes_max
        self._hands = asyncio.Semaphore(AT_ONCE_MAX)
        self._making: dict[str, asyncio.Task[bytes]] = {}

    @property
    def voice(self) -> str:
        """Name who speaks what clips do not cover."""
        return self._voice.name if self._voice else "none"

    async def wav(self, text: str, language: Language) -> bytes:
        """Return the WAV of a sentence, made once however many ask; raises `VoiceError`."""
        spoken = await asyncio.to_thread(self._recorded, text, language)
        name = hashlib.sha256(f"{self.voice}\n{language}\n{text}\n{spoken}".encode()).hexdigest()
        path = self._folder / f"{name}.wav"
        kept = await asyncio.to_thread(_read, path)
        if kept is not None:
            return kept
        making = self._making.get(name)
        if making is None:
            if len(self._making) >= WAITING_MAX:
                raise VoiceError("too many sentences wait")
            making = self._making[name] = asyncio.create_task(self._make(text, language, path))
            making.add_done_callback(lambda _: self._making.pop(name, None))
        # Whoever stops waiting does not stop it for the others.
        return await asyncio.shield(making)

    async def _make(self, text: str, language: Language, path: Path) -> bytes:
        async with self._hands:
            try:
                data = await asyncio.to_thread(self._of_clips, text, language)
                if data is None:
                    if self._voice is None:
                        raise VoiceError("no voice is installed")
                    data = await self._voice.say(text, language)
                even = await asyncio.to_thread(_evened, data)
            except sound.NotSoundError as error:
                raise VoiceError(f"the voice gave no sound: {error}") from error
            await asyncio.to_thread(_keep, path, even, self._kept_bytes_max)
            return even

    def _files(self, text: str, language: Language) -> list[Path] | None:
        """Return the clips that say the whole sentence, if they do."""
        if self._clips is None:
            return None
        folder = self._clips / language
        clips = cover(text, frozenset(file.stem for file in folder.glob("*.wav")))
        return None if clips is None else [folder / f"{clip}.wav" for clip in clips]

    def _recorded(self, text: str, language: Language) -> str:
        """Return what tells these clips from others of the same names: a clip may be recorded anew."""
        heard = hashlib.sha256()
        for file in self._files(text, language) or []:
            heard.update(_content(file))
        return heard.hexdigest()

    def _of_clips(self, text: str, language: Language) -> bytes | None:
        """Return the sentence spoken by recorded clips, if they cover all of it."""
        files = self._files(text, language)
        if files is None:
            return None
        parts = [sound.evened(sound.read_wav(file.read_bytes())) for file in files]
        return sound.write_wav(sound.joined(parts, CLIP_GAP_MS))

    async def close(self) -> None:
        """End what is under way."""
        for making in list(self._making.values()):
            making.cancel()
        await asyncio.gather(*self._making.values(), return_exceptions=True)
        if self._voice:
            await self._voice.close()


def _evened(data: bytes) -> bytes:
    return sound.write_wav(sound.evened(sound.read_wav(data)))


def _content(file: Path) -> bytes:
    try:
        return hashlib.sha256(file.read_bytes()).digest()
    except OSError:
        return b""  # taken away this moment: making the sentence will say so


def _read(path: Path) -> bytes | None:
    try:
        data = path.read_bytes()
        os.utime(path)  # the least recently heard goes first
    except OSError:
        return None
    return data


def _keep(path: Path, data: bytes, bytes_max: int) -> None:
    """Write whole or not at all; a full disk costs the next listener a little time, nothing more."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
            file.write(data)
        Path(file.name).replace(path)
        _make_room(path.parent, bytes_max)
    except OSError as error:
        _log.warning("sentence_not_kept", error=type(error).__name__)


def _make_room(folder: Path, bytes_max: int) -> None:
    files = [(file.stat(), file) for file in folder.glob("*.wav")]
    surplus = sum(stat.st_size for stat, _ in files) - bytes_max
    for stat, file in sorted(files, key=lambda one: one[0].st_mtime):
        if surplus <= 0:
            return
        file.unlink(missing_ok=True)
        surplus -= stat.st_size


def open_audio(folder: Path, clips: Path | None, command: tuple[str, ...]) -> Audio:
    """Return the house's voice: one's own command, else espeak-ng when its extra is installed."""
    if command:
        return Audio(folder, clips, CommandVoice(command))
    installed = importlib.util.find_spec("espeakng_loader") is not None
    return Audio(folder, clips, EspeakVoice() if installed else None)
