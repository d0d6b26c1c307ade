"""◆ What a manager may write: a template, a further version of it, a rule that names it.

Everything that could not be said later is refused here, where a person sees the refusal. Refuses
to say what a rule means (`policy.py`) and how a sentence is read (`template.py`).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping

import msgspec

from server.broadcast.policy import PolicyChange
from server.broadcast.speech import ParamType
from server.broadcast.template import LANGUAGES, Template, check_template
from server.broadcast.templates import PLACE
from server.errors import Refusal
from server.events import catalogue as c

# What the house hands over when it announces by itself (`reactions.py`); nobody is there to add
# more, so a sentence that needs more would be silence.
HOUSE_GIVES = frozenset({"placeKind", "roomName", "goodsName", "num", "number"})
HOUSE_EVENTS: frozenset[c.CallEvent] = frozenset(
    {"order_placed", "item_ready", "item_cancelled", "order_rushed", "item_unseen"}
)


def check_sentence(parameters: Mapping[str, ParamType], text: c.Text) -> None:
    """Refuse a template that says nothing in a language, or uses what it does not declare."""
    for language in LANGUAGES:
        words = getattr(text, language)
        if not words.strip():
            raise Refusal("template_invalid", reason="empty", language=language)
        if any(unicodedata.category(char) == "Cc" for char in words):
            raise Refusal("template_invalid", reason="control_character", language=language)
    check_template(parameters, text)


def check_next_version(latest: Template, parameters: Mapping[str, ParamType], text: c.Text) -> None:
    """Refuse a version with other parameters: callers and waiting calls fill the ones they know.

    Types and words may change, and a sentence need not use all of them.
    """
    check_sentence(parameters, text)
    if parameters.keys() != latest.parameters.keys():
        changed = sorted(parameters.keys() ^ latest.parameters.keys())
        raise Refusal(
            "template_invalid", "Another set of parameters is another template.",
            reason="parameters_changed", names=changed,
        )  # fmt: skip


def named_template(change: PolicyChange) -> int | None:
    """Return the template a rule names, if it names one."""
    return None if change.template_id is msgspec.UNSET else change.template_id


def check_rule(event: c.CallEvent, change: PolicyChange, template: Template | None) -> None:
    """Refuse a rule whose template is not there, or needs what the house does not hand over."""
    named = named_template(change)
    if named is None:
        if change.template_id is None and event in HOUSE_EVENTS:
            raise Refusal("bad_field", "The house needs a sentence.", field="change.template_id")
        return
    if template is None:
        raise Refusal("template_not_found", template_id=named)
    missing = sorted(template.parameters.keys() - HOUSE_GIVES - {PLACE})
    if event in HOUSE_EVENTS and missing:
        raise Refusal(
            "template_parameter_missing", "The house does not hand over these parameters.",
            names=missing,
        )  # fmt: skip
