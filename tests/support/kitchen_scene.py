"""◆ One busy moment of a kitchen as a view: long tickets, rounds, allergens, notes, a late one, a cancelled one.

Times are counted back from a moment handed in. Refuses to be a random generator: screens are compared by eye.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count
from typing import Any
from zlib import crc32

from server.events import catalogue as c
from server.events.menu import StationView
from server.events.view import DeviceView, PlaceView, ShopView, View

WOK, COLD = 1, 2
_ENGLISH = {
    "水煮牛肉": "Boiled beef in chilli oil", "干煸四季豆": "Dry-fried green beans",
    "宫保鸡丁": "Kung pao chicken", "清炒时蔬": "Seasonal greens", "糖醋里脊": "Sweet and sour pork",
    "红烧肉": "Red-braised pork", "水饺": "Pork dumplings", "蒜蓉西兰花": "Garlic broccoli",
    "鱼香肉丝": "Yuxiang shredded pork", "回锅肉": "Twice-cooked pork", "蛋炒饭": "Egg fried rice",
    "番茄牛腩煲": "Beef brisket and tomato pot", "白灼虾": "Poached prawns", "麻婆豆腐": "Mapo tofu",
    "干锅花菜": "Dry-pot cauliflower", "蒜蓉粉丝蒸扇贝": "Steamed scallops with garlic and glass noodles",
    "清蒸鲈鱼": "Steamed sea bass", "西湖牛肉羹": "West Lake beef soup",
}  # fmt: skip
LESS_PEANUT = c.Modifier("no-peanuts", c.Text("免花生", "No peanuts"), "less", allergen=True)
LESS_SCALLION = c.Modifier("no-scallion", c.Text("免葱", "No scallion"), "less")
MILD = c.Modifier("heat-mild", c.Text("少辣", "Mild"), "change")
SPROUTS = c.Modifier("plus-sprouts", c.Text("加豆芽", "Bean sprouts"), "plus")


@dataclass
class Scene:
    """Builds orders; ids count up."""

    now_ms: int
    ids: count[int] = field(default_factory=lambda: count(1))
    numbers: count[int] = field(default_factory=lambda: count(12))
    business_day: str = "2026-11-20"

    def dish(
        self, zh: str, state: c.ItemState = "queued", quantity: int = 1, *modifiers: c.Modifier,
        note: str = "", since_s: int = 60, target_s: int = 720, station_id: int | None = WOK,
    ) -> c.Item:  # fmt: skip
        """Return a dish `state` has lasted `since_s` for; its order and round come later."""
        at_ms = self.now_ms - since_s * 1000
        order: list[c.ItemState] = ["cooking", "ready", "called", "picked_up", "delivered"]
        reached = order[: order.index(state) + 1] if state in order else []
        stamps: dict[str, Any] = {}
        names = {
            "cooking": "started_at_ms", "ready": "ready_at_ms", "called": "called_at_ms",
            "picked_up": "picked_up_at_ms", "delivered": "delivered_at_ms",
        }  # fmt: skip
        stamps.update({names[one]: at_ms for one in reached})
        return c.Item(
            id=next(self.ids), order_id=0, round=1, dish_id=crc32(zh.encode()) % 1000,
            name=c.Text(zh, _ENGLISH.get(zh, zh)), quantity=quantity, modifiers=list(modifiers),
            note=note, station_id=station_id, target_s=target_s, price_fen=3800, state=state,
            placed_at_ms=0, cancelled_at_ms=at_ms if state == "cancelled" else None,
            version=len(reached) + 1 + (state == "cancelled"),
            **stamps,
        )  # fmt: skip

    def order(
        self, kind: c.PlaceKind, place: str, *rounds: tuple[int, list[c.Item]],
        note: str = "", allergens: list[str] | None = None, source: c.OrderSource = "pad",
        business_day: str = "",
    ) -> c.Order:  # fmt: skip
        """Return an order of rounds, each placed so many seconds ago."""
        order_id, items = next(self.ids), []
        for number, (ago_s, dishes) in enumerate(rounds, start=1):
            for dish in dishes:
                dish.order_id, dish.round = order_id, number
                dish.placed_at_ms = self.now_ms - ago_s * 1000
                items.append(dish)
        return c.Order(
            id=order_id, number=next(self.numbers), business_day=business_day or self.business_day,
            place_id=order_id, place_kind=kind, place_name=place, source=source,
            opened_at_ms=items[0].placed_at_ms, note=note, allergens=allergens or [], items=items,
        )  # fmt: skip

    def view(self, orders: list[c.Order], station_id: int | None = WOK) -> View:
        """Return what the wok station's screen knows."""
        return View(
            shop=ShopView(1, c.Text("云栖酒店", "Yunqi Hotel"), "Asia/Shanghai", 5),
            device=DeviceView(2, "kitchen", "热菜档 1 号屏", "k2", station_id=station_id),
            stations=[
                StationView(WOK, c.Text("热菜档", "Wok")),
                StationView(COLD, c.Text("凉菜档", "Cold kitchen")),
            ],
            places=[PlaceView(1, "room", "801", c.Text("八楼", "8th floor"))],
            menu=None, orders=orders, calls=[],
        )  # fmt: skip


def busy(now_ms: int, business_day: str, station_id: int | None = WOK) -> View:
    """Return the moment the mockup shows, and three orders more for a second page."""
    s = Scene(now_ms, business_day=business_day)
    d = s.dish
    orders = [
        s.order("room", "803", (980, [
            d("水煮牛肉", "cooking", 1, MILD, SPROUTS, since_s=185), d("干煸四季豆"),
        ])),
        s.order("tag", "23", (584, [
            d("宫保鸡丁", "cooking", 2, LESS_PEANUT, LESS_SCALLION, since_s=250),
            d("清炒时蔬", "ready", since_s=3),
        ]), allergens=["花生", "坚果"], source="tag"),
        s.order("room", "801", (528, [
            d("糖醋里脊", "called", since_s=21, target_s=900), d("红烧肉", "cooking", since_s=362, target_s=900),
        ]), (112, [d("水饺", "queued", 2), d("蒜蓉西兰花")])),
        s.order("takeaway", "美团 87", (426, [
            d("鱼香肉丝", "cancelled", since_s=30), d("回锅肉", "cooking", since_s=140),
            d("蛋炒饭", "queued", 2, LESS_SCALLION),
        ]), source="api"),
        s.order("table", "A3", (357, [
            d("番茄牛腩煲", "cooking", since_s=310, target_s=900), d("白灼虾", "ready", target_s=900), d("宫保鸡丁"),
            d("麻婆豆腐"), d("回锅肉"), d("清炒时蔬", "queued", 2), d("鱼香肉丝"), d("蛋炒饭"), d("干锅花菜"),
        ]), source="waiter"),
        s.order("tag", "41", (158, [
            d("蒜蓉粉丝蒸扇贝", "queued", 6), d("水饺", "queued", 2, note="打包，不要醋"),
            d("清蒸鲈鱼", station_id=None),
        ]), source="tag"),
        s.order("room", "806", (42, [d("麻婆豆腐", "queued", 1, MILD), d("宫保鸡丁"), d("白灼虾")])),
        s.order("room", "812", (30, [d("红烧肉"), d("西湖牛肉羹")]), note="老人和孩子，请先上汤"),
        s.order("table", "A5", (24, [d("清炒时蔬", "queued", 3), d("水饺")]), source="waiter"),
        s.order("tag", "7", (12, [d("蛋炒饭", "queued", 1, LESS_SCALLION)]), source="tag"),
        s.order("room", "815", (1500, [d("糖醋里脊", "called", since_s=300), d("蛋炒饭", "picked_up", since_s=200)])),
        s.order("room", "816", (1800, [d("红烧肉", "delivered", since_s=700)])),
    ]  # fmt: skip
    return s.view(orders, station_id)
