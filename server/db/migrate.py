"""Applies numbered, forward-only SQL files, each once and each in its own transaction.

Refuses to run when an applied file was edited afterwards: history is added to, never changed.
"""

from __future__ import annotations

import hashlib
from importlib import resources
from typing import NamedTuple

import asyncpg

_LOCK_KEY = 0x6368_7561_6E63_6169  # "chuancai": one migrating process at a time

_CREATE_BOOK = """
CREATE TABLE IF NOT EXISTS migration (
    number     integer PRIMARY KEY,
    name       text NOT NULL,
    digest     bytea NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
)
"""
_READ_BOOK = "SELECT number, name, digest FROM migration ORDER BY number"
_WRITE_BOOK = "INSERT INTO migration (number, name, digest) VALUES ($1, $2, $3)"


class MigrationEditedError(Exception):
    """An applied migration file no longer says what it said when it was applied."""


class Migration(NamedTuple):
    """One file."""

    number: int
    name: str
    sql: str

    @property
    def digest(self) -> bytes:
        """Return what the file's text is known by."""
        return hashlib.sha256(self.sql.encode()).digest()


def read_migrations() -> list[Migration]:
    """Return the shipped migrations in the order they are applied."""
    folder = resources.files("server.db") / "migrations"
    found = [
        Migration(int(file.name.split("_", 1)[0]), file.name, file.read_text("utf-8"))
        for file in folder.iterdir()
        if file.name.endswith(".sql")
    ]
    return sorted(found)


async def migrate(database_url: str) -> list[str]:
    """Bring the database up to this version; return the names of the files applied now.

    Raises `MigrationEditedError` when history was changed.
    """
    connection = await asyncpg.connect(database_url)
    try:
        await connection.execute("SELECT pg_advisory_lock($1)", _LOCK_KEY)
        await connection.execute(_CREATE_BOOK)
        applied = {row["number"]: row for row in await connection.fetch(_READ_BOOK)}
        return [
            migration.name
            for migration in read_migrations()
            if await _apply(connection, migration, applied.get(migration.number))
        ]
    finally:
        await connection.close()


async def _apply(
    connection: asyncpg.Connection, migration: Migration, row: asyncpg.Record | None
) -> bool:
    if row is not None:
        if row["digest"] != migration.digest:
            raise MigrationEditedError(
                f"{migration.name} was edited after it was applied; add a new file instead"
            )
        return False
    async with connection.transaction():
        await connection.execute(migration.sql)
        await connection.execute(_WRITE_BOOK, migration.number, migration.name, migration.digest)
    return True


async def pending(connection: asyncpg.Connection) -> list[str]:
    """Return the names of shipped migrations this database has not had."""
    known = await connection.fetchval("SELECT to_regclass('migration')")
    numbers = {row["number"] for row in await connection.fetch(_READ_BOOK)} if known else set()
    return [m.name for m in read_migrations() if m.number not in numbers]
