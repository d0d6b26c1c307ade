"""What managers read of their sentences and rules: what holds, from which layer, since when, by whom.

Refuses to change anything (`store.py`), and to be read by a ring: a ring reads what holds, and no more.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import asyncpg
import msgspec

from server.broadcast.policies import store
from server.broadcast.policies.store import StoredChange, as_template
from server.broadcast.policy import CHANNELS, Policy, PolicyChange, effective
from server.broadcast.speech import ParamType
from server.broadcast.template import Template
from server.events import catalogue as c

LIST_TEMPLATES = """
SELECT t.brand_id, t.id, t.name, v.version, v.parameters, v.text
  FROM im_template t
  JOIN im_template_version v ON v.brand_id = t.brand_id AND v.id = t.id AND v.version = t.latest
 WHERE t.brand_id = $1
 ORDER BY t.id
 LIMIT $2::integer
"""

READ_CHANGES = """
SELECT event, shop_id, channel, policy, version
  FROM broadcast_policy
 WHERE brand_id = $1 AND shop_id IN (0, $2) AND event = ANY($3::text[])
"""

# The brand's default is no shop's own.
LIST_SHOP_CHANGES = """
SELECT shop_id, channel, policy, version
  FROM broadcast_policy
 WHERE brand_id = $1 AND shop_id <> 0 AND event = $2
 ORDER BY shop_id, channel
 LIMIT $3
"""

LIST_VERSIONS = """
SELECT version, parameters, text, to_ms(made_at) AS at_ms, made_by
  FROM im_template_version
 WHERE brand_id = $1 AND id = $2
 ORDER BY version DESC
 LIMIT $3
"""

LIST_HISTORY = """
SELECT version, policy, to_ms(changed_at) AS at_ms, changed_by
  FROM broadcast_policy_history
 WHERE brand_id = $1 AND shop_id = $2 AND event = $3 AND channel = $4
 ORDER BY version DESC
 LIMIT $5
"""

LISTED_MAX = 100  # versions and changes, the newest
SHOP_CHANGES_MAX = 5_000  # a brand of 800 shops that all want it otherwise at every channel

_parameters = msgspec.json.Decoder(dict[str, Any]).decode
_text = msgspec.json.Decoder(c.Text).decode
_change = msgspec.json.Decoder(PolicyChange).decode


class ChannelRules(msgspec.Struct, frozen=True):
    """What holds at a channel, and why: the house's rules, changed by the brand, changed by the shop.

    Of a shop, `house` has the rings and the interval of its own pads. Versions: 0 is "never changed".
    """

    channel: c.Channel
    effective: Policy
    house: Policy
    brand: PolicyChange | None
    brand_version: int
    shop: PolicyChange | None
    shop_version: int


class EventRules(msgspec.Struct, frozen=True):
    """An event's rules at every channel."""

    event: c.CallEvent
    channels: list[ChannelRules]


class Version(msgspec.Struct, frozen=True):
    """One version of a brand's template: what it said, since when, who wrote it."""

    version: int
    parameters: dict[str, ParamType]
    text: c.Text
    at_ms: int
    by: str


class Changed(msgspec.Struct, frozen=True):
    """How a rule was changed: by whom, when."""

    version: int
    change: PolicyChange
    at_ms: int
    by: str


async def read_rules(
    pool: asyncpg.Pool, brand_id: int, shop_id: int, events: Sequence[c.CallEvent]
) -> list[EventRules]:
    """Return what holds of these events in a shop, as a ring would read it; shop 0: brand-wide."""
    rows = await pool.fetch(READ_CHANGES, brand_id, shop_id, list(events))
    stored = {(row["event"], row["channel"], row["shop_id"]): _stored(row) for row in rows}
    books = await store.load(pool, [(shop_id, event) for event in events]) if shop_id else {}
    return [
        EventRules(
            event,
            [
                _layers(
                    (event, channel), books.get((shop_id, event)),
                    stored.get((event, channel, 0)),
                    stored.get((event, channel, shop_id)) if shop_id else None,
                )
                for channel in CHANNELS
            ],
        )
        for event in events
    ]  # fmt: skip


def _layers(
    where: tuple[c.CallEvent, c.Channel],
    book: store.Book | None,
    brand: StoredChange | None,
    shop: StoredChange | None,
) -> ChannelRules:
    """Return what lies over what at one channel; without a book it is the brand's default."""
    event, channel = where
    brand_change, shop_change = brand.change if brand else None, shop.change if shop else None
    base = book.base(event, channel) if book else None
    return ChannelRules(
        channel,
        book.policies[channel] if book else effective(event, channel, brand_change),
        effective(event, channel, base=base),
        brand_change, brand.version if brand else 0,
        shop_change, shop.version if shop else 0,
    )  # fmt: skip


async def list_shop_changes(
    pool: asyncpg.Pool, brand_id: int, event: c.CallEvent
) -> list[StoredChange]:
    """Return what the brand's shops want otherwise than it of an event, by shop."""
    rows = await pool.fetch(LIST_SHOP_CHANGES, brand_id, event, SHOP_CHANGES_MAX)
    return [_stored(row) for row in rows]


def _stored(row: asyncpg.Record) -> StoredChange:
    return StoredChange(row["shop_id"], row["channel"], _change(row["policy"]), row["version"])


async def list_versions(pool: asyncpg.Pool, brand_id: int, template_id: int) -> list[Version]:
    """Return the newest versions of a brand's template, the newest first."""
    rows = await pool.fetch(LIST_VERSIONS, brand_id, template_id, LISTED_MAX)
    return [
        Version(
            row["version"], msgspec.convert(_parameters(row["parameters"]), dict[str, ParamType]),
            _text(row["text"]), row["at_ms"], row["made_by"],
        )
        for row in rows
    ]  # fmt: skip


async def list_changes(
    pool: asyncpg.Pool, brand_id: int, shop_id: int, event: c.CallEvent, channel: c.Channel
) -> list[Changed]:
    """Return how a brand (shop 0) or a shop changed a rule, the newest first."""
    rows = await pool.fetch(LIST_HISTORY, brand_id, shop_id, event, channel, LISTED_MAX)
    return [
        Changed(row["version"], _change(row["policy"]), row["at_ms"], row["changed_by"])
        for row in rows
    ]


async def list_templates(pool: asyncpg.Pool, brand_id: int) -> list[Template]:
    """Return a brand's templates, each in its latest version."""
    return [
        as_template(row) for row in await pool.fetch(LIST_TEMPLATES, brand_id, store.TEMPLATES_MAX)
    ]
