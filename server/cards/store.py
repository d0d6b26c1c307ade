"""What decisions about cards read, for a whole batch at once; and the brand's policy.

Refuses to decide. Rows are written by the desk (migration 0035).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, NamedTuple

import asyncpg
import msgspec

from server.cards.card import masked_name, normal_identity
from server.cards.facts import CardFacts, LotLeft, OpeningFacts, StoredCard, StoredTrade
from server.cards.holding import OpenCard, SealedOpening
from server.cards.policy import CardPolicy
from server.clock import from_ms
from server.errors import Refusal
from server.events.cards import Trade
from server.sealed import Sealing

IDENTITY, NAME = "card identity", "card name"  # purposes of the seal

# One row per command: the card (by id, by number, by holder, by one of its trades), its money, its days.
READ_CARDS = """
SELECT s.brand_id, s.timezone, row_to_json(p) AS policy,
       c.id, c.user_id, c.account_id, c.number, c.state, to_ms(c.opened_at) AS opened_at_ms, c.version,
       w.state AS user_state, w.version AS user_version, w.name_masked,
       a.posted AS posted_fen, a.held AS held_fen,
       (SELECT json_object_agg(h.code, h.id) FROM ledger.account h
         WHERE h.owner = '' AND h.unit = a.unit AND h.shard = a.shard) AS house,
       (SELECT json_object_agg(d.business_day, d.trades)
          FROM (SELECT t.business_day, count(*) AS trades FROM card_trade t
                 WHERE t.brand_id = c.brand_id AND t.card_id = c.id AND t.kind = 'consume' AND t.state <> 'refunded'
                   AND t.business_day BETWEEN $8::date - 1 AND $8::date + 1
                 GROUP BY t.business_day) d) AS consumed,
       CASE WHEN $9::boolean THEN
           (SELECT json_agg(json_build_array(l.id, l.remaining, h.code) ORDER BY l.seq)
              FROM ledger.lot l
              JOIN ledger.journal j ON j.id = l.id
              JOIN ledger.account h ON h.id = j.contra
             WHERE l.account = a.id AND l.open) END AS lots,
       CASE WHEN t.id IS NOT NULL THEN json_build_object(
           'trade', card_trade_view(t), 'postings', t.postings, 'version', t.version) END AS trade,
       CASE WHEN u.serial <> '' THEN
           (SELECT card_trade_view(k) FROM card_trade k
             WHERE k.shop_id = u.shop_id AND k.serial = u.serial) END AS serial,
       EXISTS (SELECT FROM card o WHERE o.brand_id = s.brand_id AND o.number = nullif(u.new_number, '')) AS number_taken
  FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::bigint[], $5::bigint[], $6::text[], $7::text[])
       WITH ORDINALITY AS u(shop_id, card_id, number, user_id, trade_id, serial, new_number, ord)
  LEFT JOIN shop s ON s.id = u.shop_id
  LEFT JOIN card_policy p ON p.brand_id = s.brand_id
  LEFT JOIN card_trade t ON t.shop_id = u.shop_id AND t.id = u.trade_id
  LEFT JOIN card c ON c.brand_id = s.brand_id
   AND c.id = coalesce(u.card_id, t.card_id,
           (SELECT k.id FROM card k WHERE k.brand_id = s.brand_id AND k.number = nullif(u.number, '')),
           (SELECT k.id FROM card k WHERE k.brand_id = s.brand_id AND k.user_id = u.user_id
             ORDER BY k.state = 'closed', k.id DESC LIMIT 1))
  LEFT JOIN card_user w ON w.brand_id = c.brand_id AND w.id = c.user_id
  LEFT JOIN ledger.account a ON a.id = c.account_id
 ORDER BY u.ord
"""

READ_OPENINGS = """
SELECT s.brand_id, row_to_json(p) AS policy, w.id AS user_id, w.state AS user_state,
       EXISTS (SELECT FROM card c WHERE c.brand_id = w.brand_id AND c.user_id = w.id AND c.state <> 'closed') AS live,
       EXISTS (SELECT FROM card c WHERE c.brand_id = s.brand_id AND c.number = nullif(u.number, '')) AS number_taken,
       (SELECT json_object_agg(h.shard || ' ' || h.code, h.id) FROM ledger.account h
         WHERE h.owner = '' AND h.unit = 'CNY') AS house
  FROM unnest($1::bigint[], $2::bytea[], $3::text[]) WITH ORDINALITY AS u(shop_id, identity_index, number, ord)
  LEFT JOIN shop s ON s.id = u.shop_id
  LEFT JOIN card_policy p ON p.brand_id = s.brand_id
  LEFT JOIN card_user w ON w.brand_id = s.brand_id AND w.identity_index = u.identity_index
 ORDER BY u.ord
"""

READ_POLICY = "SELECT row_to_json(p) AS policy, p.version FROM card_policy p WHERE p.brand_id = $1"

PUT_POLICY = """
INSERT INTO card_policy AS p (brand_id, trades_per_day_max, amount_fen_max, top_up_fen_max, balance_fen_max,
                              cashier_refund_fen_max, bonus_first, bonus_rules, version)
SELECT $1, $3, $4, $5, $6, $7, $8, $9::jsonb, $2::integer + 1
 WHERE $2 = 0 OR EXISTS (SELECT FROM card_policy k WHERE k.brand_id = $1)
ON CONFLICT (brand_id) DO UPDATE
   SET trades_per_day_max = excluded.trades_per_day_max, amount_fen_max = excluded.amount_fen_max,
       top_up_fen_max = excluded.top_up_fen_max, balance_fen_max = excluded.balance_fen_max,
       cashier_refund_fen_max = excluded.cashier_refund_fen_max, bonus_first = excluded.bonus_first,
       bonus_rules = excluded.bonus_rules, version = excluded.version
 WHERE p.version = excluded.version - 1
RETURNING version
"""

Asked = Sequence[tuple[int, Any]]  # shop, command
Reader = asyncpg.Connection | asyncpg.pool.PoolConnectionProxy | asyncpg.Pool


class _StoredPolicy(CardPolicy, frozen=True, forbid_unknown_fields=False):
    """A policy's row; it has its brand and version beside it."""


class Versioned(NamedTuple):
    """A policy and its version; 0: the house's own rules, nobody decided otherwise."""

    policy: CardPolicy
    version: int


_policy = msgspec.json.Decoder(_StoredPolicy).decode
_house = msgspec.json.Decoder(dict[str, int]).decode
_consumed = msgspec.json.Decoder(dict[date, int]).decode
_lots = msgspec.json.Decoder(list[LotLeft]).decode
_stored_trade = msgspec.json.Decoder(StoredTrade).decode
_trade = msgspec.json.Decoder(Trade).decode


def veiled(command: OpenCard, sealing: Sealing) -> SealedOpening:
    """Return the command with its identity sealed. Raises `card_identity_invalid`."""
    identity = normal_identity(command.identity_kind, command.identity)
    name = command.name.strip()
    return SealedOpening(
        identity_kind=command.identity_kind,
        identity_sealed=sealing.seal(identity, IDENTITY).hex(),
        identity_index=sealing.index(f"{command.identity_kind} {identity}", IDENTITY).hex(),
        name_sealed=sealing.seal(name, NAME).hex() if name else None,
        name_masked=masked_name(name),
        number=command.number,
    )


async def read_cards(connection: asyncpg.Connection, asked: Asked, now_ms: int) -> list[Any]:
    """Return the facts of each command, or why there are none."""
    return await _read(connection, asked, now_ms, lots=False)


async def read_whole_cards(connection: Reader, asked: Asked, now_ms: int) -> list[Any]:
    """Return the facts of each command, with what is left of every top-up."""
    return await _read(connection, asked, now_ms, lots=True)


async def _read(
    connection: Reader,
    asked: Asked,
    now_ms: int,
    *,
    lots: bool,
) -> list[Any]:
    def each(name: str, empty: Any = None) -> list[Any]:
        return [getattr(command, name, empty) for _, command in asked]

    by_card = [getattr(c, "card_id", None) is not None or hasattr(c, "trade_id") for _, c in asked]
    numbers = each("number", "")
    rows = await connection.fetch(
        READ_CARDS,
        [shop for shop, _ in asked],
        each("card_id"),
        ["" if known else number for known, number in zip(by_card, numbers, strict=True)],
        each("user_code"),
        each("trade_id"),
        each("serial", ""),
        [number if known else "" for known, number in zip(by_card, numbers, strict=True)],
        from_ms(now_ms).date(),
        lots,
    )
    return [_facts(row, command) for row, (_, command) in zip(rows, asked, strict=True)]


def _facts(row: asyncpg.Record, command: Any) -> CardFacts | Refusal:
    if row["brand_id"] is None:
        return Refusal("shop_not_found")
    if row["id"] is None:
        return Refusal("trade_not_found" if hasattr(command, "trade_id") else "card_not_found")
    return CardFacts(
        brand_id=row["brand_id"],
        timezone=row["timezone"],
        policy=_policy(row["policy"]) if row["policy"] else CardPolicy(),
        card=StoredCard(**{name: row[name] for name in StoredCard.__struct_fields__}),
        posted_fen=row["posted_fen"],
        held_fen=row["held_fen"],
        house=_house(row["house"]),
        consumed=_consumed(row["consumed"]) if row["consumed"] else {},
        lots=_lots(row["lots"]) if row["lots"] else [],
        trade=_stored_trade(row["trade"]) if row["trade"] else None,
        serial=_trade(row["serial"]) if row["serial"] else None,
        number_taken=row["number_taken"],
    )


async def read_openings(connection: asyncpg.Connection, asked: Asked, now_ms: int) -> list[Any]:
    """Return what is known before cards are opened."""
    rows = await connection.fetch(
        READ_OPENINGS,
        [shop for shop, _ in asked],
        [bytes.fromhex(command.identity_index) for _, command in asked],
        [command.number for _, command in asked],
    )
    return [_opening(row) for row in rows]


def _opening(row: asyncpg.Record) -> OpeningFacts | Refusal:
    if row["brand_id"] is None:
        return Refusal("shop_not_found")
    user_id = row["user_id"]
    return OpeningFacts(
        brand_id=row["brand_id"],
        policy=_policy(row["policy"]) if row["policy"] else CardPolicy(),
        user=None if user_id is None else (user_id, row["user_state"]),
        live=row["live"],
        number_taken=row["number_taken"],
        house=_house(row["house"]) if row["house"] else {},
    )


async def read_policy(pool: asyncpg.Pool, brand_id: int) -> Versioned:
    """Return a brand's rules."""
    row = await pool.fetchrow(READ_POLICY, brand_id)
    return Versioned(_policy(row["policy"]), row["version"]) if row else Versioned(CardPolicy(), 0)


async def put_policy(pool: asyncpg.Pool, brand_id: int, policy: CardPolicy, version: int) -> int:
    """Store a brand's rules over the version that was read; return theirs. Raises `version_changed`."""
    stored = await pool.fetchval(
        PUT_POLICY, brand_id, version, policy.trades_per_day_max, policy.amount_fen_max,
        policy.top_up_fen_max, policy.balance_fen_max, policy.cashier_refund_fen_max,
        policy.bonus_first, msgspec.json.encode(policy.bonus_rules).decode(),
    )  # fmt: skip
    if stored is None:
        raise Refusal("version_changed")
    return int(stored)
