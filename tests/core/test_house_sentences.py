"""The house's own sentences: a place is spoken of by its kind."""

from __future__ import annotations

import pytest

from server.broadcast.template import Template, words
from server.broadcast.templates import BUILT_IN, OWN_ID_MAX, by_kind
from server.demo.sentences import SENTENCES as SENTENCES_OF_THE_DEMO
from server.events.catalogue import Text

ORDER = {"goodsName": "水饺", "goodsName_en": "dumplings", "num": "2", "number": "07"}
BY_NAME = {one.name: one for one in BUILT_IN.values()}
PLACES = [
    ("room", "801", "801房间", "八零一房间", "room 801"),
    ("tag", "29", "手牌29", "手牌二九", "wrist tag 29"),
    ("table", "A3", "A3桌", "A三桌", "table A3"),
    ("table", "12", "12桌", "十二桌", "table 12"),
    ("table", "2桌", "2桌", "二桌", "table 2"),
]
SENTENCES = [
    ("order placed", "{}下单了水饺2份,请注意", "{} ordered dumplings × 2"),
    ("dish ready", "{}的水饺2份好了,请取餐", "dumplings × 2 for {} is ready"),
    ("dish cancelled", "{}退了水饺2份", "{} cancelled dumplings × 2"),
    ("order rushed", "{}催菜,请尽快", "{} is waiting for its dishes"),
    ("service wanted", "{}需要服务,请前往", "{} asks for service"),
    ("technician wanted", "{}请安排技师", "{} asks for a technician"),
]


@pytest.mark.parametrize("sentence", SENTENCES)
@pytest.mark.parametrize("place", PLACES)
def test_a_place_is_said_by_its_kind(
    sentence: tuple[str, str, str], place: tuple[str, str, str, str, str]
) -> None:
    """29 on a wrist is no room; a room's sentence is the client's, word for word (R-004-35)."""
    (name, zh, en), (kind, called, shown, spoken, english) = sentence, place
    params = ORDER | {"placeKind": kind, "roomName": called}
    said = words(*by_kind(BY_NAME[name], params))
    assert said.shown.zh == zh.format(shown)
    assert said.spoken.zh == zh.format(spoken).replace("2份", "两份")
    told = en.format(english)
    assert said.shown.en == told[0].upper() * (name != "dish ready") + told[name != "dish ready" :]


@pytest.mark.parametrize("place", PLACES)
def test_a_brands_own_sentence_says_a_place_with_its_kind(
    place: tuple[str, str, str, str, str],
) -> None:
    """`{place}` is 801房间, 手牌29 or A3桌 in whatever sentence a brand writes (R-004-35)."""
    kind, called, shown, spoken, english = place
    for seed in SENTENCES_OF_THE_DEMO:
        if "place" not in seed.parameters:
            continue
        sentence = Template(OWN_ID_MAX + 1, 1, seed.name, seed.parameters, seed.text)
        given = {"placeKind": kind, "roomName": called, "goodsName": "水饺"}
        if "technicianName" in seed.parameters:
            given["technicianName"] = "小李"
        said = words(*by_kind(sentence, given))
        assert shown in said.shown.zh
        assert spoken in said.spoken.zh
        assert english in said.shown.en


def test_a_brands_own_sentence_stays_as_written() -> None:
    """Who writes sentences of their own says what a place is called."""
    text = Text("{roomName}房间来单", "Room {roomName}")
    own = Template(OWN_ID_MAX + 1, 1, "own", {"roomName": "room"}, text)
    params = {"placeKind": "tag", "roomName": "29"}
    assert words(*by_kind(own, params)).shown == Text("29房间来单", "Room 29")
