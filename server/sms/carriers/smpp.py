"""Hands messages to a message centre over SMPP 3.4, on one connection that is kept up.

`smpp_session.py` decides, `smpp_link.py` is the connection; here it is opened again when it ends,
a text becomes its parts, and receipts go to whoever keeps them. A receipt is acknowledged only after
that worked, so that the message centre brings it again otherwise. Refuses to try a message again by
itself, and to answer messages from telephones: they are acknowledged and left aside.
"""

from __future__ import annotations

import asyncio
import random
import ssl
from collections.abc import Awaitable, Callable
from typing import Literal, Self

import msgspec
import structlog

from server.clock import Clock, to_ms
from server.errors import Refusal
from server.sms.carriers import smpp_pdu as pdu
from server.sms.carriers.port import Accepted, Message, Outcome, Receipt, Refused, Unknown
from server.sms.carriers.smpp_link import Deliveries, Link, LinkBounds
from server.sms.carriers.smpp_pdu import Address, Deliver, Submit
from server.sms.carriers.smpp_receipt import Ids, id_of_response, read_receipt
from server.sms.carriers.smpp_session import SessionBounds
from server.sms.carriers.smpp_text import encode

OnReceipt = Callable[[Receipt], Awaitable[None]]

PHONE_CHARS_MAX = 20
# SMPP 3.4 says 8 for a password; message centres take more.
_CHARS_MAX = {"system_id": 15, "password": 64, "system_type": 12, "source": 20}

_logger = structlog.get_logger(__name__)


class Peer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A message centre and who we are there; its repr shows no secret.

    SMPP itself sends the password in the clear: `tls`, or a tunnel around it.
    """

    host: str
    port: int
    system_id: str
    password: str
    system_type: str = ""
    tls: bool = False
    source: str = ""
    source_ton: int = 0
    source_npi: int = 0
    phone_ton: int = 1  # international
    phone_npi: int = 1
    long_texts: Literal["parts", "payload"] = "parts"
    ids: Ids = "same"
    utc_offset_h: float = 8  # of its clock

    def __post_init__(self) -> None:
        """Raise `ValueError` for what has no place in SMPP's fields."""
        for name, chars_max in _CHARS_MAX.items():
            word = getattr(self, name)
            if not (word.isascii() and word.isprintable() and len(word) <= chars_max):
                raise ValueError(f"{name} has at most {chars_max} visible ASCII characters.")

    def __repr__(self) -> str:
        return f"Peer({self.host}:{self.port})"


class SmppBounds(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the connection is kept up; those of one connection stand in `session` and `link`."""

    session: SessionBounds = SessionBounds()
    link: LinkBounds = LinkBounds()
    connect_s_max: float = 5.0
    reconnect_s: float = 0.5  # doubles with each failure, a random part of it is waited
    reconnect_s_max: float = 30.0
    steady_s: float = 10.0  # bound for so long, the next failure is a first one again
    receipt_s_max: float = 10.0
    receipts_at_once_max: int = 256  # being kept; more are told to come again
    part_attempts_max: int = 5  # at later parts of a text whose first part went
    part_pause_s: float = 0.5
    leave_s_max: float = 5.0  # at the end: for answers, then for taking leave


class Smpp:
    """A message centre as a `Carrier`; open it with `async with`, which does not wait for the bind."""

    phones_max = 1

    def __init__(
        self,
        name: str,
        peer: Peer,
        on_receipt: OnReceipt,
        clock: Clock,
        bounds: SmppBounds | None = None,
    ) -> None:
        self.name = name
        self._peer = peer
        self._on_receipt = on_receipt
        self._clock = clock
        self._bounds = bounds or SmppBounds()
        self._link: Link | None = None
        self._deliveries = Deliveries(self._take_delivery, self._bounds.receipts_at_once_max)
        self._bound = asyncio.Event()
        self._keeping: asyncio.Task[None] | None = None
        self._leaving = asyncio.Event()

    def __repr__(self) -> str:
        return f"Smpp({self.name}, {self._peer!r})"

    async def __aenter__(self) -> Self:
        self._keeping = asyncio.create_task(self._keep())
        return self

    async def __aexit__(self, *exc: object) -> None:
        self._leaving.set()
        if self._link is not None:
            await self._link.leave(self._bounds.leave_s_max)
        if self._keeping is not None:
            self._keeping.cancel()
            await asyncio.gather(self._keeping, return_exceptions=True)
        await self._deliveries.end(self._bounds.leave_s_max)

    async def until_bound(self) -> None:
        """Wait until messages may be submitted."""
        await self._bound.wait()

    async def send(self, message: Message) -> Outcome:
        """Send one text to one telephone; as `Carrier.send`.

        The id of a text in several parts is its last part's, and so is its receipt.
        """
        phone = message.phones[0] if len(message.phones) == 1 else ""
        if not (phone.isascii() and phone.isdecimal() and len(phone) <= PHONE_CHARS_MAX):
            return Refused("phones", "One telephone at a time, in digits.", retryable=False)
        try:
            whole = self._peer.long_texts == "payload"
            encoded = encode(message.text, message.reference, whole=whole)
        except Refusal as refusal:
            return Refused(refusal.code, refusal.sentence, retryable=False)
        last = len(encoded.parts) - 1
        submits = [
            Submit(
                source=Address(self._peer.source, self._peer.source_ton, self._peer.source_npi),
                destination=Address(phone, self._peer.phone_ton, self._peer.phone_npi),
                coding=encoded.coding,
                body=part,
                esm_class=encoded.esm_class,
                receipt=place == last,
                as_payload=encoded.is_payload,
            )
            for place, part in enumerate(encoded.parts)
        ]
        return await self._send_parts(submits)

    async def ask(self, reference: str) -> Outcome | None:
        """Return None: a message centre knows messages by its own ids only."""
        return None

    async def _send_parts(self, submits: list[Submit]) -> Outcome:
        first, *others = submits
        outcome = await self._submit(first)
        for place, submit in enumerate(others, 2):
            if not isinstance(outcome, Accepted):
                break
            outcome = await self._submit_again(submit)
            if isinstance(outcome, Refused):
                return Unknown(f"part {place} of {len(submits)} was refused ({outcome.code})")
        if isinstance(outcome, Accepted):
            return Accepted(id_of_response(outcome.message_id, self._peer.ids))
        return outcome

    async def _submit_again(self, submit: Submit) -> Outcome:
        """Submit a later part, again while it surely did not go: the first part is on its way."""
        for attempt in range(1, self._bounds.part_attempts_max + 1):
            outcome = await self._submit(submit)
            if not (isinstance(outcome, Refused) and outcome.retryable):
                break
            if attempt < self._bounds.part_attempts_max:
                await asyncio.sleep(self._bounds.part_pause_s * attempt)
        return outcome

    async def _submit(self, submit: Submit) -> Outcome:
        if self._link is None or self._leaving.is_set():
            return Refused("not_bound", "The message centre is not connected.", retryable=True)
        return await self._link.submit(submit)

    async def _keep(self) -> None:
        """Connect, again after each end, with a pause that grows and is random."""
        failures = 0
        while not self._leaving.is_set():
            was_steady = False
            try:
                was_steady = await self._stay_connected()
            except OSError as error:  # a time-out and a failed handshake are OSErrors
                _logger.warning("smpp_not_reached", carrier=self.name, why=type(error).__name__)
            except Exception:
                _logger.exception("smpp_connection_broke", carrier=self.name)
            failures = 0 if was_steady else failures + 1
            longest_s = self._bounds.reconnect_s * 2 ** min(failures, 16)
            await asyncio.sleep(random.uniform(0, min(longest_s, self._bounds.reconnect_s_max)))

    async def _stay_connected(self) -> bool:
        """Return, once the connection ended, whether it was bound for long. Raises `OSError`."""
        peer, now_s = self._peer, self._clock.monotonic_s
        link = Link(self._bounds.session, self._bounds.link, self._clock, self._deliveries)
        context = ssl.create_default_context() if peer.tls else None
        async with asyncio.timeout(self._bounds.connect_s_max):
            await asyncio.get_running_loop().create_connection(
                lambda: link, peer.host, peer.port, ssl=context
            )
        try:
            link.bind(pdu.bind_body(peer.system_id, peer.password, peer.system_type))
            is_bound, since_s = await link.until_bound(), now_s()
            if is_bound:
                self._link = link
                self._bound.set()
                _logger.info("smpp_bound", carrier=self.name)
            why = await link.until_closed()
            _logger.warning("smpp_ended", carrier=self.name, why=why)
            return is_bound and now_s() - since_s >= self._bounds.steady_s
        finally:
            self._link = None
            self._bound.clear()
            link.abort()

    async def _take_delivery(self, deliver: Deliver) -> int:
        """Return the status with which a delivery is answered."""
        now_ms = to_ms(self._clock.now())
        peer = self._peer
        receipt = read_receipt(deliver, self.name, now_ms, peer.ids, peer.utc_offset_h)
        if receipt is None:
            _logger.info("smpp_message_left_aside", carrier=self.name)
            return pdu.OK
        try:
            async with asyncio.timeout(self._bounds.receipt_s_max):
                await self._on_receipt(receipt)
        except Exception as error:  # noqa: BLE001 - whatever it was, the receipt has to come again
            _logger.warning("smpp_receipt_not_kept", carrier=self.name, why=type(error).__name__)
            return pdu.TEMPORARY_APP_ERROR
        return pdu.OK
