"""What nobody should say but somebody will: huge ids, NULs, half characters, bottomless nesting."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Coroutine
from typing import Any

import asyncpg
import msgspec
import pytest

from bench.commands.store import make_shops
from server.errors import Refusal
from server.events.decision import Actor
from tests.support.kitchen import actor, open_kitchen

HASH = '"token_hash":"' + "0" * 64 + '"'

HARD = [
    ("kitchen", "StartItem", b'{"item_id":9223372036854775808}'),
    ("kitchen", "StartItem", b'{"item_id":123456789012345678901234567890}'),
    ("kitchen", "StartItem", b'{"item_id":-1}'),
    ("kitchen", "StartItem", b'{"item_id":1e400}'),
    ("kitchen", "StartItem", b"[" * 100_000),
    ("waiter", "PlaceOrder", b'{"place_id":9223372036854775808,"lines":[{"dish_id":1}]}'),
    ("waiter", "PlaceOrder", b'{"place_id":1,"lines":[{"dish_id":9223372036854775808}]}'),
    ("waiter", "PlaceOrder", b'{"place_id":1,"lines":[{"dish_id":1}],"note":"a\\u0000b"}'),
    ("waiter", "PlaceOrder", b'{"place_id":1,"lines":[{"dish_id":1,"note":"\\\\\\u0000"}]}'),
    ("waiter", "PlaceOrder", b'{"place_id":1,"lines":[{"dish_id":1}],"allergens":["\\u0000"]}'),
    ("waiter", "PlaceOrder", b'{"place_id":1,"lines":[{"dish_id":1}],"note":"\\ud800"}'),
    ("waiter", "PlaceOrder", b'{"place_id":1,"lines":[{"dish_id":1}],"note":"\xff"}'),
    ("waiter", "ClaimCall", b'{"call_id":18446744073709551616}'),
    ("manager", "PairDevice", b'{"kind":"waiter","name":"\\u0000",%b}' % HASH.encode()),
    ("manager", "PairDevice", b'{"kind":"waiter","name":"%b",%b}' % (b"a" * 41, HASH.encode())),
    ("manager", "PairDevice", b'{"kind":"waiter","name":"a","token_hash":"zz"}'),
    ("manager", "MoveDevice", b'{"device_id":1,"place_id":9223372036854775808}'),
]


@pytest.mark.parametrize(("role", "name", "body"), HARD)
async def test_hard_words_are_a_bad_field(
    database_url: str, role: str, name: str, body: bytes
) -> None:
    """What no table can hold is refused as the caller's mistake, not as something broken here."""
    async with open_kitchen(database_url) as kitchen:
        with pytest.raises(Refusal) as refusal:
            await kitchen.desk.execute(actor(role), uuid.uuid4(), name, body)  # type: ignore[arg-type]
        assert refusal.value.code == "bad_field"


async def test_a_typed_backslash_is_no_nul(database_url: str) -> None:
    r"""A guest who really types \u0000 is served, and the kitchen reads what was typed."""
    async with open_kitchen(database_url) as kitchen:
        line = {"dish_id": 1, "note": r"\u0000"}
        await kitchen.ask("waiter", "PlaceOrder", place_id=1, lines=[line])
        (order,) = (await kitchen.view("kitchen")).orders
        assert order.items[0].note == r"\u0000"


async def test_one_broken_command_does_not_hurt_its_batch(database_url: str) -> None:
    """Of 64 shops' commands written together one breaks the database's rules: 63 are done."""
    shops = range(1001, 1065)
    async with open_kitchen(database_url) as kitchen:
        await make_shops(database_url, shops[0], shops[-1])
        # No bug of ours is known that a CHECK catches, so one is made.
        await kitchen.pool.execute(
            "ALTER TABLE catering_order ADD CHECK (shop_id <> 1030), ADD CHECK (note <> 'x')"
        )
        body = msgspec.json.encode({"place_id": 1, "lines": [{"dish_id": 1}]})
        answers = await asyncio.gather(
            *(
                kitchen.desk.execute(
                    Actor(role="waiter", id="w", name="w", shop_id=shop),
                    uuid.uuid4(), "PlaceOrder", body,
                )
                for shop in shops
            ),
            return_exceptions=True,
        )  # fmt: skip
        broken = {s: a for s, a in zip(shops, answers, strict=True) if isinstance(a, Exception)}
        assert list(broken) == [1030]
        assert isinstance(broken[1030], Refusal)
        assert broken[1030].code == "internal"
        assert await kitchen.pool.fetchval("SELECT count(*) FROM catering_order") == 63


async def test_allergens_do_not_grow_without_end(database_url: str) -> None:
    """Round after round of new words is refused before the order outgrows a frame."""
    async with open_kitchen(database_url) as kitchen:
        words = [[f"{n}-{i}" for i in range(20)] for n in range(4)]
        body: dict[str, Any] = {"place_id": 1, "lines": [{"dish_id": 1}]}
        for some in words[:3]:
            await kitchen.ask("waiter", "PlaceOrder", **body, allergens=some)
        with pytest.raises(Refusal, match="order_too_large"):
            await kitchen.ask("waiter", "PlaceOrder", **body, allergens=words[3])


async def _cancelled(
    admin: asyncpg.Connection, command: Coroutine[Any, Any, dict[str, Any]]
) -> asyncio.Task[dict[str, Any]]:
    """Start a command that waits for its shop's head, and have PostgreSQL cancel its statement."""
    locked = admin.transaction()
    await locked.start()
    await admin.execute("SELECT FROM shop_head FOR UPDATE")
    asked = asyncio.create_task(command)
    waiting = (
        "SELECT bool_or(pg_cancel_backend(pid)) FROM pg_stat_activity"
        " WHERE wait_event_type = 'Lock' AND datname = current_database()"
    )
    while not await admin.fetchval(waiting):
        pass
    await asyncio.wait([asked])
    await locked.rollback()
    return asked


@pytest.mark.parametrize("cause", ["cancelled", "read only"])
async def test_a_database_that_cannot_now_is_unavailable(database_url: str, cause: str) -> None:
    """A cancelled statement or a standby is a reason to try again, not a broken product."""
    async with open_kitchen(database_url) as kitchen:
        admin = await asyncpg.connect(database_url)
        if cause == "read only":
            await admin.execute(
                "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET default_transaction_read_only"
                " = on', current_database()); END $$"
            )
            await kitchen.pool.expire_connections()
            asked = asyncio.create_task(kitchen.order(1, 1))
        else:
            asked = await _cancelled(admin, kitchen.order(1, 1))
        with pytest.raises(Refusal) as refusal:
            await asked
        await admin.close()
        assert (refusal.value.code, refusal.value.retryable) == ("unavailable", True)
