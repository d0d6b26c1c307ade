"""Which screen of a kind speaks for its shop: of three screens in one kitchen, one voice.

The first to come holds the voice under a lease in Redis, so that screens on other nodes stay quiet;
when it goes, or says that nobody can hear it (its browser blocks sound, somebody muted it), the next
one here takes it at once, one elsewhere within a heartbeat. While Redis is away every node chooses
among its own. Pads and rooms speak each for themselves. Refuses to know what is said.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from typing import TYPE_CHECKING

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from server.events.envelope import partition
from server.events.view import DeviceKind
from server.gateway import frames as f
from server.gateway.presence import ABSENT_AFTER_S, REDIS_S_MAX

if TYPE_CHECKING:
    from server.gateway.connection import Connection

SPEAKING: frozenset[DeviceKind] = frozenset({"kitchen", "cashier", "call_screen"})

# Takes or renews the voice of a kind; answers who has it. Whoever can be heard takes it from who cannot (`~12`),
# and from the device this node gave it to before.
_HOLD = """
local said = redis.call('GET', KEYS[1])
local unheard = said and string.sub(said, 1, 1) == '~'
local holder = unheard and string.sub(said, 2) or said
if not holder or holder == ARGV[1] or holder == ARGV[3] or (unheard and ARGV[4] == '') then
  redis.call('SET', KEYS[1], ARGV[4] .. ARGV[1], 'PX', ARGV[2])
  return ARGV[1]
end
return holder
"""
# Hands the voice on: to the next device, or to whoever asks first.
_HAND_ON = """
local said = redis.call('GET', KEYS[1])
if said ~= ARGV[1] and said ~= '~' .. ARGV[1] then return 0 end
if ARGV[2] == '' then return redis.call('DEL', KEYS[1]) end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 1
"""
_LEASE_MS = str(int(ABSENT_AFTER_S * 1000))

Key = tuple[int, DeviceKind]

_logger = structlog.get_logger(__name__)


def voice_key(shop_id: int, kind: DeviceKind) -> str:
    """Name the lease of a shop's voice of one kind."""
    return f"{partition(shop_id)}:voice:{shop_id}:{kind}"


class Voices:
    """This node's screens that could speak, and which of them do."""

    def __init__(self, redis: Redis | None) -> None:
        self._redis = redis
        self._screens: dict[Key, dict[int, Connection]] = {}
        self._holders: dict[Key, int] = {}
        self._unheard: dict[Key, set[int]] = {}  # said that nobody can hear them
        self._asking: set[Key] = set()  # came since the last `settle`
        self._turn = asyncio.Lock()  # an older answer of Redis must not undo what a newer one said

    def speaks(self, connection: Connection) -> bool:
        """Say whether this screen has its kind's voice."""
        device = connection.device
        return device is not None and self._holders.get((device.shop_id, device.kind)) == device.id

    def joined(self, connection: Connection) -> bool:
        """Take a live screen in; True when somebody must `settle` soon."""
        device = connection.device
        if device is None or device.kind not in SPEAKING:
            return False
        key = (device.shop_id, device.kind)
        self._screens.setdefault(key, {})[device.id] = connection
        self._unheard.get(key, set()).discard(device.id)  # until it says so again
        if self._holders.get(key) == device.id:
            connection.say(f.Voice(speaks=True))  # it was away for a moment and kept its voice
            return False
        if self._is_heard(key, self._holders.get(key)):
            connection.say(f.Voice(speaks=False))  # it may have had the voice before it was away
            return False
        self._asking.add(key)
        return True

    def heard(self, connection: Connection, *, audible: bool) -> bool:
        """Note whether a screen can be heard; True when somebody must `settle` soon."""
        device = connection.device
        if device is None:
            return False
        key = (device.shop_id, device.kind)
        if self._screens.get(key, {}).get(device.id) is not connection:
            return False
        unheard = self._unheard.setdefault(key, set())
        if audible == (device.id not in unheard):
            return False
        (unheard.discard if audible else unheard.add)(device.id)
        self._asking.add(key)
        return True

    def _is_heard(self, key: Key, device_id: int | None) -> bool:
        return device_id is not None and device_id not in self._unheard.get(key, ())

    def left(self, connection: Connection) -> tuple[Key, int, int | None] | None:
        """Let a screen go; return (key, who had the voice, who has it now) when it was its own."""
        device = connection.device
        if device is None or device.kind not in SPEAKING:
            return None
        key = (device.shop_id, device.kind)
        screens = self._screens.get(key, {})
        if screens.get(device.id) is not connection:
            return None  # a newer connection of the same device is here
        del screens[device.id]
        self._unheard.get(key, set()).discard(device.id)
        if not screens:
            self._screens.pop(key, None)
            self._unheard.pop(key, None)
        if self._holders.get(key) != device.id:
            return None
        del self._holders[key]
        heir = self._best(key) if screens else None
        if heir is not None:
            self._choose(key, heir)
        return key, device.id, heir

    async def settle(self) -> None:
        """Choose for the kinds whose first screen came since the last time, and tell those screens."""
        async with self._turn:
            asking, self._asking = self._asking, set()
            await self._hold([key for key in asking if key in self._screens])
        for key in asking - self._holders.keys():  # a screen elsewhere has it
            for screen in self._screens.get(key, {}).values():
                screen.say(f.Voice(speaks=False))

    async def renew(self, shop_ids: Collection[int]) -> None:
        """Renew the leases of these shops, and take those that ran out elsewhere."""
        async with self._turn:
            await self._hold([key for key in self._screens if key[0] in shop_ids])

    async def _hold(self, keys: list[Key]) -> None:
        if not keys:
            return
        wanted = {key: self._best(key) for key in keys}
        for key, holder in (await self._ask(wanted)).items():
            screens = self._screens.get(key, {})
            if holder in screens:
                self._choose(key, holder)
            elif key in self._holders:
                self._silence(key)

    def _best(self, key: Key) -> int:
        """Return who should have a voice: who has it, unless another one here can be heard and it cannot."""
        holder, screens = self._holders.get(key), self._screens[key]
        if holder is not None and self._is_heard(key, holder):
            return holder
        audible = [one for one in screens if self._is_heard(key, one)]
        return min(audible) if audible else holder or min(screens)

    async def _ask(self, wanted: dict[Key, int]) -> dict[Key, int]:
        """Return who has each voice; without Redis it is whoever we want here."""
        if self._redis is None:
            return wanted
        try:
            async with (
                asyncio.timeout(REDIS_S_MAX),
                self._redis.pipeline(transaction=False) as pipe,
            ):
                for key, device_id in wanted.items():
                    had = str(self._holders.get(key, ""))
                    mark = "" if self._is_heard(key, device_id) else "~"
                    pipe.eval(_HOLD, 1, voice_key(*key), str(device_id), _LEASE_MS, had, mark)
                answers = await pipe.execute()
        except (RedisError, OSError) as error:
            _logger.debug("voices_alone", error=type(error).__name__)
            return wanted
        return {key: int(answer) for key, answer in zip(wanted, answers, strict=True)}

    async def pass_on(self, key: Key, device_id: int, heir: int | None) -> None:
        """Write down in Redis what `left` decided here; lost words cost a lease's time."""
        if self._redis is None:
            return
        to = "" if heir is None else str(heir)
        try:
            async with (
                asyncio.timeout(REDIS_S_MAX),
                self._redis.pipeline(transaction=False) as pipe,
            ):
                pipe.eval(_HAND_ON, 1, voice_key(*key), str(device_id), to, _LEASE_MS)
                await pipe.execute()
        except (RedisError, OSError) as error:
            _logger.debug("voice_not_passed_on", error=type(error).__name__)

    def _choose(self, key: Key, device_id: int) -> None:
        if self._holders.get(key) == device_id:
            return
        self._silence(key)
        self._holders[key] = device_id
        self._screens[key][device_id].say(f.Voice(speaks=True))

    def _silence(self, key: Key) -> None:
        holder = self._holders.pop(key, None)
        screen = self._screens.get(key, {}).get(holder) if holder is not None else None
        if screen is not None:
            screen.say(f.Voice(speaks=False))
