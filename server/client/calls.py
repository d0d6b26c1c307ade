"""Calls people through the message centre: typed, signed, and safe to repeat.

    async with Client(url, key_id, secret) as client:
        call = await client.send_im_call(1, "order_placed", ["kitchen"], params)

Each call carries an Idempotency-Key and is made again when the answer was lost: it takes effect
once. Refuses to hide what became of it: `ends` says who hears of it, and who does not, and why.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlencode

import msgspec

from server.api.im import CallsAnswer
from server.api.im_webhook import WebhookAnswer
from server.api.im_words import BatchAnswer, BatchedCall, CallAnswer
from server.broadcast.views import CallRecord
from server.client.api import Api
from server.errors import REFUSALS, Refusal
from server.events.catalogue import CallEvent, Channel

CALLS = "/v1/im/calls"
BATCH_ATTEMPTS_MAX = 5


class CallWanted(msgspec.Struct, frozen=True, kw_only=True):
    """One call of a batch, in plain words."""

    shop_id: int
    event: CallEvent
    channels: Sequence[Channel] = ()
    params: Mapping[str, str] = {}
    msg_type: str = "broadcast"  # refresh, notify, pad_call
    template_id: int | None = None
    accounts: Sequence[int | str] = ()  # by id, or by name

    def words(self) -> dict[str, Any]:
        """Return the call as SendImCall spells it (R-004-31)."""
        accounts = [
            {"accountId": one} if isinstance(one, int) else {"accountName": one}
            for one in self.accounts
        ]
        return {
            "shopId": self.shop_id,
            "event": self.event,
            "channels": list(self.channels),
            "callParams": dict(self.params),
            "designatedList": accounts,
            "msgType": self.msg_type,
            "msgTemplateId": self.template_id,
        }


class Client(Api):
    """A business service that calls people; orders and devices as `Api` has them."""

    async def send_im_call(
        self,
        shop_id: int,
        event: CallEvent,
        channels: Sequence[Channel] = (),
        params: Mapping[str, str] | None = None,
        *,
        key: str = "",
        **more: Any,
    ) -> CallAnswer:
        """Send one call; `more` is what else `CallWanted` has. Returns its id and ends."""
        wanted = CallWanted(
            shop_id=shop_id, event=event, channels=channels, params=params or {}, **more
        )
        answer = await self.call("POST", CALLS, wanted.words(), key)
        return msgspec.convert(answer, CallAnswer)

    async def send_im_calls(
        self, calls: Iterable[CallWanted], *, key: str = ""
    ) -> list[BatchedCall]:
        """Send up to 500 calls at once; each is accepted or refused by itself, in order.

        A shop that could not be reached just now is tried again with the same key, and what was
        accepted before stays the same.
        """
        key = key or uuid.uuid4().hex
        body = {"calls": [call.words() for call in calls]}
        for attempt in range(1, BATCH_ATTEMPTS_MAX + 1):
            answer = await self.call("POST", f"{CALLS}/batch", body, key)
            told = msgspec.convert(answer, BatchAnswer).calls
            if attempt == BATCH_ATTEMPTS_MAX or not any(
                one.refusal is not None and one.refusal.retryable for one in told
            ):
                return told
            await self.rest(attempt)
        raise AssertionError("the last attempt returns")

    async def read_im_call(self, shop_id: int, call_id: int) -> CallRecord:
        """Read a call with every ring at every end, and where it was heard."""
        answer = await self.call("GET", f"{CALLS}/{call_id}?shopId={shop_id}")
        return msgspec.convert(answer, CallRecord)

    async def list_im_calls(self, shop_id: int, **filters: Any) -> CallsAnswer:
        """List calls, the newest first: event, state, since, until, place, before, limit."""
        query = urlencode({"shopId": shop_id, **filters})
        return msgspec.convert(await self.call("GET", f"{CALLS}?{query}"), CallsAnswer)

    async def cancel_im_call(self, shop_id: int, call_id: int, *, key: str = "") -> bool:
        """Take a call back; False when it was over before."""
        path = f"{CALLS}/{call_id}/cancel"
        answer = await self.call("POST", path, {"shopId": shop_id}, key)
        return bool(answer["changed"])

    async def set_technician(
        self, shop_id: int, technician_id: str, *, on_clock: bool, name: str = ""
    ) -> None:
        """Say whether a technician is on the clock."""
        path = f"/v1/im/technicians/{quote(technician_id, safe='')}"
        await self.call("POST", path, {"shopId": shop_id, "onClock": on_clock, "name": name})

    async def put_webhook(self, url: str, secret: str) -> WebhookAnswer:
        """Have stages of this service's calls posted to a URL, signed with the secret."""
        answer = await self.call("PUT", "/v1/im/webhook", {"url": url, "secret": secret})
        return msgspec.convert(answer, WebhookAnswer)


def accepted(call: BatchedCall) -> int:
    """Return the id of a call of a batch. Raises the `Refusal` of one that was not accepted."""
    if call.refusal is not None:
        code = call.refusal.code if call.refusal.code in REFUSALS else "internal"
        raise Refusal(code, call.refusal.detail, **call.refusal.facts)
    assert call.call_id is not None
    return call.call_id
