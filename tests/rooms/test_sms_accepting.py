"""Accepting: frozen and written in one step, each number once, by many callers at once."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from server.errors import Refusal
from server.sms.accepting import Ask
from server.sms.message import Text
from tests.support.sms_office import CODE, PHONE, SmsOffice, phone, sms_office
from tests.support.sms_scene import BRAND, OTHER

LONG = "【传菜】" + "菜" * 70  # 74 characters: two segments


@pytest.fixture
async def office(database_url: str, redis_url: str, tmp_path: Path) -> AsyncIterator[SmsOffice]:
    """Give an office whose brand has a thousand segments."""
    async with sms_office(database_url, redis_url, tmp_path) as made:
        yield made


async def test_what_is_accepted_is_frozen_and_queued(office: SmsOffice) -> None:
    """The segments of all texts to all telephones are frozen under one number (R-004-24, A20)."""
    texts = [Text((phone(1),), LONG), Text((phone(2), phone(3)), CODE)]
    accepted = await office.accept(*texts, kind="notice")
    assert (accepted.messages, accepted.segments) == (2, 4)
    assert await office.scene.have() == (1_000, 4)
    found = await office.scene.costcentre.read(BRAND, accepted.number)
    assert (found.state, found.segments) == ("held", 4)
    rows = await office.messages()
    assert [(r["state"], r["mode"], r["phones"], r["segments"]) for r in rows] == [
        ("queued", "single", 1, 2),
        ("queued", "multi", 2, 2),
    ]


async def test_no_number_stands_in_the_clear(office: SmsOffice) -> None:
    """A telephone number is sealed, found by its mark, and shown with its middle left out."""
    await office.accept()
    row = await office.pool.fetchrow("SELECT mark, sealed, masked FROM sms_phone")
    assert row is not None
    assert row["masked"] == "138****8000"
    assert PHONE.encode() not in row["sealed"] + row["mark"]
    assert office.ground.phones.open(row["sealed"]) == PHONE


async def test_a_number_is_accepted_once(office: SmsOffice) -> None:
    """Asked again, even at once, it is the same answer; other content is refused."""
    number = uuid.uuid4()
    answers = await asyncio.gather(*(office.accept(number=number) for _ in range(5)))
    answers.append(await office.accept(number=number))
    assert len(set(answers)) == 1
    assert await office.scene.have() == (1_000, 1)
    with pytest.raises(Refusal, match="command_id_reused"):
        await office.accept(Text((phone(9),), CODE), number=number)
    assert len(await office.messages()) == 1


async def test_what_cannot_be_paid_leaves_nothing(office: SmsOffice) -> None:
    """A refused freeze writes no record and takes no neighbour with it (R-004-17, R-004-24)."""
    many = Text(tuple(phone(n) for n in range(999)), LONG)
    asked = [office.accept(), office.accept(many, kind="marketing"), office.accept()]
    first, refused, last = await asyncio.gather(*asked, return_exceptions=True)
    assert isinstance(refused, Refusal)
    assert (refused.code, refused.detail["available"]) == ("balance_insufficient", 999)
    assert not isinstance(first, BaseException)
    assert not isinstance(last, BaseException)
    assert await office.states() == ["queued", "queued"]
    assert await office.pool.fetchval("SELECT count(*) FROM sms_phone") == 2
    assert await office.scene.have() == (1_000, 2)
    await office.scene.audited()


async def test_a_brand_without_a_package_sends_nothing(office: SmsOffice) -> None:
    """Prepaid only: who never bought is refused by name, not by accident (R-004-17)."""
    with pytest.raises(Refusal, match="balance_insufficient"):
        await office.accept(brand_id=OTHER)
    assert await office.messages() == []


@pytest.mark.parametrize(
    ("texts", "code"),
    [
        ([], "bad_field"),
        ([Text((), CODE)], "bad_field"),
        ([Text((phone(1), phone(1)), CODE)], "bad_field"),
        ([Text(tuple(map(phone, range(1_001))), CODE)], "bad_field"),
        ([Text((phone(1),), "")], "sms_text_invalid"),
        ([Text((phone(1),), "菜" * 600)], "sms_text_invalid"),
    ],
)
async def test_what_cannot_be_sent_is_refused_at_once(
    office: SmsOffice, texts: list[Text], code: str
) -> None:
    """No telephone, one of them twice, too many, no text, too much text: nothing is frozen."""
    with pytest.raises(Refusal, match=code):
        await office.acceptance.accept(Ask(BRAND, uuid.uuid4(), "notice", texts))
    assert await office.scene.have() == (1_000, 0)


async def test_a_carrier_that_takes_one_at_a_time_gets_one_at_a_time(office: SmsOffice) -> None:
    """What goes to many is split where every telephone has an outcome of its own (SMPP)."""
    office.routes.phones_max["script"] = 1  # type: ignore[index]  # a test's own
    accepted = await office.accept(Text((phone(1), phone(2), phone(3)), CODE), kind="marketing")
    assert (accepted.messages, accepted.segments) == (3, 3)
    assert {row["mode"] for row in await office.messages()} == {"single"}
