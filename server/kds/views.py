"""What a screen sees when it opens: one consistent read of a shop at one seq.

Refuses to change anything. The same rules that topics give to events decide here what a kind of
device may see; `tests/flows` proves that an old snapshot plus events is a fresh snapshot.
"""

from __future__ import annotations

from typing import NamedTuple

import asyncpg
import msgspec

from server.clock import Clock, to_ms
from server.events import catalogue as c
from server.events.card_day import TRADES_MAX
from server.events.cards import CardDay
from server.events.display import UNSEEN_MAX, Unseen
from server.events.menu import Category, Dish, Menu, StationView
from server.events.printing import PAPERS_LISTED_MAX, PrintDesk
from server.events.view import (
    ANNOUNCED_MAX,
    HEARD_MAX,
    DeviceKind,
    DeviceView,
    PlaceView,
    ShopView,
    View,
)

SAID_EVENTS_MAX = ANNOUNCED_MAX + HEARD_MAX
OPEN_ORDERS_MAX = 2000  # the newest; a shop with more has forgotten to clean

# One statement is one snapshot: head, orders and calls belong together.
READ_BOARD = """
SELECT h.epoch, h.seq,
       json_build_object('id', s.id, 'name', s.name, 'timezone', s.timezone,
                         'call_after_finish_s', s.call_after_finish_s) AS shop,
       coalesce((SELECT json_agg(json_build_object('id', t.id, 'name', t.name) ORDER BY t.id)
                   FROM station t WHERE t.shop_id = s.id), '[]') AS stations,
       coalesce((SELECT json_agg(json_build_object('id', p.id, 'kind', p.kind, 'name', p.name, 'area', p.area,
                                                   'stay', p.stay)
                                 ORDER BY p.id)
                   FROM place p WHERE p.shop_id = s.id AND ($3::bigint IS NULL OR p.id = $3)), '[]') AS places,
       coalesce((SELECT json_agg(order_view(o) ORDER BY o.id)
                   FROM (SELECT * FROM catering_order o
                          WHERE o.shop_id = s.id AND o.state = 'open'
                            AND ($2::text[] IS NULL OR o.place_kind = ANY ($2))
                            AND ($3::bigint IS NULL OR o.place_id = $3)
                          ORDER BY o.id DESC LIMIT $5::integer) o), '[]') AS orders,
       CASE $4::text
           WHEN 'none' THEN '[]'
           ELSE coalesce((SELECT json_agg(call_view(k) ORDER BY k.id)
                            FROM im_call k
                           WHERE k.shop_id = s.id AND k.state <> 'ended'
                             AND k.msg_type = 4
                             AND ($4 = 'all' AND (k.accounts = '{}' OR $6 = ANY (k.accounts))
                                  OR k.escalated)), '[]') END AS calls,
       CASE WHEN $7::boolean THEN
           (SELECT json_agg(l.said) FROM
               (SELECT convert_from(e.body, 'UTF8')::json AS said FROM event e
                 WHERE e.shop_id = s.id AND e.kind IN ('Announced', 'CallHeard')
                 ORDER BY e.seq DESC LIMIT $8::integer) l) END AS said,
       CASE WHEN $9::integer > 0 THEN
           card_day_view(s.id, business_day($10::timestamptz, s.timezone), $9) END AS cards,
       CASE WHEN $11::integer > 0 THEN print_desk_view(s.id, $11) END AS printing,
       CASE WHEN $12::integer > 0 THEN unseen_view(s.id, $12) END AS unseen
  FROM shop s
  JOIN shop_head h ON h.shop_id = s.id
 WHERE s.id = $1::bigint
"""

READ_ACCOUNT = "SELECT account_id FROM device WHERE shop_id = $1 AND id = $2"

READ_MENU = """
SELECT coalesce((SELECT json_agg(json_build_object('id', m.id, 'name', m.name) ORDER BY m.position)
                   FROM menu_category m WHERE m.shop_id = $1), '[]') AS categories,
       coalesce((SELECT json_agg(dish_view(d) ORDER BY d.position)
                   FROM dish d WHERE d.shop_id = $1), '[]') AS dishes
"""

READ_ORDER = (
    "SELECT order_view(o) AS view, o.state FROM catering_order o WHERE o.shop_id = $1 AND o.id = $2"
)


class Sight(NamedTuple):
    """What a kind of device may see: places' kinds, only its own?, which calls, menu, voices, cards, paper?"""

    place_kinds: tuple[c.PlaceKind, ...] | None
    own_place: bool
    calls: str
    menu: bool
    announced: bool = False
    cards: bool = False
    paper: bool = False


SIGHT: dict[DeviceKind, Sight] = {
    "kitchen": Sight(None, own_place=False, calls="none", menu=True),
    "waiter": Sight(None, own_place=False, calls="all", menu=True),
    "guest": Sight(None, own_place=True, calls="none", menu=True),
    "cashier": Sight(
        None,
        own_place=False,
        calls="escalated",
        menu=True,
        announced=True,
        cards=True,
        paper=True,
    ),
    "call_screen": Sight(("room", "table", "takeaway"), own_place=False, calls="none", menu=False),
    "monitor": Sight((), own_place=False, calls="none", menu=False, cards=True),
}


class Snapshot(NamedTuple):
    """A view and the place in the log where it was true."""

    epoch: int
    seq: int
    at_ms: int
    view: View


class Board(NamedTuple):
    """All open orders and calls of a shop, and the place in the log where they were true."""

    epoch: int
    seq: int
    at_ms: int
    orders: list[c.Order]
    calls: list[c.Call]


_shop = msgspec.json.Decoder(ShopView).decode
_stations = msgspec.json.Decoder(list[StationView]).decode
_places = msgspec.json.Decoder(list[PlaceView]).decode
_orders = msgspec.json.Decoder(list[c.Order]).decode
_calls = msgspec.json.Decoder(list[c.Call]).decode
_events = msgspec.json.Decoder(list[c.Announced | c.CallHeard]).decode
_categories = msgspec.json.Decoder(list[Category]).decode
_dishes = msgspec.json.Decoder(list[Dish]).decode
_order = msgspec.json.Decoder(c.Order).decode
_print_desk = msgspec.json.Decoder(PrintDesk).decode
_cards = msgspec.json.Decoder(CardDay).decode
_unseen = msgspec.json.Decoder(list[Unseen]).decode


async def snapshot(
    pool: asyncpg.Pool, clock: Clock, shop_id: int, device: DeviceView
) -> Snapshot | None:
    """Return what this device may see now, or None when there is no such shop."""
    sight = SIGHT[device.kind]
    account_id = await pool.fetchval(READ_ACCOUNT, shop_id, device.id)  # never changes
    row = await pool.fetchrow(
        READ_BOARD,
        shop_id,
        sight.place_kinds,
        device.place_id if sight.own_place else None,
        sight.calls,
        OPEN_ORDERS_MAX,
        account_id or 0,
        sight.announced,
        SAID_EVENTS_MAX,
        TRADES_MAX if sight.cards else 0,
        clock.now(),
        PAPERS_LISTED_MAX if sight.paper else 0,
        UNSEEN_MAX if sight.announced else 0,
    )
    if row is None:
        return None
    announced, heard = _said(row["said"])
    view = View(
        shop=_shop(row["shop"]),
        device=device,
        stations=_stations(row["stations"]),
        places=_places(row["places"]),
        menu=await read_menu(pool, shop_id) if sight.menu else None,
        orders=_orders(row["orders"]),
        calls=_calls(row["calls"]),
        announced=announced,
        heard=heard,
        printing=_print_desk(row["printing"]) if row["printing"] else None,
        unseen=_unseen(row["unseen"]) if row["unseen"] else [],
        cards=_cards(row["cards"]) if row["cards"] else None,
    )
    return Snapshot(row["epoch"], row["seq"], to_ms(clock.now()), view)


def _said(newest_first: str | None) -> tuple[list[c.Utterance], list[c.Heard]]:
    """Return what was announced and where it was heard, oldest first, no more than a desk lists."""
    events = reversed(_events(newest_first)) if newest_first else ()
    announced: list[c.Utterance] = []
    heard: list[c.Heard] = []
    for event in events:
        if isinstance(event, c.Announced):
            announced.append(event.utterance)
        else:
            heard += event.heard
    return announced[-ANNOUNCED_MAX:], heard[-HEARD_MAX:]


async def read_board(pool: asyncpg.Pool, clock: Clock, shop_id: int) -> Board | None:
    """Return every open order and call of a shop, or None when there is no such shop."""
    row = await pool.fetchrow(
        READ_BOARD, shop_id, None, None, "all", OPEN_ORDERS_MAX, 0, False, 0, 0, clock.now(), 0, 0
    )
    if row is None:
        return None
    orders, calls = _orders(row["orders"]), _calls(row["calls"])
    return Board(row["epoch"], row["seq"], to_ms(clock.now()), orders, calls)


async def read_menu(pool: asyncpg.Pool, shop_id: int) -> Menu:
    """Return what a shop sells, in the order it is shown."""
    row = await pool.fetchrow(READ_MENU, shop_id)
    assert row is not None, "aggregates always make a row"
    return Menu(_categories(row["categories"]), _dishes(row["dishes"]))


async def read_order(pool: asyncpg.Pool, shop_id: int, order_id: int) -> tuple[c.Order, str] | None:
    """Return an order, open or completed, and which of the two."""
    row = await pool.fetchrow(READ_ORDER, shop_id, order_id)
    return (_order(row["view"]), row["state"]) if row else None
