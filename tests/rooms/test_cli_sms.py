"""`chuancai sms …` as a person at a terminal meets it, and the lines it leaves in the audit book."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from server.sms.carriers.port import Unknown
from tests.rooms.test_cli import chuancai
from tests.support.sms_office import SmsOffice, sms_office


@pytest.fixture
async def office(database_url: str, redis_url: str, tmp_path: Path) -> AsyncIterator[SmsOffice]:
    """Give an office whose brand has a thousand segments and three messages nobody answered for."""
    async with sms_office(database_url, redis_url, tmp_path) as made:
        made.carrier.answers = [Unknown("silence")] * 3
        for _ in range(3):
            await made.accept()
        await made.send()
        assert await made.states() == ["unknown"] * 3
        yield made


async def test_what_is_unknown_is_listed_and_settled_by_hand(
    office: SmsOffice, database_url: str, redis_url: str
) -> None:
    """A person lists it, has it asked about, and settles it once; units follow (R-004-27)."""

    async def ask(*words: str) -> str:
        status, said = await chuancai(database_url, redis_url, "sms", *words)
        assert status == 0, said
        return said

    ids = [str(row["id"]) for row in await office.messages()]
    listed = await ask("unknown")
    assert all(one in listed for one in ids)
    assert await office.scene.have() == (997, 0)
    assert "settled" in await ask("settle", "--brand", "1", "--message", ids[0], "--failed")
    assert "settled" in await ask("settle", "--brand", "1", "--message", ids[1], "--sent")
    again = await ask("settle", "--brand", "1", "--message", ids[1], "--failed")
    assert "nothing was changed" in again
    assert await office.states() == ["failed", "sent", "unknown"]
    assert await office.scene.have() == (998, 0)
    assert ids[2] in await ask("unknown", "--ask-now")
    status, said = await chuancai(
        database_url, redis_url, "sms", "settle", "--brand", "1", "--message", "4", "--sent"
    )
    assert (status, "sms_message_not_found" in said) == (1, True)
    rows = await office.pool.fetch(
        "SELECT a.action, a.who, o.outcome FROM audit a JOIN audit_outcome o USING (at, id) ORDER BY a.id"
    )
    assert [(row["action"], row["outcome"]) for row in rows] == [
        ("settleSms", "ok"), ("settleSms", "ok"), ("settleSms", "ok"), ("askSms", "ok"),
        ("settleSms", "sms_message_not_found"),
    ]  # fmt: skip
    assert all(row["who"].startswith("os:") for row in rows)


async def test_a_brand_decides_about_undelivered_messages(
    office: SmsOffice, database_url: str, redis_url: str
) -> None:
    """The rule is set at the terminal, and set back (A17)."""
    for word, wanted in (("--refund-undelivered", True), ("--keep-undelivered", False)):
        status, said = await chuancai(database_url, redis_url, "sms", "rules", word)
        assert status == 0, said
        told = await office.pool.fetchval("SELECT refund_on_undelivered FROM sms_brand")
        assert told is wanted
