"""A manager's desk for one command of the CLI: pairs devices, makes API keys, revives promises."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import NamedTuple

import asyncpg
import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from server.api import store
from server.api.keys import KeyMaker, seal_secrets
from server.api.limits import Limits
from server.broadcast import sound
from server.broadcast.audio import open_audio
from server.broadcast.speech import Language, read_aloud
from server.clock import Clock, SystemClock, from_ms, to_ms
from server.commands import BOOK
from server.db.pool import open_pool
from server.desk import Desk
from server.errors import Refusal
from server.events import promises
from server.events.alarm import Alarm
from server.events.decision import Actor
from server.events.relay import Relay
from server.pairing.door import Execute, PairingDoor
from server.pairing.pairing import PairedDevice, Wish
from server.sealed import Sealing
from server.settings import Settings
from server.terminal import written_down

_log = structlog.get_logger(__name__)


class Office(NamedTuple):
    """What a manager at the command line has."""

    pairing: PairingDoor
    pool: asyncpg.Pool
    clock: Clock
    execute: Execute
    sealing: Sealing
    limits: Limits

    def manager(self, shop_id: int) -> Actor:
        """Return the person at the command line, who may manage this shop."""
        return Actor(role="manager", id="cli", name="cli", shop_id=shop_id)

    async def key_maker(self) -> KeyMaker:
        """Return who makes keys. Raises `seal_key_differs` where the house could not read them."""
        await seal_secrets(self.pool, self.sealing)
        return KeyMaker(self.pool, self.clock, self.sealing, self.limits)

    async def brand_of(self, shop_id: int) -> int:
        """Return whose shop it is. Raises `shop_not_found`."""
        brand_id = await store.brand_of_shop(self.pool, shop_id)
        if brand_id is None:
            raise Refusal("shop_not_found", shop_id=shop_id)
        return brand_id

    @asynccontextmanager
    async def acting(self, action: str, shop_id: int | None, **facts: int) -> AsyncIterator[None]:
        """Write down what is about to be done in a shop, and what came of it."""
        brand_id = shop_id and await store.brand_of_shop(self.pool, shop_id)
        about = {"brand_id": brand_id or 0, "shop_id": shop_id or 0}
        async with written_down(self.pool, self.clock, action, **about, **facts):
            yield

    async def dead_promises(self, shop_id: int | None) -> list[str]:
        """Return a line for each promise that was given up."""
        return [
            f"shop {dead.shop_id}  promise {dead.id}  {dead.kind}"
            f"  due {from_ms(dead.due_at_ms):%Y-%m-%d %H:%M} UTC"
            f"  attempts {dead.attempts}: {dead.why}"
            for dead in await promises.read_dead(self.pool, shop_id)
        ]

    async def revive(self, shop_id: int | None, promise_id: int | None) -> int:
        """Make dead promises due now; a worker's next sweep finds them. Returns how many."""
        now_ms = to_ms(self.clock.now())
        async with self.acting("revivePromises", shop_id, promise_id=promise_id or 0):
            return await promises.revive(self.pool, shop_id, promise_id, now_ms)

    async def make_code(self, shop_id: int, wish: Wish) -> str:
        """Make a code to type on a device."""
        async with self.acting("makePairingCode", shop_id):
            return (await self.pairing.make_code(self.manager(shop_id), wish)).code

    async def confirm(self, shop_id: int, code: str, wish: Wish) -> PairedDevice:
        """Confirm the code a new screen shows."""
        manager = self.manager(shop_id)
        async with self.acting("confirmPairing", shop_id):
            return await self.pairing.confirm_offer(manager, manager.id, code, wish)

    async def unpair(self, shop_id: int, device_id: int) -> PairedDevice:
        """Unpair a device."""
        async with self.acting("revokeDevice", shop_id, device_id=device_id):
            return await self.pairing.revoke(self.manager(shop_id), uuid.uuid4(), device_id)


@asynccontextmanager
async def open_office(settings: Settings) -> AsyncIterator[Office]:
    """Open a desk for a moment; what it says reaches every gateway node before it closes."""
    clock = SystemClock()
    async with AsyncExitStack() as stack:
        pool = await open_pool(settings.database_url, 2)
        stack.push_async_callback(pool.close)
        redis = Redis.from_url(settings.redis_url)
        stack.push_async_callback(redis.aclose)
        relay = Relay(redis, clock, Alarm(redis))
        desk = Desk(pool, clock, BOOK, relay, settings)
        pairing = PairingDoor(desk.execute, pool, clock)
        limits = Limits(pool, redis, clock)
        yield Office(pairing, pool, clock, desk.execute, Sealing(settings.seal_key), limits)
        try:
            await relay.flush()
        except (RedisError, OSError) as error:
            # It is done and remembered; the nodes hear of it from the log.
            _log.warning("told_nobody", error=type(error).__name__)


async def say(settings: Settings, text: str, language: Language, out: Path) -> str:
    """Speak a sentence into a WAV file; return what was said, how long, how loud, by whom.

    Raises `VoiceError` when there is no voice.
    """
    spoken = read_aloud(text, language)
    audio = open_audio(settings.data_dir / "audio", settings.clips_dir, settings.voice_command)
    try:
        wav = await audio.wav(spoken, language)
    finally:
        await audio.close()
    out.write_bytes(wav)
    heard = sound.measured(sound.read_wav(wav))
    return (
        f"{spoken}\n{out}: {heard.seconds:.1f} s, loudness {heard.loudness_dbfs:.1f} dBFS,"
        f" peak {heard.peak_dbfs:.1f} dBFS, voice: {audio.voice}"
    )
