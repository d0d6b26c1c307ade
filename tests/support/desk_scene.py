"""◆ One evening at a cash desk: two calls nobody answered, wrist-tag orders, a list of what was said.

Times are counted back from a moment handed in. Refuses to be a random generator: pictures are compared by eye.
"""

from __future__ import annotations

from itertools import count
from typing import Any

from server.events import catalogue as c
from server.events.view import View
from tests.support.kitchen_scene import Scene

UNFETCHED, UNSERVED = 71, 72


def evening(now_ms: int, business_day: str) -> View:
    """Return what the cash desk knows."""
    s = Scene(now_ms, business_day=business_day)
    s.numbers = count(11)
    d = s.dish
    orders = [
        s.order("tag", "08", (1320, [d("牛肉面", "delivered", since_s=300), d("酸梅汤", "delivered", 2, since_s=400)])),
        s.order("tag", "23", (600, [d("宫保鸡丁", "cooking", 2), d("清炒时蔬", "ready")])),
        s.order("tag", "36", (540, [d("拍黄瓜", "called"), d("水饺", "cancelled")])),
        s.order("tag", "41", (150, [d("蒜蓉粉丝蒸扇贝", "queued", 6), d("水饺", "queued", 2), d("清蒸鲈鱼")])),
        # numbers of the hall: 15 called and waiting, 16 with two dishes, 17 still cooking
        s.order("takeaway", "外带", (900, [d("牛肉面", "called", since_s=260)])),
        s.order("table", "A3", (700, [d("水饺", "called", since_s=95), d("拍黄瓜", "called", since_s=140)])),
        s.order("table", "A5", (300, [d("红烧肉", "cooking")])),
    ]  # fmt: skip
    view = s.view(orders, station_id=None)
    view.device.kind, view.device.name = "cashier", "收银台 1"
    view.calls = [
        _escalated(
            now_ms, UNFETCHED, 72, place_name="809", item_id=900, order_id=901,
            dish=c.Text("小炒黄牛肉", "Stir-fried beef"), quantity=1,
        ),
        _escalated(
            now_ms, UNSERVED, 40, place_name="812", event="service_wanted",
            text=c.Text("812 房要加两条毛巾", "Room 812 wants two more towels"),
        ),
    ]  # fmt: skip
    view.announced, view.heard = _said(now_ms, orders[3].place_id)
    return view


def _escalated(now_ms: int, call_id: int, ago_s: int, **more: Any) -> c.Call:
    fields: dict[str, Any] = {
        "order_id": None, "item_id": None, "number": None, "dish": None, "quantity": None,
        "place_kind": "room", "state": "unanswered", "rings": 3, "rings_max": 3, "interval_s": 15,
        "raised_at_ms": now_ms - ago_s * 1000, "rang_at_ms": now_ms - ago_s * 1000 + 30_000,
        "claimed_by": "", "claimed_by_device": None, "claimed_at_ms": None, "escalated": True,
    }  # fmt: skip
    return c.Call(id=call_id, **(fields | more))


def _said(now_ms: int, tag_place_id: int) -> tuple[list[c.Utterance], list[c.Heard]]:
    """Return what was announced, oldest first, and where it was heard."""
    lines: list[tuple[int, c.CallEvent, c.Channel, str, str, list[tuple[str, c.HeardStage]]]] = [
        (390, "order_placed", "kitchen", "新订单，A3 桌，共九道", "New order, table A3, nine dishes",
         [("热菜档", "played"), ("凉菜档", "shown")]),
        (340, "item_ready", "call_screen", "请一零号顾客取餐", "Number ten, please collect",
         [("叫号屏", "failed")]),
        (190, "order_placed", "kitchen", "加菜，801 房水饺两份、蒜蓉西兰花一份",
         "Added, room 801: dumplings 2, broccoli 1", [("热菜档", "played"), ("面点档", "blocked")]),
        (150, "order_placed", "cashier", "您有新的手牌订单，手牌四一", "New wrist-tag order, tag 41",
         [("收银台 1", "played"), ("收银台 2", "muted")]),
        (70, "order_rushed", "kitchen", "803 房催菜，水煮牛肉、干煸四季豆",
         "Room 803 asks to hurry: boiled beef, green beans", []),
        (16, "item_ready", "pad", "801 房糖醋里脊、西湖牛肉羹已出餐，请取餐",
         "Room 801: sweet and sour pork, beef soup are ready",
         [("服务员平板 3", "acknowledged"), ("服务员平板 4", "shown")]),
        (5, "technician_wanted", "pad", "6 号技师请到 805 房", "Technician 6 to room 805", []),
    ]  # fmt: skip
    announced, heard = [], []
    for call_id, (ago_s, event, channel, zh, en, where) in enumerate(lines, start=1):
        at_ms = now_ms - ago_s * 1000
        announced.append(
            c.Utterance(
                call_id=call_id, ring=1, rings_max=3, event=event, msg_type=1, channels=[channel],
                accounts=[], text=c.Text(zh, en), spoken=c.Text(zh, en), audio={}, sound="notice",
                priority=3, at_ms=at_ms, expires_at_ms=at_ms + 300_000, item_id=None,
                place_id=tag_place_id if channel == "cashier" else None,
            )
        )  # fmt: skip
        for device_id, (device, stage) in enumerate(where, start=call_id * 10):
            heard.append(
                c.Heard(
                    call_id=call_id, ring=1, device_id=device_id, device_name=device, stage=stage,
                    at_ms=at_ms + 4_000,
                )
            )  # fmt: skip
    return announced, heard
