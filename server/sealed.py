"""Seals what may be stored but not read: identity numbers, secrets of business services.

AES-256-GCM under a key that lies outside the database, and a keyed hash beside it (a blind index), so
that a number is found again without being readable. The same text for the same purpose seals to the
same bytes: a repeated command stays known by its content. Refuses to log, and to guess without its key:
whoever loses the file has lost the numbers.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from functools import cached_property
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES = 32
NONCE_BYTES = 12
INDEX_BYTES = 32


class SealError(Exception):
    """The key file is no key, or what shall be opened was not sealed with it."""


class Sealing:
    """One key, and what can be done with it; the file is read at the first use, and made when missing.

    `purpose` keeps worlds apart: what was sealed or indexed for one ("phone", "card 7") is nothing in
    another.
    """

    def __init__(self, key_file: Path) -> None:
        self._file = key_file

    def __repr__(self) -> str:
        return f"Sealing({self._file})"

    def seal(self, text: str, purpose: str) -> bytes:
        """Return `text` encrypted: the nonce, the ciphertext, the tag.

        The nonce is a keyed hash of the text, so it repeats only together with the whole message.
        """
        plain = text.encode()
        nonce = _mac(self._nonce_key, purpose, plain)[:NONCE_BYTES]
        return nonce + self._cipher.encrypt(nonce, plain, purpose.encode())

    def opened(self, sealed: bytes, purpose: str) -> str:
        """Return what was sealed. Raises `SealError` when it was not sealed so."""
        nonce, rest = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]
        try:
            return self._cipher.decrypt(nonce, rest, purpose.encode()).decode()
        except (InvalidTag, ValueError) as error:
            raise SealError("This was not sealed with our key for this purpose.") from error

    def index(self, text: str, purpose: str) -> bytes:
        """Return the 32 bytes by which `text` is found again; nobody without the key can make them."""
        return _mac(self._index_key, purpose, text.encode())

    @cached_property
    def mark(self) -> bytes:
        """Return what tells this key from another, and nothing about it."""
        return _mac(self._key, "derive", b"mark")

    @cached_property
    def _key(self) -> bytes:
        if not self._file.exists():
            self._make_key()
        key = self._file.read_bytes()
        if len(key) != KEY_BYTES:
            raise SealError(f"{self._file} does not hold {KEY_BYTES} bytes.")
        return key

    def _make_key(self) -> None:
        """Write a fresh key, whole or not at all; of several who try, one wins."""
        self._file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = self._file.with_name(f"{self._file.name}.{secrets.token_hex(8)}")
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(handle, "wb") as opened:
                opened.write(secrets.token_bytes(KEY_BYTES))
                opened.flush()
                os.fsync(opened.fileno())
            os.link(draft, self._file)
        except FileExistsError:
            return  # another process made it meanwhile
        finally:
            draft.unlink()

    @cached_property
    def _cipher(self) -> AESGCM:
        return AESGCM(_mac(self._key, "derive", b"encrypt"))

    @cached_property
    def _nonce_key(self) -> bytes:
        return _mac(self._key, "derive", b"nonce")

    @cached_property
    def _index_key(self) -> bytes:
        return _mac(self._key, "derive", b"index")


def _mac(key: bytes, purpose: str, data: bytes) -> bytes:
    word = purpose.encode()
    return hmac.digest(key, len(word).to_bytes(4, "big") + word + data, hashlib.sha256)
