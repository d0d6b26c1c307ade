"""`chuancai doctor` and printers: what does not print, what waits there, what this machine lacks for it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from server.doctor import Finding, Machine
from server.doctor.paper import check_printers
from tests.support.paper import printers
from tests.support.pressroom import PaperHouse, paper_house


async def told(house: PaperHouse, database_url: str) -> list[Finding]:
    """Return what the doctor says of this house."""
    machine = Machine(house.data_dir, "127.0.0.1", 1, database_url)
    return await asyncio.to_thread(check_printers, machine)


async def test_a_printer_that_does_not_print_is_named(database_url: str, tmp_path: Path) -> None:
    """Which, why, how many papers wait, and what to do, in both languages; nothing without printers."""
    async with paper_house(database_url, tmp_path) as house, printers(1) as (printer,):
        assert await told(house, database_url) == []
        await house.add("热菜", printer)
        (well,) = await told(house, database_url)
        assert (well.level, well.says.zh) == ("ok", "1 台，均正常")
        await house.kitchen.order(1, 2)
        await house.keep()
        pool = house.kitchen.pool
        await pool.execute("UPDATE printer SET condition = 'cover_open'")
        (ill,) = await told(house, database_url)
        assert (ill.level, ill.says.zh) == ("warn", "门店 1 热菜：上盖开着，1 张待打。")
        assert "cover is open; 1 papers wait" in ill.says.en
        await pool.execute(
            "UPDATE print_job SET state = 'uncertain', ended_at = made_at;"
            "UPDATE printer SET condition = 'ready'"
        )
        (doubt,) = await told(house, database_url)
        assert "1 papers in doubt" in doubt.says.en
        assert "printers papers --undecided" in doubt.advice.zh


async def test_what_a_plug_lacks_is_named(database_url: str, tmp_path: Path) -> None:
    """A serial line that is not there, in the words of who can plug it in."""
    plan: dict[str, Any] = {"kind": "serial", "address": "/dev/ttyUSB99@9600", "name": "打包"}
    async with paper_house(database_url, tmp_path) as house:
        await house.kitchen.ask("manager", "PutPrinter", paper={}, **plan)
        (lacks,) = await told(house, database_url)
    assert lacks.says.en == "shop 1, 打包: /dev/ttyUSB99 is not there."
    assert "dialout" in lacks.advice.zh


async def test_without_a_database_printers_are_no_news(tmp_path: Path) -> None:
    """Another check says what is wrong with the database."""
    machine = Machine(tmp_path, "127.0.0.1", 1, "postgresql://127.0.0.1:1/none")
    assert await asyncio.to_thread(check_printers, machine) == []
