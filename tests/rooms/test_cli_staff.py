"""People are taken on and let out at the machine's own terminal, before any page knows anybody."""

from __future__ import annotations

import asyncio
import os
import re
import sys

import asyncpg

from server.demo.seed import seed


async def chuancai(database_url: str, typed: str, *words: str) -> tuple[int, str]:
    """Run a command with what is typed into it; return its exit status and what it said."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-W", "ignore", "-m", "server", *words,
        env=os.environ | {"DATABASE_URL": database_url},
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    said, _ = await process.communicate(typed.encode())
    assert process.returncode is not None
    return process.returncode, said.decode()


async def test_a_first_owner_comes_from_the_terminal(database_url: str) -> None:
    """Add, list, reset, roles, disable: each says what it did, prints a password once, leaves a line."""
    await seed(database_url)
    secrets: list[str] = []
    for typed, words, status, expected in [
        ("", "staff add wang --name 王 --role owner", 0, r"first password, shown this once: (\S+)"),
        ("", "staff add WANG", 1, r"login_taken"),
        ("", "staff add li --role chef", 2, r"a role, or a role and a shop's number"),
        ("", "staff add li --role cashier@1", 0, r"first password, shown this once: (\S+)"),
        ("", "staff add wu --role cashier@77", 1, r"shop_not_found"),
        ("short\n", "staff reset wang --own", 1, r"password_weak"),
        ("three blind mice on tuesday\n", "staff reset wang --own", 0, r"Changed"),
        ("", "staff reset li", 0, r"first password, shown this once: (\S+)"),
        ("", "staff roles li --role manager@1 --role auditor", 0, r"Roles: manager@1, auditor"),
        ("", "staff disable wang", 1, r"last_owner"),
        ("", "staff disable li", 0, r"Disabled"),
        ("", "staff disable nobody", 1, r"staff_not_found"),
        ("", "staff list", 0, r"wang +- .*owner(?s:.*)li +disabled .*auditor manager@1"),
        (
            "",
            "audit",
            0,
            r"disableStaff +ok +staff_id=2(?s:.*)disableStaff +last_owner +staff_id=1",
        ),
    ]:
        done, said = await chuancai(database_url, typed, *words.split())
        assert (done, "Traceback" in said) == (status, False), (words, said)
        found = re.search(expected, said)
        assert found, (words, said)
        secrets += found.groups()
    connection = await asyncpg.connect(database_url)
    rows = repr(await connection.fetch("SELECT s.*, a.* FROM staff AS s, audit AS a"))
    await connection.close()
    assert len(secrets) == 3
    assert not any(secret in rows for secret in secrets)
