"""A house's carriers come from one file that nobody else may read (R-004-27)."""

from __future__ import annotations

from pathlib import Path

import pytest

from server.clock import SystemClock
from server.sms.carriers.configured import CarriersFileError, open_carriers, read_carriers
from server.sms.carriers.port import Accepted, Message, Receipt
from tests.support.carriers.chuanglan import fake_chuanglan
from tests.support.carriers.smsc import fake_smsc

TWO = """
[[carrier]]
kind = "chuanglan"
name = "chuanglan"
per_s = 200.0
account = {{ account = "N0000001", password = "Not-A-Secret1", url = "{url}" }}

[[carrier]]
kind = "smpp"
name = "smsc-a"
peer = {{ host = "127.0.0.1", port = {port}, system_id = "house", password = "sesame" }}
bounds = {{ session = {{ window_max = 4 }} }}
"""
MESSAGE = Message("ab12", ("8613900000001",), "【传菜】好了")


def written(path: Path, text: str, mode: int = 0o600) -> Path:
    """Write a file of carriers."""
    file = path / "carriers.toml"
    file.write_text(text, "utf-8")
    file.chmod(mode)
    return file


async def test_a_file_opens_carriers_that_send(tmp_path: Path) -> None:
    """Both kinds are opened by name, send, and bring receipts to the same place."""
    kept: list[Receipt] = []

    async def keep(receipt: Receipt) -> None:
        kept.append(receipt)

    async with fake_chuanglan() as chuanglan, fake_smsc() as smsc:
        file = written(tmp_path, TWO.format(url=chuanglan.url, port=smsc.port))
        setups = read_carriers(file)
        assert [(one.name, one.per_s, one.burst) for one in setups] == [
            ("chuanglan", 200.0, 200),
            ("smsc-a", 1000.0, 200),
        ]
        async with open_carriers(setups, keep, SystemClock()) as carriers:
            await smsc.until(binds=1)
            assert {name: one.phones_max for name, one in carriers.items()} == {
                "chuanglan": 1000,
                "smsc-a": 1,
            }
            assert isinstance(await carriers["chuanglan"].send(MESSAGE), Accepted)
            await smsc.receipt("1", MESSAGE.phones[0])
    assert [one.carrier for one in kept] == ["smsc-a"]


@pytest.mark.parametrize(
    ("text", "mode", "why"),
    [
        (TWO, 0o644, "chmod 600"),
        (TWO.replace("smsc-a", "chuanglan"), 0o600, "twice"),
        (TWO.replace('kind = "smpp"', 'kind = "pigeon"'), 0o600, "pigeon"),
        (TWO.replace("per_s = 200.0", "per_s = 0.0"), 0o600, "per_s"),
        (TWO.replace("window_max", "window_maxx"), 0o600, "window_maxx"),
        (TWO.replace('"house"', '"a house with far too long a name"'), 0o600, "system_id"),
        (TWO.replace("{url}", "http://smssh1.253.com"), 0o600, "https"),
        (TWO.replace("[[carrier]]", "[[carrier"), 0o600, "carriers.toml"),
        (
            TWO.replace('password = "Not', 'receipt_password = "short", password = "Not'),
            0o600,
            "16",
        ),
    ],
)
def test_a_file_that_cannot_be_used_says_why_and_no_secret(
    tmp_path: Path, text: str, mode: int, why: str
) -> None:
    """The sentence helps whoever set it up, and can be shown to anybody."""
    file = written(tmp_path, text.format(url="https://smssh1.253.com", port=2775), mode)
    with pytest.raises(CarriersFileError) as caught:
        read_carriers(file)
    assert why in str(caught.value)
    for secret in ("Not-A-Secret1", "sesame"):
        assert secret not in str(caught.value)


def test_the_documents_example_can_be_used(tmp_path: Path) -> None:
    """What docs/carriers.md shows is a file that is read."""
    page = (Path(__file__).parents[2] / "docs" / "carriers.md").read_text("utf-8")
    shown = page.partition("```text\n")[2].partition("```")[0]
    setups = read_carriers(written(tmp_path, shown.replace('password = "…"', 'password = "x"')))
    assert [setup.name for setup in setups] == ["chuanglan", "smsc-a"]


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    """It is named."""
    with pytest.raises(CarriersFileError, match=r"nowhere\.toml"):
        read_carriers(tmp_path / "nowhere.toml")
