"""Calls as a business service reads them: what was asked, each ring at each end, where it was heard.

Refuses to decide and to change anything; ended calls can be read as long as they are kept.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

import asyncpg
import msgspec

from server.clock import from_ms, to_ms
from server.events import catalogue as c

LISTED_MAX = 200

_COLUMNS = """
k.id, k.event, k.msg_type, k.channels, k.accounts, k.template_id, k.params, k.text, k.state,
       k.ended_reason, k.rings, k.rings_max, k.interval_s, k.raised_at, k.rang_at, k.expires_at,
       k.claimed_by, k.claimed_by_device, k.claimed_at, k.escalated, k.place_id, k.order_id, k.item_id,
       k.technician_id, k.source, k.ended_at
"""

READ_CALL = f"""
SELECT {_COLUMNS},
       (SELECT json_agg(json_build_object(
                   'end', m.end_key, 'ring', m.ring, 'state', m.state, 'reason', m.reason,
                   'dueAtMs', to_ms(m.due_at), 'sentAtMs', to_ms(m.sent_at), 'spokenBy', m.spoken_by)
                   ORDER BY m.due_at, m.ring, m.end_key)
          FROM im_message m WHERE m.shop_id = k.shop_id AND m.call_id = k.id) AS messages,
       (SELECT json_agg(json_build_object(
                   'ring', r.ring,
                   'end', CASE WHEN r.account_id = ANY (k.accounts) THEN 'account:' || r.account_id ELSE r.channel END,
                   'deviceId', r.device_id, 'deviceName', coalesce(d.name, ''),
                   'stage', r.stage, 'atMs', to_ms(r.at)) ORDER BY r.at, r.device_id, r.stage)
          FROM im_receipt r
          LEFT JOIN device d ON d.shop_id = r.shop_id AND d.id = r.device_id
         WHERE r.shop_id = k.shop_id AND r.call_id = k.id) AS receipts
  FROM im_call k
 WHERE k.shop_id = $1 AND k.id = $2
"""  # noqa: S608 - columns of our own

LIST_CALLS = f"""
SELECT {_COLUMNS}
  FROM im_call k
 WHERE k.shop_id = $1
   AND ($2::text IS NULL OR k.event = $2)
   AND ($3::text IS NULL OR k.state = $3)
   AND ($4::timestamptz IS NULL OR k.raised_at >= $4)
   AND ($5::timestamptz IS NULL OR k.raised_at < $5)
   AND ($6::bigint IS NULL OR k.place_id = $6)
   AND ($7::bigint IS NULL OR k.id < $7)
 ORDER BY k.id DESC
 LIMIT $8::integer
"""  # noqa: S608 - columns of our own


class Ring(msgspec.Struct, frozen=True, rename="camel"):
    """One ring at one end: a channel, or `account:12`. Suppressed and cancelled ones say why.

    `spoken_by`: the call whose sentence said this one too.
    """

    end: str
    ring: int
    state: str
    reason: str
    due_at_ms: int
    sent_at_ms: int | None
    spoken_by: int | None


class Receipt(msgspec.Struct, frozen=True, rename="camel"):
    """What became of a ring on one device, and at which end: as in `Ring`; unknown of older ones.

    `given_back`: who had said "coming" there could not come after all.
    """

    ring: int
    end: str | None
    device_id: int
    device_name: str
    stage: c.HeardStage | Literal["given_back"]
    at_ms: int


class CallSummary(msgspec.Struct, frozen=True, rename="camel"):
    """A call and how it stands. `source`: the house itself, or who asked for it."""

    call_id: int
    event: c.CallEvent
    msg_type: c.MsgType
    channels: list[c.Channel]
    accounts: list[int]
    template_id: int | None
    params: dict[str, str]
    text: c.Text | None
    state: c.CallState
    ended_reason: c.CallEnd | None
    rings: int
    rings_max: int
    interval_s: int
    raised_at_ms: int
    rang_at_ms: int
    expires_at_ms: int | None
    claimed_by: str
    claimed_by_device: int | None
    claimed_at_ms: int | None
    escalated: bool
    place_id: int | None
    order_id: int | None
    item_id: int | None
    technician_id: str | None
    source: str
    ended_at_ms: int | None  # unknown of what ended before this was written down


class CallRecord(CallSummary, frozen=True, rename="camel"):
    """A call with every ring at every end, and every word of a device about it."""

    messages: list[Ring]
    receipts: list[Receipt]


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which calls of a shop; None asks for all."""

    event: str | None = None
    state: str | None = None
    since_ms: int | None = None
    until_ms: int | None = None
    place_id: int | None = None
    before_id: int | None = None
    calls_max: int = LISTED_MAX


async def read_call(pool: asyncpg.Pool, shop_id: int, call_id: int) -> CallRecord | None:
    """Return a call of a shop with everything that is known of it."""
    row = await pool.fetchrow(READ_CALL, shop_id, call_id)
    if row is None:
        return None
    rings, receipts = row["messages"] or b"[]", row["receipts"] or b"[]"
    return CallRecord(
        **_summary(row), messages=_decode_rings(rings), receipts=_decode_receipts(receipts)
    )


async def list_calls(pool: asyncpg.Pool, shop_id: int, wanted: Wanted) -> list[CallSummary]:
    """Return a shop's calls, the newest first; `before_id` goes on after a page."""
    rows = await pool.fetch(
        LIST_CALLS, shop_id, wanted.event, wanted.state, _at(wanted.since_ms),
        _at(wanted.until_ms), wanted.place_id, wanted.before_id, min(wanted.calls_max, LISTED_MAX),
    )  # fmt: skip
    return [CallSummary(**_summary(row)) for row in rows]


def _at(ms: int | None) -> datetime | None:
    return None if ms is None else from_ms(ms)


_decode_rings = msgspec.json.Decoder(list[Ring]).decode
_decode_receipts = msgspec.json.Decoder(list[Receipt]).decode
_decode_params = msgspec.json.Decoder(dict[str, str]).decode
_decode_text = msgspec.json.Decoder(c.Text).decode


def _summary(row: asyncpg.Record) -> dict[str, Any]:
    """Return the fields of `CallSummary`."""
    times = {"raised_at_ms", "rang_at_ms", "expires_at_ms", "claimed_at_ms", "ended_at_ms"}
    fields: dict[str, Any] = {}
    for name in CallSummary.__struct_fields__:
        if name in times:
            at = row[name.removesuffix("_ms")]
            fields[name] = None if at is None else to_ms(at)
        else:
            fields[name] = row["id" if name == "call_id" else name]
    fields["params"] = _decode_params(row["params"])
    fields["text"] = _decode_text(row["text"]) if row["text"] else None
    return fields
