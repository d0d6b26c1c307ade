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
        "客房呼叫", {"place": "room"},
        c.Text("{place}需要服务，请前往", "Service, please: {place}"),
        "service_wanted", ("pad", "cashier"),
    ),
    SentenceSeed(
        "请技师", {"technicianName": "text", "place": "room"},
        c.Text("请{technicianName}到{place}", "{technicianName}, please come to {place}"),
        "technician_wanted", ("pad", "cashier"),
    ),
    SentenceSeed(
        "催菜", {"place": "room", "goodsName": "goods"},
        c.Text("{place}催{goodsName}，请尽快", "Waited for by {place}: {goodsName}"),
        "order_rushed", ("kitchen",), PolicyChange(quiet_exempt=True),
    ),
]  # fmt: skip
