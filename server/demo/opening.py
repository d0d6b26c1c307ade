"""Gives demo traffic its key, as the operator of this machine, and takes it back at the end."""

from __future__ import annotations

import asyncio
import secrets
from typing import Any

import httpx

from server.api import store
from server.demo.seed import DEMO_BRAND_ID
from server.demo.traffic import Say, run_traffic
from server.demo.welcome import base_url
from server.office import open_office
from server.settings import Settings


async def live(
    settings: Settings, stop: asyncio.Event, say: Say, *, url: str | None = None, **evening: Any
) -> None:
    """Run demo traffic until `stop` is set; everything it does goes through the public doors.

    Raises `OSError` when nobody answers there.
    """
    url = url or base_url(settings)
    name = f"demo-traffic {secrets.token_hex(4)}"
    client = store.Client(brand_id=DEMO_BRAND_ID, id=0, name=name, roles=("business", "manager"))
    async with open_office(settings) as office:
        maker = await office.key_maker()
        key = await maker.make_client(client)
        try:
            await run_traffic(url, (key.key_id, key.secret), stop, say, **evening)
        except httpx.TransportError as error:
            raise OSError(f"Nobody answers at {url} ({type(error).__name__}).") from error
        finally:
            await maker.revoke_client(DEMO_BRAND_ID, key.client_id)
