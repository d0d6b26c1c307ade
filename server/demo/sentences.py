"""◆ What the demo brand says beside the house's own sentences, and where it says it by itself.

Calls for a waiter or a technician come from business services; the house has no words for them,
so a brand brings its own. Refuses to write them anywhere: `seed.py` does.
"""

from __future__ import annotations

import msgspec

from server.broadcast.policy import PolicyChange
from server.broadcast.speech import ParamType
from server.events import catalogue as c

FIRST_ID = 1001


class SentenceSeed(msgspec.Struct, frozen=True):
    """A template, and the event at whose channels it is said unless a call names another."""

    name: str
    parameters: dict[str, ParamType]
    text: c.Text
    event: c.CallEvent
    channels: tuple[c.Channel, ...]
    rule: PolicyChange = PolicyChange()


SENTENCES = [
    SentenceSeed(
        "客房呼叫", {"roomName": "room"},
        c.Text("{roomName}房间需要服务，请前往", "Room {roomName} asks for service"),
        "service_wanted", ("pad", "cashier"),
    ),
    SentenceSeed(
        "请技师", {"technicianName": "text", "roomName": "room"},
        c.Text("请{technicianName}到{roomName}房间", "{technicianName}, please come to room {roomName}"),
        "technician_wanted", ("pad", "cashier"),
    ),
    SentenceSeed(
        "催菜", {"roomName": "room", "goodsName": "goods"},
        c.Text("{roomName}房间催{goodsName}，请尽快", "Room {roomName} is waiting for {goodsName}"),
        "order_rushed", ("kitchen",), PolicyChange(quiet_exempt=True),
    ),
]  # fmt: skip
