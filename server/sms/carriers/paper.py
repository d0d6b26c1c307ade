"""A carrier made of paper, for demonstrations: it writes into the log that a message would be sent.

Refuses to send anything to anybody.
"""

from __future__ import annotations

import structlog

from server.sms.carriers.port import Accepted, Message, Outcome

_log = structlog.get_logger(__name__)


class Paper:
    """Takes everything and sends nothing."""

    name = "paper"
    phones_max = 1_000

    async def send(self, message: Message) -> Outcome:
        """Say in the log that this would have been sent; neither text nor numbers."""
        _log.info("paper_sms", reference=message.reference, phones=len(message.phones))
        return Accepted(message.reference)

    async def ask(self, reference: str) -> Outcome | None:
        """Return that it was taken: paper takes everything."""
        return Accepted(reference)
