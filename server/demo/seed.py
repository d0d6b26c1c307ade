"""Seeds the demo shop once, so that a fresh machine has something to show."""

from __future__ import annotations

from datetime import UTC, datetime

import asyncpg
import msgspec

from server.broadcast.policies.store import Author, StoredChange, put_change, put_template
from server.broadcast.template import Template
from server.demo import menu as demo
from server.demo import store
from server.demo.sentences import FIRST_ID, SENTENCES

DEMO_BRAND_ID = 1
WRITTEN_BY = Author("demo", datetime(2026, 11, 25, tzinfo=UTC))


async def seed(database_url: str) -> bool:
    """Write the demo shop unless it is there; return whether it was written now."""
    connection = await asyncpg.connect(database_url)
    try:
        added = await store.add_shop(
            connection, DEMO_BRAND_ID, demo.SHOP, demo.STATIONS, demo.PLACES, demo.MENU
        )
        if added:
            kinds = {device.account_id: device.kind for device in demo.DEVICES}
            await store.add_devices(
                connection,
                demo.SHOP.id,
                [(account.id, kinds[account.id], account.name) for account in demo.ACCOUNTS],
                [
                    (d.id, d.kind, d.name, d.account_id, d.place_id, d.station_id)
                    for d in demo.DEVICES
                ],
            )
            await _say(connection)
        return added
    finally:
        await connection.close()


async def set_up_paper(database_url: str) -> None:
    """Give the demo shop a printer without a printer: its papers lie in a folder, for everybody to read."""
    connection = await asyncpg.connect(database_url)
    try:
        await store.add_printer(connection, demo.SHOP.id, demo.PRINTER)
    finally:
        await connection.close()


async def _say(connection: asyncpg.Connection) -> None:
    """Write the brand's sentences and where they are said."""
    for template_id, one in enumerate(SENTENCES, FIRST_ID):
        template = Template(template_id, 1, one.name, one.parameters, one.text)
        await put_template(connection, DEMO_BRAND_ID, template, WRITTEN_BY)
        rule = msgspec.structs.replace(one.rule, template_id=template_id)
        for channel in one.channels:
            change = StoredChange(0, channel, rule, 0)
            await put_change(connection, DEMO_BRAND_ID, one.event, change, WRITTEN_BY)
