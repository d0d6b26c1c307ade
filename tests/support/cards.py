"""A till, an administrator and their cards at the demo shop's desk, and the ledger beside them."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec

from server.billing.verify import audit
from server.cards import store
from server.cards.policy import CardPolicy
from server.clock import Clock
from server.errors import Refusal
from server.events import cards as e
from server.events import catalogue as c
from server.events.decision import Role
from server.settings import Settings
from tests.support.kitchen import Kitchen, open_kitchen

PHONES = ("13800138000", "+86 139-1111-2222", "13700000001", "13700000002")

# What the ledger says of a card: each line's movement, by the account of the house it went against.
READ_LINES = """
SELECT h.code, sum(CASE WHEN j.kind IN ('G', 'F') THEN j.amount ELSE -j.amount END)::bigint AS fen
  FROM ledger.journal j JOIN ledger.account h ON h.id = j.contra
 WHERE j.account = $1 GROUP BY h.code
"""
READ_ACCOUNT = "SELECT posted, held, state FROM ledger.account WHERE id = $1"
READ_TRADES = """
SELECT kind, state, sum(amount_fen)::bigint AS fen, sum(bonus_fen)::bigint AS bonus, count(*) AS trades
  FROM card_trade WHERE card_id = $1 GROUP BY kind, state
"""


class Till:
    """Asks the desk about cards as somebody of a role."""

    def __init__(self, kitchen: Kitchen) -> None:
        self.kitchen = kitchen

    async def ask(
        self, name: str, role: Role = "cashier", command_id: uuid.UUID | None = None, /, **body: Any
    ) -> dict[str, Any]:
        return await self.kitchen.ask(role, name, command_id, **body)

    async def refusal(self, name: str, role: Role = "cashier", /, **body: Any) -> Refusal:
        """Ask what must be refused, and return why it was."""
        try:
            answer = await self.kitchen.ask(role, name, **body)
        except Refusal as refusal:
            return refusal
        raise AssertionError((name, body, answer))

    async def open(self, phone: str = PHONES[0], top_up_fen: int = 0, **body: Any) -> int:
        """Open a card, with money on it, and return its id."""
        made = await self.ask("OpenCard", identity_kind="phone", identity=phone, **body)
        card_id: int = made["card_id"]
        if top_up_fen:
            await self.ask("TopUpCard", card_id=card_id, amount_fen=top_up_fen)
        return card_id

    async def consume(self, card_id: int, amount_fen: int, **body: Any) -> dict[str, Any]:
        return await self.ask("ConsumeCard", card_id=card_id, amount_fen=amount_fen, **body)

    async def card(self, card_id: int) -> dict[str, Any]:
        return await self.ask("ReadCard", card_id=card_id)

    async def policy(self, **rules: Any) -> None:
        """Give the brand rules of its own, from the house's."""
        known = await store.read_policy(self.kitchen.pool, 1)
        changed = msgspec.convert(msgspec.to_builtins(CardPolicy()) | rules, CardPolicy)
        await store.put_policy(self.kitchen.pool, 1, changed, known.version)

    def said(self, since: int = 0) -> list[c.Event]:
        return [one for one in self.kitchen.events(since) if isinstance(one, e.CardFact)]

    async def hold_to_the_ledger(self, card_ids: Sequence[int]) -> None:
        """Assert that trades and the ledger say the same of every card, and the chain is whole."""
        pool = self.kitchen.pool
        for card_id in card_ids:
            card = await self.card(card_id)
            account = await pool.fetchrow(READ_ACCOUNT, card["account_code"])
            lines = {
                r["code"]: r["fen"] for r in await pool.fetch(READ_LINES, card["account_code"])
            }
            sums = {(r["kind"], r["state"]): r for r in await pool.fetch(READ_TRADES, card_id)}

            def fen(kind: str, what: str = "fen") -> int:
                return sum(r[what] for (k, _), r in sums.items() if k == kind)  # noqa: B023

            assert account is not None
            assert (account["posted"], account["held"]) == (card["balance_fen"], card["held_fen"])
            assert lines.get("sold", 0) == fen("top_up")
            assert lines.get("given", 0) == fen("top_up", "bonus")
            assert lines.get("consumed", 0) == fen("refund") - fen("consume")
            assert lines.get("paid_out", 0) == -fen("close")
            assert lines.get("expired", 0) == -fen("close", "bonus")
            assert account["posted"] == sum(lines.values())
            held = sums.get(("freeze_funds", "held"))
            assert account["held"] == (held["fen"] if held else 0)
            assert account["state"] == ("closed" if card["state"] == "closed" else "open")
        async with pool.acquire() as connection:
            assert (await audit(connection)).findings == []  # type: ignore[arg-type]


@asynccontextmanager
async def open_till(
    database_url: str, folder: Path, clock: Clock | None = None
) -> AsyncIterator[Till]:
    """Open the demo shop's desk with a key of its own."""
    async with open_kitchen(database_url, clock, Settings(data_dir=folder)) as kitchen:
        yield Till(kitchen)
