"""The command line as a person at a terminal meets it, each command a process of its own."""

from __future__ import annotations

import asyncio
import os
import re
import sys

import asyncpg

from server.demo.seed import seed


async def chuancai(database_url: str, redis_url: str, *words: str) -> tuple[int, str]:
    """Run a command; return its exit status and what it said."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-W", "ignore", "-m", "server", *words,
        env=os.environ | {"DATABASE_URL": database_url, "REDIS_URL": redis_url},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    said, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, said.decode()


async def test_a_shop_is_managed_from_the_terminal(database_url: str, redis_url: str) -> None:
    """Codes, devices and keys come and go without a console, and refusals are sentences."""
    await seed(database_url)

    async def ask(*words: str) -> tuple[int, str]:
        return await chuancai(database_url, redis_url, *words)

    assert await ask("migrate") == (0, "")
    status, said = await ask("pair", "--kind", "kitchen", "--name", "热菜档", "--station", "1")
    assert status == 0
    assert re.search(r"\d{4} \d{4}", said)
    status, said = await ask("pair", "--kind", "guest", "--name", "801", "--place", "404")
    assert status == 1
    assert "place_not_found" in said
    assert "Traceback" not in said
    status, said = await ask("devices")
    assert status == 0
    assert "801 客房平板" in said
    status, said = await ask("devices", "--revoke", "404")
    assert status == 1
    assert "device_not_found" in said
    connection = await asyncpg.connect(database_url)
    rows = await connection.fetch(
        "SELECT a.action, a.brand_id, a.who, o.outcome FROM audit a JOIN audit_outcome o USING (at, id)"
        " ORDER BY a.id"
    )
    await connection.close()
    assert [(row["action"], row["outcome"]) for row in rows] == [
        ("makePairingCode", "ok"), ("makePairingCode", "place_not_found"),
        ("revokeDevice", "device_not_found"),
    ]  # fmt: skip
    assert {row["brand_id"] for row in rows} == {1}
    assert all(row["who"].startswith("os:") for row in rows)  # R-000-16: nothing is done unseen


async def test_a_second_key_lives_beside_the_first(database_url: str, redis_url: str) -> None:
    """Asked again for one name, the key changes over: two live, a third ends the oldest."""
    await seed(database_url)
    ids = []
    for _ in range(3):
        status, said = await chuancai(database_url, redis_url, "api-key", "--name", "pos")
        assert status == 0
        ids.append(re.findall(r"ck_\w+", said)[0])
    connection = await asyncpg.connect(database_url)
    live = {row["id"] for row in await connection.fetch("SELECT id FROM api_key")}
    await connection.close()
    assert live == set(ids[1:])


async def test_a_key_moves_money_only_when_it_was_made_so(
    database_url: str, redis_url: str
) -> None:
    """Whoever makes a key says what it may; money is not part of the usual (R-000-16)."""
    await seed(database_url)
    for name, words in (("pos", ()), ("mall", ("--money",))):
        status, _ = await chuancai(database_url, redis_url, "api-key", "--name", name, *words)
        assert status == 0
    connection = await asyncpg.connect(database_url)
    rows = await connection.fetch("SELECT name, roles FROM api_client ORDER BY name")
    await connection.close()
    assert {row["name"]: row["roles"] for row in rows} == {
        "pos": ["business"],
        "mall": ["business", "money"],
    }


async def test_without_engines_it_says_what_to_do() -> None:
    """A command that needs engines and finds none says so in a sentence."""
    status, said = await chuancai("", "", "--data-dir", "/nowhere/at/all", "devices")
    assert status == 1
    assert "chuancai run" in said


async def test_where_the_data_is_may_be_said_after_the_command() -> None:
    """People write `chuancai devices --data-dir X`, and our own advice reads so; both places are heard."""
    for words in (("--data-dir", "/dev/null", "doctor"), ("doctor", "--data-dir", "/dev/null")):
        _, said = await chuancai("", "", *words)
        assert "/dev/null" in said, words
    _, said = await chuancai("", "", "printers", "papers", "--data-dir", "/nowhere/at/all")
    assert "chuancai run" in said


async def test_dead_promises_are_listed_and_revived(database_url: str, redis_url: str) -> None:
    """Who looks after the house sees what was given up and why, and has it tried again."""
    await seed(database_url)

    async def ask(*words: str) -> tuple[int, str]:
        return await chuancai(database_url, redis_url, "promises", *words)

    assert await ask() == (0, "No promise is dead.\n")
    connection = await asyncpg.connect(database_url)
    await connection.execute(
        "INSERT INTO promise (shop_id, id, kind, payload, due_at, state, attempt, last_error)"
        " SELECT s, 70 + s, 'PostWebhook', '{}', '2026-11-20 04:00Z', 'dead', 12, 'refused'"
        "   FROM generate_series(1, 3) s"
    )
    status, said = await ask("--shop", "2")
    assert (status, said) == (
        0, "shop 2  promise 72  PostWebhook  due 2026-11-20 04:00 UTC  attempts 12: refused\n"
    )  # fmt: skip
    status, said = await ask("--revive", "7")
    assert status == 1
    assert "No such promise is dead." in said
    assert await ask("--revive", "71") == (0, "Revived: 1\n")
    assert await ask("--revive-all") == (0, "Revived: 2\n")
    states = await connection.fetch("SELECT state, attempt FROM promise")
    await connection.close()
    assert [tuple(row) for row in states] == [("waiting", 0)] * 3


async def test_segments_are_granted_and_counted_from_the_terminal(
    database_url: str, redis_url: str
) -> None:
    """Who has no shop system adds a package by hand, once, and sees what a brand has (R-004-18)."""
    await seed(database_url)

    async def ask(*words: str) -> tuple[int, str]:
        return await chuancai(database_url, redis_url, "sms", *words)

    assert await ask("balance") == (0, "available 0, frozen 0\n")
    assert await ask("packages") == (0, "No package.\n")
    assert (await ask("open", "--expiry-first"))[0] == 0
    status, said = await ask("open", "--oldest-first")
    assert (status, "sms_order_fixed" in said) == (1, True)
    for order, days in (("A-1", ()), ("A-2", ("--days", "30")), ("A-2", ("--days", "30"))):
        status, said = await ask("grant", "--order", order, "--segments", "100", *days)
        assert (status, f"{order}: 100 of 100 left" in said) == (0, True)
    status, said = await ask("grant", "--order", "A-2", "--segments", "5")
    assert (status, "posting_id_reused" in said, "Traceback" in said) == (1, True, False)
    status, said = await ask("balance")
    assert said.startswith("available 200, frozen 0\nof both 100: expires ")
    status, said = await ask("packages", "--all", "--limit", "9")
    assert [line.split()[0] for line in said.splitlines()] == ["A-2", "A-1"]
    status, said = await ask("packages")
    assert [line.split()[0] for line in said.splitlines()] == ["A-2", "A-1"]
