"""Hands messages to ChuangLan over HTTPS, one request each.

Whether a byte of a request may have left is not guessed from the kind of an error: the HTTP library
says when it begins to write, and whatever goes wrong before that was surely not sent. Refuses to
try again, to follow redirects, to read more of an answer than it needs, and to speak plain HTTP
beyond this machine, because the password travels in the body.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, Self

import httpx
import msgspec

from server.sms.carriers import chuanglan_words as words
from server.sms.carriers.chuanglan_words import Account
from server.sms.carriers.port import Message, Outcome, Refused, Unknown

ANSWER_BYTES_MAX = 64 * 1024
_BEGINS_TO_WRITE = ".send_request_headers.started"


class HttpBounds(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How long one request may take and how many go at once."""

    connect_s_max: float = 5.0
    answer_s_max: float = 15.0  # all of it: waiting for a connection, sending, the answer
    connections_max: int = 32
    free_connection_s_max: float = 5.0
    # Shorter than what servers usually keep: a request into a connection that the other side is
    # just closing gets no answer, and is then unknown.
    idle_s_max: float = 4.0


class Chuanglan:
    """A ChuangLan account as a `Carrier`; open it with `async with`."""

    phones_max = words.PHONES_MAX

    def __init__(self, name: str, account: Account, bounds: HttpBounds | None = None) -> None:
        """Raise `ValueError` when the account's URL is neither https nor on this machine."""
        if not account.is_private():
            raise ValueError("ChuangLan's URL is https; http only on this machine.")
        self.name = name
        self._account = account
        self._bounds = bounds or HttpBounds()
        self._http = httpx.AsyncClient(
            base_url=account.url,
            timeout=httpx.Timeout(
                self._bounds.answer_s_max,
                connect=self._bounds.connect_s_max,
                pool=self._bounds.free_connection_s_max,
            ),
            limits=httpx.Limits(
                max_connections=self._bounds.connections_max,
                max_keepalive_connections=self._bounds.connections_max,
                keepalive_expiry=self._bounds.idle_s_max,
            ),
            headers={
                "content-type": "application/json",
                "accept-encoding": "identity",
                "user-agent": "chuancai",
            },
            follow_redirects=False,
            trust_env=False,  # a proxy of the environment would see the password
        )

    def __repr__(self) -> str:
        return f"Chuanglan({self.name}, {self._account.url})"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._http.aclose()

    async def send(self, message: Message) -> Outcome:
        """Send one text to one or many telephones; as `Carrier.send`."""
        refusal = words.refusal_of(message, message.text)
        if refusal is not None:
            return refusal
        return await self._submit(words.SEND_PATH, words.send_body(self._account, message))

    async def send_variable(self, message: Message, values: Sequence[Sequence[str]]) -> Outcome:
        """Send a text with `{$var}` in it, the values of each telephone in their order.

        ChuangLan leaves out telephones it cannot read and does not say which: they get no receipt.
        """
        refusal = words.refusal_of(message, message.text)
        if refusal is not None:
            return refusal
        body = words.variable_body(self._account, message, values)
        if body is None or len(body) > words.PARAMS_BYTES_MAX:
            sentence = "A value has a comma or semicolon, or they are too long."
            return Refused("values", sentence, retryable=False)
        return await self._submit(words.VARIABLE_PATH, body)

    async def ask(self, reference: str) -> Outcome | None:
        """Return None: ChuangLan does not look messages up by our reference; receipts carry it."""
        return None

    async def balance(self) -> int | None:
        """Return how many messages the account has left; None when that cannot be learnt now."""
        request = _Request()
        try:
            status, body = await self._post(
                words.BALANCE_PATH, words.balance_body(self._account), request
            )
        except (httpx.HTTPError, OSError):
            return None
        return words.read_balance(status, body)

    async def _submit(self, path: str, body: bytes) -> Outcome:
        request = _Request()
        try:
            status, answer = await self._post(path, body, request)
        except (httpx.HTTPError, OSError) as error:  # a time-out is an OSError
            why = type(error).__name__
            if request.may_have_left:
                return Unknown(f"no answer ({why})")
            return Refused("unreachable", f"ChuangLan was not reached ({why}).", retryable=True)
        return words.read_answer(status, answer)

    async def _post(self, path: str, body: bytes, request: _Request) -> tuple[int, bytes]:
        async with (
            asyncio.timeout(self._bounds.answer_s_max),
            self._http.stream(
                "POST", path, content=body, extensions={"trace": request.trace}
            ) as answer,
        ):
            return answer.status_code, await _read(answer)


class _Request:
    """Knows whether a byte of one request may have left."""

    def __init__(self) -> None:
        self.may_have_left = False

    async def trace(self, name: str, _: dict[str, Any]) -> None:
        """Be told by the HTTP library what it does."""
        if name.endswith(_BEGINS_TO_WRITE):
            self.may_have_left = True


async def _read(answer: httpx.Response) -> bytes:
    """Return the answer as far as it may go; what is cut off does not decode and is unknown."""
    body = b""
    async for part in answer.aiter_bytes():
        body += part
        if len(body) > ANSWER_BYTES_MAX:
            return b""
    return body
