"""Seeds the demo shop once, so that a fresh machine has something to show."""

from __future__ import annotations

import asyncpg

from server.demo import menu as demo
from server.demo import store

DEMO_BRAND_ID = 1


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
        return added
    finally:
        await connection.close()
