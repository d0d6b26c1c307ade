"""What decisions about calls read.

Refuses to decide: subjects and grounds are facts; who rings is `ringing.py`'s affair.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import asyncpg
import msgspec

from server.broadcast.commands import Ask, ClaimCall, SendFacts, SendImCall, Subject
from server.broadcast.company.store import read_company
from server.broadcast.grounds.store import Shop, read_grounds, read_last_raised
from server.broadcast.policy import rings_unanswered
from server.broadcast.ringing import Ground, raised_at
from server.broadcast.rings import Announce, ExpireCall, RemindClaimer, RingCall, RingEnd, RingFacts
from server.events import catalogue as c
from server.events.facts import HOUSE, CallRow

# A call with what a pad shows about it; read alone, inside other rooms' reads, and in snapshots.
READ_CALLS = """
SELECT k.shop_id, k.id, call_row(k) AS call
  FROM unnest($1::bigint[], $2::bigint[]) AS u(shop_id, id)
  JOIN im_call k ON k.shop_id = u.shop_id AND k.id = u.id
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
       coalesce(o.number, io.number) AS number, g.name AS dish, g.quantity,
       coalesce(o.place_kind, io.place_kind, p.kind) AS place_kind,
       coalesce(o.place_name, io.place_name, p.name, '') AS place_name,
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

# A call that is to ring now: what else is armed, its rings so far where they are asked for, whether its
# reason still holds. Columns and arrays: a batch reads hundreds, and JSON is three times as dear.
# First what a `Call` is made of, then what a `CallRow` is, each in the order of its fields.
READ_RINGS = """
SELECT k.shop_id,
       k.id, k.order_id, k.item_id, o.number, coalesce(o.place_kind, p.kind) AS place_kind,
       coalesce(o.place_name, p.name, '') AS place_name, g.name AS dish, g.quantity, k.state, k.rings, k.rings_max,
       k.interval_s, to_ms(k.raised_at), to_ms(k.rang_at), k.claimed_by, k.claimed_by_device, to_ms(k.claimed_at),
       k.escalated, k.event, k.text, k.accounts,
       k.version, k.msg_type, k.channels, k.params, k.template_id, k.place_id, k.technician_id, k.source, k.client_id,
       to_ms(k.expires_at), k.reminders,
       t.on_clock, o.state AS order_state, g.state AS item_state,
       q.ends, q.rings AS queued_rings, q.due,
       CASE WHEN k.source = 'house' AND k.event IN ('order_placed', 'order_rushed') AND k.order_id IS NOT NULL
            THEN NOT EXISTS (SELECT FROM catering_order_goods l
             WHERE l.shop_id = k.shop_id AND l.order_id = k.order_id AND l.state <> 'cancelled') END AS emptied,
       CASE WHEN u.counts THEN (SELECT json_object_agg(m.end_key, m.ring) FROM
           (SELECT end_key, max(ring) AS ring FROM im_message m
             WHERE m.shop_id = k.shop_id AND m.call_id = k.id AND m.state <> 'queued'
             GROUP BY end_key) m) END AS rung
  FROM unnest($1::bigint[], $2::bigint[], $3::boolean[]) AS u(shop_id, id, counts)
  JOIN im_call k ON k.shop_id = u.shop_id AND k.id = u.id
  LEFT JOIN technician t ON t.shop_id = k.shop_id AND t.id = k.technician_id
  LEFT JOIN catering_order o ON o.shop_id = k.shop_id AND o.id = k.order_id
  LEFT JOIN place p ON p.shop_id = k.shop_id AND p.id = k.place_id
  LEFT JOIN catering_order_goods g ON g.shop_id = k.shop_id AND g.id = k.item_id
  LEFT JOIN LATERAL (SELECT array_agg(m.end_key) AS ends, array_agg(m.ring) AS rings, array_agg(to_ms(m.due_at)) AS due
                       FROM im_message m
                      WHERE m.shop_id = u.shop_id AND m.call_id = u.id AND m.state = 'queued') q ON true
"""

READ_ORDERS_OPEN = """
SELECT u.position, o.state,
       EXISTS (SELECT FROM catering_order_goods l
                WHERE l.shop_id = o.shop_id AND l.order_id = o.id AND l.state <> 'cancelled') AS has_dishes
  FROM unnest($1::integer[], $2::bigint[], $3::bigint[]) AS u(position, shop_id, order_id)
  JOIN catering_order o ON o.shop_id = u.shop_id AND o.id = u.order_id
"""

_decode_row = msgspec.json.Decoder(CallRow).decode
_decode_rung = msgspec.json.Decoder(dict[str, int]).decode
_decode_text = msgspec.json.Decoder(c.Text).decode
_decode_params = msgspec.json.Decoder(dict[str, str]).decode

ID_DIGITS_MAX = 16  # ids stay below 2 ** 53


async def read_calls(
    connection: asyncpg.Connection, keys: Sequence[tuple[int, int]]
) -> dict[tuple[int, int], CallRow]:
    """Return (shop, call id) → call for the calls that exist, ended ones too."""
    rows = await connection.fetch(READ_CALLS, [k[0] for k in keys], [k[1] for k in keys])
    return {(row["shop_id"], row["id"]): _decode_row(row["call"]) for row in rows}


async def read_sends(
    connection: asyncpg.Connection, asked: Sequence[tuple[int, SendImCall]], now_ms: int
) -> list[SendFacts | None]:
    """Return the facts of each command, or None where there is no such shop."""
    asks = [(shop, ask) for shop, command in asked for ask in command.calls]
    wanted = {(shop, ask.event) for shop, ask in asks}
    named = {(shop, ask.template_id) for shop, ask in asks if ask.template_id is not None}
    grounds = await read_grounds(connection, wanted, named)
    grounds = await read_last_raised(connection, grounds, now_ms)
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
            _gone(asks[i][1], row), row["number"], row["place_kind"], row["place_name"],
            _decode_text(row["dish"]) if row["dish"] else None, row["quantity"],
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


LIVING = frozenset({"held", "queued", "cooking", "ready", "called", "picked_up"})
# What the house says of an order as a whole: not when all of its dishes were taken back.
ABOUT_DISHES: frozenset[c.CallEvent] = frozenset({"order_placed", "order_rushed"})
# In which states of its dish a call of this event still has a reason.
ITEM_WAITS: dict[c.CallEvent, frozenset[str]] = {
    "item_ready": frozenset({"ready", "called"}),
    "order_rushed": frozenset({"queued", "cooking"}),
    "item_cancelled": frozenset({"cancelled"}),
}


async def read_rings(
    connection: asyncpg.Connection,
    asked: Sequence[tuple[int, RingCall | RingEnd | RemindClaimer | ExpireCall | ClaimCall]],
    now_ms: int,
) -> list[RingFacts]:
    """Return what each ring needs to know now."""
    keys = [(shop, promise.call_id) for shop, promise in asked]
    # The rings so far number a card's next one; an end's further ring has its number.
    counts = [isinstance(promise, RingCall | ClaimCall) for _, promise in asked]
    company = await read_company(connection, asked)
    beside = [(keys[i][0], one) for i, ids in company.items() for one in ids]
    rows = await _read_ringing(connection, beside + keys, [False] * len(beside) + counts)
    calls = {key: _call(row) for key, row in rows.items()}
    templates = {
        (key[0], row.template_id) for key, row in calls.items() if row.template_id is not None
    }
    wanted = {(key[0], row.call.event) for key, row in calls.items()}
    grounds = await read_grounds(connection, wanted, templates)
    if any(_escalates(promise, grounds, shop, calls) for shop, promise in asked):
        grounds = await read_last_raised(connection, grounds, now_ms)

    def facts_of(key: tuple[int, int]) -> RingFacts:
        return _ring_facts(rows.get(key), calls.get(key), grounds, key[0])

    found = [facts_of(key) for key in keys]
    for i, ids in company.items():
        found[i].company = [facts_of((keys[i][0], one)) for one in ids]
    return found


async def _read_ringing(
    connection: asyncpg.Connection, keys: Sequence[tuple[int, int]], counts: Sequence[bool]
) -> dict[tuple[int, int], asyncpg.Record]:
    wanted = dict(zip(keys, counts, strict=True))
    rows = await connection.fetch(
        READ_RINGS, [k[0] for k in wanted], [k[1] for k in wanted], list(wanted.values())
    )
    return {(row["shop_id"], row["id"]): row for row in rows}


def _escalates(
    promise: Any, grounds: dict[Shop, Ground], shop_id: int, calls: dict[tuple[int, int], CallRow]
) -> bool:
    """Say whether this ring may begin further ends, which wait for company as first rings do."""
    row = calls.get((shop_id, promise.call_id))
    if row is None or not isinstance(promise, RingEnd):
        return False
    policies = grounds[shop_id, row.call.event].policies.values()
    afters = [rings_unanswered(policy) for policy in policies]
    return any(rings is not None and rings < promise.ring for rings in afters)


def _call(row: asyncpg.Record) -> CallRow:
    call = c.Call(*row[_OF_CALL])
    if row["dish"] is not None:
        call.dish = _decode_text(row["dish"])
    if row["text"] is not None:
        call.text = _decode_text(row["text"])
    known = CallRow(call, *row[_OF_ROW])
    known.params = _decode_params(row["params"])
    return known


_OF_CALL = slice(1, 1 + len(c.Call.__struct_fields__))
_OF_ROW = slice(_OF_CALL.stop, _OF_CALL.stop + CallRow.__struct_fields__.index("reminders"))


def _ring_facts(
    row: asyncpg.Record | None,
    call: CallRow | None,
    grounds: dict[Shop, Ground],
    shop_id: int,
) -> RingFacts:
    if row is None or call is None:
        return RingFacts(None, NOWHERE)
    queued = zip(row["ends"] or (), row["queued_rings"] or (), row["due"] or (), strict=True)
    return RingFacts(
        row=call,
        ground=grounds[shop_id, call.call.event],
        rung=_decode_rung(row["rung"]) if row["rung"] else {},
        queued={(end, ring): due for end, ring, due in queued},
        gone="technician_off_clock" if row["on_clock"] is False else _item_gone(row),
        order_open=row["order_state"] in {None, "open"},
    )


def _item_gone(row: asyncpg.Record) -> str:
    """Say that every dish of an announced order was taken back, or a service's dish needs no call.

    The house's own calls about a dish end with what happens to it.
    """
    if row["emptied"]:
        return "item_gone"
    if row["source"] == HOUSE or row["item_id"] is None:
        return ""
    return "" if row["item_state"] in ITEM_WAITS.get(row["event"], LIVING) else "item_gone"


NOWHERE = Ground("UTC", b"", {}, {}, [])


async def read_announcements(
    connection: asyncpg.Connection, asked: Sequence[tuple[int, Announce]], now_ms: int
) -> list[RingFacts]:
    """Return what each announcement of the house needs to know."""
    cards = [(shop, p.call_id) for shop, p in asked if p.call_id is not None]
    rows = await _read_ringing(connection, cards, [True] * len(cards)) if cards else {}
    orders = await connection.fetch(
        READ_ORDERS_OPEN,
        list(range(len(asked))),
        [shop for shop, _ in asked],
        [promise.order_id for _, promise in asked],
    )
    found = {row["position"]: row for row in orders}
    grounds = await read_grounds(connection, {(s, p.event) for s, p in asked})
    grounds = await read_last_raised(connection, grounds, now_ms)
    facts: list[RingFacts] = []
    for i, (shop, promise) in enumerate(asked):
        row = rows.get((shop, promise.call_id)) if promise.call_id is not None else None
        call = _call(row) if row else None
        one = _ring_facts(row, call, grounds, shop)
        key = (shop, promise.event)
        one.ground = grounds[key]
        if promise.call_id is None:  # the next of this batch comes with this one
            grounds[key] = raised_at(grounds[key], now_ms)
        order = found.get(i)
        one.order_open = order is None or order["state"] == "open"
        if promise.event in ABOUT_DISHES and order is not None and not order["has_dishes"]:
            one.gone = "item_gone"
        facts.append(one)
    return facts


async def read_audio_key(pool: asyncpg.Pool) -> bytes:
    """Return the key that signs the addresses of sentences."""
    key: bytes = await pool.fetchval(READ_AUDIO_KEY)
    return key
