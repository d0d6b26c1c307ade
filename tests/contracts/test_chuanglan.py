"""ChuangLan over real sockets: certain or unknown, to the byte, and never twice (R-004-27…29)."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator

import pytest

from server.sms.carriers.chuanglan import Chuanglan, HttpBounds
from server.sms.carriers.chuanglan_words import Account
from server.sms.carriers.port import Accepted, Message, Refused, Unknown
from tests.support.carriers.chuanglan import ACCOUNT, PASSWORD, FakeChuanglan, fake_chuanglan
from tests.support.carriers.door import push_door
from tests.support.carriers.ports import closed_port

ONE = Message("ab12", ("8613900000001",), "【传菜】您的验证码是1234")
QUICK = HttpBounds(
    connect_s_max=0.2, answer_s_max=0.4, connections_max=2, free_connection_s_max=0.1
)


def carrier_at(url: str, bounds: HttpBounds | None = None, password: str = PASSWORD) -> Chuanglan:
    """Return the carrier as it is set up."""
    return Chuanglan("chuanglan", Account(ACCOUNT, password, url), bounds)


@pytest.fixture
async def fake() -> AsyncIterator[FakeChuanglan]:
    """Give a ChuangLan of this test's own."""
    async with fake_chuanglan() as running:
        yield running


async def test_one_text_to_many_is_taken_once(fake: FakeChuanglan) -> None:
    """A multi message is one submission with our reference, and one id for all its telephones."""
    many = Message("cd34", ("8613900000001", "8613900000002"), ONE.text)
    async with carrier_at(fake.url) as carrier:
        outcome = await carrier.send(many)
    assert outcome == Accepted(fake.taken[0].message_id)
    assert fake.taken[0][1:] == ("cd34", ("13900000001", "13900000002"), ONE.text)
    assert fake.accepted == {"cd34": 1}


async def test_a_text_with_values(fake: FakeChuanglan) -> None:
    """Each telephone gets its own values; a value that cannot travel is refused here."""
    message = Message("ef56", ("8613900000001", "8613900000002"), "【传菜】{$var}号好了")
    async with carrier_at(fake.url) as carrier:
        assert isinstance(await carrier.send_variable(message, [("01",), ("02",)]), Accepted)
        refused = await carrier.send_variable(message, [("01",), ("0,2",)])
    path, body = fake.requests[0]
    assert (path, body["params"]) == ("/msg/variable/json", "13900000001,01;13900000002,02")
    assert isinstance(refused, Refused)
    assert fake.seen == 1


async def test_what_the_account_has_left(fake: FakeChuanglan) -> None:
    """The balance is read; when it cannot be, that is said."""
    async with carrier_at(fake.url) as carrier:
        assert await carrier.balance() == 953
        assert await carrier.ask("ab12") is None
    async with carrier_at(f"http://127.0.0.1:{closed_port()}") as carrier:
        assert await carrier.balance() is None


@pytest.mark.parametrize("code", ["101", "102", "103", "104", "105", "109", "117", "120"])
async def test_a_refusal_is_certain(fake: FakeChuanglan, code: str) -> None:
    """Whatever the code: nothing was taken, and only "too quick" and "busy" may be tried again."""
    fake.moods = [code]
    async with carrier_at(fake.url) as carrier:
        outcome = await carrier.send(ONE)
    assert isinstance(outcome, Refused)
    assert (outcome.code, outcome.retryable) == (code, code in {"103", "104"})
    assert fake.accepted == {}


@pytest.mark.parametrize(
    "mood",
    ["hang", "reset", "silent_close", "500", "502", "302", "garbage", "no_id", "endless", "drip"],
)
async def test_a_lost_answer_is_unknown_and_nothing_is_sent_again(
    fake: FakeChuanglan, mood: str
) -> None:
    """The request was read and no answer can be trusted: unknown, and it was asked once."""
    fake.moods = [mood]
    async with carrier_at(fake.url, QUICK) as carrier:
        outcome = await carrier.send(ONE)
    assert isinstance(outcome, Unknown), outcome
    assert fake.seen == 1


async def test_nobody_there_is_certain() -> None:
    """A closed port was surely not sent to, and may be tried again."""
    async with carrier_at(f"http://127.0.0.1:{closed_port()}") as carrier:
        outcome = await carrier.send(ONE)
    assert isinstance(outcome, Refused)
    assert outcome.retryable


async def test_a_server_that_does_not_pick_up_is_certain() -> None:
    """No connection within its time: not a byte left."""
    with full_house() as url:
        async with carrier_at(url, QUICK) as carrier:
            outcome = await carrier.send(ONE)
    assert isinstance(outcome, Refused)
    assert (outcome.code, outcome.retryable) == ("unreachable", True)


async def test_no_connection_free_is_certain(fake: FakeChuanglan) -> None:
    """Who waits for a connection until time is up has sent nothing; who holds one is unknown."""
    fake.moods = ["hang", "hang"]
    async with carrier_at(fake.url, QUICK) as carrier:
        held = [asyncio.create_task(carrier.send(ONE)) for _ in range(2)]
        await fake.until(2)
        waiting = await carrier.send(ONE)
        assert [type(outcome) for outcome in await asyncio.gather(*held)] == [Unknown, Unknown]
    assert isinstance(waiting, Refused)
    assert waiting.retryable
    assert fake.seen == 2


async def test_a_failed_handshake_is_certain(fake: FakeChuanglan) -> None:
    """The other side speaks no TLS: not a byte of the message left."""
    async with carrier_at(fake.url.replace("http:", "https:"), QUICK) as carrier:
        outcome = await carrier.send(ONE)
    assert isinstance(outcome, Refused)
    assert outcome.retryable
    assert fake.seen == 0


async def test_a_connection_the_other_side_closed_is_not_used(fake: FakeChuanglan) -> None:
    """A message after a quiet moment goes over a new connection instead of being lost in the old."""
    fake.moods = ["ok", "ok"]
    async with carrier_at(fake.url) as carrier:
        assert isinstance(await carrier.send(ONE), Accepted)
        fake.hang_up()
        await asyncio.sleep(0)
        assert isinstance(await carrier.send(ONE), Accepted)


@pytest.mark.parametrize("url", ["http://smssh1.253.com", "http://10.0.0.1", "ftp://x", "253.com"])
def test_the_password_does_not_travel_in_the_clear(url: str) -> None:
    """Only https, and http on this machine."""
    with pytest.raises(ValueError, match="https"):
        carrier_at(url)


async def test_no_log_and_no_refusal_has_the_password_or_a_number(
    fake: FakeChuanglan, caplog: pytest.LogCaptureFixture
) -> None:
    """Whatever goes wrong, what is written and answered shows no secret, even when asked for all."""
    caplog.set_level("DEBUG")
    fake.moods = ["ok", "105", "reset", "garbage"]
    async with carrier_at(fake.url, QUICK) as carrier:
        shown = [repr(await carrier.send(ONE)) for _ in range(4)] + [repr(carrier)]
    assert len(caplog.records) > 0
    for secret in (PASSWORD, ACCOUNT, "13900000001", "验证码"):
        assert secret not in caplog.text
        assert all(secret not in words for words in shown)


@pytest.mark.parametrize(("troubles", "pushes", "taken"), [(0, 1, 1), (2, 3, 1), (3, 3, 0)])
async def test_a_push_comes_again_until_it_is_taken(
    fake: FakeChuanglan, troubles: int, pushes: int, taken: int
) -> None:
    """Answered "try again" it comes up to three times; answered "taken" it stops (R-004-29)."""
    async with carrier_at(fake.url) as carrier, push_door(Account(ACCOUNT, PASSWORD)) as door:
        outcome = await carrier.send(ONE)
        door.troubles = troubles
        await fake.push(door.url, fake.report(fake.taken[0], "13900000001"))
    assert len(fake.pushes) == pushes
    assert len(door.receipts) == taken
    for receipt in door.receipts:
        assert Accepted(receipt.message_id) == outcome
        assert (receipt.phone, receipt.state) == ("8613900000001", "delivered")


async def test_a_receipt_settles_what_was_unknown(fake: FakeChuanglan) -> None:
    """The answer was lost, yet the report names our reference: what became of it is known."""
    fake.moods = ["no_id"]
    async with carrier_at(fake.url) as carrier, push_door(Account(ACCOUNT, PASSWORD)) as door:
        assert isinstance(await carrier.send(ONE), Unknown)
        await fake.push(door.url, fake.report(fake.taken[0], "13900000001"))
    assert [receipt.reference for receipt in door.receipts] == [ONE.reference]


async def test_reports_may_repeat_and_overtake(fake: FakeChuanglan) -> None:
    """Duplicates are equal, and late ones tell their own time."""
    async with carrier_at(fake.url) as carrier, push_door(Account(ACCOUNT, PASSWORD)) as door:
        await carrier.send(ONE)
        report = fake.report(fake.taken[0], "13900000001")
        early = {**report, "status": "UNKNOWN", "notifyTime": "241104172810"}
        for told in (report, report, early):
            await fake.push(door.url, told)
    first, again, late = door.receipts
    assert first == again
    assert (late.state, late.at_ms) == ("unknown", first.at_ms - 10_000)


class full_house:  # noqa: N801 - used like a function
    """A server whose queue of new connections is full, so that none is ever picked up."""

    def __enter__(self) -> str:
        self._server = socket.socket()
        self._server.bind(("127.0.0.1", 0))
        self._server.listen(0)
        self._guests = [socket.socket() for _ in range(4)]
        for guest in self._guests:
            guest.setblocking(False)
            guest.connect_ex(self._server.getsockname())
        host, port = self._server.getsockname()
        return f"http://{host}:{port}"

    def __exit__(self, *exc: object) -> None:
        for held in (*self._guests, self._server):
            held.close()
