"""Templates: typed sentences, refused where they cannot be said, harmless whatever is put in."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.broadcast.template import (
    TOLD_TOGETHER_MAX,
    Slot,
    Template,
    Words,
    check_template,
    parse,
    together,
    words,
)
from server.broadcast.templates import BUILT_IN
from server.errors import Refusal
from server.events.catalogue import Text

ORDER = Template(
    9, 1, "order", {"roomName": "room", "goodsName": "goods", "num": "quantity"},
    Text("{roomName}房间下单了{goodsName}{num}份,请注意", "{goodsName} × {num} for {roomName}"),
)  # fmt: skip


def test_the_clients_sentence() -> None:
    """R-004-35, letter for letter, and as it is said."""
    said = words(ORDER, {"roomName": "801", "goodsName": "水饺", "num": "2"})
    assert said.shown.zh == "801房间下单了水饺2份,请注意"
    assert said.spoken.zh == "八零一房间下单了水饺两份,请注意"


@given(st.text(max_size=60), st.text(max_size=60))
def test_a_value_is_never_read_again(name: str, room: str) -> None:
    """Braces, tags and slots inside a value come out as they went in."""
    said = words(ORDER, {"roomName": room, "goodsName": name, "num": "2"})
    assert said.shown.zh == f"{room}房间下单了{name}2份,请注意"
    assert said.shown.en == f"{name} × 2 for {room}"
    assert not any(char.isdecimal() for char in said.spoken.zh + said.spoken.en)


@given(st.text(max_size=100))
def test_any_text_is_parsed_or_refused(text: str) -> None:
    """A sentence is pieces and slots, or a refusal that says where; nothing else happens."""
    try:
        pieces = parse(text)
    except Refusal as refusal:
        assert refusal.code == "template_invalid"  # noqa: PT017 - a sensible no is an answer
    else:
        rebuilt = "".join(
            f"{{{p.name}}}" if isinstance(p, Slot) else p.replace("{", "{{").replace("}", "}}")
            for p in pieces
        )
        assert rebuilt == text


WRONG = [
    ({}, "{a}", "template_parameter_unknown"),
    ({"a": "text"}, "{a", "template_invalid"),
    ({"a": "text"}, "a}", "template_invalid"),
    ({"a": "text"}, "{}", "template_invalid"),
    ({"a": "text"}, "{a.b}", "template_invalid"),
    ({"a": "text"}, "{0}", "template_invalid"),
    ({"a": "text"}, "x" * 301, "template_invalid"),
    ({"ä": "text"}, "x", "template_invalid"),
    ({f"a{i}": "text" for i in range(21)}, "x", "template_invalid"),
]


@pytest.mark.parametrize(("parameters", "text", "code"), WRONG)
def test_a_wrong_template_is_refused(parameters: dict[str, str], text: str, code: str) -> None:
    """A template that could not be said is never stored."""
    with pytest.raises(Refusal) as refused:
        check_template(parameters, Text(text, ""))  # type: ignore[arg-type]
    assert refused.value.code == code


def test_the_houses_own_templates_hold() -> None:
    """Every built-in sentence uses just the parameters it declares."""
    for template in BUILT_IN.values():
        check_template(template.parameters, template.text)


def test_english_goods_have_a_name_of_their_own() -> None:
    """`goodsName_en` stands in the English sentence, `goodsName` in the Chinese one."""
    said = words(
        ORDER,
        {"roomName": "801", "goodsName": "水饺", "goodsName_en": "dumplings", "num": "2"},
    )
    assert said.shown.en == "dumplings × 2 for 801"
    assert "水饺" in said.shown.zh


def _say(zh: str) -> Words:
    return Words(Text(zh, zh), Text(zh, zh))


def test_sentences_told_together_end_once() -> None:
    """What all of them end with is said once; more than five are counted."""
    said = together([_say(f"{room}房间下单,请注意") for room in "甲乙丙"])
    assert said.shown.zh == "甲房间下单；乙房间下单；丙房间下单,请注意"
    many = together([_say("甲房间下单,请注意")] * (TOLD_TOGETHER_MAX + 3))
    assert many.shown.zh.endswith("；另有3单,请注意")
    assert many.spoken.zh.endswith("；另有三单,请注意")
    assert together([_say("甲"), _say("乙")]).shown.zh == "甲；乙"
