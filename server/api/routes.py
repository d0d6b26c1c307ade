"""The front door of the HTTP API: one table of doors, and the routes made from it."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

from starlette.routing import BaseRoute, Route

from server.api.audio import Sentences
from server.api.audit import Audit
from server.api.business import Business
from server.api.card_reports import CardReports
from server.api.cards import Cards
from server.api.clients import ApiClients
from server.api.devices import Devices
from server.api.documents import Documents
from server.api.front import Front, Ground, open_front
from server.api.health import Health
from server.api.im import ImCalls
from server.api.im_rules import Rules
from server.api.im_templates import Templates
from server.api.im_webhook import Webhooks
from server.api.install import Install
from server.api.kitchen_report import KitchenReports
from server.api.menu import MenuKeeping
from server.api.operations import Operations
from server.api.pace import Pace
from server.api.pages import page_routes
from server.api.pairing import Pairing
from server.api.pictures import Pictures
from server.api.points import Points
from server.api.printing import Printing
from server.api.requests import Endpoint, Ways
from server.api.sms_desk import SmsDesk
from server.api.sms_messages import SmsMessages
from server.api.sms_receipts import SmsReceipts
from server.api.staff import Staff
from server.api.staff_own import OwnStaff
from server.api.table import Door, for_people_too
from server.auth import read_networks
from server.pairing.door import PairingDoor
from server.sealed import Sealing


def table(ground: Ground, front: Front) -> list[Door]:
    """Return every door there is."""
    gate = front.gate
    networks = read_networks(ground.settings.webhook_networks)
    printers = read_networks(ground.settings.printer_networks)
    pairing = PairingDoor(ground.execute, ground.database, ground.clock)
    sealing = Sealing(ground.settings.seal_key)
    doors = [
        *for_people_too(Business(ground.execute, ground.database, gate, ground.clock).doors()),
        *for_people_too(Pace(ground.execute, gate).doors()),
        *for_people_too(
            KitchenReports(ground.reports or ground.database, gate, ground.clock).doors()
        ),
        *ImCalls(ground.execute, ground.database, gate, front.calls).doors(),
        *for_people_too(Templates(ground.database, gate, ground.clock, front.calls).doors()),
        *for_people_too(Rules(ground.database, gate, ground.clock).doors()),
        *Webhooks(ground.database, ground.clock, networks, sealing).doors(),
        *for_people_too(Cards(ground.execute, ground.database, gate, ground.clock).doors()),
        *CardReports(
            ground.database,
            ground.reports or ground.database,
            gate,
            ground.clock,
            sealing,
        ).doors(),
        *front.sms.doors(),
        *SmsDesk(ground.database, front.sms.packages).doors(),
        *SmsMessages(front.outgoing).doors(),
        *SmsReceipts(front.outgoing, gate).doors(),
        *for_people_too(Points(ground.database, ground.clock).doors()),
        *for_people_too(
            Devices(ground.execute, pairing, gate, ground.online, ground.settings).doors()
        ),
        *for_people_too(Printing(ground.execute, ground.database, gate, printers).doors()),
        *for_people_too(MenuKeeping(ground.execute, gate).doors()),
        *Pictures(ground.database, gate, ground.clock).doors(),
        *Pairing(pairing).doors(),
        *OwnStaff(front, frozenset(ground.settings.origins)).doors(),
        *Staff(front.staff).doors(),
        *ApiClients(ground.database, front.keys).doors(),
        *Audit(ground.database, front.audit).doors(),
        *(Sentences(ground.audio, ground.database).doors() if ground.audio else ()),
        *Health(ground.database, ground.redis, ground.clock, front.outgoing.carriers_of).doors(),
        *Operations(
            ground.database,
            ground.redis,
            front.meters,
            ground.draining,
            ground.clock,
            ground.settings,
        ).doors(),
    ]
    return [*doors, *Documents(doors, _version()).doors()]


def routes(ground: Ground, front: Front | None = None) -> list[BaseRoute]:
    """Return all routes: the doors of the table, the pages, and an answer for all the rest."""
    front = front or open_front(ground)
    by_path: dict[str, dict[str, Door]] = {}
    for door in table(ground, front):
        by_path.setdefault(door.path, {})[door.method] = door
    origins = frozenset(ground.settings.origins)
    ways = Ways(front.gate, front.guard, front.meters, front.audit, ground.clock, origins)
    served: list[BaseRoute] = [
        Route(path, Endpoint(doors, ways)) for path, doors in by_path.items()
    ]
    return [*served, *Install(ground.settings).routes(), *page_routes()]


def _version() -> str:
    try:
        return version("chuancai")
    except PackageNotFoundError:  # run from a tree that was never installed
        return "0"
