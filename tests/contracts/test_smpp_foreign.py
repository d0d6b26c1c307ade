"""Our SMPP against a message centre of somebody else's making (PyPI `smpp34`), live and by its codec."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import smpp34
from hypothesis import given
from hypothesis import strategies as st

from server.clock import SystemClock
from server.sms.carriers import smpp_pdu as pdu
from server.sms.carriers.port import Accepted, Message, Receipt, Refused
from server.sms.carriers.smpp import Peer, Smpp, SmppBounds
from server.sms.carriers.smpp_pdu import Address, Submit
from server.sms.carriers.smpp_session import SessionBounds
from tests.support.carriers.foreign_smsc import ForeignSmsc, foreign_smsc
from tests.support.carriers.smsc import SYSTEM_ID, fake_smsc, receipt_text

PHONE = "8613900000001"


@pytest.fixture
async def stranger() -> AsyncIterator[ForeignSmsc]:
    """Give a foreign message centre."""
    async with foreign_smsc() as running:
        yield running


@pytest.mark.parametrize(
    ("text", "coding", "parts"),
    [
        ("【传菜】您的验证码是1234", 8, 1),
        ("【传菜】" + "好" * 150, 8, 3),
        ("Table 7 {ready} at 5 €", 0, 1),
        ("Dear guest, " + "your dish is ready. " * 12, 0, 2),
    ],
)
async def test_it_reads_our_texts_and_we_its_answers_and_receipts(
    stranger: ForeignSmsc, text: str, coding: int, parts: int
) -> None:
    """A whole life: bind, submit in parts, receipt by text or parameter, taking leave."""
    kept: list[Receipt] = []

    async def keep(receipt: Receipt) -> None:
        kept.append(receipt)

    peer = Peer("127.0.0.1", stranger.port, "house", "sesame", source="106900")
    async with Smpp("stranger", peer, keep, SystemClock()) as carrier:
        await carrier.until_bound()
        assert (await stranger.esme()).system_id == "house"
        outcome = await carrier.send(Message("ab12", (PHONE,), text))
        assert outcome == Accepted(f"F{parts}")
        for words, tlvs in (
            (receipt_text(f"F{parts}"), []),
            (b"", [smpp34.Tlv(0x1E, b"F%d\0" % parts), smpp34.Tlv(0x427, b"\x02")]),
        ):
            assert await stranger.deliver(PHONE, words, tlvs) == 0
    await stranger.ended.wait()
    seen = stranger.submitted
    assert [one.destination_addr for one in seen] == [PHONE] * parts
    assert [one.registered_delivery for one in seen] == [0] * (parts - 1) + [1]
    assert {one.data_coding for one in seen} == {coding}
    joined = b"".join(one.short_message[6 if one.esm_class & 0x40 else 0 :] for one in seen)
    if coding == 8:
        assert joined.decode("utf-16-be") == text
    assert [(one.message_id, one.phone, one.state) for one in kept] == [
        (f"F{parts}", PHONE, "delivered")
    ] * 2


async def test_its_refusals_are_ours(stranger: ForeignSmsc) -> None:
    """What it rejects is refused, and what it throttles may be tried again."""
    stranger.refusals = [0x58, 0x0B]
    peer = Peer("127.0.0.1", stranger.port, "house", "sesame")

    async def keep(_: Receipt) -> None:
        raise AssertionError

    async with Smpp("stranger", peer, keep, SystemClock()) as carrier:
        await carrier.until_bound()
        found = [await carrier.send(Message("ab", (PHONE,), "x")) for _ in range(3)]
    assert [one.code for one in found if isinstance(one, Refused)] == [
        "ESME_RTHROTTLED",
        "ESME_RINVDSTADR",
    ]
    assert found[2] == Accepted("F1")


async def test_a_quiet_line_is_kept_up_by_both(stranger: ForeignSmsc) -> None:
    """Our question whether it is there is one it answers."""
    limits = SmppBounds(session=SessionBounds(quiet_s_max=0.0, sign_of_life_s_max=2.0))
    peer = Peer("127.0.0.1", stranger.port, "house", "sesame")

    async def keep(_: Receipt) -> None:
        raise AssertionError

    async with Smpp("stranger", peer, keep, SystemClock(), limits) as carrier:
        await carrier.until_bound()
        link = carrier._link
        assert link is not None
        for _ in range(3):
            link._do(link._session.tick(SystemClock().monotonic_s()))
            assert isinstance(await carrier.send(Message("ab", (PHONE,), "x")), Accepted)
        assert carrier._link is link


async def test_a_foreign_client_takes_our_scripted_centre_for_real() -> None:
    """The centre our tests stand on answers a client that is not ours (and reads it)."""
    async with fake_smsc() as smsc:
        client = smpp34.Client("127.0.0.1", smsc.port, SYSTEM_ID, "sesame")
        session = await client.connect()
        answer = await session.submit_sm(PHONE, "好".encode("utf-16-be"), data_coding=8)
        assert (answer.is_success, answer.message_id) == (True, "1")
        assert [(one.phone, one.text) for one in smsc.submitted] == [(PHONE, "好")]
        assert await smsc.receipt("1", PHONE) == 0
        event = await session.next()
        assert isinstance(event, smpp34.DeliverSmEvent)
        assert event.short_message == receipt_text("1")
        await session.unbind()
        await client.stop()


DIGITS = st.text("0123456789", max_size=20)


@given(DIGITS, DIGITS, st.binary(max_size=254), st.integers(0, 255), st.integers(0, 255))
def test_a_foreign_codec_reads_our_submissions(
    source: str, phone: str, body: bytes, coding: int, esm_class: int
) -> None:
    """Whatever the fields: both sides mean the same bytes."""
    submit = Submit(Address(source, 5, 1), Address(phone, 1, 1), coding, body, esm_class)
    unit = pdu.write(pdu.Pdu(pdu.SUBMIT_SM, 0, 7, pdu.submit_body(submit)))
    read = smpp34.decode(unit)
    assert isinstance(read, smpp34.SubmitSm)
    assert (read.source_addr, read.source_addr_ton, read.destination_addr) == (source, 5, phone)
    assert (read.short_message, read.data_coding, read.esm_class) == (body, coding, esm_class)
    assert (read.registered_delivery, read.sequence_number) == (1, 7)


@given(st.binary(max_size=60_000))
def test_a_foreign_codec_reads_our_payloads(body: bytes) -> None:
    """A text in one piece is the optional parameter it should be."""
    submit = Submit(Address(""), Address("86139", 1, 1), 8, body, as_payload=True)
    unit = pdu.write(pdu.Pdu(pdu.SUBMIT_SM, 0, 7, pdu.submit_body(submit)))
    read = smpp34.decode(unit)
    assert isinstance(read, smpp34.SubmitSm)
    assert [(one.tag, one.value) for one in read.tlvs] == [(pdu.PAYLOAD_TLV, body)]


@given(
    DIGITS, st.binary(max_size=254), st.integers(0, 255),
    st.dictionaries(st.integers(0x1400, 0x3FFF), st.binary(max_size=40), max_size=5),
)  # fmt: skip
def test_we_read_what_a_foreign_codec_delivers(
    phone: str, body: bytes, coding: int, tlvs: dict[int, bytes]
) -> None:
    """Deliveries with any parameters, its own among them."""
    extra = [smpp34.Tlv(tag, value) for tag, value in tlvs.items()]
    unit = smpp34.DeliverSm(
        phone, "1069", body, data_coding=coding, esm_class=4, tlvs=extra, sequence_number=9
    ).encode()
    [read] = pdu.Reader().feed(unit)
    found = pdu.read_deliver(read.body)
    assert (read.command, read.sequence) == (pdu.DELIVER_SM, 9)
    assert (found.source, found.destination, found.body) == (phone, "1069", body)
    assert (found.coding, found.esm_class, found.tlvs) == (coding, 4, tlvs)
