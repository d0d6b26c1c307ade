"""Carries calls to the desk, one command per shop, and counts which of their devices are online.

HTTP and gRPC both send through here, so they answer alike. Refuses to read what callers wrote
(`im_words.py`) and to know who hears what: the desk decides.
"""

from __future__ import annotations

import asyncio
import uuid
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, NamedTuple

import msgspec
import structlog
from redis.exceptions import RedisError

from server.api.callers import Gate
from server.api.im_words import Asked, BatchedCall, CallAnswer, EndAnswer, RefusedCall
from server.api.store import Client
from server.api.table import Signer
from server.clock import Clock
from server.errors import Refusal
from server.pairing.door import Execute

# Which devices of a shop are connected now, by any node; asked of the gateway's presence.
Online = Callable[[int], Awaitable[frozenset[int]]]

PRESENCE_S_MAX = 0.25  # a call is not held up by counting
PRESENCE_KEPT_S = 1.0
PRESENCE_SHOPS_MAX = 10_000

_log = structlog.get_logger(__name__)


class Request(NamedTuple):
    """Who asks, and by which id a repetition is known; a person has no webhook to be told by."""

    client: Signer
    command_id: uuid.UUID


class Calls:
    """The way from the API's doors to the desk, for calls."""

    def __init__(self, execute: Execute, gate: Gate, clock: Clock, online: Online | None) -> None:
        self._execute = execute
        self._gate = gate
        self._present = Presence(online, clock)

    async def send(self, request: Request, call: Asked) -> CallAnswer:
        """Send one call and return its id and ends. Raises the `Refusal` of the door or the desk."""
        present = self._present.reading(call.shop_id)
        (told,) = await self._send_to_shop(request, call.shop_id, [call])
        if "refusal" in told:
            said = told["refusal"]
            raise Refusal(said["code"], said["sentence"], **said["detail"])
        return CallAnswer(told["call_id"], _ends(told, await asyncio.shield(present)))

    async def send_batch(
        self, request: Request, calls: Sequence[Asked | Refusal]
    ) -> list[BatchedCall]:
        """Send calls of many shops; each is accepted or refused by itself, in their order.

        The command id of a shop's part follows from the request's: a repeated batch is known shop
        by shop, and what was accepted before is not done again.
        """
        by_shop: dict[int, list[int]] = {}
        for index, call in enumerate(calls):
            if isinstance(call, Asked):
                by_shop.setdefault(call.shop_id, []).append(index)
        answers: list[BatchedCall | None] = [
            refused(call) if isinstance(call, Refusal) else None for call in calls
        ]

        async def send_shop(shop_id: int, indexes: list[int]) -> None:
            part = Request(request.client, uuid.uuid5(request.command_id, f"shop:{shop_id}"))
            mine = [call for i in indexes if isinstance(call := calls[i], Asked)]
            for index, answer in zip(
                indexes, await self._send_part(part, shop_id, mine), strict=True
            ):
                answers[index] = answer

        await asyncio.gather(*(send_shop(*shop) for shop in by_shop.items()))
        return [answer for answer in answers if answer is not None]

    async def _send_part(
        self, request: Request, shop_id: int, calls: list[Asked]
    ) -> list[BatchedCall]:
        present = self._present.reading(shop_id)
        try:
            results = await self._send_to_shop(request, shop_id, calls)
        except Refusal as refusal:
            return [refused(refusal)] * len(calls)
        online = await asyncio.shield(present)  # others wait for the same answer
        return [
            _refused_by_desk(told)
            if "refusal" in told
            else BatchedCall(told["call_id"], _ends(told, online))
            for told in results
        ]

    async def _send_to_shop(
        self, request: Request, shop_id: int, calls: Sequence[Asked]
    ) -> list[dict[str, Any]]:
        client = request.client
        for call in calls:
            if call.brand_id not in {0, client.brand_id}:
                raise Refusal("not_allowed", "The key is of another brand.", field="brandId")
        actor = await self._gate.actor(client, "business", shop_id)
        told_to = client.id if isinstance(client, Client) else None
        body = {"calls": [call.ask for call in calls], "client_id": told_to}
        result = await self._execute(
            actor, request.command_id, "SendImCall", msgspec.json.encode(body)
        )
        told: list[dict[str, Any]] = result["calls"]
        return told


class Presence:
    """Who is connected, asked at most once a second per shop."""

    def __init__(self, online: Online | None, clock: Clock) -> None:
        self._online = online
        self._clock = clock
        self._known: OrderedDict[int, tuple[float, asyncio.Future[frozenset[int] | None]]] = (
            OrderedDict()
        )

    def reading(self, shop_id: int) -> asyncio.Future[frozenset[int] | None]:
        """Begin to ask, unless somebody just did; the future's None means: nobody knows."""
        now_s = self._clock.monotonic_s()
        until_s, known = self._known.get(shop_id, (0.0, None))
        if known is not None and now_s < until_s:
            return known
        asking = asyncio.ensure_future(self._ask(shop_id))
        self._known[shop_id] = (now_s + PRESENCE_KEPT_S, asking)
        self._known.move_to_end(shop_id)
        if len(self._known) > PRESENCE_SHOPS_MAX:
            self._known.popitem(last=False)
        return asking

    async def _ask(self, shop_id: int) -> frozenset[int] | None:
        if self._online is None:
            return None
        try:
            async with asyncio.timeout(PRESENCE_S_MAX):
                return await self._online(shop_id)
        except (RedisError, OSError) as error:  # a time-out is an OSError
            _log.warning("presence_away", error=type(error).__name__)
            return None


def refused(refusal: Refusal) -> BatchedCall:
    """Return one call of a batch as refused."""
    why = RefusedCall(refusal.code, refusal.sentence, refusal.retryable, refusal.detail)
    return BatchedCall(None, [], why)


def _refused_by_desk(told: dict[str, Any]) -> BatchedCall:
    said = told["refusal"]
    return refused(Refusal(said["code"], said["sentence"], **said["detail"]))


def _ends(told: dict[str, Any], online: frozenset[int] | None) -> list[EndAnswer]:
    return [
        EndAnswer(
            channel=end["channel"],
            account_id=end["account_id"],
            state=end["state"],
            reason=end["reason"],
            devices=len(end["device_ids"]),
            online=None if online is None else len(online.intersection(end["device_ids"])),
        )
        for end in told["ends"]
    ]
