"""Doors for managers: the sentences calls speak, in versions, and what they would say.

Every version names the one it was made on and is remembered with who and when. Refuses to decide what a
sentence means (`server/broadcast`), and to make a sound: an answer says
where it is heard, a trial is a call like any.
"""

from __future__ import annotations

from typing import Annotated, Literal

import asyncpg
import msgspec

from server.api.callers import Gate, brand_of
from server.api.im_calls import Calls, Request
from server.api.im_made import made_template
from server.api.im_words import Asked
from server.api.table import Call, Door
from server.broadcast.audio_path import audio_paths
from server.broadcast.changes import check_next_version, check_sentence
from server.broadcast.policies import store, views
from server.broadcast.speech import ParamType
from server.broadcast.store import read_audio_key
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

    versions: list[views.Version]


class PreviewRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a stored template, or one not stored yet, would say with these parameters.

    `one_as_yao`: rooms and numbers read 1 as 幺, as a rule may ask.
    """

    params: Annotated[dict[Name, Value], msgspec.Meta(max_length=32)]
    template_id: Id | None = None
    template: TemplateRequest | None = None
    one_as_yao: bool = False


class PreviewAnswer(msgspec.Struct, frozen=True):
    """The sentence as screens show it and as the voice says it; `audio`: language to where it is heard."""

    words: Words
    audio: dict[str, str]


class TrialRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where a stored sentence is said once, by the rules of the event `custom` there."""

    shop_id: Id
    channel: c.Channel
    params: Annotated[dict[Name, Value], msgspec.Meta(max_length=32)]


class TrialAnswer(msgspec.Struct, frozen=True):
    """The call it is, and what becomes of it; `online` null: nobody knows."""

    call_id: int
    state: Literal["queued", "suppressed", "no_such_end"]
    reason: str
    devices: int
    online: int | None


class Templates:
    """What managers say about sentences."""

    def __init__(self, database: asyncpg.Pool, gate: Gate, clock: Clock, calls: Calls) -> None:
        self._db = database
        self._gate = gate
        self._clock = clock
        self._calls = calls
        self._mint = IdMint()
        self._key = b""

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
                "POST", "/v1/im/templates/{template_id}/trial", "tryTemplate",
                "Say a sentence on a shop's devices, as a call", "rules", self.try_out,
                params=TemplatePath, request=TrialRequest, response=TrialAnswer, status=201,
                refusals=(
                    "template_not_found", "template_parameter_missing",
                    "template_parameter_unknown",
                ),
            ),
        ]  # fmt: skip

    async def list_templates(self, call: Call) -> TemplatesAnswer:
        """Return every template a call may name."""
        brand_id = brand_of(call.caller, "manager")
        return TemplatesAnswer(
            list(BUILT_IN.values()), await views.list_templates(self._db, brand_id)
        )

    async def add_template(self, call: Call) -> TemplateAnswer:
        """Add a template; asked again with the same key it is the same one."""
        asked: TemplateRequest = call.body
        brand_id = brand_of(call.caller, "manager", whole_brand=True)
        if made := await made_template(self._db, call):
            return TemplateAnswer(made)
        if asked.version:
            raise Refusal("bad_field", "A new sentence has no version yet.", field="version")
        check_sentence(asked.parameters, asked.text)
        for known in await views.list_templates(self._db, brand_id):
            same = (known.name, known.parameters, known.text)
            if same == (asked.name, asked.parameters, asked.text):
                return TemplateAnswer(known)
        new_id = self._mint.next_id(to_ms(self._clock.now()))
        call.noted["template_id"] = new_id
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
        author = store.Author(call.caller.name, self._clock.now(), version, call.command_id)
        try:
            put = await store.put_template(self._db, brand_id, template, author)
        except asyncpg.UniqueViolationError:
            raise Refusal("template_name_taken", name=template.name) from None
        return None if put is None else template

    async def read_versions(self, call: Call) -> VersionsAnswer:
        """Return what a template of the brand said, old versions too."""
        brand_id, template_id = brand_of(call.caller, "manager"), call.params.template_id
        found = await views.list_versions(self._db, brand_id, template_id)
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
        said = words(*by_kind(template, asked.params), yao=asked.one_as_yao)
        self._key = self._key or await read_audio_key(self._db)
        return PreviewAnswer(said, audio_paths(self._key, said.spoken))

    async def try_out(self, call: Call) -> TrialAnswer:
        """Call the devices of a channel with the sentence; it stands among the shop's calls."""
        wanted: TrialRequest = call.body
        call.noted["channel"] = wanted.channel
        await self._gate.actor(call.caller, "manager", wanted.shop_id)
        ask = {
            "event": "custom", "channels": [wanted.channel], "params": wanted.params,
            "template_id": call.params.template_id,
        }  # fmt: skip
        request = Request(call.caller, call.command_id)
        told = await self._calls.send(request, Asked(0, wanted.shop_id, ask))
        [end] = told.ends
        return TrialAnswer(told.call_id, end.state, end.reason, end.devices, end.online)
