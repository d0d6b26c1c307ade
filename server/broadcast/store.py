"""What decisions about calls read.

Refuses to decide: subjects and grounds are facts; who rings is `ringing.py`'s affair.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import asyncpg
import msgspec

from server.broadcast.commands import Ask, SendFacts, SendImCall, Subject
from server.broadcast.policies.store import load as load_policies
from server.broadcast.ringing import EndDevice, Ground
from server.broadcast.rings import Announce, ExpireCall, RemindClaimer, RingCall, RingEnd, RingFacts
from server.clock import from_ms, to_ms
from server.events import catalogue as c
from server.events.facts import CallRow

COMPANY_CALLS_MAX = 20  # told in one breath

# A call with what a pad shows about it; read alone, inside other rooms' reads, and in snapshots.
READ_CALLS = """
SELECT k.shop_id, k.id, call_row(k) AS call
  FROM unnest($1::bigint[], $2::bigint[]) AS u(shop_id, id)
  JOIN im_call k ON k.shop_id = u.shop_id AND k.id = u.id
"""

# Who could hear a call of these shops, and when a call of this event was raised last.
READ_GROUNDS = """
SELECT u.shop_id, u.event, s.timezone, (SELECT secret FROM house_key WHERE name = 'audio') AS audio_key,
       (SELECT max(k.raised_at) FROM im_call k
         WHERE k.shop_id = u.shop_id AND k.event = u.event AND k.raised_at > $3::timestamptz
           AND k.msg_type <> 4) AS last_raised,
       (SELECT array_agg(w.client_id) FROM api_webhook w WHERE w.brand_id = s.brand_id) AS listeners,
       (SELECT json_agg(json_build_object('id', d.id, 'kind', d.kind, 'account_id', d.account_id,
                                          'account', a.name, 'place_id', d.place_id))
          FROM device d
          JOIN account a ON a.shop_id = d.shop_id AND a.id = d.account_id
         WHERE d.shop_id = u.shop_id AND d.token_hash IS NOT NULL AND d.revoked_at IS NULL) AS devices
  FROM unnest($1::bigint[], $2::text[]) AS u(shop_id, event)
  JOIN shop s ON s.id = u.shop_id
"""

# A call that ended long ago, with its rings.
FORGET_CALLS = """
WITH old AS (
    SELECT shop_id, id FROM im_call
     WHERE state = 'ended' AND raised_at < $1::timestamptz LIMIT $2::integer
), rings AS (
    DELETE FROM im_message m USING old WHERE m.shop_id = old.shop_id AND m.call_id = old.id
)
DELETE FROM im_call k USING old WHERE k.shop_id = old.shop_id AND k.id = old.id RETURNING 1
"""

# By themselves: a device may tell of calls that never were.
FORGET_RECEIPTS = """
DELETE FROM im_receipt
 WHERE ctid = ANY (ARRAY(SELECT ctid FROM im_receipt WHERE at < $1::timestamptz LIMIT $2::integer))
RETURNING 1
"""

READ_AUDIO_KEY = "SELECT secret FROM house_key WHERE name = 'audio'"

# What the params of calls point at: one row per call, in order.
READ_SUBJECTS = """
SELECT u.position,
       coalesce(p.id, o.place_id) AS place_id, coalesce(o.id, g.order_id) AS order_id, g.id AS item_id,
       g.state AS item_state, coalesce(o.state, io.state) AS order_state, t.on_clock,
       (SELECT array_agg(a.id) FROM account a
         WHERE a.shop_id = u.shop_id AND a.name = ANY (string_to_array(u.names, E'\\n'))) AS account_ids
  FROM unnest($1::integer[], $2::bigint[], $3::bigint[], $4::text[], $5::bigint[], $6::bigint[], $7::text[], $8::text[])
       AS u(position, shop_id, place_id, room, order_id, item_id, technician, names)
  LEFT JOIN catering_order_goods g ON g.shop_id = u.shop_id AND g.id = u.item_id
  LEFT JOIN catering_order io ON io.shop_id = u.shop_id AND io.id = g.order_id
  LEFT JOIN catering_order o ON o.shop_id = u.shop_id AND o.id = u.order_id
  LEFT JOIN place p ON p.shop_id = u.shop_id
       AND (p.id = u.place_id OR (u.place_id IS NULL AND p.kind = 'room' AND p.name = u.room))
  LEFT JOIN technician t ON t.shop_id = u.shop_id AND t.id = u.technician
 ORDER BY u.position
"""

# A call that is to ring now: its rings so far, what else is armed, whether its reason still holds.
READ_RINGS = """
SELECT k.shop_id, k.id, k.event, call_row(k) AS call, t.on_clock, o.state AS order_state,
       (SELECT json_object_agg(m.end_key, m.ring) FROM
           (SELECT end_key, max(ring) AS ring FROM im_message m
             WHERE m.shop_id = k.shop_id AND m.call_id = k.id AND m.state <> 'queued'
             GROUP BY end_key) m) AS rung,
       (SELECT json_agg(json_build_array(m.end_key, m.ring, to_ms(m.due_at))) FROM im_message m
         WHERE m.shop_id = k.shop_id AND m.call_id = k.id AND m.state = 'queued') AS queued
  FROM unnest($1::bigint[], $2::bigint[]) AS u(shop_id, id)
  JOIN im_call k ON k.shop_id = u.shop_id AND k.id = u.id
  LEFT JOIN technician t ON t.shop_id = k.shop_id AND t.id = k.technician_id
  LEFT JOIN catering_order o ON o.shop_id = k.shop_id AND o.id = k.order_id
"""

# Other calls of the same event whose first ring waits at the same end.
READ_COMPANY = """
SELECT u.position, (SELECT json_agg(w.call) FROM
       (SELECT call_row(k) AS call FROM im_message m
          JOIN im_call k ON k.shop_id = m.shop_id AND k.id = m.call_id
         WHERE m.shop_id = u.shop_id AND m.end_key = u.end_key AND m.state = 'queued' AND m.ring = 1
           AND k.id <> u.call_id AND k.event = (SELECT event FROM im_call
                                                 WHERE shop_id = u.shop_id AND id = u.call_id)
         ORDER BY k.id LIMIT $5::integer) w) AS company
  FROM unnest($1::integer[], $2::bigint[], $3::bigint[], $4::text[]) AS u(position, shop_id, call_id, end_key)
"""

READ_ORDERS_OPEN = """
SELECT u.position, o.state
  FROM unnest($1::integer[], $2::bigint[], $3::bigint[]) AS u(position, shop_id, order_id)
  JOIN catering_order o ON o.shop_id = u.shop_id AND o.id = u.order_id
"""

_decode_row = msgspec.json.Decoder(CallRow).decode
_decode_rows = msgspec.json.Decoder(list[CallRow]).decode
_decode_devices = msgspec.json.Decoder(list[EndDevice]).decode
_decode_rung = msgspec.json.Decoder(dict[str, int]).decode
_decode_queued = msgspec.json.Decoder(list[tuple[str, int, int]]).decode

ID_DIGITS_MAX = 16  # ids stay below 2 ** 53
LAST_RAISED_S = 60  # further back nobody speaks of "together"

Shop = tuple[int, c.CallEvent]


async def read_calls(
    connection: asyncpg.Connection, keys: Sequence[tuple[int, int]]
) -> dict[tuple[int, int], CallRow]:
    """Return (shop, call id) → call for the calls that exist, ended ones too."""
    rows = await connection.fetch(READ_CALLS, [k[0] for k in keys], [k[1] for k in keys])
    return {(row["shop_id"], row["id"]): _decode_row(row["call"]) for row in rows}


async def read_grounds(
    connection: asyncpg.Connection,
    wanted: Iterable[Shop],
    now_ms: int,
    template_ids: Iterable[tuple[int, int]] = (),
) -> dict[Shop, Ground]:
    """Return (shop, event) → ground; `template_ids` are further (shop, template) to read."""
    keys = sorted(set(wanted))
    since = from_ms(now_ms - LAST_RAISED_S * 1000)
    rows = await connection.fetch(READ_GROUNDS, [k[0] for k in keys], [k[1] for k in keys], since)
    books = await load_policies(connection, keys, template_ids)
    grounds: dict[Shop, Ground] = {}
    for row in rows:
        key = (row["shop_id"], row["event"])
        book = books[key]
        grounds[key] = Ground(
            timezone=row["timezone"],
            audio_key=row["audio_key"],
            policies=book.policies,
            templates=book.templates,
            devices=_decode_devices(row["devices"]) if row["devices"] else [],
            last_raised_ms=to_ms(row["last_raised"]) if row["last_raised"] else None,
            listeners=row["listeners"] or [],
        )
    return grounds


async def read_sends(
    connection: asyncpg.Connection, asked: Sequence[tuple[int, SendImCall]], now_ms: int
) -> list[SendFacts | None]:
    """Return the facts of each command, or None where there is no such shop."""
    asks = [(shop, ask) for shop, command in asked for ask in command.calls]
    wanted = {(shop, ask.event) for shop, ask in asks}
    named = {(shop, ask.template_id) for shop, ask in asks if ask.template_id is not None}
    grounds = await read_grounds(connection, wanted, now_ms, named)
    subjects = await _read_subjects(connection, asks)
    facts: list[SendFacts | None] = []
    at = 0
    for shop, command in asked:
        mine = subjects[at : at + len(command.calls)]
        at += len(command.calls)
        of_shop = {event: ground for (s, event), ground in grounds.items() if s == shop}
        facts.append(SendFacts(of_shop, mine) if of_shop else None)
    return facts


async def _read_subjects(
    connection: asyncpg.Connection, asks: Sequence[tuple[int, Ask]]
) -> list[Subject]:
    """Look up what params name; calls that name nothing cost no statement."""
    subjects = [Subject() for _ in asks]
    naming = [
        i for i, (_, ask) in enumerate(asks) if POINTERS & ask.params.keys() or ask.account_names
    ]
    if not naming:
        return subjects
    columns: list[list[Any]] = [[] for _ in range(8)]
    for i in naming:
        shop, ask = asks[i]
        params = ask.params
        values = (
            i, shop, _number(params, "placeId"), params.get("roomName"),
            _number(params, "orderId"), _number(params, "itemId"), params.get("technicianId"),
            "\n".join(ask.account_names) or None,
        )  # fmt: skip
        for column, value in zip(columns, values, strict=True):
            column.append(value)
    for row in await connection.fetch(READ_SUBJECTS, *columns):
        i = row["position"]
        subjects[i] = Subject(
            row["place_id"], row["order_id"], row["item_id"], row["account_ids"] or [],
            _gone(asks[i][1], row),
        )  # fmt: skip
    return subjects


POINTERS = frozenset({"placeId", "roomName", "orderId", "itemId", "technicianId"})


def _number(params: dict[str, str], name: str) -> int | None:
    text = params.get(name, "")
    known = text.isascii() and text.isdigit() and len(text) <= ID_DIGITS_MAX
    return int(text) if known else None


def _gone(ask: Ask, row: asyncpg.Record) -> str:
    """Say why nobody needs the call: the technician left, the dish or the order is over."""
    if "technicianId" in ask.params and row["on_clock"] is False:
        return "technician_off_clock"
    if "itemId" in ask.params:
        waits = ITEM_WAITS.get(ask.event, LIVING)
        if row["item_state"] not in waits:
            return "item_gone"
    if ("orderId" in ask.params or "itemId" in ask.params) and row["order_state"] != "open":
        return "order_completed"
    return ""


LIVING = frozenset({"queued", "cooking", "ready", "called", "picked_up"})
# In which states of its dish a call of this event still has a reason.
ITEM_WAITS: dict[c.CallEvent, frozenset[str]] = {
    "item_ready": frozenset({"ready", "called"}),
    "order_rushed": frozenset({"queued", "cooking"}),
    "item_cancelled": frozenset({"cancelled"}),
}


async def read_rings(
    connection: asyncpg.Connection,
    asked: Sequence[tuple[int, RingCall | RingEnd | RemindClaimer | ExpireCall]],
    now_ms: int,
) -> list[RingFacts]:
    """Return what each ring needs to know now."""
    shops, ids = [shop for shop, _ in asked], [promise.call_id for _, promise in asked]
    rows = {(r["shop_id"], r["id"]): r for r in await connection.fetch(READ_RINGS, shops, ids)}
    company = await _read_company(connection, asked)
    calls = {key: _decode_row(row["call"]) for key, row in rows.items()}
    templates = {
        (key[0], row.template_id) for key, row in calls.items() if row.template_id is not None
    }
    wanted = {(key[0], row.call.event) for key, row in calls.items()}
    grounds = await read_grounds(connection, wanted, now_ms, templates)
    return [
        _ring_facts(rows.get(key), calls.get(key), grounds, key[0], company.get(i, []))
        for i, key in enumerate(zip(shops, ids, strict=True))
    ]


def _ring_facts(
    row: asyncpg.Record | None,
    call: CallRow | None,
    grounds: dict[Shop, Ground],
    shop_id: int,
    company: list[CallRow],
) -> RingFacts:
    if row is None or call is None:
        return RingFacts(None, NOWHERE)
    return RingFacts(
        row=call,
        ground=grounds[shop_id, call.call.event],
        rung=_decode_rung(row["rung"]) if row["rung"] else {},
        queued={(end, ring): due for end, ring, due in _decode_queued(row["queued"] or b"[]")},
        gone="technician_off_clock" if row["on_clock"] is False else "",
        company=company,
        order_open=row["order_state"] in {None, "open"},
    )


NOWHERE = Ground("UTC", b"", {}, {}, [])


async def _read_company(
    connection: asyncpg.Connection, asked: Sequence[tuple[int, Any]]
) -> dict[int, list[CallRow]]:
    firsts = [
        (i, shop, p) for i, (shop, p) in enumerate(asked) if isinstance(p, RingEnd) and p.ring == 1
    ]
    if not firsts:
        return {}
    rows = await connection.fetch(
        READ_COMPANY,
        [i for i, _, _ in firsts],
        [shop for _, shop, _ in firsts],
        [p.call_id for _, _, p in firsts],
        [p.end_key for _, _, p in firsts],
        COMPANY_CALLS_MAX,
    )
    return {row["position"]: _decode_rows(row["company"]) for row in rows if row["company"]}


async def read_announcements(
    connection: asyncpg.Connection, asked: Sequence[tuple[int, Announce]], now_ms: int
) -> list[RingFacts]:
    """Return what each announcement of the house needs to know."""
    cards = [(shop, p.call_id) for shop, p in asked if p.call_id is not None]
    rows = {}
    if cards:
        found = await connection.fetch(
            READ_RINGS, [shop for shop, _ in cards], [call_id for _, call_id in cards]
        )
        rows = {(row["shop_id"], row["id"]): row for row in found}
    orders = await connection.fetch(
        READ_ORDERS_OPEN,
        list(range(len(asked))),
        [shop for shop, _ in asked],
        [promise.order_id for _, promise in asked],
    )
    states = {row["position"]: row["state"] for row in orders}
    grounds = await read_grounds(connection, {(s, p.event) for s, p in asked}, now_ms)
    facts = []
    for i, (shop, promise) in enumerate(asked):
        row = rows.get((shop, promise.call_id))
        call = _decode_row(row["call"]) if row else None
        one = _ring_facts(row, call, grounds, shop, [])
        one.ground = grounds[shop, promise.event]
        one.order_open = states.get(i, "open") == "open"
        facts.append(one)
    return facts


async def read_audio_key(pool: asyncpg.Pool) -> bytes:
    """Return the key that signs the addresses of sentences."""
    key: bytes = await pool.fetchval(READ_AUDIO_KEY)
    return key
