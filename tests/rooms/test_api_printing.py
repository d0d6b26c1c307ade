"""Printers and papers by HTTP: set up by managers, decided about at cash desks, written down."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from server.printing import store
from tests.support.api_house import OTHER_SHOP, SHOP, ApiHouse, api_house, is_problem

PRINTERS = f"/v1/shops/{SHOP}/printers"
JOBS = f"/v1/shops/{SHOP}/print-jobs"
WOK: dict[str, Any] = {
    "name": "热菜", "kind": "network", "address": "127.0.0.1:9100", "paper": {"columns": 32},
}  # fmt: skip


@pytest.fixture
async def house(database_url: str, redis_url: str) -> AsyncIterator[ApiHouse]:
    """Give an API on real engines."""
    async with api_house(database_url, redis_url) as made:
        yield made


async def test_a_manager_sets_printers_up(house: ApiHouse) -> None:
    """Add, list, change at the version read; a stranger's shop has none, and a till may not add."""
    manager, till = await house.manager(), await house.caller()
    made = await manager.ask("POST", PRINTERS, WOK)
    assert (made.status_code, made.json()) == (201, {"printer_id": 1, "version": 1}), made.text
    (listed,) = (await till.ask("GET", PRINTERS)).json()["printers"]
    assert listed["name"] == "热菜"
    assert (listed["condition"], listed["waiting"], listed["documents"]) == (
        "unknown", 0, ["ticket"],
    )  # fmt: skip
    changed = WOK | {"address": "192.168.1.20", "version": 1}
    assert (await manager.ask("PUT", f"{PRINTERS}/1", changed)).json()["version"] == 2
    late = await manager.ask("PUT", f"{PRINTERS}/1", changed)
    assert is_problem(late, "version_changed")
    assert is_problem(await till.ask("POST", PRINTERS, WOK), "not_allowed")
    elsewhere = await manager.ask("GET", f"/v1/shops/{OTHER_SHOP}/printers")
    assert is_problem(elsewhere, "shop_not_found")
    wrong = await manager.ask("POST", PRINTERS, WOK | {"name": "x", "address": "a b"})
    assert is_problem(wrong, "bad_field")


async def test_a_printer_stands_in_a_private_network(house: ApiHouse) -> None:
    """An address of the wide world is refused by name, new or changed; private ones and names are taken."""
    manager = await house.manager()
    for address in ("8.8.8.8", "203.0.113.7:9100", "[2001:db8::1]:9100"):
        made = await manager.ask("POST", PRINTERS, WOK | {"address": address})
        assert is_problem(made, "printer_not_private"), (address, made.text)
    for name, address in (("a", "172.20.1.2"), ("b", "[fd00::7]:9100"), ("c", "printer.local")):
        made = await manager.ask("POST", PRINTERS, WOK | {"name": name, "address": address})
        assert made.status_code == 201, (address, made.text)
    moved = await manager.ask("PUT", f"{PRINTERS}/1", WOK | {"address": "1.1.1.1", "version": 1})
    assert is_problem(moved, "printer_not_private")


async def test_a_printer_prints_as_suits_its_wire(house: ApiHouse) -> None:
    """Nothing said: pictures over network and USB, characters on a serial line and in files; said: as said."""
    manager = await house.manager()
    plans: list[tuple[str, str, dict[str, Any], str]] = [
        ("network", "10.0.0.7", {}, "raster"),
        ("usb", "04b8:0202", {}, "raster"),
        ("serial", "/dev/ttyUSB0@9600", {}, "text"),
        ("file", "sheets", {"answers": False}, "text"),
        ("network", "10.0.0.8", {"paper": {"mode": "text"}}, "text"),
    ]
    for number, (kind, address, more, _) in enumerate(plans):
        plan = WOK | {"name": f"p{number}", "kind": kind, "address": address} | more
        made = await manager.ask("POST", PRINTERS, plan)
        assert made.status_code == 201, made.text
    listed = (await manager.ask("GET", PRINTERS)).json()["printers"]
    assert [one["paper"]["mode"] for one in listed] == [mode for *_, mode in plans]


async def test_a_till_decides_about_a_paper_once(house: ApiHouse) -> None:
    """Listed as undecided, printed again as a copy with 补打, decided once; every step is written down."""
    manager, till = await house.manager(), await house.caller()
    await manager.ask("POST", PRINTERS, WOK)
    (job_id,) = (await manager.ask("POST", f"{PRINTERS}/1/test")).json()["job_ids"]
    waiting = await till.ask("POST", f"{JOBS}/{job_id}/reprint")
    assert is_problem(waiting, "print_job_under_way")
    taken = store.Step(job_id, 1, "queued", "uncertain", house.clock.now())
    await store.step(house.db, SHOP, taken)
    (job,) = (await till.ask("GET", f"{JOBS}?undecided=true")).json()["jobs"]
    assert (job["id"], job["state"], job["document"]) == (job_id, "uncertain", "test")
    again = await till.ask("POST", f"{JOBS}/{job_id}/reprint", key="one-press")
    (copy_id,) = again.json()["job_ids"]
    pressed_twice = await till.ask("POST", f"{JOBS}/{job_id}/reprint", key="one-press")
    assert pressed_twice.json() == again.json()
    late = await till.ask("POST", f"{JOBS}/{job_id}/settle", {"outcome": "dropped"})
    assert is_problem(late, "print_job_decided")
    assert (await till.ask("GET", f"{JOBS}?undecided=true")).json()["jobs"] == []
    newest = (await till.ask("GET", f"{JOBS}?limit=1")).json()
    assert (newest["jobs"][0]["id"], newest["jobs"][0]["copy"]) == (copy_id, 2)
    assert newest["next"] == copy_id
    older = (await till.ask("GET", f"{JOBS}?before={copy_id}")).json()
    assert [(one["id"], one["settled"]) for one in older["jobs"]] == [(job_id, "reprinted")]
    lines = await house.db.fetch("SELECT action FROM audit ORDER BY id")
    assert {"addPrinter", "testPrinter", "reprint", "settlePrintJob"} <= {r[0] for r in lines}


async def test_a_bill_is_asked_for(house: ApiHouse) -> None:
    """The bill of an order waits for the printer for receipts; an order nobody knows has none."""
    manager, till = await house.manager(), await house.caller()
    await manager.ask("POST", PRINTERS, WOK | {"documents": ["receipt"]})
    placed = await till.order(1, 7)
    path = f"/v1/orders/{placed['order_id']}/receipt"
    printed = await till.ask("POST", path, {"shop_id": SHOP})
    assert len(printed.json()["job_ids"]) == 1, printed.text
    nobody = await till.ask("POST", "/v1/orders/4/receipt", {"shop_id": SHOP})
    assert is_problem(nobody, "order_not_found")


async def test_a_paper_is_looked_at_before_and_after_it_is_printed(house: ApiHouse) -> None:
    """As a page and as a picture: how a printer would print, and what a paper says; no stranger sees it."""
    manager, till = await house.manager(), await house.caller()
    await manager.ask("POST", PRINTERS, WOK)
    for kind, said in (("ticket", "试打"), ("receipt", "合计"), ("label", "1/3")):
        page = await till.ask("GET", f"{PRINTERS}/1/preview?document={kind}")
        assert page.headers["content-type"] == "text/html; charset=utf-8"
        assert "script" not in page.headers["content-security-policy"]
        assert said in page.text
    (job_id,) = (await manager.ask("POST", f"{PRINTERS}/1/test")).json()["job_ids"]
    assert f"{job_id:x}" in (await till.ask("GET", f"{JOBS}/{job_id}/preview")).text
    picture = await till.ask("GET", f"{JOBS}/{job_id}/preview?format=png")
    assert picture.headers["content-type"] == "image/png"
    assert picture.content.startswith(b"\x89PNG")
    nothing = await till.ask("GET", f"{JOBS}/{job_id + 1}/preview")
    assert is_problem(nothing, "print_job_not_found")
    assert is_problem(await till.ask("GET", f"{PRINTERS}/2/preview"), "printer_not_found")
    elsewhere = await till.ask("GET", f"/v1/shops/{OTHER_SHOP}/print-jobs/{job_id}/preview")
    assert is_problem(elsewhere, "shop_not_found")
