"""The book of points: give for a purchase or review, exchange, give back; each thing once.

What was asked before is answered as it was then. What it was for and the ledger's posting stand in one
commit, and the posting is made last. Refuses to keep anything in memory but the house's own accounts.
"""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import TypeVar

import asyncpg
import msgspec

from server.billing import store as ledger
from server.billing.ledger import SHARDS, Posting
from server.billing.store import Connection
from server.clock import Clock, from_ms, to_ms
from server.errors import Refusal
from server.ids import IdMint
from server.points import points, store
from server.points.points import HOUSE_RULE, Asked, Exchange, Member, Rule
from server.points.store import KnownEarning, KnownExchange, Write

# Somebody else wrote for the same guest or source meanwhile: each such time that one was done.
ATTEMPTS_MAX = 8

T = TypeVar("T")


class PointsBook:
    """Gives, exchanges and gives back points of all brands."""

    def __init__(self, pool: asyncpg.Pool, clock: Clock) -> None:
        self._pool = pool
        self._clock = clock
        self._mint = IdMint()
        self._houses: dict[tuple[str, int], int] = {}  # few: a code and a shard each

    async def earn(self, asked: Asked) -> KnownEarning:
        """Give what a source earns, once; told again it is answered as it was then.

        Raises `points_source_reused`, or the ledger's reason.
        """

        async def attempt(connection: Connection) -> KnownEarning | None:
            known = await store.read_earning(connection, asked.id)
            if known is not None:
                points.told_again(asked, known.earning)
                return known
            rule = await store.read_rule(connection, asked.brand_id) or HOUSE_RULE
            member = await self._member(connection, asked.brand_id, asked.user_id)
            await self._earn(connection, asked, rule, member)
            return None

        return await self._until_known(attempt)

    async def _earn(self, connection: Connection, asked: Asked, rule: Rule, member: Member) -> None:
        at = self._now()
        earning = points.earn(asked, rule, member, at)
        wanted = Write(earning=[points.earning_row(asked, earning)])
        if asked.kind == "review" and not earning.capped:
            wanted.review = [points.review_row(asked, rule, member, at)]
        if earning.points:
            house = await self._house(connection, "earned", member.account)
            wanted.postings = [points.grant(earning, member.account, house)]
        await store.write(connection, at, wanted)

    async def exchange(self, asked: Exchange) -> KnownExchange:
        """Deduct and record in one commit (R-002-10); the same exchange again is answered the same.

        Raises `command_id_reused`, `balance_insufficient`, or another of the ledger's reasons.
        """

        async def attempt(connection: Connection) -> KnownExchange | None:
            known = await store.read_exchange(connection, asked.id)
            if known is not None:
                points.exchanged_again(asked, known.exchange)
                return known
            member = await store.read_member(connection, asked.brand_id, asked.user_id)
            if member is None:
                raise Refusal("balance_insufficient", balance=0, available=0)
            house = await self._house(connection, "consumed", member.account)
            credit = asked.exchanged_credit
            wanted = Write(
                exchange=[points.exchange_row(asked)],
                postings=[Posting(asked.id, "D", member.account, credit, house)],
            )
            await store.write(connection, self._now(), wanted)
            return None

        return await self._until_known(attempt)

    async def refund(
        self, brand_id: int, refund_id: uuid.UUID, exchange_id: uuid.UUID, credit: int
    ) -> tuple[KnownExchange, int]:
        """Give points of an exchange back into the lots they came from; return the balance after it.

        Raises `exchange_not_found`, `refund_exceeded`, `posting_id_reused`.
        """
        known = await self.read_exchange(brand_id, exchange_id)

        async def attempt(connection: Connection) -> int | None:
            member = await store.read_member(connection, brand_id, known.exchange.user_id)
            assert member is not None  # who exchanged has an account
            house = await self._house(connection, "consumed", member.account)
            posting = Posting(refund_id, "F", member.account, credit, house, ref=exchange_id)
            await store.write(connection, self._now(), Write(postings=[posting]))
            return await store.read_balance_after(connection, refund_id)

        balance = await self._until_known(attempt)
        return await self.read_exchange(brand_id, exchange_id), balance

    async def read_exchange(self, brand_id: int, exchange_id: uuid.UUID) -> KnownExchange:
        """Return a brand's exchange; raises `exchange_not_found`."""
        async with self._pool.acquire() as connection:
            known = await store.read_exchange(connection, exchange_id)
        if known is None or known.exchange.brand_id != brand_id:
            raise Refusal("exchange_not_found", exchange_id=str(exchange_id))
        return known

    async def read_rule(self, brand_id: int) -> Rule:
        """Return what holds for a brand."""
        async with self._pool.acquire() as connection:
            return await store.read_rule(connection, brand_id) or HOUSE_RULE

    async def put_rule(self, brand_id: int, rule: Rule, by: str) -> Rule:
        """Let a rule hold from now on; its version is the one it was made on.

        Raises `version_changed`, `bad_field`.
        """
        points.check_rule(rule)
        async with self._pool.acquire() as connection:
            author = store.Author(by, self._now(), rule.version)
            version = await store.add_rule(connection, brand_id, rule, author)
        if version is None:
            raise Refusal("version_changed", version=rule.version)
        return msgspec.structs.replace(rule, version=version)

    async def _until_known(self, attempt: Callable[[Connection], Awaitable[T | None]]) -> T:
        """Write until it can be read: what was written and what is answered are one."""
        for _ in range(ATTEMPTS_MAX):
            try:
                async with self._pool.acquire() as connection:
                    known = await attempt(connection)
                    if known is None:
                        known = await attempt(connection)
            except store.StaleError:
                continue
            except ledger.PostingRefusedError as refused:
                raise Refusal(refused.code) from refused
            if known is not None:
                return known
        raise Refusal("busy")

    async def _member(self, connection: Connection, brand_id: int, user_id: int) -> Member:
        member = await store.read_member(connection, brand_id, user_id)
        if member is not None:
            return member
        opening = ledger.Opening(
            f"brand:{brand_id}:user:{user_id}", "PTS", "points", expiry_first=True
        )
        row = await ledger.open_account(connection, self._mint, to_ms(self._clock.now()), opening)
        await store.add_member(connection, brand_id, user_id, row.id)
        return Member(row.id)

    async def _house(self, connection: Connection, code: str, account: int) -> int:
        shard = account % SHARDS
        known = self._houses.get((code, shard))
        if known is None:
            now_ms = to_ms(self._clock.now())
            row = await ledger.house_account(connection, self._mint, now_ms, "PTS", code, shard)
            known = self._houses[code, shard] = row.id
        return known

    def _now(self) -> datetime:
        return from_ms(to_ms(self._clock.now()))
