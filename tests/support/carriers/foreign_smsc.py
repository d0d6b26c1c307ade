"""Somebody else's message centre (PyPI `smpp34`, a Rust implementation), to hold our SMPP against.

Its codec, session and timers share nothing with ours. It takes every bind, answers submissions as
told, and brings receipts.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import smpp34

from tests.support.carriers.ports import closed_port


class ForeignSmsc:
    """Keeps the submissions it accepted; `refusals` are used up first, one a submission."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.refusals: list[int] = []
        self.submitted: list[smpp34.SubmitSmEvent] = []
        self.ended = asyncio.Event()
        self._esme: asyncio.Future[smpp34.Esme] = asyncio.get_running_loop().create_future()

    async def esme(self) -> smpp34.Esme:
        """Wait for the first bind."""
        return await asyncio.shield(self._esme)

    async def deliver(self, phone: str, text: bytes, tlvs: list[smpp34.Tlv]) -> int:
        """Deliver a receipt and return the status it is answered with."""
        answer = await (await self.esme()).deliver_sm(
            "106900", text, source_addr=phone, esm_class=4, tlvs=tlvs
        )
        return answer.command_status

    async def serve(self, server: smpp34.Server) -> None:
        """Take what comes."""
        while True:
            event = await server.next()
            if isinstance(event, smpp34.Esme):
                if not self._esme.done():
                    self._esme.set_result(event)
            elif isinstance(event, smpp34.Unbound):
                self.ended.set()
            elif self.refusals:
                event.reject(self.refusals.pop(0))
            else:
                self.submitted.append(event)
                event.accept(f"F{len(self.submitted)}")


@asynccontextmanager
async def foreign_smsc() -> AsyncIterator[ForeignSmsc]:
    """Run it on a port for the length of the block."""
    known = ForeignSmsc(closed_port())
    server = smpp34.Server("127.0.0.1", known.port, system_id="stranger")
    await server.start()
    serving = asyncio.create_task(known.serve(server))
    try:
        yield known
    finally:
        serving.cancel()
        with suppress(asyncio.CancelledError):
            await serving
        await server.stop()
