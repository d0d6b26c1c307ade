"""The business API, signed and repeated safely.

Every change carries an Idempotency-Key, so a call that was cut off is simply made again and takes
effect once. Refuses to hide answers: refusals are raised as `Refusal` with the server's code.
"""

from __future__ import annotations

import asyncio
import random
import uuid
from types import TracebackType
from typing import Any, NamedTuple, Self

import httpx
import msgspec

from server.auth import Signable, signed_headers
from server.clock import Clock, SystemClock
from server.errors import REFUSALS, Refusal
from server.events.view import DeviceKind

ATTEMPTS_MAX = 8
BACKOFF_FIRST_S = 0.2
BACKOFF_S_MAX = 5.0
TIMEOUT_S = 10.0


class Paired(NamedTuple):
    """A device's token, shown once, and who it is: id, kind, name, shop_id, place_id, station_id."""

    token: str
    device: dict[str, Any]


class Api:
    """One business service (or manager) and its key."""

    def __init__(
        self,
        url: str,
        key_id: str,
        secret: str,
        *,
        clock: Clock | None = None,
        dice: random.Random | None = None,
        attempts_max: int = ATTEMPTS_MAX,
    ) -> None:
        self._key = (key_id, secret)
        self._clock = clock or SystemClock()
        self._dice = dice or random.SystemRandom()
        self._attempts_max = attempts_max
        self._http = httpx.AsyncClient(base_url=url, timeout=TIMEOUT_S, trust_env=False)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._http.aclose()

    async def call(self, method: str, path: str, body: Any = None, key: str = "") -> dict[str, Any]:
        """Make one signed call and return its answer; the same `key` takes effect once.

        Raises `Refusal`, or `httpx.TransportError` when nobody answered for all attempts.
        """
        content = b"" if body is None else msgspec.json.encode(body)
        key = key if key or method == "GET" else uuid.uuid4().hex
        for attempt in range(1, self._attempts_max + 1):
            try:
                return _answer(await self._send(method, path, content, key))
            except Refusal as refusal:
                if not refusal.retryable or attempt == self._attempts_max:
                    raise
            except httpx.TransportError:
                if attempt == self._attempts_max:
                    raise
            await self.rest(attempt)
        raise AssertionError("the last attempt returns or raises")

    async def rest(self, attempt: int) -> None:
        """Wait before the next attempt: growing, bounded, and not in step with others."""
        top_s = min(BACKOFF_FIRST_S * 2**attempt, BACKOFF_S_MAX)
        await asyncio.sleep(self._dice.uniform(0.0, top_s))

    async def _send(self, method: str, path: str, content: bytes, key: str) -> httpx.Response:
        target, _, query = path.partition("?")
        timestamp_s = int(self._clock.now().timestamp())
        signable = Signable(method, target, query, content, key)
        headers = signed_headers(*self._key, signable, timestamp_s)
        if content:
            headers["content-type"] = "application/json"
        return await self._http.request(method, path, content=content, headers=headers)

    # what can be asked

    async def place_order(
        self,
        shop_id: int,
        place_id: int,
        lines: list[dict[str, Any]],
        *,
        key: str = "",
        **more: Any,
    ) -> dict[str, Any]:
        """Order for a place: {order_id, number, round, item_ids}."""
        body = {"shop_id": shop_id, "place_id": place_id, "lines": lines, **more}
        return await self.call("POST", "/v1/orders", body, key)

    async def send_sms(
        self, kind: str, text: str, phones: list[str], *, key: str = "", **more: Any
    ) -> dict[str, Any]:
        """Send one text: {number, messages, segments}; `kind`: verification, notice or marketing."""
        body = {"type": kind, "text": text, "phones": phones, **more}
        return await self.call("POST", "/v1/sms/messages", body, key)

    async def sms(self, number: str) -> dict[str, Any]:
        """Read what became of a request, telephone by telephone."""
        return await self.call("GET", f"/v1/sms/messages/{number}")

    async def step(
        self, shop_id: int, item_id: int, verb: str, *, key: str = "", **more: Any
    ) -> dict[str, Any]:
        """Move a dish along: start, finish, call, pick-up, deliver, cancel, undo."""
        path = f"/v1/items/{item_id}/{verb}"
        return await self.call("POST", path, {"shop_id": shop_id, **more}, key)

    async def clean(self, shop_id: int, place_id: int, *, key: str = "") -> dict[str, Any]:
        """Say that a place was cleaned."""
        return await self.call("POST", f"/v1/places/{place_id}/clean", {"shop_id": shop_id}, key)

    async def order(self, shop_id: int, order_id: int) -> dict[str, Any]:
        """Read an order: {state, order}."""
        return await self.call("GET", f"/v1/orders/{order_id}?shop_id={shop_id}")

    async def board(self, shop_id: int) -> dict[str, Any]:
        """Read all open orders and calls."""
        return await self.call("GET", f"/v1/shops/{shop_id}/board")

    async def menu(self, shop_id: int) -> dict[str, Any]:
        """Read what a shop sells, and for which places."""
        return await self.call("GET", f"/v1/shops/{shop_id}/menu")

    async def pair(
        self,
        shop_id: int,
        kind: DeviceKind,
        name: str,
        *,
        place_id: int | None = None,
        station_id: int | None = None,
    ) -> Paired:
        """Make a device of this program: a manager's code, typed by ourselves."""
        wish = {"kind": kind, "name": name, "place_id": place_id, "station_id": station_id}
        made = await self.call("POST", f"/v1/shops/{shop_id}/pairing-codes", wish)
        return await self.claim(made["code"])

    async def claim(self, code: str, name: str = "") -> Paired:
        """Become a device with a code a manager made. Not repeated: a code opens once."""
        body = msgspec.json.encode({"code": code, "name": name})
        headers = {"content-type": "application/json"}
        sent = await self._http.post("/v1/pairing/claims", content=body, headers=headers)
        answer = _answer(sent)
        return Paired(answer["token"], answer["device"])

    async def devices(self, shop_id: int) -> list[dict[str, Any]]:
        """List a shop's devices."""
        found = await self.call("GET", f"/v1/shops/{shop_id}/devices")
        return list(found["devices"])

    async def unpair(self, shop_id: int, device_id: int) -> dict[str, Any]:
        """Take a device's token away."""
        return await self.call("DELETE", f"/v1/shops/{shop_id}/devices/{device_id}")


def _answer(response: httpx.Response) -> dict[str, Any]:
    """Return what was answered; raises the `Refusal` of a problem."""
    try:
        told: dict[str, Any] = msgspec.json.decode(response.content)
    except msgspec.DecodeError:
        # Not our server: a proxy in between that is up while we are not.
        raise Refusal("unavailable", f"HTTP {response.status_code}") from None
    if response.is_success:
        return told
    code = told.get("code", "")
    known = code if code in REFUSALS else "internal"
    refusal = Refusal(known, told.get("detail"), **told.get("facts", {}))
    refusal.retryable = bool(told.get("retryable"))  # a code this version does not know, too
    raise refusal
