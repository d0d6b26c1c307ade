"""Doors of the message centre for business services: call people, see what came of it, take it back.

The words are SendImCall's own (R-004-31). Refuses to know who hears what: the desk decides.
"""

from __future__ import annotations

from typing import Annotated, Any

import asyncpg
import msgspec

from server.api.business import Id
from server.api.callers import Gate
from server.api.im_calls import Calls, Request
from server.api.im_words import (
    Asked,
    BatchAnswer,
    BatchRequest,
    CallAnswer,
    SendImCallRequest,
    asked,
)
from server.api.table import Call, Door
from server.broadcast import views
from server.errors import Refusal
from server.events import catalogue as c
from server.pairing.door import Execute

BATCH_BYTES_MAX = 2 * 1024 * 1024  # 500 calls with long params; they are decoded in one go
TECHNICIAN_CHARS_MAX = 64

_CALLS = "/v1/im/calls"

Moment = Annotated[int, msgspec.Meta(ge=0, le=2**53)]  # milliseconds since 1970


class CallPath(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """Which call."""

    call_id: Id


class CallShop(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """In which shop."""

    shop_id: Id


class CallTarget(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """Which call of which shop."""

    call_id: Id
    shop_id: Id


class CallsWanted(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """Which calls of a shop, the newest first. `before`: the last `callId` of the page before."""

    shop_id: Id
    event: c.CallEvent | None = None
    state: c.CallState | None = None
    since: Moment | None = None
    until: Moment | None = None
    place: Id | None = None
    before: Id | None = None
    limit: Annotated[int, msgspec.Meta(ge=1, le=views.LISTED_MAX)] = 50


class CallsAnswer(msgspec.Struct, frozen=True, rename="camel"):
    """A page of calls; `next` goes into `before` for the next one, null: there is none."""

    calls: list[views.CallSummary]
    next: int | None


class CancelAnswer(msgspec.Struct, frozen=True, rename="camel"):
    """The call is over. `changed` false: it was over before."""

    call_id: int
    changed: bool


class TechnicianPath(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """Which technician, by the business service's own id."""

    technician_id: Annotated[str, msgspec.Meta(min_length=1, max_length=TECHNICIAN_CHARS_MAX)]


class TechnicianRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """上钟/下钟: whether the technician's session runs; calls for one who is off are not made."""

    shop_id: Id
    on_clock: bool
    name: Annotated[str, msgspec.Meta(max_length=TECHNICIAN_CHARS_MAX)] = ""


class TechnicianAnswer(msgspec.Struct, frozen=True, rename="camel"):
    """What is known of the technician now."""

    technician_id: str
    on_clock: bool


_TEMPLATES = (
    "template_not_found",
    "template_parameter_missing",
    "template_parameter_unknown",
)


class ImCalls:
    """What business services may ask of the message centre."""

    def __init__(self, execute: Execute, database: asyncpg.Pool, gate: Gate, calls: Calls) -> None:
        self._execute = execute
        self._db = database
        self._gate = gate
        self._calls = calls

    def doors(self) -> list[Door]:
        """Return this audience's rows of the table."""
        return [
            Door(
                "POST", _CALLS, "sendImCall", "Call people of a shop", "messages",
                self.send, request=SendImCallRequest, response=CallAnswer, status=201,
                refusals=_TEMPLATES,
            ),
            Door(
                "POST", f"{_CALLS}/batch", "sendImCalls",
                "Send up to 500 calls, of any shops of the brand", "messages",
                self.send_batch, request=BatchRequest, response=BatchAnswer,
                body_bytes_max=BATCH_BYTES_MAX,
            ),
            Door(
                "GET", _CALLS, "listImCalls", "List calls of a shop", "messages",
                self.list_calls, "either", params=CallsWanted, response=CallsAnswer,
            ),
            Door(
                "GET", f"{_CALLS}/{{callId}}", "readImCall",
                "Read a call: every ring at every end, and where it was heard", "messages",
                self.read, "either", params=CallTarget, response=views.CallRecord,
                refusals=("call_not_found",),
            ),
            Door(
                "POST", f"{_CALLS}/{{callId}}/cancel", "cancelImCall",
                "Take a call back: what still rings falls silent", "messages",
                self.cancel, "either", params=CallPath, request=CallShop, response=CancelAnswer,
                refusals=("call_not_found",),
            ),
            Door(
                "POST", "/v1/im/technicians/{technicianId}", "setTechnician",
                "Say whether a technician is on the clock", "messages",
                self.set_technician, params=TechnicianPath, request=TechnicianRequest,
                response=TechnicianAnswer,
            ),
        ]  # fmt: skip

    async def send(self, call: Call) -> CallAnswer:
        """Send one call."""
        return await self._calls.send(Request(call.signer, call.command_id), asked(call.body))

    async def send_batch(self, call: Call) -> BatchAnswer:
        """Send many calls; a call that is badly said costs only itself."""
        wanted: list[Asked | Refusal] = []
        for index, request in enumerate(call.body.calls):
            try:
                wanted.append(asked(request))
            except Refusal as refusal:
                field = f"calls[{index}].{refusal.detail.get('field', '')}"
                detail = refusal.detail | {"field": field}
                wanted.append(Refusal(refusal.code, refusal.sentence, **detail))
        request = Request(call.signer, call.command_id)
        return BatchAnswer(await self._calls.send_batch(request, wanted))

    async def read(self, call: Call) -> views.CallRecord:
        """Return everything that is known of a call."""
        shop_id, call_id = call.params.shop_id, call.params.call_id
        await self._gate.actor(call.caller, "business", shop_id)
        found = await views.read_call(self._db, shop_id, call_id)
        if found is None:
            raise Refusal("call_not_found", call_id=call_id)
        return found

    async def list_calls(self, call: Call) -> CallsAnswer:
        """Return a page of calls."""
        asks: CallsWanted = call.params
        await self._gate.actor(call.caller, "business", asks.shop_id)
        wanted = views.Wanted(
            event=asks.event, state=asks.state, since_ms=asks.since, until_ms=asks.until,
            place_id=asks.place, before_id=asks.before, calls_max=asks.limit,
        )  # fmt: skip
        found = await views.list_calls(self._db, asks.shop_id, wanted)
        full = len(found) == asks.limit
        return CallsAnswer(found, found[-1].call_id if full else None)

    async def cancel(self, call: Call) -> CancelAnswer:
        """Take a call back."""
        result = await self._command(call, "CancelCall", {"call_id": call.params.call_id})
        return CancelAnswer(result["call_id"], result["changed"])

    async def set_technician(self, call: Call) -> TechnicianAnswer:
        """Remember whether a technician is on the clock."""
        body = {
            "technician_id": call.params.technician_id,
            "on_clock": call.body.on_clock,
            "name": call.body.name,
        }
        await self._command(call, "SetTechnician", body)
        return TechnicianAnswer(call.params.technician_id, call.body.on_clock)

    async def _command(self, call: Call, name: str, body: dict[str, Any]) -> dict[str, Any]:
        actor = await self._gate.actor(call.caller, "business", call.body.shop_id)
        return await self._execute(actor, call.command_id, name, msgspec.json.encode(body))
