"""The product's gateway as a process to be measured: real listener, real engines, nothing else.

Devices are rows with the tokens `tok-0`, `tok-1`, …; device i belongs to shop i modulo shops. Events
come in by this node's inbox, as the relay sends them.
"""

from __future__ import annotations

import argparse
import os
import uuid
from hashlib import sha256
from pathlib import Path
from typing import Any

import asyncpg
import uvicorn
import uvloop
from redis.asyncio import Redis

from server.clock import SystemClock
from server.db.migrate import migrate
from server.db.pool import open_pool
from server.events.decision import Actor
from server.gateway.gateway import Gateway, Options
from server.gateway.greeting import Doorstep
from server.gateway.ground import PostgresGround
from server.gateway.memory import settle_memory
from server.tls.keeping import KeptCertificate

NODE = "bench"

SEED = (
    """INSERT INTO brand (id, name) VALUES (1, '{"zh": "川", "en": "C"}')
       ON CONFLICT DO NOTHING""",
    """INSERT INTO shop (id, brand_id, name)
       SELECT i, 1, '{"zh": "店", "en": "Shop"}' FROM generate_series(0, $1::int - 1) i
       ON CONFLICT DO NOTHING""",
    """INSERT INTO shop_head (shop_id) SELECT i FROM generate_series(0, $1::int - 1) i
       ON CONFLICT DO NOTHING""",
    """INSERT INTO account (shop_id, id, kind, name)
       SELECT i, 1, 'waiter', 'pads' FROM generate_series(0, $1::int - 1) i
       ON CONFLICT DO NOTHING""",
)
SEED_DEVICES = """
INSERT INTO device (shop_id, id, kind, name, account_id, token_hash, paired_at)
SELECT shop_id, id, 'waiter', 'pad ' || id, 1, hash, now()
  FROM unnest($1::bigint[], $2::bigint[], $3::bytea[]) AS d(shop_id, id, hash)
"""


async def seed(database_url: str, devices: int, shops: int) -> None:
    """Put `devices` pads into `shops` shops, in place of those that were there."""
    connection = await asyncpg.connect(database_url)
    await connection.execute("DELETE FROM device")
    await connection.execute(SEED[0])
    for statement in SEED[1:]:
        await connection.execute(statement, shops)
    numbers = range(devices)
    await connection.execute(
        SEED_DEVICES,
        [i % shops for i in numbers],
        list(numbers),
        [sha256(f"tok-{i}".encode()).digest() for i in numbers],
    )
    await connection.execute("ANALYZE device")
    await connection.close()


async def _app(scope: Any, receive: Any, send: Any) -> None:
    raise RuntimeError("only the socket is measured")


async def _execute(actor: Actor, command_id: uuid.UUID, name: str, body: bytes) -> dict[str, Any]:
    return {"by": actor.id, "id": str(command_id), "name": name, "bytes": len(body)}


async def serve(arguments: argparse.Namespace) -> None:
    """Serve until killed."""
    os.sched_setaffinity(0, {arguments.cpu})
    await migrate(arguments.database_url)
    await seed(arguments.database_url, arguments.devices, arguments.shops)
    pool = await open_pool(arguments.database_url, 4)
    redis = Redis.from_url(arguments.redis_url)
    await redis.flushdb()
    clock = SystemClock()
    gateway = Gateway(
        clock=clock,
        node=NODE,
        redis=redis,
        ground=PostgresGround(pool, clock),
        execute=_execute,
        options=Options(join_writes=not arguments.no_join),
    )
    await gateway.start()
    certificate = None
    if arguments.tls:
        kept = KeptCertificate(arguments.tls, clock)
        kept.look()
        certificate = kept.leaf_file
    config = uvicorn.Config(
        _app, port=arguments.port, http=Doorstep, ws=gateway.websocket_class(),
        lifespan="off", log_level="warning", backlog=4096, access_log=False, ssl_certfile=certificate,
    )  # fmt: skip
    settle_memory()
    print("ready", flush=True)
    await uvicorn.Server(config).serve()
    await gateway.stop()


def main() -> None:
    """Read the command line and serve."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--devices", type=int, default=10_000)
    parser.add_argument("--shops", type=int, default=1)
    parser.add_argument("--cpu", type=int, default=0)
    parser.add_argument("--no-join", action="store_true")
    parser.add_argument("--tls", type=Path, help="Serve by TLS; its certificate lies here.")
    parser.add_argument("--database-url", required=True)
    parser.add_argument("--redis-url", required=True)
    uvloop.run(serve(parser.parse_args()))


if __name__ == "__main__":
    main()
