"""Argon2id off the loop, a few at once: a flood of logins waits in line and then is told to go.

Refuses to know people: it takes passwords and hashes.
"""

from __future__ import annotations

import asyncio
import secrets
from base64 import b64encode
from collections.abc import Callable
from typing import TypeVar

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from server.errors import Refusal
from server.staff.password import PARAMETERS, Parameters, normal

HASHES_AT_ONCE_MAX = 2  # 64 MiB each
HASHES_WAITING_MAX = 16  # some two seconds' worth; whoever comes later is told to come again

T = TypeVar("T")


class Hasher:
    """Hashes and checks passwords for one process."""

    def __init__(self, parameters: Parameters = PARAMETERS) -> None:
        self._argon2 = PasswordHasher(
            parameters.passes, parameters.memory_kib, parameters.lanes, parameters.hash_bytes,
            parameters.salt_bytes, type=Type.ID,
        )  # fmt: skip
        self._nobodys = _hash_nobody_has(parameters)
        self._turns = asyncio.Semaphore(HASHES_AT_ONCE_MAX)
        self._waiting = 0

    async def hash(self, password: str) -> str:
        """Return what is stored of a password. Raises `busy` when too many wait."""
        return await self._in_turn(lambda: self._argon2.hash(normal(password)))

    async def is_right(self, password_hash: str | None, password: str) -> bool:
        """Return whether the password belongs to the hash; with None the same work is done for no.

        Raises `busy` when too many wait.
        """

        def check() -> bool:
            try:
                return self._argon2.verify(password_hash or self._nobodys, normal(password))
            except (VerificationError, InvalidHashError):
                return False

        return await self._in_turn(check) and password_hash is not None

    def is_outdated(self, password_hash: str) -> bool:
        """Return whether a hash was made with other parameters than today's."""
        return self._argon2.check_needs_rehash(password_hash)

    async def _in_turn(self, work: Callable[[], T]) -> T:
        if self._waiting >= HASHES_WAITING_MAX:
            raise Refusal("busy")
        self._waiting += 1
        try:
            async with self._turns:
                return await asyncio.to_thread(work)
        finally:
            self._waiting -= 1


def _hash_nobody_has(parameters: Parameters) -> str:
    """Return a well-formed hash of no known password, as dear to check as everybody's."""
    salt, digest = (
        b64encode(secrets.token_bytes(size)).rstrip(b"=").decode()
        for size in (parameters.salt_bytes, parameters.hash_bytes)
    )
    cost = f"m={parameters.memory_kib},t={parameters.passes},p={parameters.lanes}"
    return f"$argon2id$v=19${cost}${salt}${digest}"
