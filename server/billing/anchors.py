"""Signed heads of the chain, laid down outside the database where its owner cannot rewrite them.

Whoever can edit the database could compute every hash anew; what was signed before then tells. One
line of JSON per minute in which something was posted, a file per month, the oldest files go. The key
(Ed25519) lies beside them; who may read the database should not be able to read it.
"""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

FILES_MAX = 36  # three years
LINE_BYTES_MAX = 4_096
# A head that fits vouches for everything before it, so the newest are enough.
READ_LINES_MAX = 1_440

Head = tuple[int, int, str]  # shard, its last line (0: none), hash in hex


class Anchor(NamedTuple):
    """What was signed, and whether the signature is ours."""

    at: str
    heads: list[Head]
    genuine: bool


class _Line(msgspec.Struct):
    at: str
    heads: list[Head]
    signature: str = ""

    def signed(self) -> bytes:
        """Return the bytes the signature is of."""
        return msgspec.json.encode([self.at, self.heads])


class Anchors:
    """The folder of signed heads."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._last: list[Head] | None = None

    def _key(self) -> Ed25519PrivateKey:
        """Return the key; the first time, make it and write its public half beside it."""
        file = self.folder / "anchor.key"
        if not file.exists():
            self._make_key(file)
        key = load_pem_private_key(file.read_bytes(), None)
        assert isinstance(key, Ed25519PrivateKey)
        return key

    def _make_key(self, file: Path) -> None:
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        key = Ed25519PrivateKey.generate()
        secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        try:
            handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return  # another process made it meanwhile
        with os.fdopen(handle, "wb") as opened:
            opened.write(secret)
        (self.folder / "anchor.pub").write_bytes(public)

    def write(self, at: datetime, heads: list[Head]) -> bool:
        """Sign heads and lay them down; False when nothing was posted since, or ever."""
        if heads == self._last or not any(seq for _, seq, _ in heads):
            return False
        line = _Line(at.isoformat(), heads)
        line.signature = self._key().sign(line.signed()).hex()
        path = self._file(at)
        _cut_torn_line(path)
        with path.open("ab") as file:
            file.write(msgspec.json.encode(line) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        self._last = heads
        for old in self._files()[:-FILES_MAX]:
            old.unlink()
        return True

    def _file(self, at: datetime) -> Path:
        return self.folder / f"anchors-{at:%Y-%m}.jsonl"

    def _files(self) -> list[Path]:
        return sorted(self.folder.glob("anchors-*.jsonl"))

    def read(self) -> list[Anchor]:
        """Return the newest that were laid down, the oldest of them first.

        What cannot be read, or was not signed by us, is not genuine. A line without its end was being
        written when the power went, and vouches for nothing.
        """
        newest = [
            (file, raw)
            for file in self._files()[-2:]
            for raw in file.read_bytes().split(b"\n")[:-1]
        ]
        if not newest:
            return []
        public = self._key().public_key()
        return [_opened(public, file, raw) for file, raw in newest[-READ_LINES_MAX:]]


def _cut_torn_line(path: Path) -> None:
    """Cut off what a crash left of a line, so that the next one does not become a part of it."""
    if not path.exists():
        return
    with path.open("r+b") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - LINE_BYTES_MAX))
        tail = file.read()
        torn = len(tail) - (tail.rfind(b"\n") + 1)
        if torn:
            file.truncate(size - torn)


def _opened(public: Ed25519PublicKey, file: Path, raw: bytes) -> Anchor:
    try:
        line = msgspec.json.decode(raw[:LINE_BYTES_MAX], type=_Line)
        public.verify(bytes.fromhex(line.signature), line.signed())
    except (InvalidSignature, msgspec.DecodeError, ValueError):
        return Anchor(f"a line of {file.name}", [], genuine=False)
    return Anchor(line.at, line.heads, genuine=True)
