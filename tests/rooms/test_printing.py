"""Paper: an order becomes tickets, each known to be printed, or listed for somebody to decide."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from server.demo.dishes import WOK
from server.errors import Refusal
from server.events.printing import PrintDesk
from tests.support.paper import printers, text_of
from tests.support.patience import PATIENCE_S
from tests.support.pressroom import paper_house

KUNG_PAO, CUCUMBER = 2, 7


async def test_an_order_comes_out_at_its_station(database_url: str, tmp_path: Path) -> None:
    """One order, one ticket: place, number, dishes and what must not be overlooked; then it is known."""
    async with paper_house(database_url, tmp_path) as house, printers(1) as (printer,):
        await house.add("热菜", printer)
        lines = [{"dish_id": KUNG_PAO, "quantity": 2, "note": "不要葱"}]
        await house.kitchen.ask("waiter", "PlaceOrder", place_id=1, lines=lines, allergens=["花生"])
        await house.print_all()
        (paper,) = printer.papers
        text = text_of(paper)
        assert "801" in text
        assert "#01" in text
        assert "2 x 宫保鸡丁" in text
        assert "不要葱" in text
        assert "过敏: 花生" in text
        assert [(j["state"], j["title"]) for j in await house.jobs()] == [("confirmed", "801 #01")]


async def _until(condition: Callable[[], Awaitable[bool]]) -> None:
    """Wait until something is so; whoever waits longer than this waits for ever."""
    async with asyncio.timeout(PATIENCE_S):
        while not await condition():
            pass  # it asks the database, which gives the others their turn


async def test_stations_get_their_own_dishes_and_the_pass_all_of_them(
    database_url: str, tmp_path: Path
) -> None:
    """Routing: a station's printer has its station's dishes, one without stations has them all."""
    async with paper_house(database_url, tmp_path) as house, printers(2) as (wok, pass_):
        await house.add("热菜", wok, stations=[WOK])
        await house.add("传菜", pass_)
        await house.kitchen.order(1, KUNG_PAO, CUCUMBER)
        await house.print_all()
        assert "宫保鸡丁" in text_of(wok.papers[0])
        assert "拍黄瓜" not in text_of(wok.papers[0])
        assert {"宫保鸡丁", "拍黄瓜"} <= set(re.findall(r"1 x (\w+)", text_of(pass_.papers[0])))
        await house.kitchen.order(1, CUCUMBER)
        await house.print_all()
        assert (len(wok.papers), len(pass_.papers)) == (1, 2)
        assert "加菜 第2轮" in text_of(pass_.papers[1])


async def test_what_was_printed_and_is_not_wanted_gets_a_paper_too(
    database_url: str, tmp_path: Path
) -> None:
    """退菜, 改数量, 催菜 and 起菜 reach stations that have paper only."""
    async with paper_house(database_url, tmp_path) as house, printers(1) as (printer,):
        await house.add("热菜", printer, paper={"mode": "text"})
        lines = [{"dish_id": KUNG_PAO}, {"dish_id": CUCUMBER, "hold": True}]
        placed = await house.kitchen.ask("waiter", "PlaceOrder", place_id=1, lines=lines)
        await house.print_all()
        assert "[等叫]" in text_of(printer.papers[0])
        first, second = placed["item_ids"]
        await house.kitchen.ask("waiter", "FireItems", order_id=placed["order_id"])
        await house.kitchen.ask("waiter", "RushItems", order_id=placed["order_id"])
        await house.kitchen.ask("waiter", "CancelItem", item_id=first)
        await house.kitchen.ask("waiter", "ChangeItem", item_id=second, quantity=3)
        await house.print_all()
        told = [text_of(paper) for paper in printer.papers[1:]]
        assert [text.splitlines()[0] for text in told] == [
            "** 起菜 **", "** 加急 催菜 **", "** 退菜 **", "** 改数量 **",
        ]  # fmt: skip
        assert "宫保鸡丁" in told[2]
        assert "拍黄瓜" not in told[2]
        assert "3 x 拍黄瓜" in told[3]
        assert "1 → 3" in told[3]


async def test_a_printer_without_paper_is_told_of_and_prints_once_it_has_some(
    database_url: str, tmp_path: Path
) -> None:
    """The cash desk hears what is wrong and since when; nothing is sent until it is right again."""
    async with paper_house(database_url, tmp_path) as house, printers(1) as (printer,):
        await house.add("热菜", printer)
        printer.paper_out = True
        await house.kitchen.order(1, KUNG_PAO)
        await house.keep()
        before, since = await house.kitchen.view("cashier"), len(house.kitchen.ear.heard)
        await house.pressroom.turn()

        async def told() -> bool:
            desk = (await house.kitchen.view("cashier")).printing
            return desk is not None and [p.condition for p in desk.printers] == ["paper_out"]

        await _until(told)
        assert await house.states() == ["queued"]
        printer.paper_out = False
        await house.pressroom.drain()
        assert await house.states() == ["confirmed"]
        assert len(printer.papers) == 1
        carried = house.kitchen.carry(before, since).printing
        assert carried == (await house.kitchen.view("cashier")).printing == PrintDesk([], [])


async def test_a_paper_that_may_have_come_out_waits_for_a_person(
    database_url: str, tmp_path: Path
) -> None:
    """Half a paper, then the line is gone: nothing is sent again by itself; 补打 is marked and counted."""
    async with paper_house(database_url, tmp_path) as house, printers(1) as (printer,):
        await house.add("热菜", printer)
        printer.resets_after = 20
        await house.kitchen.order(1, KUNG_PAO)
        since = len(house.kitchen.ear.heard)
        before = await house.kitchen.view("cashier")
        await house.print_all()
        assert (len(printer.papers), len(printer.torn)) == (0, 1)
        (job,) = await house.jobs()
        assert job["state"] == "uncertain"
        desk = (await house.kitchen.view("cashier")).printing
        assert desk is not None
        assert [(p.title, p.state) for p in desk.papers] == [("801 #01", "uncertain")]
        again = await house.kitchen.ask("cashier", "PrintAgain", job_id=job["id"])
        await house.print_all()
        (paper,) = printer.papers
        assert text_of(paper).startswith("** 补打 #2 **")
        first, copy = await house.jobs()
        assert (first["settled"], copy["id"], copy["state"]) == (
            "reprinted", again["job_id"], "confirmed",
        )  # fmt: skip
        with pytest.raises(Refusal, match="print_job_decided"):
            await house.kitchen.ask("cashier", "SettlePaper", job_id=job["id"], outcome="dropped")
        with pytest.raises(Refusal, match="print_job_decided"):
            await house.kitchen.ask("cashier", "PrintAgain", job_id=job["id"], undecided=True)
        carried = house.kitchen.carry(before, since).printing
        assert carried == (await house.kitchen.view("cashier")).printing == PrintDesk([], [])


@pytest.mark.parametrize("tells", [False, True], ids=["silently", "crying_out"])
async def test_a_printer_that_swallows_everything_confirms_nothing(
    database_url: str, tmp_path: Path, *, tells: bool
) -> None:
    """Bytes that were taken are no paper: the cover opened behind the last line, so somebody looks.

    A printer that says so unasked has not said that the paper is done.
    """
    async with paper_house(database_url, tmp_path) as house, printers(1) as (printer,):
        await house.add("热菜", printer)
        printer.tells, printer.stops_after = tells, 30
        await house.kitchen.order(1, KUNG_PAO)
        await house.keep()
        await house.pressroom.turn()

        async def listed() -> bool:
            return await house.states() == ["uncertain"]

        await _until(listed)
        (job,) = await house.jobs()
        assert job["reason"] == "cover_open"
        await house.kitchen.ask("cashier", "SettlePaper", job_id=job["id"], outcome="printed")
        printer.cover_open = False
        await house.pressroom.drain()
        assert [j["settled"] for j in await house.jobs()] == ["printed"]


async def test_an_hour_without_power_loses_nothing_and_prints_no_old_paper(
    database_url: str, tmp_path: Path
) -> None:
    """What is too old when the printer is back is listed; what is fresh comes out, in its order."""
    async with paper_house(database_url, tmp_path) as house, printers(1) as (printer,):
        await house.add("热菜", printer, expires_after_s=900)
        await printer.switch_off()
        await house.kitchen.order(1, KUNG_PAO)
        await house.keep()
        await house.pressroom.turn()
        house.kitchen.advance(seconds=3_000)
        await house.kitchen.order(2, KUNG_PAO)
        await house.kitchen.order(3, KUNG_PAO)
        await house.keep()
        house.kitchen.advance(seconds=600)
        await printer.switch_on()
        await house.pressroom.drain()
        await house.print_all()
        assert await house.states() == ["expired", "confirmed", "confirmed"]
        assert [text_of(one).split()[0] for one in printer.papers] == ["802房", "803房"]
        desk = (await house.kitchen.view("cashier")).printing
        assert desk is not None
        assert [(p.title, p.reason) for p in desk.papers] == [("801 #01", "too_old")]


async def test_the_backup_prints_what_its_neighbour_cannot(
    database_url: str, tmp_path: Path
) -> None:
    """After a few seconds papers come out next door, with the name of the printer they were for."""
    async with paper_house(database_url, tmp_path) as house, printers(2) as (broken, near):
        near_id = await house.add("凉菜", near, documents=[])
        await house.add("热菜", broken, backup_id=near_id)
        await broken.switch_off()
        await house.kitchen.order(1, KUNG_PAO)
        await house.keep()
        await house.pressroom.turn()
        house.kitchen.advance(seconds=11)
        other = house.worker("two")

        async def printed() -> bool:
            await other.turn()
            return bool(near.papers)

        await _until(printed)
        assert "代打 热菜" in text_of(near.papers[0])
        await broken.switch_on()
        await house.pressroom.drain()
        await other.drain()
        assert await house.states() == ["confirmed"]
        assert broken.papers == []


async def test_a_backup_that_is_off_itself_gives_papers_back(
    database_url: str, tmp_path: Path
) -> None:
    """Both are off, one comes back: it prints what went next door, under its own name, once."""
    async with paper_house(database_url, tmp_path) as house, printers(2) as (own, near):
        near_id = await house.add("凉菜", near, documents=[])
        await house.add("热菜", own, backup_id=near_id)
        await own.switch_off()
        await near.switch_off()
        await house.kitchen.order(1, KUNG_PAO)
        await house.keep()
        await house.pressroom.turn()
        house.kitchen.advance(seconds=11)

        async def went_next_door() -> bool:
            await house.pressroom.turn()
            return [job["printer_id"] for job in await house.jobs()] == [near_id]

        await _until(went_next_door)
        await own.switch_on()

        async def came_out() -> bool:
            await house.pressroom.turn()
            return await house.states() == ["confirmed"]

        await _until(came_out)
        await near.switch_on()
        await house.pressroom.drain()
        assert (len(own.papers), near.papers) == (1, [])
        assert "代打" not in text_of(own.papers[0])


async def test_a_worker_that_died_at_a_printer_leaves_nothing_open(
    database_url: str, tmp_path: Path
) -> None:
    """Killed in the middle of a paper: the next worker lists it, and prints what came after."""
    async with paper_house(database_url, tmp_path) as house, printers(1) as (printer,):
        await house.add("热菜", printer)
        printer.stalls = True
        await house.kitchen.order(1, KUNG_PAO)
        await house.keep()
        dying = house.worker("dying", lease_s=30.0)
        await dying.turn()

        async def begun() -> bool:
            return await house.states() in (["sending"], ["sent"])

        await _until(begun)
        for _, task in dying._presses.values():
            task.cancel()
        printer.stalls = False
        await house.kitchen.order(2, KUNG_PAO)
        await house.print_all()
        assert len(await house.states()) == 2
        assert len(printer.papers) == 1  # the dead one's lease still runs
        house.kitchen.advance(seconds=31)
        await house.print_all()
        assert await house.states() == ["uncertain", "confirmed"]


async def test_a_printer_that_never_answers_is_not_believed(
    database_url: str, tmp_path: Path
) -> None:
    """Without answers a paper ends as `sent`, and nobody says more; a folder takes papers like that."""
    async with paper_house(database_url, tmp_path) as house, printers(1) as (printer,):
        await house.add("热菜", printer)
        await house.add("存档", printer, kind="file", address="archive", answers=False)
        await house.kitchen.order(1, KUNG_PAO)
        await house.print_all()
        assert sorted(await house.states()) == ["confirmed", "sent"]
        (kept,) = (tmp_path / "paper" / "archive").glob("*.bin")
        assert "宫保鸡丁" in text_of(kept.read_bytes())


async def test_a_receipt_comes_out_when_somebody_asks(database_url: str, tmp_path: Path) -> None:
    """Dishes and the sum, on the printer for receipts; without one the asker is told."""
    async with paper_house(database_url, tmp_path) as house, printers(1) as (printer,):
        placed = await house.kitchen.order(1, KUNG_PAO, CUCUMBER)
        asked = {"order_id": placed["order_id"]}
        with pytest.raises(Refusal, match="printer_not_found"):
            await house.kitchen.ask("cashier", "PrintReceipt", **asked)
        await house.add("收银", printer, documents=["receipt"])
        await house.kitchen.ask("cashier", "PrintReceipt", **asked)
        await house.print_all()
        text = text_of(printer.papers[0])
        fen = sum(i.price_fen for o in (await house.kitchen.view("waiter")).orders for i in o.items)
        assert re.search(rf"合计 +￥{fen / 100:.2f}$", text, re.MULTILINE)


async def test_a_printer_is_set_up_with_care(database_url: str, tmp_path: Path) -> None:
    """Names are told apart, addresses are of their kind, and nobody changes what somebody else changed."""
    async with paper_house(database_url, tmp_path) as house, printers(1) as (printer,):
        printer_id = await house.add("热菜", printer)
        with pytest.raises(Refusal, match="printer_name_taken"):
            await house.add("热菜", printer)
        for kind, address in [
            ("network", "http://x"), ("network", "printer:0"), ("serial", "/etc/passwd"),
            ("serial", "/dev/../etc/passwd"), ("usb", "Epson"), ("file", "../elsewhere"),
        ]:  # fmt: skip
            with pytest.raises(Refusal, match="bad_field"):
                await house.add("别的", printer, kind=kind, address=address, answers=False)
        with pytest.raises(Refusal, match="printer_not_found"):
            await house.add("别的", printer, backup_id=99)
        with pytest.raises(Refusal, match="station_not_found"):
            await house.add("别的", printer, stations=[99])
        with pytest.raises(Refusal, match="version_changed"):
            await house.add("热菜二", printer, printer_id=printer_id, version=5)
        await house.kitchen.order(1, KUNG_PAO)
        await house.keep()
        await house.add("热菜", printer, printer_id=printer_id, version=1, enabled=False)
        await house.print_all()
        assert await house.states() == ["failed"]
        assert printer.papers == []
