"""A brand's templates and rules, read at every ring and changed by managers; `views.py` reads for these.

One statement reads the rules of a whole batch; another the sentences, only when a brand has some.
Refuses to merge or judge: `policy.py` does.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import asyncpg
import msgspec

from server.broadcast.policy import CHANNELS, Policy, PolicyChange, effective, is_quiet
from server.broadcast.template import Template
from server.broadcast.templates import BUILT_IN, OWN_ID_MAX
from server.events import catalogue as c

READ_POLICIES = """
SELECT u.shop_id, u.event, s.brand_id, s.call_interval_s, s.call_rings_max,
       (SELECT json_agg(json_build_array(p.channel, p.shop_id <> 0, p.policy))
          FROM broadcast_policy p
         WHERE p.brand_id = s.brand_id AND p.shop_id IN (0, s.id) AND p.event = u.event) AS changes
  FROM unnest($1::bigint[], $2::text[]) AS u(shop_id, event)
  JOIN shop s ON s.id = u.shop_id
"""

# Only rules that know quiet hours: most shops have none, and cost no row.
READ_QUIET = """
SELECT s.id, s.timezone, p.event, p.channel,
       json_agg(p.policy ORDER BY p.shop_id) AS changes
  FROM unnest($1::bigint[]) AS u(shop_id)
  JOIN shop s ON s.id = u.shop_id
  JOIN broadcast_policy p ON p.brand_id = s.brand_id AND p.shop_id IN (0, s.id)
 WHERE p.policy ?| ARRAY['quiet', 'quiet_exempt']
 GROUP BY s.id, s.timezone, p.event, p.channel
"""

READ_TEMPLATES = """
SELECT t.brand_id, t.id, t.name, v.version, v.parameters, v.text
  FROM unnest($1::bigint[], $2::bigint[]) AS u(brand_id, id)
  JOIN im_template t ON t.brand_id = u.brand_id AND t.id = u.id
  JOIN im_template_version v ON v.brand_id = t.brand_id AND v.id = t.id AND v.version = t.latest
"""

# A new template, or the next version of one: whoever read an older version comes too late.
ADD_TEMPLATE = """
WITH named AS (
    INSERT INTO im_template AS t (brand_id, id, name, latest)
    SELECT $1::bigint, $2::bigint, $3::text, 1
     WHERE $4 > 0 OR (SELECT count(*) FROM im_template WHERE brand_id = $1) < $9::bigint
    ON CONFLICT (brand_id, id) DO UPDATE SET name = excluded.name, latest = t.latest + 1
     WHERE t.latest = $4::integer
    RETURNING brand_id, id, latest
)
INSERT INTO im_template_version (brand_id, id, version, parameters, text, made_at, made_by, command_id)
SELECT brand_id, id, latest, $5::jsonb, $6::jsonb, $7, $8, $10::uuid FROM named
RETURNING version
"""

READ_MADE_TEMPLATE = """
SELECT v.brand_id, v.id, t.name, v.version, v.parameters, v.text
  FROM im_template_version v
  JOIN im_template t ON t.brand_id = v.brand_id AND t.id = v.id
 WHERE v.brand_id = $1 AND v.command_id = $2
"""

# Version 0 is "nothing was changed so far"; each change is remembered beside the one that holds.
PUT_CHANGE = """
WITH changed AS (
    INSERT INTO broadcast_policy AS p (brand_id, shop_id, event, channel, policy, version, changed_at, changed_by)
    SELECT $1::bigint, $2::bigint, $3::text, $4::text, $5::jsonb, 1, $7::timestamptz, $8::text
     WHERE $6 = 0
        OR EXISTS (SELECT FROM broadcast_policy
                    WHERE brand_id = $1 AND shop_id = $2 AND event = $3 AND channel = $4)
    ON CONFLICT (brand_id, shop_id, event, channel) DO UPDATE
       SET policy = excluded.policy, version = p.version + 1, changed_at = excluded.changed_at,
           changed_by = excluded.changed_by
     WHERE p.version = $6::integer
    RETURNING *
)
INSERT INTO broadcast_policy_history (brand_id, shop_id, event, channel, version, policy, changed_at, changed_by,
                                      command_id)
SELECT brand_id, shop_id, event, channel, version, policy, changed_at, changed_by, $9::uuid FROM changed
RETURNING version
"""

READ_MADE_CHANGE = """
SELECT shop_id, event, channel, policy, version
  FROM broadcast_policy_history
 WHERE brand_id = $1 AND command_id = $2
"""

TEMPLATES_MAX = 500  # of a brand

Shop = tuple[int, c.CallEvent]
Database = asyncpg.Pool | asyncpg.Connection


class Book(msgspec.Struct):
    """The effective rules of an event in a shop, and every sentence they may need."""

    brand_id: int
    policies: dict[c.Channel, Policy]
    templates: dict[int, Template]
    pads: dict[str, int]  # what the shop's own columns say of its pads

    def base(self, event: c.CallEvent, channel: c.Channel) -> dict[str, int] | None:
        """Return what lies between the house's rules and the brand's, if anything."""
        return self.pads if channel == "pad" and event == "item_ready" else None


_changes = msgspec.json.Decoder(list[tuple[c.Channel, bool, PolicyChange]]).decode
_layers = msgspec.json.Decoder(list[PolicyChange]).decode
_encode = msgspec.json.Encoder().encode
_change = msgspec.json.Decoder(PolicyChange).decode
_parameters = msgspec.json.Decoder(dict[str, Any]).decode
_text = msgspec.json.Decoder(c.Text).decode


async def load(
    connection: Database,
    keys: Sequence[Shop],
    template_ids: Iterable[tuple[int, int]] = (),
) -> dict[Shop, Book]:
    """Return (shop, event) → book; `template_ids` are (shop, template) that calls name."""
    rows = await connection.fetch(READ_POLICIES, [k[0] for k in keys], [k[1] for k in keys])
    books = {(row["shop_id"], row["event"]): _book(row) for row in rows}
    wanted = {
        (book.brand_id, policy.template_id)
        for book in books.values()
        for policy in book.policies.values()
        if policy.template_id is not None
    }
    brands = {key[0]: book.brand_id for key, book in books.items()}
    wanted |= {(brands[shop], one) for shop, one in template_ids if shop in brands}
    own = sorted(key for key in wanted if key[1] > OWN_ID_MAX)
    if own:
        found = await connection.fetch(READ_TEMPLATES, [k[0] for k in own], [k[1] for k in own])
        for row in found:
            template = as_template(row)
            for book in books.values():
                if book.brand_id == row["brand_id"]:
                    book.templates[template.id] = template
    return books


Hushed = dict[c.Channel, list[c.CallEvent]]


async def read_quiet(
    connection: Database, shop_ids: Sequence[int], now_ms: int
) -> dict[int, Hushed]:
    """Return shop → channel → the events, in order, that make no sound there now."""
    hushed: dict[int, Hushed] = {shop_id: {} for shop_id in shop_ids}
    for row in await connection.fetch(READ_QUIET, shop_ids):
        policy = effective(row["event"], row["channel"], *_layers(row["changes"]))
        if is_quiet(policy, now_ms, row["timezone"]):
            hushed[row["id"]].setdefault(row["channel"], []).append(row["event"])
    for channels in hushed.values():
        for events in channels.values():
            events.sort()
    return hushed


def as_template(row: asyncpg.Record) -> Template:
    """Return the template a row holds."""
    return Template(
        row["id"], row["version"], row["name"],
        msgspec.convert(_parameters(row["parameters"]), dict[str, Any]), _text(row["text"]),
    )  # fmt: skip


def _book(row: asyncpg.Record) -> Book:
    changes = _changes(row["changes"]) if row["changes"] else []
    event: c.CallEvent = row["event"]
    pads = {"interval_s": row["call_interval_s"], "repeat_max": row["call_rings_max"] - 1}
    book = Book(row["brand_id"], {}, dict(BUILT_IN), pads)
    for channel in CHANNELS:
        brand = next((one for ch, own, one in changes if ch == channel and not own), None)
        shop = next((one for ch, own, one in changes if ch == channel and own), None)
        base = book.base(event, channel)
        book.policies[channel] = effective(event, channel, brand, shop, base=base)
    return book


class Author(msgspec.Struct, frozen=True):
    """Who changes something, when, which version they saw (0: none), and by which command."""

    name: str
    at: datetime
    version: int = 0
    command_id: uuid.UUID | None = None


class StoredChange(msgspec.Struct, frozen=True):
    """A brand's (shop 0) or a shop's change of one event at one channel."""

    shop_id: int
    channel: c.Channel
    change: PolicyChange
    version: int


async def find_template(pool: asyncpg.Pool, brand_id: int, template_id: int) -> Template | None:
    """Return a template of the house or of a brand in its latest version."""
    if template_id <= OWN_ID_MAX:
        return BUILT_IN.get(template_id)
    row = await pool.fetchrow(READ_TEMPLATES, [brand_id], [template_id])
    return as_template(row) if row else None


async def put_template(
    pool: Database, brand_id: int, template: Template, author: Author
) -> int | None:
    """Add a template or its next version; None when somebody else did meanwhile, or no room is.

    Raises `asyncpg.UniqueViolationError` when the brand has another template of this name.
    """
    version: int | None = await pool.fetchval(
        ADD_TEMPLATE, brand_id, template.id, template.name, author.version,
        _encode(template.parameters).decode(), _encode(template.text).decode(), author.at,
        author.name, TEMPLATES_MAX, author.command_id,
    )  # fmt: skip
    return version


async def find_made_template(
    pool: Database, brand_id: int, command_id: uuid.UUID
) -> Template | None:
    """Return the version of a template that a command made."""
    row = await pool.fetchrow(READ_MADE_TEMPLATE, brand_id, command_id)
    return as_template(row) if row else None


async def find_made_change(
    pool: Database, brand_id: int, command_id: uuid.UUID
) -> tuple[c.CallEvent, StoredChange] | None:
    """Return the change of a rule that a command made, and its event."""
    row = await pool.fetchrow(READ_MADE_CHANGE, brand_id, command_id)
    if row is None:
        return None
    change = _change(row["policy"])
    return row["event"], StoredChange(row["shop_id"], row["channel"], change, row["version"])


async def put_change(
    pool: Database, brand_id: int, event: c.CallEvent, stored: StoredChange, author: Author
) -> int | None:
    """Replace a change (`stored.version` is ignored); None when somebody else did meanwhile."""
    version: int | None = await pool.fetchval(
        PUT_CHANGE, brand_id, stored.shop_id, event, stored.channel,
        _encode(stored.change).decode(), author.version, author.at, author.name, author.command_id,
    )  # fmt: skip
    return version
