"""Doors for a business service's own webhook: where it wants to hear what became of its calls."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import asyncpg
import msgspec

from server.api.store import Client
from server.api.table import Call, Door
from server.auth import Network
from server.clock import Clock, to_ms
from server.errors import Refusal
from server.sealed import Sealing
from server.webhooks import store
from server.webhooks.address import URL_CHARS_MAX, check_url

_PATH = "/v1/im/webhook"


class WebhookRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where to post, and the secret each post is signed with (32 to 128 visible characters)."""

    url: Annotated[str, msgspec.Meta(min_length=8, max_length=URL_CHARS_MAX)]
    secret: Annotated[str, msgspec.Meta(pattern="^[!-~]{32,128}$")]

    def __repr__(self) -> str:
        return "WebhookRequest()"


class WebhookAnswer(msgspec.Struct, frozen=True, rename="camel"):
    """Where posts go; null: nowhere. The secret is never shown."""

    url: str | None
    changed_at_ms: int | None


class Webhooks:
    """What a business service may say about its webhook."""

    def __init__(
        self, database: asyncpg.Pool, clock: Clock, allowed: Sequence[Network], sealing: Sealing
    ) -> None:
        self._db = database
        self._sealing = sealing
        self._clock = clock
        self._allowed = tuple(allowed)

    def doors(self) -> list[Door]:
        """Return this audience's rows of the table."""
        return [
            Door(
                "GET", _PATH, "readWebhook", "Read where stages of your calls are posted",
                "messages", self.read, response=WebhookAnswer,
            ),
            Door(
                "PUT", _PATH, "putWebhook", "Have stages of your calls posted to a URL", "messages",
                self.put, request=WebhookRequest, response=WebhookAnswer, audited=True,
            ),
            Door(
                "DELETE", _PATH, "dropWebhook", "Have nothing posted any more", "messages",
                self.drop, response=WebhookAnswer, audited=True,
            ),
        ]  # fmt: skip

    async def read(self, call: Call) -> WebhookAnswer:
        """Return the caller's webhook."""
        found = await store.read_webhook(self._db, _caller(call.signer))
        if found is None:
            return WebhookAnswer(None, None)
        return WebhookAnswer(found.url, to_ms(found.changed_at))

    async def put(self, call: Call) -> WebhookAnswer:
        """Remember where to post; said again, it changes nothing."""
        client, now = _caller(call.signer), self._clock.now()
        check_url(call.body.url, self._allowed)
        webhook = store.Webhook(call.body.url, call.body.secret)
        await store.put_webhook(self._db, client, webhook, self._sealing, now)
        return WebhookAnswer(call.body.url, to_ms(now))

    async def drop(self, call: Call) -> WebhookAnswer:
        """Forget the caller's webhook."""
        await store.drop_webhook(self._db, _caller(call.signer))
        return WebhookAnswer(None, None)


def _caller(client: Client) -> tuple[int, int]:
    if "business" not in client.roles:
        raise Refusal("not_allowed", role="business")
    return client.brand_id, client.id
