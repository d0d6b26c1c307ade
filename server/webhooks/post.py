"""Posts what became of a call, once per attempt; the lease around it says when to try again.

One receiver that hangs must not hold all hands of a worker: each has a few at once, and after a
failure it rests for a moment while the others are served. Refuses to follow redirects, to read more
than a few bytes of an answer, and to reach where `address.py` says it may not.
"""

from __future__ import annotations

import asyncio
import socket
from collections import Counter, OrderedDict
from collections.abc import Sequence
from typing import Any

import httpx

from server.auth import Network
from server.clock import Clock
from server.events.effects import Effect, Errand, Outside
from server.sealed import Sealing
from server.webhooks import store
from server.webhooks.address import may_reach
from server.webhooks.message import Posting, Told, body_of, headers_of

POST_WEBHOOK = "PostWebhook"
POST_S_MAX = 10.0
LEASE_S = 20.0
ATTEMPTS_MAX = 150  # the longest wait is ten minutes: a receiver may be away for a day
AT_ONCE_MAX = 16  # per receiver
REST_S = 2.0
RESTS_KEPT_MAX = 10_000
ANSWER_BYTES_MAX = 16 * 1024  # read so far, the connection can serve the next post

_OK = range(200, 300)


class NotToldError(Exception):
    """The receiver did not take it; the sentence names neither its URL nor its secret."""


class Poster:
    """Posts for one worker."""

    def __init__(
        self, allowed: Sequence[Network], sealing: Sealing, post_s_max: float = POST_S_MAX
    ) -> None:
        self._allowed = tuple(allowed)
        self._sealing = sealing
        self._post_s_max = post_s_max
        self._inside: Counter[tuple[int, int]] = Counter()
        self._rests_until_s: OrderedDict[tuple[int, int], float] = OrderedDict()

    def effect(self) -> Effect:
        """Return the kind of effect this is."""
        return Effect(Posting, self.post, lease_s=LEASE_S, attempts_max=ATTEMPTS_MAX)

    async def post(self, errand: Errand, outside: Outside) -> dict[str, Any]:
        """Make one attempt and return the status. Raises when the receiver did not take it."""
        posting: Posting = errand.body
        receiver = (errand.shop_id, posting.client_id)
        webhook = await store.webhook_of_shop(outside.pool, *receiver, self._sealing)
        if webhook is None:
            return {"status": 0}  # nobody wants to know any more
        self._make_room(receiver, outside.clock)
        self._inside[receiver] += 1
        try:
            async with asyncio.timeout(self._post_s_max):
                status = await self._attempt(webhook, errand, outside)
        except (httpx.HTTPError, OSError) as error:  # a time-out is an OSError
            self._let_rest(receiver, outside.clock)
            raise NotToldError(type(error).__name__) from None
        finally:
            self._inside[receiver] -= 1
            if not self._inside[receiver]:
                del self._inside[receiver]
        if status not in _OK:
            self._let_rest(receiver, outside.clock)
            raise NotToldError(f"HTTP {status}")
        return {"status": status}

    def _make_room(self, receiver: tuple[int, int], clock: Clock) -> None:
        if clock.monotonic_s() < self._rests_until_s.get(receiver, 0.0):
            raise NotToldError("failed a moment ago, rests")
        if self._inside[receiver] >= AT_ONCE_MAX:
            raise NotToldError(f"{AT_ONCE_MAX} posts under way already")

    def _let_rest(self, receiver: tuple[int, int], clock: Clock) -> None:
        self._rests_until_s[receiver] = clock.monotonic_s() + REST_S
        self._rests_until_s.move_to_end(receiver)
        if len(self._rests_until_s) > RESTS_KEPT_MAX:
            self._rests_until_s.popitem(last=False)

    async def _attempt(self, webhook: store.Webhook, errand: Errand, outside: Outside) -> int:
        posting: Posting = errand.body
        url = httpx.URL(webhook.url)
        address = await self._address(url)
        body = body_of(
            Told(
                errand.key, errand.shop_id, posting.call_id, posting.stage, posting.at_ms,
                posting.detail,
            )
        )  # fmt: skip
        now_s = int(outside.clock.now().timestamp())
        target = url.raw_path.decode("ascii")
        headers = headers_of(webhook.secret, target, body, errand.key, posting.client_id, now_s)
        headers["host"] = url.netloc.decode("ascii")
        if url.scheme == "https":
            # Connections are pooled by address, and another name may live at the same one.
            headers["connection"] = "close"
        async with outside.http.stream(
            "POST", url.copy_with(host=address), content=body, headers=headers,
            extensions={"sni_hostname": url.host}, follow_redirects=False,
        ) as answer:  # fmt: skip
            await _skim(answer)
            return answer.status_code

    async def _address(self, url: httpx.URL) -> str:
        """Look the host up and return an address that may be reached; no other is connected to."""
        loop = asyncio.get_running_loop()
        port = url.port or {"https": 443}.get(url.scheme, 80)
        found = await loop.getaddrinfo(url.host, port, type=socket.SOCK_STREAM)
        addresses = [str(sockaddr[0]) for *_, sockaddr in found]
        secure = url.scheme == "https"
        if not addresses or not all(
            may_reach(one, self._allowed, secure=secure) for one in addresses
        ):
            raise NotToldError("its name leads to an address that is not allowed")
        return addresses[0]


async def _skim(answer: httpx.Response) -> None:
    seen = 0
    async for part in answer.aiter_raw():
        seen += len(part)
        if seen > ANSWER_BYTES_MAX:
            return
