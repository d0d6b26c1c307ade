"""A brand's templates and rules, read at every ring and changed by managers.

One statement reads the rules of a whole batch; another the sentences, only when a brand has some.
Refuses to merge or judge: `policy.py` does.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import asyncpg
import msgspec

from server.broadcast.policy import CHANNELS, Policy, PolicyChange, effective
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

READ_TEMPLATES = """
SELECT t.brand_id, t.id, t.name, v.version, v.parameters, v.text
  FROM unnest($1::bigint[], $2::bigint[]) AS u(brand_id, id)
  JOIN im_template t ON t.brand_id = u.brand_id AND t.id = u.id
  JOIN im_template_version v ON v.brand_id = t.brand_id AND v.id = t.id AND v.version = t.latest
"""

Shop = tuple[int, c.CallEvent]


class Book(msgspec.Struct):
    """The effective rules of an event in a shop, and every sentence they may need."""

    brand_id: int
    policies: dict[c.Channel, Policy]
    templates: dict[int, Template]


_changes = msgspec.json.Decoder(list[tuple[c.Channel, bool, PolicyChange]]).decode
_parameters = msgspec.json.Decoder(dict[str, Any]).decode
_text = msgspec.json.Decoder(c.Text).decode


async def load(
    connection: asyncpg.Connection,
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
    policies: dict[c.Channel, Policy] = {}
    for channel in CHANNELS:
        brand = next((one for ch, own, one in changes if ch == channel and not own), None)
        shop = next((one for ch, own, one in changes if ch == channel and own), None)
        base = pads if channel == "pad" and event == "item_ready" else None
        policies[channel] = effective(event, channel, brand, shop, base=base)
    return Book(row["brand_id"], policies, dict(BUILT_IN))
