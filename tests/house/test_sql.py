"""The SQL of the house: every constant is prepared, migrations are history."""

from __future__ import annotations

import asyncio
import importlib
import pkgutil
import re
from pathlib import Path

import asyncpg
import pytest

import server
from server.db import migrate as migrations
from server.db.migrate import MigrationEditedError, migrate

# Where SQL may stand (ARCHITECTURE.md); the rest of the house asks these.
HOMES = re.compile(r"\.(store|views|log|promises|migrate)$")
STATEMENT = re.compile(r"^\s*(WITH|SELECT|INSERT|UPDATE|DELETE)\b", re.IGNORECASE)
ELSEWHERE = re.compile(r'"{1,3}\s*(?:SELECT|INSERT INTO|UPDATE|DELETE FROM|WITH)\s+[\w*(]')


def _statements() -> list[tuple[str, str]]:
    found = []
    for module in pkgutil.walk_packages(server.__path__, "server."):
        if not HOMES.search(module.name):
            continue
        for name, value in vars(importlib.import_module(module.name)).items():
            if name.isupper() and isinstance(value, str) and STATEMENT.match(value):
                found.append((f"{module.name}.{name}", value))
    return found


def test_there_is_sql_to_prepare() -> None:
    """The collection below is not empty by accident."""
    assert len(_statements()) > 30


async def test_every_statement_prepares(database_url: str) -> None:
    """Every SQL constant is valid against the migrated database: no column is misspelt."""
    connection = await asyncpg.connect(database_url)
    try:
        for name, statement in _statements():
            try:
                await connection.prepare(statement)
            except asyncpg.PostgresError as error:
                pytest.fail(f"{name}: {error}")
    finally:
        await connection.close()


def test_sql_stands_only_where_it_may() -> None:
    """A statement outside stores, views, the log, promises and migrations is in the wrong room."""
    root = Path(server.__file__).parent
    strays = []
    for file in root.rglob("*.py"):
        name = ".".join(file.relative_to(root.parent).with_suffix("").parts)
        text = file.read_text("utf-8")
        if not HOMES.search(name) and ELSEWHERE.search(text):
            strays.append(name)
    # doctor and the engines ask a server whether it lives, before there is a room to ask.
    assert [n for n in strays if not n.startswith(("server.engines", "server.doctor"))] == []


async def test_migrating_twice_changes_nothing(empty_database_url: str) -> None:
    """A second migration finds nothing to do."""
    first = await migrate(empty_database_url)
    assert first == [m.name for m in migrations.read_migrations()]
    assert await migrate(empty_database_url) == []


async def test_two_processes_migrate_once(empty_database_url: str) -> None:
    """Two processes that start together apply each file once."""
    applied = await asyncio.gather(*(migrate(empty_database_url) for _ in range(3)))
    assert sorted(name for names in applied for name in names) == [
        m.name for m in migrations.read_migrations()
    ]


async def test_an_edited_migration_refuses_to_run(empty_database_url: str) -> None:
    """History that was edited after it was applied stops the start with the file's name."""
    await migrate(empty_database_url)
    connection = await asyncpg.connect(empty_database_url)
    await connection.execute("UPDATE migration SET digest = 'other' WHERE number = 1")
    await connection.close()
    with pytest.raises(MigrationEditedError, match="0001_house"):
        await migrate(empty_database_url)


def test_every_migration_has_its_own_number() -> None:
    """Two branches cannot both add number seven; each may leave room for the other's."""
    numbers = [m.number for m in migrations.read_migrations()]
    assert len(set(numbers)) == len(numbers)
    assert numbers[0] == 1
    assert all(m.sql.lstrip().startswith("--") for m in migrations.read_migrations())


async def test_times_survive_the_way_there_and_back(database_url: str) -> None:
    """A millisecond of any year is the same after it was stored and read."""
    connection = await asyncpg.connect(database_url)
    try:
        for first_ms in (0, 946_684_800_000, 1_763_600_000_000, 4_102_444_799_000):
            lost = await connection.fetchval(
                "SELECT count(*) FROM generate_series($1::bigint, $1 + 5000) ms"
                " WHERE to_ms(from_ms(ms)) <> ms"
                "    OR from_ms(ms) <> timestamptz 'epoch' + ms * interval '1 millisecond'",
                first_ms,
            )
            assert lost == 0
    finally:
        await connection.close()
