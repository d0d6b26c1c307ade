"""◆ Templates: named, versioned sentences with typed parameters, in Chinese and English.

`{roomName}房间下单了{goodsName}{num}份,请注意` (R-004-35). Missing and unknown parameters are refused
where a call is accepted, not when it rings. A value is put in once and never read again, so a dish
called `{num}` or `<b>` does no harm; screens show text as text. `{{` and `}}` are braces.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple, get_args

import msgspec

from server.broadcast.speech import Language, ParamType, read_aloud, said
from server.errors import Refusal
from server.events.catalogue import Text

TEXT_CHARACTERS_MAX = 300
PARAMETERS_MAX = 20
TOLD_TOGETHER_MAX = 5
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]{0,31}")
_TOKEN = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")
LANGUAGES: tuple[Language, ...] = get_args(Language)

# What anybody may hand over although a sentence does not use it: guards read the pointers, and the
# house tells the same about a dish whatever sentence a shop has chosen for it.
ALWAYS_WELCOME = frozenset(
    {
        "placeId", "orderId", "itemId", "technicianId", "againOf",
        "placeKind", "place", "roomName", "goodsName", "num", "number",
    }
)  # fmt: skip


class Template(msgspec.Struct, frozen=True):
    """One version of a template; `parameters` maps a name to its type."""

    id: int
    version: int
    name: str
    parameters: dict[str, ParamType]
    text: Text


class Words(msgspec.Struct, frozen=True):
    """What is shown, and how it is said: no digit is left in `spoken`."""

    shown: Text
    spoken: Text


class Slot(msgspec.Struct, frozen=True):
    """A place in a sentence where a parameter goes."""

    name: str


@lru_cache(4096)
def parse(text: str) -> tuple[str | Slot, ...]:
    """Return a sentence's pieces; raises `template_invalid` with what is wrong where."""
    if len(text) > TEXT_CHARACTERS_MAX:
        raise Refusal("template_invalid", reason="too_long", characters_max=TEXT_CHARACTERS_MAX)
    pieces: list[str | Slot] = []
    at = 0
    for match in _TOKEN.finditer(text):
        pieces.append(text[at : match.start()])
        at = match.end()
        token, name = match.group(), match.group(1)
        if token in {"{{", "}}"}:
            pieces.append(token[0])
        elif name is None or not _NAME.fullmatch(name):
            raise Refusal("template_invalid", reason="brace", at=match.start())
        else:
            pieces.append(Slot(name))
    pieces.append(text[at:])
    return tuple(piece for piece in pieces if piece != "")


def check_template(parameters: Mapping[str, ParamType], text: Text) -> None:
    """Refuse a template whose sentences use other parameters than it declares."""
    if len(parameters) > PARAMETERS_MAX:
        raise Refusal("template_invalid", reason="too_many", parameters_max=PARAMETERS_MAX)
    for name in parameters:
        if not _NAME.fullmatch(name):
            raise Refusal("template_invalid", reason="name", name=name)
    for language in LANGUAGES:
        try:
            pieces = parse(getattr(text, language))
        except Refusal as refusal:
            raise Refusal(refusal.code, language=language, **refusal.detail) from None
        used = {piece.name for piece in pieces if isinstance(piece, Slot)}
        unknown = sorted(used - parameters.keys())
        if unknown:
            raise Refusal("template_parameter_unknown", language=language, names=unknown)


def check_params(template: Template, params: Mapping[str, str]) -> None:
    """Refuse a call whose parameters are not the template's, naming them.

    `goodsName_en` is the English of `goodsName`; pointers for guards are always welcome.
    """
    missing = sorted(template.parameters.keys() - params.keys())
    if missing:
        raise Refusal("template_parameter_missing", names=missing)
    known = template.parameters.keys() | ALWAYS_WELCOME
    known |= {f"{name}_{language}" for name in known for language in LANGUAGES}
    unknown = sorted(params.keys() - known)
    if unknown:
        raise Refusal("template_parameter_unknown", names=unknown)


def words(template: Template, params: Mapping[str, str], *, yao: bool = False) -> Words:
    """Return the sentence in each language, as shown and as said; raises the door's refusals.

    `yao`: in Chinese, rooms and numbers read 1 as 幺.
    """
    # Brands count their templates by themselves: an id and a version alone say little.
    key = (template.text, *template.parameters.items(), yao, *params.items())
    known = _known.get(key)
    if known is None:
        if len(_known) >= WORDS_MAX:
            _known.clear()
        known = _known[key] = _worded(template, params, yao=yao)
    return known


# A ring is repeated, heard at many ends, and like yesterday's: a bounded memory saves reading it anew.
WORDS_MAX = 4096
_known: dict[tuple[Any, ...], Words] = {}


def _worded(template: Template, params: Mapping[str, str], *, yao: bool) -> Words:
    check_params(template, params)
    shown, spoken = {}, {}
    for language in LANGUAGES:
        pieces = parse(getattr(template.text, language))
        shown[language] = "".join(_shown(piece, params, language) for piece in pieces)
        spoken[language] = _spoken(pieces, _Values(template, params, language, yao))
    return Words(Text(**shown), Text(**spoken))


def _value(name: str, params: Mapping[str, str], language: Language) -> str:
    return params.get(f"{name}_{language}", params[name])


def _shown(piece: str | Slot, params: Mapping[str, str], language: Language) -> str:
    return _value(piece.name, params, language) if isinstance(piece, Slot) else piece


class _Values(NamedTuple):
    template: Template
    params: Mapping[str, str]
    language: Language
    yao: bool


def _spoken(pieces: Sequence[str | Slot], values: _Values) -> str:
    language = values.language
    read = [
        said(
            values.template.parameters[piece.name],
            _value(piece.name, values.params, language),
            language,
            yao=values.yao,
        )
        if isinstance(piece, Slot)
        else piece
        for piece in pieces
    ]
    return read_aloud("".join(read), language)


def together(said_words: Sequence[Words]) -> Words:
    """Return several sentences as one that people can follow; one alone stays as it is."""
    if len(said_words) == 1:
        return said_words[0]
    told, more = said_words[:TOLD_TOGETHER_MAX], len(said_words) - TOLD_TOGETHER_MAX
    shown = {
        lang: _joined([getattr(w.shown, lang) for w in told], lang, more) for lang in LANGUAGES
    }
    spoken = {
        lang: read_aloud(_joined([getattr(w.spoken, lang) for w in told], lang, more), lang)
        for lang in LANGUAGES
    }
    return Words(Text(**shown), Text(**spoken))


def _joined(sentences: list[str], language: Language, more: int) -> str:
    """Join sentences; what all of them end with (请注意) is said once, at the end."""
    tail = _common_tail(sentences)
    heads = [sentence.removesuffix(tail) for sentence in sentences]
    if more > 0:
        heads.append(f"另有{more}单" if language == "zh" else f"and {more} more")
    return ("；" if language == "zh" else "; ").join(heads) + tail


def _common_tail(sentences: list[str]) -> str:
    """Return what all sentences end with, from a comma on."""
    tail = sentences[0]
    for sentence in sentences[1:]:
        while not sentence.endswith(tail):
            tail = tail[1:]
    cut = re.search(r"[,，。;；!！]", tail)
    return tail[cut.start() :] if cut else ""
