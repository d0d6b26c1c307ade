"""The product's worker, with one effect more: it knocks at a door of the measurement's."""

from __future__ import annotations

import asyncio
import logging
import sys
from typing import Any

import msgspec
import structlog
import uvloop

from server.commands import EFFECTS
from server.events.effects import Effect, Errand, Outside
from server.settings import Settings
from server.worker import run_worker


class Knock(msgspec.Struct):
    """Where to knock."""

    url: str


async def knock(errand: Errand, outside: Outside) -> dict[str, Any]:
    """Knock and wait for the answer."""
    answer = await outside.http.post(errand.body.url, headers={"Idempotency-Key": errand.key})
    answer.raise_for_status()
    return {}


async def main(database_url: str, redis_url: str, lease_s: float) -> None:
    """Work until killed."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    EFFECTS["Knock"] = Effect(Knock, knock, lease_s=lease_s)
    working = asyncio.create_task(
        run_worker(Settings(database_url=database_url, redis_url=redis_url))
    )
    print("ready", flush=True)
    await working


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1], sys.argv[2], float(sys.argv[3])))
