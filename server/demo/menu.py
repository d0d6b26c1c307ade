"""◆ The demo shop 云栖酒店 as plain data: shop, stations, places, menu, accounts, devices.

What `chuancai run` seeds on a fresh machine, so that every screen has something to show.
Refuses to write it anywhere: the seed asks the database whether it is there already.
"""

from __future__ import annotations

import msgspec

from server.demo.dishes import BAR, COLD, DOUGH, MENU, WOK
from server.events.catalogue import Text
from server.events.menu import StationView
from server.events.view import DeviceKind, PlaceView, ShopView
from server.printing.port import Paper
from server.printing.printer import Printer

__all__ = ["ACCOUNTS", "DEVICES", "MENU", "PLACES", "PRINTER", "SHOP", "STATIONS"]


class AccountSeed(msgspec.Struct, frozen=True):
    """One IM account. Cash desks of a shop share one, every other device has its own (R-004-30)."""

    id: int
    name: str


class DeviceSeed(msgspec.Struct, frozen=True):
    """One device, where it stands and whose account it uses."""

    id: int
    kind: DeviceKind
    name: str
    account_id: int
    place_id: int | None = None
    station_id: int | None = None


SHOP = ShopView(
    id=1,
    name=Text("云栖酒店", "Cloud Rest Hotel"),
    timezone="Asia/Shanghai",
    call_after_finish_s=5,
)

STATIONS = [
    StationView(WOK, Text("热菜档", "Wok")),
    StationView(COLD, Text("凉菜档", "Cold kitchen")),
    StationView(DOUGH, Text("面点档", "Dim sum")),
    StationView(BAR, Text("饮品", "Bar")),
]

_EIGHTH = Text("八楼", "8th floor")
_HALL = Text("一楼餐厅", "Restaurant")
_SPA = Text("浴区", "Bathhouse")

ROOMS = [PlaceView(n, "room", str(800 + n), _EIGHTH) for n in range(1, 21)]
TABLES = [PlaceView(20 + n, "table", f"A{n}", _HALL) for n in range(1, 7)]
TAGS = [PlaceView(100 + n, "tag", str(n), _SPA) for n in range(1, 31)]
PLACES = [*ROOMS, *TABLES, *TAGS]

DEVICES = [
    DeviceSeed(1, "kitchen", "厨房总屏", account_id=1),
    DeviceSeed(2, "kitchen", "热菜档", account_id=2, station_id=WOK),
    DeviceSeed(3, "kitchen", "凉菜档", account_id=3, station_id=COLD),
    DeviceSeed(4, "kitchen", "面点档", account_id=4, station_id=DOUGH),
    DeviceSeed(5, "kitchen", "饮品", account_id=5, station_id=BAR),
    DeviceSeed(6, "waiter", "王敏", account_id=6),
    DeviceSeed(7, "waiter", "李强", account_id=7),
    DeviceSeed(8, "guest", "801 客房平板", account_id=8, place_id=1),
    DeviceSeed(9, "guest", "802 客房平板", account_id=9, place_id=2),
    DeviceSeed(10, "guest", "803 客房平板", account_id=10, place_id=3),
    DeviceSeed(11, "cashier", "收银台", account_id=11),
    DeviceSeed(12, "call_screen", "叫号屏", account_id=12),
]

PRINTER = Printer(
    id=1,
    version=1,
    name="纸单",
    kind="file",
    address="demo",
    paper=Paper(width_dots=384, columns=32, mode="raster"),
    documents=["ticket", "receipt"],
    answers=False,
)

ACCOUNTS = [AccountSeed(device.account_id, device.name) for device in DEVICES]
