"""The audit: reads the whole journal again and holds everything else in the ledger to it.

Every block's hash is made anew, every line is posted to the model and must come out as it stands, and
what comes of all lines must be the balances, holds and lots. Names the first bad line of each shard and
account. Refuses to repair: what was found is evidence.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg

from server.billing import chain, views
from server.billing.anchors import Anchor
from server.billing.chain import ChainLine
from server.billing.ledger import SHARDS, Account, Books, Posting
from server.billing.lots import Use

PAGE_BLOCKS_MAX = 64
FINDINGS_MAX = 100  # more say no more


class Finding(NamedTuple):
    """Something that is not as it must be."""

    kind: str
    sentence: str
    shard: int | None = None
    seq: int | None = None
    accounts: tuple[int, ...] = ()


class Audit(NamedTuple):
    """What an audit read, and what it found."""

    lines: int
    blocks: int
    findings: list[Finding]


async def audit(connection: asyncpg.Connection, anchors: Sequence[Anchor] = ()) -> Audit:
    """Verify everything as of one moment; postings go on meanwhile."""
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        auditor = _Auditor(connection)
        await auditor.run(anchors)
    return Audit(auditor.lines, auditor.blocks, auditor.findings[:FINDINGS_MAX])


class _Replay(Books):
    """The model, keeping only what later lines may ask for."""

    def __init__(self, refunded: set[UUID]) -> None:
        super().__init__()
        self._kept = refunded
        self.dues: dict[UUID, datetime | None] = {}  # of open holds
        self.suspect: set[int] = (
            set()
        )  # accounts with a finding: what follows there says nothing new

    def follow(self, line: ChainLine, uses: list[Use]) -> str | None:
        """Post a line; say what is wrong when it does not come out as it stands."""
        posting = Posting(
            *line[1:4], line.amount, line.contra, line.ref, line.expires, line.priority
        )
        self.lines = line.seq  # a lot's place is its grant's line
        receipt = self.post(posting, line.at)
        meant = self.journal.get(line.id)
        if meant is None:
            return f"could not have been posted: {receipt.status}"
        if line.id not in self._kept:
            del self.journal[line.id]
        if line.kind == "H":
            self.dues[line.id] = line.expires
        if line.ref is not None and (hold := self.holds.get(line.ref)) and hold.state != "held":
            del self.holds[line.ref], self.dues[line.ref]
        if meant.posting.amount != line.amount:
            return f"says {line.amount} where {meant.posting.amount} was held"
        if (receipt.balance, receipt.available) != (line.balance, line.available):
            return (
                f"leaves {receipt.balance} (available {receipt.available})"
                f" and says {line.balance} (available {line.available})"
            )
        if meant.uses != uses:
            return "took from other lots than it says"
        return None


class _Auditor:
    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection
        self.findings: list[Finding] = []
        self.lines = 0
        self.blocks = 0

    async def run(self, anchors: Sequence[Anchor]) -> None:
        read = self._connection.fetch
        self._replay = _Replay({row["ref"] for row in await read(views.READ_REFUNDED)})
        self._accounts = await read(views.READ_ACCOUNTS)
        for a in self._accounts:
            self._replay.open(
                Account(
                    a["id"], a["unit"], a["guarded"], a["lotted"], a["expiry_first"], a["grace_s"]
                )
            )
        for shard in await read(views.READ_SHARDS):
            await self._follow_shard(shard["id"], shard["next_seq"], shard["head"])
        self._balances()
        await self._lots()
        await self._holds()
        for anchor in anchors:
            if not await self._fits(anchor):
                break  # the first says it

    def _found(
        self, kind: str, sentence: str, shard: int | None = None, seq: int | None = None,
        accounts: tuple[int, ...] = (),
    ) -> None:  # fmt: skip
        self.findings.append(Finding(kind, sentence, shard, seq, accounts))
        self._replay.suspect.update(accounts)

    async def _follow_shard(self, shard: int, next_seq: int, head: bytes) -> None:
        """Follow a chain block by block from its beginning to the head the shard names."""
        at_seq, at_head = 0, chain.genesis(shard)
        while blocks := await self._connection.fetch(
            views.READ_BLOCKS, shard, at_seq, PAGE_BLOCKS_MAX
        ):
            bounds = (shard, at_seq + 1, blocks[-1]["last_seq"])
            lines = {
                row["seq"]: ChainLine(*row)
                for row in await self._connection.fetch(views.READ_LINES, *bounds)
            }
            uses: dict[int, list[Use]] = {}
            for row in await self._connection.fetch(views.READ_USES, *bounds):
                uses.setdefault(row["seq"], []).append(Use(row["lot"], row["amount"]))
            for block in blocks:
                if block["first_seq"] != at_seq + 1:
                    self._found(
                        "block_missing", f"no block seals line {at_seq + 1}", shard, at_seq + 1
                    )
                if block["previous"] != at_head:
                    self._found(
                        "chain_broken", "the block does not go on from the one before",
                        shard, block["first_seq"],
                    )  # fmt: skip
                self._follow_block(shard, block, lines, uses)
                await asyncio.sleep(0)  # a worker that audits has other things to do on time
                at_seq, at_head = block["last_seq"], block["hash"]
        if (at_seq + 1, at_head) != (next_seq, head):
            self._found("head_differs", "the last block is not the shard's head", shard, at_seq)
        if beyond := await self._connection.fetchrow(views.READ_UNSEALED, shard, at_seq):
            self._found(
                "line_unsealed",
                "no block seals the line",
                shard,
                beyond["seq"],
                (beyond["account"],),
            )

    def _follow_block(
        self, shard: int, block: Any, lines: dict[int, ChainLine], uses: dict[int, list[Use]]
    ) -> None:
        self.blocks += 1
        found_before = len(self.findings)
        here = []
        for seq in range(block["first_seq"], block["last_seq"] + 1):
            line = lines.get(seq)
            if line is None:
                self._found("line_missing", "the line is gone", shard, seq)
                continue
            self.lines += 1
            here.append(line)
            self._follow_line(shard, block, line, uses.get(seq, []))
        if (
            len(here) == 0
            or chain.block_hash(block["previous"], block["at"], here) == block["hash"]
        ):
            return
        if len(self.findings) == found_before:  # else the line is named already
            self._found(
                "block_edited",
                f"one of the lines {block['first_seq']} to {block['last_seq']} was edited",
                shard, block["first_seq"], tuple({line.account for line in here}),
            )  # fmt: skip

    def _follow_line(self, shard: int, block: Any, line: ChainLine, uses: list[Use]) -> None:
        if line.lot is not None:
            uses = [Use(line.lot, line.amount), *uses]
        wrong = self._replay.follow(line, uses)
        if wrong is None and line.at != block["at"]:
            wrong = "has another time than its block"
        if wrong is not None and line.account not in self._replay.suspect:
            self._found("line_edited", f"the line {wrong}", shard, line.seq, (line.account,))

    def _balances(self) -> None:
        for row in self._accounts:
            meant = self._replay.accounts[row["id"]]
            if row["id"] in self._replay.suspect or not self._whole(row):
                continue
            if (row["posted"], row["held"]) != (meant.posted, meant.held):
                self._found(
                    "balance_differs",
                    f"account {row['id']} has {row['posted']} (held {row['held']}); its lines come"
                    f" to {meant.posted} (held {meant.held})",
                    row["shard"], None, (row["id"],),
                )  # fmt: skip

    def _whole(self, row: Any) -> bool:
        """Say whether an account's lines can be counted: the house's only when all lines can."""
        return bool(row["guarded"]) or not self._replay.suspect

    async def _lots(self) -> None:
        meant = {
            lot.id: (account, lot.place, lot.expires, lot.quantity, lot.remaining)
            for account, lots in self._replay.lots.items()
            for lot in lots.by_id.values()
        }
        async for row in self._connection.cursor(views.READ_LOTS, prefetch=5_000):
            self._same(
                "lot", row["id"], row["account"], meant.pop(row["id"], None),
                (
                    row["account"], (row["priority"], _turn(row["turn"]), row["seq"]), row["expires"],
                    row["quantity"], row["remaining"],
                ),
            )  # fmt: skip
        for lot_id, (account, *_) in meant.items():
            self._same("lot", lot_id, account, None, ())

    async def _holds(self) -> None:
        meant = {
            hold.id: (hold.account, hold.amount, hold.used, self._replay.dues[hold.id])
            for hold in self._replay.holds.values()
        }
        async for row in self._connection.cursor(views.READ_HELD, prefetch=5_000):
            self._same(
                "hold", row["id"], row["account"], meant.pop(row["id"], None),
                (row["account"], row["amount"], row["used"], row["due"]),
            )  # fmt: skip
        for hold_id, (account, *_) in meant.items():
            self._same("hold", hold_id, account, None, ())

    def _same(self, what: str, name: UUID, account: int, meant: Any, stands: Any) -> None:
        if meant != stands and account not in self._replay.suspect:
            self._found(
                f"{what}_differs",
                f"{what} {name} is not what the lines of account {account} come to",
                account % SHARDS, None, (account,),
            )  # fmt: skip

    async def _fits(self, anchor: Anchor) -> bool:
        """Hold the chain to a head that was signed and laid down elsewhere."""
        if not anchor.genuine:
            self._found("anchor_forged", f"the signature of {anchor.at} is not ours")
            return False
        for shard, seq, head in anchor.heads:
            block = await self._connection.fetchrow(views.READ_BLOCK_OF, shard, seq)
            if seq and (block is None or (block["last_seq"], block["hash"].hex()) != (seq, head)):
                self._found(
                    "anchor_differs", f"the chain is not the one that was signed at {anchor.at}",
                    shard, seq,
                )  # fmt: skip
                return False
        return True


def _turn(stored: datetime) -> datetime:
    """Return a lot's turn as the model has it: the driver's infinities have no time zone."""
    return stored.replace(tzinfo=UTC) if stored.tzinfo is None else stored
