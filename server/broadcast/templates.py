"""◆ The house's own templates: what a shop says before it writes sentences of its own."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from server.broadcast.template import Template
from server.events import sentences
from server.events.catalogue import Text

OWN_ID_MAX = 999  # a brand's templates begin at 1000

_ALL = (
    Template(
        sentences.ORDER_PLACED, 1, "order placed",
        {"roomName": "room", "goodsName": "goods", "num": "quantity"},
        Text("{roomName}房间下单了{goodsName}{num}份,请注意",
             "Room {roomName} ordered {goodsName} × {num}"),
    ),
    Template(
        sentences.ITEM_READY, 1, "dish ready",
        {"roomName": "room", "goodsName": "goods", "num": "quantity"},
        Text("{roomName}房间的{goodsName}{num}份好了,请取餐",
             "{goodsName} × {num} for room {roomName} is ready"),
    ),
    Template(
        sentences.NUMBER_READY, 1, "number ready",
        {"number": "queue_number"},
        Text("请{number}号顾客取餐", "Number {number}, please"),
    ),
    Template(
        sentences.ITEM_CANCELLED, 1, "dish cancelled",
        {"roomName": "room", "goodsName": "goods", "num": "quantity"},
        Text("{roomName}房间退了{goodsName}{num}份",
             "Room {roomName} cancelled {goodsName} × {num}"),
    ),
    Template(
        sentences.SERVICE_WANTED, 1, "service wanted", {"roomName": "room"},
        Text("{roomName}房间需要服务,请前往", "Room {roomName} asks for service"),
    ),
    Template(
        sentences.TECHNICIAN_WANTED, 1, "technician wanted", {"roomName": "room"},
        Text("{roomName}房间请安排技师", "Room {roomName} asks for a technician"),
    ),
    Template(
        sentences.ORDER_RUSHED, 1, "order rushed", {"roomName": "room"},
        Text("{roomName}房间催菜,请尽快", "Room {roomName} is waiting for its dishes"),
    ),
    Template(
        sentences.ITEM_UNSEEN, 1, "item unseen", {"roomName": "room", "goodsName": "goods", "num": "quantity"},
        Text(
            "{roomName}房间的{goodsName}{num}份,厨房屏幕没有显示,请通知厨房",
            "Room {roomName}: {goodsName} × {num} was shown on no kitchen screen, please tell the kitchen",
        ),
    ),
    Template(
        sentences.ORDER_CROSSED, 1, "order crossed", {"roomName": "room"},
        Text(
            "{roomName}房间刚清房,客人又下了一单,没有接下,请去问一下",
            "Room {roomName} was cleared as its guest ordered: the order was not taken, please ask there",
        ),
    ),
)  # fmt: skip

BUILT_IN: dict[int, Template] = {one.id: one for one in _ALL}

# Rooms are spoken of in the client's own words (R-004-35); a wrist tag or a table is no room.
_SAID = {"tag": Text("手牌{}", "wrist tag"), "table": Text("{}桌", "table")}
_ROOM = Text("{}房间", "room")
PLACE = (
    "place"  # in a brand's own sentence: 801房间, 手牌29, A3桌, made of `roomName` and `placeKind`
)


def by_kind(template: Template, params: Mapping[str, str]) -> tuple[Template, Mapping[str, str]]:
    """Return a house's sentence and its parameters for the kind of place it is about.

    手牌29 and A3桌 take the room's place in it; a brand's own sentence stays as it is written, and
    says a place with its kind by `{place}`.
    """
    kind, name = params.get("placeKind", "room"), params.get("roomName")
    if PLACE in template.parameters and PLACE not in params and name is not None:
        said = _SAID.get(kind, _ROOM)
        place = {"zh": said.zh.format(_bare(name)), "en": f"{said.en} {_bare(name)}"}
        params = {**params, PLACE: place["zh"], "place_zh": place["zh"], "place_en": place["en"]}
    if template.id > OWN_ID_MAX or kind not in _SAID or name is None:
        return template, params
    said = _SAID[kind]
    zh = template.text.zh.replace("{roomName}房间", "{roomName}")
    en = template.text.en.replace("Room {", f"{said.en.capitalize()} {{")
    text = Text(zh, en.replace("room {", f"{said.en} {{"))
    bare = _bare(name)
    named = {"roomName_zh": said.zh.format(bare), "roomName_en": bare}
    return msgspec.structs.replace(template, text=text), {**params, **named}


def _bare(name: str) -> str:
    """Return a place's name without its kind: some houses write it into the name."""
    return name.removeprefix("手牌").removesuffix("桌").removesuffix("房间")
