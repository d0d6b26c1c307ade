"""Where a running `chuancai run` keeps its engines, so that other commands find them."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from server.settings import Settings

_FILE = "addresses.json"


class Addresses(msgspec.Struct, frozen=True):
    """What a second command needs to know of the first."""

    database_url: str
    redis_url: str
    host: str
    port: int
    tls_port: int = 0


def leave(settings: Settings) -> None:
    """Write the addresses into the data directory, readable by its owner only."""
    found = Addresses(
        settings.database_url, settings.redis_url, settings.host, settings.port, settings.tls_port
    )
    path = settings.data_dir / _FILE
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(msgspec.json.encode(found))


def take_back(data_dir: Path) -> None:
    """Remove them when the run ends."""
    (data_dir / _FILE).unlink(missing_ok=True)


def find(settings: Settings) -> Settings:
    """Return settings completed with what a running `chuancai run` left; given values win."""
    if settings.database_url and settings.redis_url:
        return settings
    try:
        found = msgspec.json.decode((settings.data_dir / _FILE).read_bytes(), type=Addresses)
    except (FileNotFoundError, NotADirectoryError):
        return settings  # what is wrong with the directory, `chuancai doctor` says
    return msgspec.structs.replace(
        settings,
        database_url=settings.database_url or found.database_url,
        redis_url=settings.redis_url or found.redis_url,
        host=found.host,
        port=found.port,
        tls_port=found.tls_port,
    )
