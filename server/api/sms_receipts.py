"""The door for carriers that push their receipts (R-004-29): written down, then answered.

A push is known by the name and password its carrier puts into it; a carrier whose file entry has none
is refused, because anybody could say anything. Refuses to log what comes: it has numbers in it.
"""

from __future__ import annotations

from urllib.parse import urlencode

import structlog

from server.api import sms_message_words as w
from server.api.callers import Gate
from server.api.table import Call, Door, Plain
from server.clock import to_ms
from server.errors import Refusal
from server.sms.carriers.chuanglan_words import TAKEN, Account, NotAReceiptError, read_push
from server.sms.carriers.port import Receipt
from server.sms.outgoing import Outgoing

# Somebody who guesses passwords; a carrier with a wrong one in its console is told and counted as well.
WRONG_RATE_PER_S = 1.0
WRONG_BURST_MAX = 20

_log = structlog.get_logger(__name__)


class SmsReceipts:
    """What carriers may say."""

    def __init__(self, outgoing: Outgoing, gate: Gate) -> None:
        self._outgoing = outgoing
        self._gate = gate

    def doors(self) -> list[Door]:
        """Return this audience's rows of the table."""
        return [
            Door(
                "GET", "/v1/sms/receipts/{carrier}", "pushSmsReceipt", "Take a carrier's status report",
                "operations", self.take, "partner", params=w.CarrierPush, refusals=("receipt_refused",),
            )
        ]  # fmt: skip

    async def take(self, call: Call) -> Plain:
        """Write a report down. Anything but `TAKEN` makes it come again."""
        push: w.CarrierPush = call.params
        account = self._outgoing.pushers.get(push.carrier)
        now_ms = to_ms(self._outgoing.clock.now())
        try:
            receipt = _receipt(push, account, now_ms)
        except NotAReceiptError as error:
            await self._gate.limit(f"receipt:{call.address}", WRONG_RATE_PER_S, WRONG_BURST_MAX)
            _log.warning("receipt_refused", carrier=push.carrier, address=call.address)
            raise Refusal("receipt_refused", str(error)) from None
        parts = await self._outgoing.parts()
        await parts.receipts.take([receipt])
        return Plain(TAKEN, "application/json")


def _receipt(push: w.CarrierPush, account: Account | None, now_ms: int) -> Receipt:
    if account is None or not account.receipt_password:
        raise NotAReceiptError("No carrier of this name pushes to this house.")
    return read_push(urlencode(_fields(push)), account, now_ms, push.carrier)


def _fields(push: w.CarrierPush) -> dict[str, str]:
    return {
        "receiver": push.receiver, "pswd": push.pswd, "msgid": push.msgid, "mobile": push.mobile,
        "status": push.status, "notifyTime": push.notify_time, "reportTime": push.report_time,
        "uid": push.uid,
    }  # fmt: skip
