"""◆ The house's own templates: what a shop says before it writes sentences of its own."""

from __future__ import annotations

from server.broadcast import policy
from server.broadcast.template import Template
from server.events.catalogue import Text

OWN_ID_MAX = 999  # a brand's templates begin at 1000

_ALL = (
    Template(
        policy.ORDER_PLACED, 1, "order placed",
        {"roomName": "room", "goodsName": "goods", "num": "quantity"},
        Text("{roomName}房间下单了{goodsName}{num}份,请注意",
             "Room {roomName} ordered {goodsName} × {num}"),
    ),
    Template(
        policy.ITEM_READY, 1, "dish ready",
        {"roomName": "room", "goodsName": "goods", "num": "quantity"},
        Text("{roomName}的{goodsName}{num}份好了,请取餐",
             "{goodsName} × {num} for {roomName} is ready"),
    ),
    Template(
        policy.NUMBER_READY, 1, "number ready",
        {"number": "queue_number"},
        Text("请{number}号顾客取餐", "Number {number}, please"),
    ),
    Template(
        policy.ITEM_CANCELLED, 1, "dish cancelled",
        {"roomName": "room", "goodsName": "goods", "num": "quantity"},
        Text("{roomName}退了{goodsName}{num}份", "{roomName} cancelled {goodsName} × {num}"),
    ),
    Template(
        policy.SERVICE_WANTED, 1, "service wanted", {"roomName": "room"},
        Text("{roomName}房间需要服务,请前往", "Room {roomName} asks for service"),
    ),
    Template(
        policy.TECHNICIAN_WANTED, 1, "technician wanted", {"roomName": "room"},
        Text("{roomName}房间请安排技师", "Room {roomName} asks for a technician"),
    ),
    Template(
        policy.ORDER_RUSHED, 1, "order rushed", {"roomName": "room"},
        Text("{roomName}房间催菜,请尽快", "Room {roomName} is waiting for its dishes"),
    ),
)  # fmt: skip

BUILT_IN: dict[int, Template] = {one.id: one for one in _ALL}
