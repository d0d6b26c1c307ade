"""A command that moves money goes through the write door: state, event and balance in one commit."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Sequence
from typing import Any

import asyncpg
import msgspec

from server.billing.ledger import SHARDS, Posting, as_row
from server.billing.verify import audit
from server.clock import ManualClock
from server.db.pool import open_pool
from server.demo.seed import seed
from server.desk import Desk, Entry
from server.errors import Refusal
from server.events.decision import Actor, Armed, Context, Decision, Promise, Row, Written
from server.settings import Settings
from tests.support.ledger_scene import NOON, Scene


class PayTea(msgspec.Struct, frozen=True):
    """Tea on a card."""

    card: int
    house: int
    fen: int


class Deaf:
    """Nobody listens."""

    def publish(self, shop_id: int, events: Sequence[Written]) -> None:
        pass

    def arm(self, promises: Sequence[Armed]) -> None:
        pass


async def _nothing(connection: asyncpg.Connection, asked: Any, now_ms: int) -> list[Any]:
    return [None] * len(asked)


def _pay(command: PayTea, facts: None, context: Context) -> Decision:
    posting = Posting(uuid.uuid4(), "D", command.card, command.fen, command.house)
    # The promise stands for whatever else the command changes.
    return Decision(
        result={"posting": str(posting.id)},
        rows=[Row("posting", as_row(posting))],
        promises=[Promise("SettleEffect", {}, context.now_ms)],
    )


async def test_a_trade_and_its_deduction_are_one(database_url: str) -> None:
    """Of commands that together want more than there is, those that were refused left nothing (R-000-26, R-002-10)."""
    await seed(database_url)
    connection = await asyncpg.connect(database_url)
    pool = await open_pool(database_url, 4)
    try:
        scene = Scene(connection, seed=1)
        await scene.lay(1)
        card = scene.customers[0]
        await scene.post([scene.posting("G", card, 100)])
        book = {"PayTea": Entry(PayTea, _nothing, _pay, frozenset({"cashier"}))}
        desk = Desk(pool, ManualClock(NOON), book, Deaf(), Settings())
        actor = Actor(role="cashier", id="1", name="", shop_id=1)

        async def pay(command_id: uuid.UUID, fen: int) -> str:
            body = PayTea(card, scene.house["SMS", card % SHARDS], fen)
            try:
                answer = await desk.execute(actor, command_id, "PayTea", msgspec.json.encode(body))
            except Refusal as refusal:
                return refusal.code
            return str(answer["posting"])

        ids = [uuid.uuid4() for _ in range(12)]
        got = await asyncio.gather(*(pay(command_id, 30) for command_id in ids))
        paid = {answer for answer in got if answer != "balance_insufficient"}
        assert len(paid) == 3
        # The same commands again: what was paid is answered the same, and nothing is paid twice.
        assert set(await asyncio.gather(*(pay(command_id, 30) for command_id in ids))) == {
            *paid,
            "balance_insufficient",
        }
        row = await connection.fetchrow(
            "SELECT posted, (SELECT count(*) FROM promise WHERE kind = 'SettleEffect') AS kept"
            "  FROM ledger.account WHERE id = $1",
            card,
        )
        assert tuple(row or ()) == (10, 3)
        assert (await audit(connection)).findings == []
    finally:
        await pool.close()
        await connection.close()
