"""The audit finds whatever was done to the ledger by hand, and names it (R-000-4, R-000-27)."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import asyncpg
import pytest

from server.billing import store
from server.billing.anchors import Anchors
from server.billing.keeper import Keeper
from server.billing.verify import audit
from server.clock import ManualClock
from server.db.pool import open_pool
from tests.rooms.test_cli import chuancai
from tests.support.ledger_scene import NOON, Scene

# What somebody with the owner's password can do to be able to edit.
UNLOCK = """
GRANT ALL ON ALL TABLES IN SCHEMA ledger TO CURRENT_USER;
ALTER TABLE ledger.journal DISABLE TRIGGER USER;
ALTER TABLE ledger.block DISABLE TRIGGER USER;
ALTER TABLE ledger.lot_use DISABLE TRIGGER USER;
"""


@asynccontextmanager
async def played(database_url: str) -> AsyncIterator[Scene]:
    """Give a ledger in which every kind of posting happened."""
    connection = await asyncpg.connect(database_url)
    try:
        scene = Scene(connection, seed=5)
        await scene.lay(6)
        for _ in range(30):
            await scene.post([scene.draw(0.05) for _ in range(scene.dice.choice((1, 3, 20)))])
            scene.at += timedelta(minutes=7)
        yield scene
    finally:
        await connection.close()


@asynccontextmanager
async def keeping(database_url: str, clock: ManualClock, folder: Path) -> AsyncIterator[Keeper]:
    """Give a keeper with a pool of its own."""
    pool = await open_pool(database_url, 1)
    try:
        yield Keeper(pool, clock, Anchors(folder))
    finally:
        await pool.close()


async def test_an_honest_ledger_has_no_findings(database_url: str) -> None:
    """Whatever was posted the proper way is found right, to the last line."""
    async with played(database_url) as scene:
        found = await audit(scene.connection)
        assert found.findings == []
        assert found.lines == scene.books.lines > 150


async def test_the_journal_takes_no_edit(database_url: str) -> None:
    """Who owns the tables has no right to change a line, and who takes it meets the trigger."""
    words = ("UPDATE ledger.journal SET amount = 1", "DELETE FROM ledger.journal",
             "TRUNCATE ledger.journal", "UPDATE ledger.block SET hash = ''",
             "DELETE FROM ledger.lot_use")  # fmt: skip
    async with played(database_url) as scene:
        superuser = await scene.connection.fetchval("SELECT current_setting('is_superuser')")
        for statement in words:
            if superuser == "off":
                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                    await scene.connection.execute(statement)
        await scene.connection.execute("GRANT ALL ON ALL TABLES IN SCHEMA ledger TO CURRENT_USER")
        for statement in words:
            with pytest.raises(asyncpg.PostgresError, match="append only"):
                await scene.connection.execute(statement)


LINE = "(SELECT id FROM ledger.journal WHERE shard = 0 AND seq = 40)"
EDITS = (
    # finding,          what was done by hand,                                          line
    ("line_edited", f"UPDATE ledger.journal SET amount = amount + 1 WHERE id = {LINE}", 40),
    ("line_edited", f"UPDATE ledger.journal SET balance = balance + 1 WHERE id = {LINE}", 40),
    ("line_edited", f"UPDATE ledger.journal SET at = at + interval '1 h' WHERE id = {LINE}", 40),
    ("line_edited", "UPDATE ledger.journal SET account = 2 WHERE shard = 0 AND seq = 40", 40),
    ("line_missing", f"DELETE FROM ledger.journal WHERE id = {LINE}", 40),
    ("block_edited", ("UPDATE ledger.journal SET id = gen_random_uuid() WHERE id ="
     " (SELECT id FROM ledger.journal WHERE kind = 'D' AND lot IS NOT NULL LIMIT 1)"), None),
    ("block_edited", "UPDATE ledger.block SET hash = sha256('x') WHERE shard = 0 AND first_seq = 1", 1),
    ("block_missing", "DELETE FROM ledger.block WHERE shard = 0 AND first_seq = 1", 1),
    ("head_differs", "UPDATE ledger.shard SET head = sha256('x') WHERE id = 0", None),
    ("line_edited", ("UPDATE ledger.lot_use SET amount = amount + 1 WHERE ctid ="
     " (SELECT ctid FROM ledger.lot_use WHERE amount > 0 LIMIT 1)"), None),
    ("balance_differs", ("UPDATE ledger.account SET posted = posted + 100 WHERE id ="
     " (SELECT id FROM ledger.account WHERE guarded ORDER BY id LIMIT 1)"), None),
    ("balance_differs", "UPDATE ledger.account SET posted = posted - 1 WHERE NOT guarded AND unit = 'SMS'", None),
    ("lot_differs", ("UPDATE ledger.lot SET remaining = remaining - 1, open = remaining > 1 WHERE id ="
     " (SELECT id FROM ledger.lot WHERE open ORDER BY id LIMIT 1)"), None),
    ("lot_differs", ("UPDATE ledger.lot SET expires = expires + interval '1 year' WHERE id ="
     " (SELECT id FROM ledger.lot WHERE expires IS NOT NULL LIMIT 1)"), None),
    ("lot_differs", "UPDATE ledger.lot SET priority = priority + 1 WHERE open", None),
    ("lot_differs", "UPDATE ledger.lot SET turn = 'infinity' WHERE turn = '-infinity'", None),
    ("lot_differs", "UPDATE ledger.lot SET seq = -seq WHERE open", None),
    ("hold_differs", "UPDATE ledger.hold SET due = '2020-01-01' WHERE state = 'held'", None),
    ("hold_differs", ("UPDATE ledger.hold SET state = 'released' WHERE id ="
     " (SELECT id FROM ledger.hold WHERE state = 'held' LIMIT 1)"), None),
    ("hold_differs", ("UPDATE ledger.hold SET state = 'held' WHERE id ="
     " (SELECT id FROM ledger.hold WHERE state = 'captured' LIMIT 1)"), None),
)  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "edit", "seq"), EDITS, ids=[f"{e[0]}{n}" for n, e in enumerate(EDITS)]
)
async def test_an_edit_is_found(database_url: str, kind: str, edit: str, seq: int | None) -> None:
    """Each edited, deleted or added thing is found, and the first bad line is named."""
    async with played(database_url) as scene:
        await scene.connection.execute(UNLOCK)
        assert (await scene.connection.execute(edit)).split()[1] != "0"
        first = (await audit(scene.connection)).findings[0]
        assert first.kind == kind
        assert seq is None or first.seq == seq


REWRITE = """
UPDATE ledger.block b SET at = b.at + interval '1 day', hash = (
    SELECT ledger.block_hash(b.previous, b.first_seq, b.at + interval '1 day', array_agg(j.id ORDER BY seq),
           array_agg(j.kind ORDER BY seq), array_agg(j.account ORDER BY seq), array_agg(j.contra ORDER BY seq),
           array_agg(j.amount ORDER BY seq), array_agg(j.ref ORDER BY seq), array_agg(j.expires ORDER BY seq),
           array_agg(j.priority ORDER BY seq), array_agg(j.balance ORDER BY seq),
           array_agg(j.available ORDER BY seq),
           array_agg(coalesce(j.lot, ledger.no_lot()) ORDER BY seq))
      FROM ledger.journal j WHERE j.shard = b.shard AND j.seq >= b.first_seq)
  FROM ledger.shard s WHERE b.shard = 0 AND s.id = 0 AND b.last_seq = s.next_seq - 1;
UPDATE ledger.journal j SET at = b.at FROM ledger.block b
 WHERE b.shard = j.shard AND j.seq BETWEEN b.first_seq AND b.last_seq AND j.at <> b.at;
UPDATE ledger.shard s SET head = b.hash FROM ledger.block b
 WHERE b.shard = s.id AND b.last_seq = s.next_seq - 1;
"""


async def test_a_rewritten_chain_does_not_fit_what_was_signed(
    database_url: str, tmp_path: Path
) -> None:
    """Who computes every hash anew is found by the heads that were signed and kept elsewhere."""
    folder = tmp_path / "ledger"
    async with (
        played(database_url) as scene,
        keeping(database_url, ManualClock(scene.at), folder) as keeper,
    ):
        assert await keeper.lay_anchor()
        assert not await keeper.lay_anchor()  # nothing was posted since
        await scene.connection.execute(UNLOCK + REWRITE)
        kinds = {one.kind for one in (await audit(scene.connection)).findings}
        assert kinds.isdisjoint({"block_edited", "chain_broken", "head_differs", "line_edited"})
        assert (await keeper.look()).findings[-1].kind == "anchor_differs"
        file = next(folder.glob("*.jsonl"))
        line = json.loads(file.read_text())
        line["heads"][0][2] = "00" * 32
        file.write_text(json.dumps(line) + "\n")
        assert (await keeper.look()).findings[-1].kind == "anchor_forged"
        assert (folder / "anchor.key").stat().st_mode & 0o077 == 0


async def test_a_mismatch_freezes_the_account_and_raises_an_alarm(
    database_url: str, redis_url: str, tmp_path: Path
) -> None:
    """`chuancai billing verify` ends with 1, names the line, freezes the account, counts the alarm."""
    env = ("--data-dir", str(tmp_path))
    async with played(database_url) as scene:
        assert (await chuancai(database_url, redis_url, *env, "billing", "verify"))[0] == 0
        await scene.connection.execute(UNLOCK)
        row = await scene.connection.fetchrow(
            f"UPDATE ledger.journal SET amount = amount + 1 WHERE id = {LINE} RETURNING account"
        )
        assert row is not None
        status, said = await chuancai(
            database_url, redis_url, *env, "billing", "verify", "--look-only"
        )
        assert (status, "frozen" in said) == (1, False)
        status, said = await chuancai(database_url, redis_url, *env, "billing", "verify")
        assert status == 1
        assert "line_edited: shard 0 line 40" in said
        assert await store.count_alarms(scene.connection) >= 1
        debit = scene.posting("D", row["account"], 1)
        got = await store.post(scene.connection, 0, NOON, [debit])
        assert got[0].status == "ledger_account_frozen"
