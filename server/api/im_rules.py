"""Doors for managers: the rules calls ring by, the brand's and each shop's over them.

Every change names the version it was made on, is remembered with who and when, and holds for calls
that wait already. Refuses to decide what a rule means (`server/broadcast`).
"""

from __future__ import annotations

from typing import Annotated

import asyncpg
import msgspec

from server.api.callers import Gate, brand_of, speaks
from server.api.im_made import made_change
from server.api.table import Call, Door
from server.broadcast.changes import check_rule, named_template
from server.broadcast.policies import store, views
from server.broadcast.policy import EVENTS, PolicyChange
from server.clock import Clock
from server.errors import Refusal
from server.events import catalogue as c


class RulesPath(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which event; shop 0: the brand's default."""

    event: c.CallEvent
    shop_id: Annotated[int, msgspec.Meta(ge=0, le=2**53)] = 0


class HistoryPath(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which event at which channel; shop 0: the brand's default."""

    event: c.CallEvent
    channel: c.Channel
    shop_id: Annotated[int, msgspec.Meta(ge=0, le=2**53)] = 0


class HistoryAnswer(msgspec.Struct, frozen=True):
    """How a rule was changed, the newest first, at most a hundred."""

    changes: list[views.Changed]


class AllRulesPath(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """In which shop; 0: the brand's defaults."""

    shop_id: Annotated[int, msgspec.Meta(ge=0, le=2**53)] = 0


class AllRulesAnswer(msgspec.Struct, frozen=True):
    """Every event's rules."""

    events: list[views.EventRules]


class ShopsPath(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which event."""

    event: c.CallEvent


class ShopsAnswer(msgspec.Struct, frozen=True):
    """What shops want otherwise than their brand, of those you may change."""

    changes: list[store.StoredChange]


class RulesRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a channel is to do otherwise, whole: fields you leave out follow the layer below."""

    channel: c.Channel
    change: PolicyChange
    version: Annotated[int, msgspec.Meta(ge=0)]


class Rules:
    """What managers say about calls."""

    def __init__(self, database: asyncpg.Pool, gate: Gate, clock: Clock) -> None:
        self._db = database
        self._gate = gate
        self._clock = clock

    def doors(self) -> list[Door]:
        """Return this audience's rows of the table."""
        return [
            Door(
                "GET", "/v1/im/rules", "listRules", "Read how every event rings", "rules",
                self.list_rules, params=AllRulesPath, response=AllRulesAnswer,
            ),
            Door(
                "GET", "/v1/im/rules/{event}", "readRules", "Read how an event rings", "rules",
                self.read_rules, params=RulesPath, response=views.EventRules,
            ),
            Door(
                "GET", "/v1/im/rules/{event}/shops", "readShopRules",
                "Read which shops want an event otherwise than their brand", "rules",
                self.list_shops, params=ShopsPath, response=ShopsAnswer,
            ),
            Door(
                "PUT", "/v1/im/rules/{event}", "changeRules",
                "Change how an event rings, in a shop or in the whole brand", "rules",
                self.change_rules, params=RulesPath, request=RulesRequest, response=views.EventRules,
                refusals=("version_changed", "template_not_found", "template_parameter_missing"),
            ),
            Door(
                "GET", "/v1/im/rules/{event}/{channel}/history", "readRulesHistory",
                "Read who changed how an event rings, and when", "rules", self.read_history,
                params=HistoryPath, response=HistoryAnswer,
            ),
        ]  # fmt: skip

    async def list_rules(self, call: Call) -> AllRulesAnswer:
        """Return what holds of every event, and why."""
        await self._allowed(call)
        shop_id = call.params.shop_id
        return AllRulesAnswer(
            await views.read_rules(self._db, call.caller.brand_id, shop_id, EVENTS)
        )

    async def list_shops(self, call: Call) -> ShopsAnswer:
        """Return which shops will not follow their brand, and in what."""
        caller = call.caller
        brand_of(caller, "manager")
        found = await views.list_shop_changes(self._db, caller.brand_id, call.params.event)
        return ShopsAnswer([one for one in found if speaks(caller, "manager", one.shop_id)])

    async def read_rules(self, call: Call) -> views.EventRules:
        """Return what holds of one event, and why."""
        await self._allowed(call)
        asked: RulesPath = call.params
        brand_id = call.caller.brand_id
        [found] = await views.read_rules(self._db, brand_id, asked.shop_id, [asked.event])
        return found

    async def read_history(self, call: Call) -> HistoryAnswer:
        """Return who changed a rule, and when."""
        await self._allowed(call)
        asked: HistoryPath = call.params
        return HistoryAnswer(
            await views.list_changes(
                self._db, call.caller.brand_id, asked.shop_id, asked.event, asked.channel
            )
        )

    async def change_rules(self, call: Call) -> views.EventRules:
        """Lay a change over what was; it holds from the next ring on."""
        asked: RulesRequest = call.body
        call.noted["channel"] = asked.channel
        await self._allowed(call)
        if await made_change(self._db, call):
            return await self.read_rules(call)
        brand_id = call.caller.brand_id
        named, template = named_template(asked.change), None
        if named is not None:
            template = await store.find_template(self._db, brand_id, named)
        check_rule(call.params.event, asked.change, template)
        change = store.StoredChange(call.params.shop_id, asked.channel, asked.change, 0)
        now = self._clock.now()
        author = store.Author(call.caller.name, now, asked.version, call.command_id)
        event: c.CallEvent = call.params.event
        put = await store.put_change(self._db, brand_id, event, change, author)
        if put is None and not await made_change(self._db, call):
            raise Refusal("version_changed", version=asked.version)
        return await self.read_rules(call)

    async def _allowed(self, call: Call) -> None:
        """Let managers of the shop in; for the whole brand only those of all its shops."""
        if call.params.shop_id:
            await self._gate.actor(call.caller, "manager", call.params.shop_id)
        else:
            brand_of(call.caller, "manager", whole_brand=True)
