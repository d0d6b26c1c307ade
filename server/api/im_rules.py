"""Doors for managers: the sentences calls speak, and the rules they ring by.

Every change names the version it was made on, is remembered with who and when, and holds for calls
that wait already. Refuses to decide what a sentence or a rule means (`server/broadcast`).
"""

from __future__ import annotations

from typing import Annotated

import asyncpg
import msgspec

from server.api.callers import Gate, brand_of
from server.api.im_made import made_change, made_template
from server.api.table import Call, Door
from server.broadcast.changes import check_next_version, check_rule, check_sentence, named_template
from server.broadcast.policies import store
from server.broadcast.policy import CHANNELS, Policy, PolicyChange, effective
from server.broadcast.speech import ParamType
from server.broadcast.template import Template, Words, words
from server.broadcast.templates import BUILT_IN, by_kind
from server.clock import Clock, to_ms
from server.errors import Refusal
from server.events import catalogue as c
from server.ids import IdMint

Id = Annotated[int, msgspec.Meta(ge=1, le=2**53)]
Name = Annotated[str, msgspec.Meta(pattern=r"^[^\x00-\x1f\x7f]{1,64}$")]
Value = Annotated[str, msgspec.Meta(max_length=500)]


class TemplateRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A sentence per language with its typed parameters; `version`: the one you read (new: 0)."""

    name: Name
    parameters: Annotated[dict[Name, ParamType], msgspec.Meta(max_length=20)]
    text: c.Text
    version: Annotated[int, msgspec.Meta(ge=0)] = 0

    def at(self, template_id: int) -> Template:
        """Return the version it is to be."""
        return Template(template_id, self.version + 1, self.name, self.parameters, self.text)


class TemplatePath(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which template."""

    template_id: Id


class TemplateAnswer(msgspec.Struct, frozen=True):
    """A template in its latest version."""

    template: Template


class TemplatesAnswer(msgspec.Struct, frozen=True):
    """The house's own templates and the brand's."""

    house: list[Template]
    brand: list[Template]


class VersionsAnswer(msgspec.Struct, frozen=True):
    """The versions of a brand's template, the newest first, at most a hundred."""

    versions: list[store.Version]


class PreviewRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a stored template, or one not stored yet, would say with these parameters."""

    params: Annotated[dict[Name, Value], msgspec.Meta(max_length=32)]
    template_id: Id | None = None
    template: TemplateRequest | None = None


class PreviewAnswer(msgspec.Struct, frozen=True):
    """The sentence as screens show it and as the voice says it."""

    words: Words


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

    changes: list[store.Changed]


class ChannelRules(msgspec.Struct, frozen=True):
    """What holds at a channel, and the changes that made it so with their versions (0: none)."""

    channel: c.Channel
    effective: Policy
    brand: PolicyChange | None
    brand_version: int
    shop: PolicyChange | None
    shop_version: int


class RulesAnswer(msgspec.Struct, frozen=True):
    """An event's rules at every channel."""

    event: c.CallEvent
    channels: list[ChannelRules]


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
        self._mint = IdMint()

    def doors(self) -> list[Door]:
        """Return this audience's rows of the table."""
        wrong = ("template_invalid", "template_parameter_unknown")
        return [
            Door(
                "GET", "/v1/im/templates", "listTemplates", "List the sentences of calls",
                "rules", self.list_templates, response=TemplatesAnswer,
            ),
            Door(
                "POST", "/v1/im/templates", "addTemplate", "Add a sentence", "rules",
                self.add_template, request=TemplateRequest, response=TemplateAnswer, status=201,
                refusals=(*wrong, "template_name_taken"),
            ),
            Door(
                "PUT", "/v1/im/templates/{template_id}", "changeTemplate",
                "Give a sentence its next version", "rules", self.change_template,
                params=TemplatePath, request=TemplateRequest, response=TemplateAnswer,
                refusals=(*wrong, "template_not_found", "template_name_taken", "version_changed"),
            ),
            Door(
                "GET", "/v1/im/templates/{template_id}/versions", "readTemplateVersions",
                "Read what a sentence said before, and who wrote it", "rules",
                self.read_versions, params=TemplatePath, response=VersionsAnswer,
                refusals=("template_not_found",),
            ),
            Door(
                "POST", "/v1/im/previews", "previewTemplate",
                "See and read aloud what a sentence says", "rules", self.preview,
                request=PreviewRequest, response=PreviewAnswer, audited=False,
                refusals=(*wrong, "template_not_found", "template_parameter_missing"),
            ),
            Door(
                "GET", "/v1/im/rules/{event}", "readRules", "Read how an event rings", "rules",
                self.read_rules, params=RulesPath, response=RulesAnswer,
            ),
            Door(
                "PUT", "/v1/im/rules/{event}", "changeRules",
                "Change how an event rings, in a shop or in the whole brand", "rules",
                self.change_rules, params=RulesPath, request=RulesRequest, response=RulesAnswer,
                refusals=("version_changed", "template_not_found", "template_parameter_missing"),
            ),
            Door(
                "GET", "/v1/im/rules/{event}/{channel}/history", "readRulesHistory",
                "Read who changed how an event rings, and when", "rules", self.read_history,
                params=HistoryPath, response=HistoryAnswer,
            ),
        ]  # fmt: skip

    async def list_templates(self, call: Call) -> TemplatesAnswer:
        """Return every template a call may name."""
        brand_id = brand_of(call.caller, "manager")
        return TemplatesAnswer(
            list(BUILT_IN.values()), await store.list_templates(self._db, brand_id)
        )

    async def add_template(self, call: Call) -> TemplateAnswer:
        """Add a template; asked again with the same key it is the same one."""
        asked: TemplateRequest = call.body
        brand_id = brand_of(call.caller, "manager", whole_brand=True)
        if made := await made_template(self._db, call):
            return TemplateAnswer(made)
        check_sentence(asked.parameters, asked.text)
        for known in await store.list_templates(self._db, brand_id):
            same = (known.name, known.parameters, known.text)
            if same == (asked.name, asked.parameters, asked.text):
                return TemplateAnswer(known)
        new_id = self._mint.next_id(to_ms(self._clock.now()))
        if await self._put(call, new_id) is None:
            raise Refusal("template_invalid", reason="too_many", templates_max=store.TEMPLATES_MAX)
        return TemplateAnswer(asked.at(new_id))

    async def change_template(self, call: Call) -> TemplateAnswer:
        """Add the next version; calls that wait keep to the sentence by its name."""
        template_id = call.params.template_id
        brand_id = brand_of(call.caller, "manager", whole_brand=True)
        known = await store.find_template(self._db, brand_id, template_id)
        if known is None or template_id in BUILT_IN:
            raise Refusal("template_not_found", template_id=template_id)
        if made := await made_template(self._db, call, template_id):
            return TemplateAnswer(made)
        check_next_version(known, call.body.parameters, call.body.text)
        put = await self._put(call, template_id)
        # The same request was on its way twice, or somebody else was quicker.
        put = put or await made_template(self._db, call, template_id)
        if put is None:
            raise Refusal("version_changed", version=call.body.version)
        return TemplateAnswer(put)

    async def _put(self, call: Call, template_id: int) -> Template | None:
        template, version = call.body.at(template_id), call.body.version
        brand_id = brand_of(call.caller, "manager")
        try:
            put = await store.put_template(
                self._db, brand_id, template, self._author(call, version)
            )
        except asyncpg.UniqueViolationError:
            raise Refusal("template_name_taken", name=template.name) from None
        return None if put is None else template

    async def read_versions(self, call: Call) -> VersionsAnswer:
        """Return what a template of the brand said, old versions too."""
        brand_id, template_id = brand_of(call.caller, "manager"), call.params.template_id
        found = await store.list_versions(self._db, brand_id, template_id)
        if not found:
            raise Refusal("template_not_found", template_id=template_id)
        return VersionsAnswer(found)

    async def preview(self, call: Call) -> PreviewAnswer:
        """Return what a sentence says; a wrong one is refused as it would be when stored."""
        asked: PreviewRequest = call.body
        brand_id = brand_of(call.caller, "manager")
        if asked.template is not None:
            sketch = asked.template
            check_sentence(sketch.parameters, sketch.text)
            template: Template | None = Template(1, 1, sketch.name, sketch.parameters, sketch.text)
        else:
            template = await store.find_template(self._db, brand_id, asked.template_id or 0)
        if template is None:
            raise Refusal("template_not_found", template_id=asked.template_id)
        return PreviewAnswer(words(*by_kind(template, asked.params)))

    async def read_rules(self, call: Call) -> RulesAnswer:
        """Return what holds, and why."""
        await self._allowed(call)
        brand_id, shop_id = call.caller.brand_id, call.params.shop_id
        event: c.CallEvent = call.params.event
        stored = await store.read_changes(self._db, brand_id, shop_id, event)
        holds = await self._holds(shop_id, event, stored)
        return RulesAnswer(event, [_rules(channel, stored, holds[channel]) for channel in CHANNELS])

    async def _holds(
        self, shop_id: int, event: c.CallEvent, stored: list[store.StoredChange]
    ) -> dict[c.Channel, Policy]:
        """Return what a ring would read: a shop's own columns lie under its changes too."""
        if shop_id:
            return (await store.load(self._db, [(shop_id, event)]))[shop_id, event].policies
        brand = {one.channel: one.change for one in stored}
        return {channel: effective(event, channel, brand.get(channel)) for channel in CHANNELS}

    async def read_history(self, call: Call) -> HistoryAnswer:
        """Return who changed a rule, and when."""
        await self._allowed(call)
        asked: HistoryPath = call.params
        return HistoryAnswer(
            await store.list_changes(
                self._db, call.caller.brand_id, asked.shop_id, asked.event, asked.channel
            )
        )

    async def change_rules(self, call: Call) -> RulesAnswer:
        """Lay a change over what was; it holds from the next ring on."""
        asked: RulesRequest = call.body
        await self._allowed(call)
        if await made_change(self._db, call):
            return await self.read_rules(call)
        brand_id = call.caller.brand_id
        named, template = named_template(asked.change), None
        if named is not None:
            template = await store.find_template(self._db, brand_id, named)
        check_rule(call.params.event, asked.change, template)
        change = store.StoredChange(call.params.shop_id, asked.channel, asked.change, 0)
        author = self._author(call, asked.version)
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

    def _author(self, call: Call, version: int) -> store.Author:
        return store.Author(call.caller.name, self._clock.now(), version, call.command_id)


def _rules(channel: c.Channel, stored: list[store.StoredChange], holds: Policy) -> ChannelRules:
    brand = next((one for one in stored if one.channel == channel and not one.shop_id), None)
    shop = next((one for one in stored if one.channel == channel and one.shop_id), None)
    brand_change = brand.change if brand else None
    shop_change = shop.change if shop else None
    return ChannelRules(
        channel, holds,
        brand_change, brand.version if brand else 0, shop_change, shop.version if shop else 0,
    )  # fmt: skip
