"""Paper at the machine's own terminal: a printer is set up, tried, and says how it is."""

from __future__ import annotations

import asyncio
import getpass
import socket
from collections import Counter
from pathlib import Path

import asyncpg

from server.demo.seed import seed
from server.printing.escpos import BEEP, INIT
from server.settings import Settings
from server.worker import run_worker
from tests.rooms.test_cli import chuancai
from tests.support.paper import printers, text_of

LOOK = "--width 58 --encoding gbk --language en --buzzer"


async def test_a_printer_is_set_up_and_tried_at_the_terminal(
    database_url: str, redis_url: str, tmp_path: Path
) -> None:
    """`printers add`, `print-test`, `printers`, `printers papers`: sentences, refusals, an audit line."""
    await seed(database_url)
    settings = Settings(database_url=database_url, redis_url=redis_url, data_dir=tmp_path)
    working = asyncio.create_task(run_worker(settings))
    async with printers(1) as (printer,):
        known = [
            f"printers add 热菜 --address 127.0.0.1:{printer.port} --mode text --station 1 {LOOK}",
            "print-test 1",
            "printers",
            "printers papers",
        ]
        told = []
        for words in known:
            status, said = await chuancai(database_url, redis_url, *words.split())
            assert status == 0, said
            told.append(said)
        assert "Set up: printer 1 (热菜)" in told[0]
        assert told[1].strip() == "热菜: confirmed"
        assert "ready" in told[2]
        assert "stations 1" in told[2]
        assert "confirmed" in told[3]
        assert "2 x Kung Pao" in text_of(printer.papers[0])
        assert printer.papers[0].startswith(INIT + BEEP)
        printer.paper_out = True
        status, said = await chuancai(database_url, redis_url, "print-test", "1")
        assert (status, "because it is paper_out" in said) == (1, True), said
        printer.paper_out = False
        for words, code in [("print-test 9", "printer_not_found"), ("printers add 热菜 --address a", "name_taken"),
                            ("printers add x --address http://", "bad_field"),
                            ("printers add x --address 8.8.8.8", "printer_not_private"),
                            ("print-test 1 --shop 77", "shop_not_found")]:  # fmt: skip
            status, said = await chuancai(database_url, redis_url, *words.split())
            assert (status, "Traceback" in said, code in said) == (1, False, True), said
    working.cancel()
    await asyncio.wait({working})
    connection = await asyncpg.connect(database_url)
    lines = await connection.fetch("SELECT action, who, address, brand_id, shop_id FROM audit")
    await connection.close()
    who = ("os:" + getpass.getuser(), f"terminal {socket.gethostname()}", 1, 1)
    assert {row[1:] for row in map(tuple, lines)} == {who}, "as whatever else is done at a terminal"
    assert Counter(row[0] for row in lines) == {"addPrinter": 4, "testPrinter": 3}
