"""The product's worker with a promise and an effect of the measurement's.

The promise is what the bar names: a handler that guards (is the dish as it was promised?), renders
(a sentence for the pads) and appends an event. The effect knocks at a door.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from typing import Any

import asyncpg
import msgspec
import structlog
import uvloop

from server.commands import EFFECTS, PROMISES
from server.desk import Entry
from server.events.decision import Context, Decision, Said
from server.events.effects import Effect, Errand, Outside
from server.settings import Settings
from server.worker import run_worker

READ_DISHES = """
SELECT g.shop_id, g.id, g.version, g.name ->> 'zh' AS name, g.quantity, o.number, o.place_name
  FROM unnest($1::bigint[], $2::bigint[]) AS u(shop_id, id)
  JOIN catering_order_goods g ON g.shop_id = u.shop_id AND g.id = u.id
  JOIN catering_order o ON o.shop_id = g.shop_id AND o.id = g.order_id
 WHERE o.state = 'open'
"""
SENTENCE = "{number:02d}号，{place}，{name}{quantity}份，请取餐"
PADS = frozenset({"waiters"})


class Remind(msgspec.Struct):
    """Say once more that a dish waits, unless somebody touched it."""

    item_id: int
    version: int


class Reminded(msgspec.Struct, tag_field="kind", tag=True):
    """What the log says then."""

    item_id: int
    text: str
    at_ms: int


async def read_dishes(connection: asyncpg.Connection, asked: Any, now_ms: int) -> list[Any]:
    """Read the dishes of a batch."""
    rows = await connection.fetch(
        READ_DISHES, [shop for shop, _ in asked], [command.item_id for _, command in asked]
    )
    found = {(row["shop_id"], row["id"]): row for row in rows}
    return [found.get((shop, command.item_id)) for shop, command in asked]


def remind(promise: Remind, dish: Any, context: Context) -> Decision:
    """Guard, render, say."""
    if dish is None or dish["version"] != promise.version:
        return Decision({})
    text = SENTENCE.format(
        number=dish["number"], place=dish["place_name"], name=dish["name"],
        quantity=dish["quantity"],
    )  # fmt: skip
    said: Any = Reminded(promise.item_id, text, context.now_ms)
    return Decision({}, said=[Said(said, PADS)])


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
    PROMISES["Remind"] = Entry(Remind, read_dishes, remind, frozenset({"system"}))
    EFFECTS["Knock"] = Effect(Knock, knock, lease_s=lease_s)
    working = asyncio.create_task(
        run_worker(Settings(database_url=database_url, redis_url=redis_url))
    )
    print("ready", flush=True)
    await working


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1], sys.argv[2], float(sys.argv[3])))
