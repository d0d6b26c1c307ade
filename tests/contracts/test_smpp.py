"""SMPP over real sockets, against our scripted message centre (R-004-27…29)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from server.clock import SystemClock
from server.sms.carriers.port import Accepted, Message, Receipt, Refused, Unknown
from server.sms.carriers.smpp import Peer, Smpp, SmppBounds
from server.sms.carriers.smpp_link import LinkBounds
from server.sms.carriers.smpp_session import SessionBounds
from tests.support.carriers import smsc as centre
from tests.support.carriers.ports import closed_port
from tests.support.carriers.smsc import PASSWORD, SYSTEM_ID, FakeSmsc, fake_smsc

PHONE = "8613900000001"
ONE = Message("ab12", (PHONE,), "【传菜】您的验证码是1234")
LONG = Message("ab12", (PHONE,), "【传菜】" + "好" * 150)  # three parts


def bounds(*, window: int = 16, answer_s: float = 5.0, quiet_s: float = 30.0) -> SmppBounds:
    """Return bounds that do not keep a test waiting."""
    return SmppBounds(
        session=SessionBounds(
            window_max=window, answer_s_max=answer_s, quiet_s_max=quiet_s, sign_of_life_s_max=0.05
        ),
        link=LinkBounds(waiting_max=3, waiting_s_max=0.2, tick_s=0.02),
        connect_s_max=1.0, reconnect_s=0.01, reconnect_s_max=0.05, receipt_s_max=0.5,
        part_pause_s=0.01, leave_s_max=0.3,
    )  # fmt: skip


class Receipts:
    """Keeps receipts after as many `troubles` as it has."""

    def __init__(self) -> None:
        self.kept: list[Receipt] = []
        self.troubles = 0

    async def keep(self, receipt: Receipt) -> None:
        """Keep one, or fail."""
        if self.troubles:
            self.troubles -= 1
            raise ConnectionError
        self.kept.append(receipt)


@asynccontextmanager
async def bound(
    smsc: FakeSmsc, receipts: Receipts | None = None, limits: SmppBounds | None = None, **facts: str
) -> AsyncIterator[Smpp]:
    """Give a carrier that is bound."""
    peer = Peer("127.0.0.1", smsc.port, SYSTEM_ID, PASSWORD, source="106900", **facts)  # type: ignore[arg-type] # facts of the table
    keep = (receipts or Receipts()).keep
    async with Smpp("smsc", peer, keep, SystemClock(), limits or bounds()) as carrier:
        await carrier.until_bound()
        yield carrier


@pytest.fixture
async def smsc() -> AsyncIterator[FakeSmsc]:
    """Give a message centre of this test's own."""
    async with fake_smsc() as running:
        yield running


async def test_a_text_is_taken_once(smsc: FakeSmsc) -> None:
    """One submission, in UCS-2, with a receipt asked for, and the message centre's id."""
    async with bound(smsc) as carrier:
        assert await carrier.send(ONE) == Accepted("1")
    assert [(one.phone, one.text, one.coding, one.receipt) for one in smsc.submitted] == [
        (PHONE, ONE.text, 8, True)
    ]


async def test_a_long_text_arrives_in_parts_or_as_a_payload(smsc: FakeSmsc) -> None:
    """Parts join to the text and only the last asks for a receipt; a payload is one submission."""
    async with bound(smsc) as carrier:
        assert await carrier.send(LONG) == Accepted("3")
    assert [one.place for one in smsc.submitted] == [(0x12, 3, 1), (0x12, 3, 2), (0x12, 3, 3)]
    assert "".join(one.text for one in smsc.submitted) == LONG.text
    assert [one.receipt for one in smsc.submitted] == [False, False, True]
    smsc.submitted.clear()
    async with bound(smsc, long_texts="payload") as carrier:
        assert await carrier.send(LONG) == Accepted("4")
    assert [(one.text, one.is_payload) for one in smsc.submitted] == [(LONG.text, True)]


@pytest.mark.parametrize(
    ("mood", "code", "retryable"),
    [
        ("throttle", "ESME_RTHROTTLED", True),
        ("full", "ESME_RMSGQFUL", True),
        ("bad_number", "ESME_RINVDSTADR", False),
        ("nack", "ESME_RINVCMDLEN", False),
        (0x0444, "0x00000444", False),
    ],
)
async def test_a_refusal_is_certain(
    smsc: FakeSmsc, mood: str | int, code: str, retryable: bool
) -> None:
    """What the message centre refuses surely did not go; only "not now" may be tried again."""
    smsc.moods = [mood]
    async with bound(smsc) as carrier:
        outcome = await carrier.send(ONE)
    assert isinstance(outcome, Refused)
    assert (outcome.code, outcome.retryable) == (code, retryable)
    assert not smsc.accepted


@pytest.mark.parametrize("mood", ["hold", "drop", "abort", "no_id", 0xFF])
async def test_a_lost_answer_is_unknown(smsc: FakeSmsc, mood: str | int) -> None:
    """Read and not answered, or not so that it can be trusted: unknown, and asked once."""
    smsc.moods = [mood]
    async with bound(smsc, limits=bounds(answer_s=0.1)) as carrier:
        outcome = await carrier.send(ONE)
    assert isinstance(outcome, Unknown)
    assert smsc.seen == 1


async def test_a_lost_connection_divides_what_was_open_from_what_waited(smsc: FakeSmsc) -> None:
    """The window's messages are unknown, those behind it surely were not sent; then all is well."""
    smsc.moods = ["hold", "hold"]
    async with bound(smsc, limits=bounds(window=2)) as carrier:
        sends = [asyncio.create_task(carrier.send(ONE)) for _ in range(4)]
        await smsc.until(seen=2)
        smsc.session.transport.abort()
        outcomes = await asyncio.gather(*sends)
        assert [type(outcome) for outcome in outcomes] == [Unknown, Unknown, Refused, Refused]
        assert all(outcome.retryable for outcome in outcomes if isinstance(outcome, Refused))
        assert smsc.seen == 2
        await smsc.until(binds=2)
        await carrier.until_bound()
        assert isinstance(await carrier.send(ONE), Accepted)


async def test_the_window_bounds_what_is_open(smsc: FakeSmsc) -> None:
    """No more than the window is under way, and no more than so many wait for it."""
    smsc.moods = ["late"] * 2
    async with bound(smsc, limits=bounds(window=2)) as carrier:
        sends = [asyncio.create_task(carrier.send(ONE)) for _ in range(6)]
        await smsc.until(seen=2)
        busy = await sends[5]  # two open, three wait
        assert isinstance(busy, Refused)
        assert (busy.code, busy.retryable, smsc.seen) == ("busy", True, 2)
        smsc.let_go.set()
        outcomes = await asyncio.gather(*sends[:5])
    assert sorted(outcomes) == [Accepted(str(number)) for number in range(1, 6)]


async def test_who_waits_too_long_was_surely_not_sent(smsc: FakeSmsc) -> None:
    """A message that never had its turn is refused, and its turn is not lost to others."""
    smsc.moods = ["late"]
    async with bound(smsc, limits=bounds(window=1)) as carrier:
        first = asyncio.create_task(carrier.send(ONE))
        await smsc.until(seen=1)
        waited = await carrier.send(ONE)
        assert isinstance(waited, Refused)
        assert waited.code == "busy"
        smsc.let_go.set()
        assert await first == Accepted("1")
        assert await carrier.send(ONE) == Accepted("2")


async def test_a_turn_that_is_not_used_goes_to_the_next(smsc: FakeSmsc) -> None:
    """Who is cancelled at the moment its turn comes does not take the room with it."""
    smsc.moods = ["late"]
    async with bound(smsc, limits=bounds(window=1)) as carrier:
        sends = [asyncio.create_task(carrier.send(ONE)) for _ in range(3)]
        await smsc.until(seen=1)
        link = carrier._link
        assert link is not None
        link._answer(-1, Accepted(""))  # an answer makes room only where there is some
        link._session._open.clear()
        link._give_turns()
        sends[1].cancel()
        assert await sends[2] == Accepted("1")
        sends[0].cancel()


async def test_a_later_part_is_tried_again(smsc: FakeSmsc) -> None:
    """Once the first part is on its way the others follow, though they were throttled."""
    smsc.moods = ["ok", "throttle", "throttle", "ok"]
    async with bound(smsc) as carrier:
        assert await carrier.send(LONG) == Accepted("3")
    assert set(smsc.accepted.values()) == {1}
    smsc.moods = ["throttle"]
    async with bound(smsc) as carrier:
        assert isinstance(await carrier.send(LONG), Refused)
        smsc.moods = ["ok", "bad_number"]
        assert isinstance(await carrier.send(LONG), Unknown)


@pytest.mark.parametrize(("troubles", "statuses"), [(0, [0]), (2, [0x64, 0x64, 0])])
async def test_a_receipt_is_acknowledged_when_it_is_kept(
    smsc: FakeSmsc, troubles: int, statuses: list[int]
) -> None:
    """What could not be kept is told to come again, and comes again (R-004-23)."""
    receipts = Receipts()
    async with bound(smsc, receipts) as carrier:
        await carrier.send(ONE)
        receipts.troubles = troubles
        assert [await smsc.receipt("1", PHONE) for _ in statuses] == statuses
    assert [(one.message_id, one.phone, one.state) for one in receipts.kept] == [
        ("1", PHONE, "delivered")
    ]


async def test_receipts_may_repeat_and_be_late(smsc: FakeSmsc) -> None:
    """A duplicate is equal to the first, and one that comes over a later connection is taken."""
    receipts = Receipts()
    async with bound(smsc, receipts) as carrier:
        await carrier.send(ONE)
        await smsc.receipt("1", PHONE)
        smsc.session.transport.abort()
        await smsc.until(binds=2)
        await smsc.receipt("1", PHONE)
    assert receipts.kept[0] == receipts.kept[1]


async def test_a_message_from_a_telephone_is_left_aside(smsc: FakeSmsc) -> None:
    """It is acknowledged, so that it does not come for ever, and is no receipt."""
    receipts = Receipts()
    async with bound(smsc, receipts):
        assert await smsc.deliver(PHONE, b"id:1 please", esm_class=0) == 0
    assert receipts.kept == []


async def test_hex_and_decimal_ids_meet(smsc: FakeSmsc) -> None:
    """An id told in hexadecimal is found again in a receipt that tells it in decimal."""
    smsc.id_of = lambda number: f"{number + 0xABCDE:X}"
    receipts = Receipts()
    async with bound(smsc, receipts, ids="hex_then_decimal") as carrier:
        outcome = await carrier.send(ONE)
        await smsc.receipt(str(1 + 0xABCDE), PHONE)
        await smsc.deliver(PHONE, b"stat:DELIVRD", centre.tlv(0x1E, b"ABCDF\0"))
    assert [Accepted(one.message_id) for one in receipts.kept] == [outcome, outcome]


async def test_a_silent_connection_is_found_and_replaced(smsc: FakeSmsc) -> None:
    """A quiet line is asked; without an answer it is given up and a new one is bound."""
    smsc.deaf_to_enquiries = True
    async with bound(smsc, limits=bounds(quiet_s=0.05)) as carrier:
        await smsc.until(binds=2)
        smsc.deaf_to_enquiries = False
        await smsc.until(binds=smsc.binds)
        await carrier.until_bound()
        assert smsc.enquiries >= 1


async def test_nobody_there_or_not_let_in_is_certain(smsc: FakeSmsc) -> None:
    """Without a bind nothing leaves; it goes on trying and is there when the other side is."""
    away = Peer("127.0.0.1", closed_port(), SYSTEM_ID, PASSWORD)
    async with Smpp("smsc", away, Receipts().keep, SystemClock(), bounds()) as carrier:
        outcome = await carrier.send(ONE)
        assert isinstance(outcome, Refused)
        assert (outcome.code, outcome.retryable) == ("not_bound", True)
    smsc.refuse_binds = True
    peer = Peer("127.0.0.1", smsc.port, SYSTEM_ID, PASSWORD)
    async with Smpp("smsc", peer, Receipts().keep, SystemClock(), bounds()) as carrier:
        assert isinstance(await carrier.send(ONE), Refused)
        smsc.refuse_binds = False
        await carrier.until_bound()
        assert isinstance(await carrier.send(ONE), Accepted)


async def test_taking_leave_waits_for_answers(smsc: FakeSmsc) -> None:
    """What is under way when the house closes still gets its answer; nothing new is begun."""
    smsc.moods = ["late"]
    async with bound(smsc) as carrier:
        last = asyncio.create_task(carrier.send(ONE))
        await smsc.until(seen=1)
        smsc.let_go.set()
    assert await last == Accepted("1")
    outcome = await carrier.send(ONE)
    assert isinstance(outcome, Refused)
    assert smsc.seen == 1


@pytest.mark.parametrize(
    "message",
    [
        Message("ab", (PHONE, PHONE), "x"),
        Message("ab", (), "x"),
        Message("ab", ("+8613900000001",), "x"),
        Message("ab", ("1" * 21,), "x"),
        Message("ab", (PHONE,), ""),
        Message("ab", (PHONE,), "好" * 600),
    ],
)
async def test_what_cannot_go_is_refused_here(smsc: FakeSmsc, message: Message) -> None:
    """Nothing of it leaves, so it is certain."""
    async with bound(smsc) as carrier:
        outcome = await carrier.send(message)
        assert carrier.phones_max == 1
        assert await carrier.ask("ab") is None
    assert isinstance(outcome, Refused)
    assert not outcome.retryable
    assert smsc.seen == 0


def test_no_secret_in_a_repr_and_none_that_does_not_fit() -> None:
    """The password is not shown, and what SMPP's fields cannot hold is refused at once."""
    assert "sesame" not in repr(Peer("h", 1, SYSTEM_ID, PASSWORD))
    for facts in ({"system_id": "x" * 16}, {"password": "密码"}, {"source": "a\0b"}):
        with pytest.raises(ValueError, match="ASCII"):
            Peer(**{"host": "h", "port": 1, "system_id": "s", "password": "p", **facts})  # type: ignore[arg-type] # as above
