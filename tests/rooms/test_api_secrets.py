"""Secrets of business services stand sealed in the database; the key lies in a file beside it (R-000-16)."""

from __future__ import annotations

from pathlib import Path

import pytest

from server import app
from server.api.keys import seal_secrets
from server.demo.seed import seed
from server.errors import Refusal
from server.sealed import Sealing
from server.settings import Settings
from tests.support.api_house import ApiHouse, api_house

BOARD = "/v1/shops/1/board"
WEBHOOK = "/v1/im/webhook"
PLAIN_KEY = "UPDATE api_key SET secret = $2, sealed = NULL WHERE id = $1"
PLAIN_WEBHOOK = "UPDATE api_webhook SET secret = $1, sealed = NULL"
TOLD_SECRET = "what posts are signed with, 32 signs"
ROWS = "SELECT k::text FROM api_key k UNION ALL SELECT w::text FROM api_webhook w"


async def _stands(house: ApiHouse, *secrets: str) -> list[str]:
    """Return which of the secrets can be read in the tables."""
    rows = " ".join(row[0] for row in await house.db.fetch(ROWS))
    found = [one for one in secrets if one in rows or one.encode().hex() in rows]
    assert rows
    return found


async def test_no_secret_can_be_read_in_the_database(
    database_url: str, redis_url: str, tmp_path: Path
) -> None:
    """A stolen copy of the database signs nothing: neither calls nor posts (R-000-16)."""
    async with api_house(
        database_url, redis_url, data_dir=tmp_path, webhook_networks=("127.0.0.0/8",)
    ) as house:
        caller = await house.caller()
        wish = {"url": "http://127.0.0.1:9/told", "secret": TOLD_SECRET.replace(" ", "-")}
        assert (await caller.ask("PUT", WEBHOOK, wish)).is_success
        assert await _stands(house, caller.key[1], wish["secret"]) == []
        assert (await caller.ask("GET", BOARD)).is_success


async def test_what_an_older_version_wrote_is_sealed_and_still_good(
    database_url: str, redis_url: str, tmp_path: Path
) -> None:
    """After an update nobody needs a new key, and the next start leaves no secret readable."""
    async with api_house(
        database_url, redis_url, data_dir=tmp_path, webhook_networks=("127.0.0.0/8",)
    ) as house:
        caller = await house.caller()
        told = TOLD_SECRET.replace(" ", "-")
        await caller.ask("PUT", WEBHOOK, {"url": "http://127.0.0.1:9/told", "secret": told})
        await house.db.execute(PLAIN_KEY, *caller.key)
        await house.db.execute(PLAIN_WEBHOOK, told)
        assert (await caller.ask("GET", BOARD)).is_success, "before it was sealed"
        assert await _stands(house, caller.key[1], told) == [caller.key[1], told]
        for _ in range(2):
            await seal_secrets(house.db, house.sealing)
            assert await _stands(house, caller.key[1], told) == []
        house.clock.advance(seconds=60)  # what was remembered of the key is read again
        assert (await caller.ask("GET", BOARD)).is_success
        assert (await caller.ask("GET", WEBHOOK)).json()["url"] == "http://127.0.0.1:9/told"


async def test_a_process_with_another_key_file_does_not_begin(
    database_url: str, redis_url: str, tmp_path: Path
) -> None:
    """A host that could open nothing says so by name at its start, and seals nothing of its own."""
    await seed(database_url)
    first, second = (
        Settings(database_url=database_url, redis_url=redis_url, data_dir=tmp_path / name)
        for name in ("first", "second")
    )
    async with app.build(first) as house:
        with pytest.raises(Refusal) as refused:
            async with app.build(second):
                pass
        assert refused.value.code == "seal_key_differs"
        assert str(tmp_path / "second" / "seal.key") in str(refused.value.detail)
        await seal_secrets(house.pool, Sealing(first.seal_key))
