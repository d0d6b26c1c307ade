"""Telephone numbers: one form, sealed at rest, found without being read, never shown whole (R-000-10)."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.clock import ManualClock
from server.errors import Refusal
from server.settings import Settings
from server.sms.phones import Phone, Phones, masked, normalised, open_phones, read_key
from tests.support.sms_scene import NOON, sms_scene

KEY = bytes(range(32))


@pytest.mark.parametrize(
    ("written", "number", "shown"),
    [
        ("13800138000", "8613800138000", "138****8000"),
        ("8613800138000", "8613800138000", "138****8000"),
        ("+8613800138000", "8613800138000", "138****8000"),
        ("0086 138-0013-8000", "8613800138000", "138****8000"),
        ("+86 (138) 0013 8000", "8613800138000", "138****8000"),
        ("19912345678", "8619912345678", "199****5678"),
        ("+1 (415) 555-0100", "14155550100", "+141****0100"),
        # Eleven digits that begin like one of ours, but of North America.
        ("+13800138000", "13800138000", "+138****8000"),
        ("00447911123456", "447911123456", "+447****3456"),
        ("+852 6123 4567", "85261234567", "+852****4567"),
        ("+290 2000 1", "29020001", "+290****01"),
    ],
)
def test_a_number_has_one_form(written: str, number: str, shown: str) -> None:
    """However people write it; what screens show of it is not enough to call."""
    assert normalised(written) == number
    assert masked(Phone(number)) == shown


@pytest.mark.parametrize(
    "written",
    [
        "", "138001380", "12345678901", "138001380001", "+8610012345678", "+86138001380", "010-12345678",
        "447911123456", "+0447911123456", "+12345", "+1234567890123456", "1380013800a", "\uff11380013800\uff10",
        "+", "00", "++8613800138000", "13800138000\n1", "13800138000,13900139000", " " * 40 + "13800138000",
    ],
)  # fmt: skip
def test_what_is_no_mobile_number_is_refused(written: str) -> None:
    """Too short, too long, a landline, without its country, two at once; the refusal does not repeat it."""
    with pytest.raises(Refusal, match="phone_invalid") as refusal:
        normalised(written)
    assert refusal.value.detail == {}


@given(st.from_regex(r"\A1[3-9][0-9]{9}\Z", fullmatch=True))
def test_what_is_sealed_can_be_opened_and_found(digits: str) -> None:
    """Twice sealed a number looks different, and has one index; both say nothing of it."""
    phones, phone = Phones(KEY), normalised(digits)
    one, other = phones.seal(phone), phones.seal(phone)
    assert one != other
    assert phones.open(one) == phones.open(other) == phone
    assert phones.index(phone) == Phones(KEY).index(phone)
    for kept in (one, other, phones.index(phone)):
        assert digits.encode() not in kept


def test_another_key_opens_nothing() -> None:
    """Neither another key's seal, nor one that was bent anywhere, nor half of one."""
    phones, phone = Phones(KEY), Phone("8613800138000")
    sealed = phones.seal(phone)
    bent = [bytes([*sealed[:i], sealed[i] ^ 1, *sealed[i + 1 :]]) for i in range(len(sealed))]
    for wrong in (Phones(KEY[::-1]).seal(phone), *bent, sealed[:20], b""):
        with pytest.raises(Refusal, match="phone_unreadable"):
            phones.open(wrong)
    assert phones.index(phone) != Phones(KEY[::-1]).index(phone)
    assert KEY.hex() not in repr(vars(phones))


async def test_the_key_is_made_once_and_is_nobodys_business(tmp_path: Path) -> None:
    """The first process makes it, readable to its user only; a file others may read is refused."""
    file = tmp_path / "new" / "phones.key"
    keys = await asyncio.gather(*(asyncio.to_thread(read_key, file) for _ in range(20)))
    assert len(set(keys)) == 1
    assert file.stat().st_mode & 0o777 == 0o600
    assert list(file.parent.iterdir()) == [file]
    file.chmod(0o640)
    with pytest.raises(Refusal, match="phone_key_unsafe"):
        read_key(file)
    (tmp_path / "short.key").write_bytes(b"short")
    (tmp_path / "short.key").chmod(0o600)
    with pytest.raises(Refusal, match="phone_key_unsafe"):
        read_key(tmp_path / "short.key")


async def test_a_process_with_another_key_does_not_start(database_url: str, tmp_path: Path) -> None:
    """Two hosts that made a key each would seal what the other cannot open: the second is refused."""
    async with sms_scene(database_url) as scene:
        clock = ManualClock(NOON)
        first = await open_phones(Settings(data_dir=tmp_path / "a"), scene.pool, clock)
        again = await open_phones(Settings(data_dir=tmp_path / "a"), scene.pool, clock)
        assert again.open(first.seal(Phone("8613800138000"))) == "8613800138000"
        with pytest.raises(Refusal, match="phone_key_differs"):
            await open_phones(Settings(data_dir=tmp_path / "b"), scene.pool, clock)
        told = Settings(data_dir=tmp_path / "b", sms_key_file=tmp_path / "a" / "sms" / "phones.key")
        assert (await open_phones(told, scene.pool, clock)).fingerprint == first.fingerprint


def test_the_file_can_be_anywhere() -> None:
    """CHUANCAI_SMS_KEY_FILE says where, in the process' own environment."""
    code = "from server.settings import read_settings; print(read_settings().sms_key_file)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True,
        env=os.environ | {"CHUANCAI_SMS_KEY_FILE": "/etc/keys/phones.key"},
    )  # fmt: skip
    assert done.stdout.strip() == "/etc/keys/phones.key"
