"""Telephone numbers: one form for all, encrypted at rest, found again without being read.

What is stored is sealed with AES-256-GCM and found by a blind index (HMAC-SHA256), both under keys
derived from one file that is made once. The database remembers which key that was: a process with
another one refuses to start, instead of sealing what its neighbours cannot open. Refuses to know what a
number is for.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets
from pathlib import Path
from typing import NewType

import asyncpg
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from server.clock import Clock
from server.errors import Refusal
from server.settings import Settings
from server.sms import store

# Digits with the country code and no '+', as carriers want them: 8613800138000. A number of this
# type is never normalised again: +1 380 013 8000 would come out as one of the mainland.
Phone = NewType("Phone", str)

KEY_BYTES = 32
INDEX_BYTES = 32
TEXT_CHARS_MAX = 32

_FORM = b"\x01"  # the first byte of what is sealed: how it was
_NONCE_BYTES = 12
_SEPARATORS = str.maketrans("", "", " \t-().\u00a0\u3000")
_MAINLAND = re.compile(r"(86)?(1[3-9][0-9]{9})")
# ITU-T E.164: at most fifteen digits with the country code, which does not begin with 0.
_E164 = re.compile(r"[1-9][0-9]{6,14}")
_SHOWN_FIRST, _SHOWN_LAST = 3, 4


def normalised(text: str) -> Phone:
    """Return the one form of a number as people write it.

    A mobile number of the mainland with or without 86; any other with `+` or `00` in front.
    Raises `phone_invalid`, which does not repeat the number.
    """
    bare = text.translate(_SEPARATORS) if len(text) <= TEXT_CHARS_MAX else ""
    abroad = bare.removeprefix("+") if bare.startswith("+") else bare.removeprefix("00")
    if abroad != bare and not abroad.startswith("86"):
        if _E164.fullmatch(abroad):
            return Phone(abroad)
    elif found := _MAINLAND.fullmatch(abroad):
        return Phone("86" + found[2])
    raise Refusal("phone_invalid")


def masked(phone: Phone) -> str:
    """Return what screens and people see: 138****8000, +447****3456."""
    found = _MAINLAND.fullmatch(phone)
    mainland = found is not None and found[1] is not None
    digits = phone.removeprefix("86") if mainland else phone
    last = _SHOWN_LAST if len(digits) > _SHOWN_FIRST + _SHOWN_LAST + 2 else 2
    return f"{'' if mainland else '+'}{digits[:_SHOWN_FIRST]}****{digits[-last:]}"


class Phones:
    """Seals and opens numbers with one key; its repr shows none of it."""

    def __init__(self, key: bytes) -> None:
        assert len(key) == KEY_BYTES
        # A key may seal 2³² numbers with nonces of chance; a million a day lasts eleven years.
        self._seal = AESGCM(_derived(key, b"chuancai phones: seal"))
        self._index = _derived(key, b"chuancai phones: index")
        self.fingerprint = _derived(key, b"chuancai phones: fingerprint")[:16]

    def seal(self, phone: Phone) -> bytes:
        """Return a number as it may lie in the database; twice the same number looks different."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return _FORM + nonce + self._seal.encrypt(nonce, phone.encode(), _FORM)

    def open(self, sealed: bytes) -> Phone:
        """Return the number. Raises `phone_unreadable` when it was sealed with another key, or bent."""
        nonce, rest = sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
        try:
            return Phone(self._seal.decrypt(nonce, rest, sealed[:1]).decode())
        except (InvalidTag, ValueError):
            raise Refusal("phone_unreadable") from None

    def index(self, phone: Phone) -> bytes:
        """Return what a number is found by: the same for the same number, and of no use elsewhere."""
        return hmac.new(self._index, phone.encode(), hashlib.sha256).digest()


def _derived(key: bytes, what: bytes) -> bytes:
    return HKDF(SHA256(), KEY_BYTES, salt=None, info=what).derive(key)


async def open_phones(settings: Settings, pool: asyncpg.Pool, clock: Clock) -> Phones:
    """Return what seals this house's numbers, making the key the first time.

    Raises `phone_key_differs` when the database's numbers were sealed with another key: copy the
    key file of the host that was first.
    """
    file = settings.sms_key_file or settings.data_dir / "sms" / "phones.key"
    phones = Phones(read_key(file))
    if not await store.is_phone_key(pool, phones.fingerprint, clock.now()):
        raise Refusal("phone_key_differs", file=str(file))
    return phones


def read_key(file: Path) -> bytes:
    """Return the key in this file, making both when there is none.

    Raises `phone_key_unsafe` for a file that others may read, or that holds no key.
    """
    if not file.exists():
        _make_key(file)
    held = file.read_bytes()
    if file.stat().st_mode & 0o077 or len(held) != KEY_BYTES:
        raise Refusal("phone_key_unsafe", file=str(file))
    return held


def _make_key(file: Path) -> None:
    """Write a fresh key aside and link it into its place: nobody ever reads half of one."""
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    aside = file.with_name(f"{file.name}.{secrets.token_hex(6)}")
    handle = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as opened:
            opened.write(secrets.token_bytes(KEY_BYTES))
            opened.flush()
            os.fsync(opened.fileno())
        os.link(aside, file)
    except FileExistsError:
        pass  # another process made it meanwhile
    finally:
        aside.unlink()
