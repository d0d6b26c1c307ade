"""SMPP without a socket: bytes, texts, receipts, and one connection's life (R-004-27…29)."""

from __future__ import annotations

import struct
from itertools import product
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.errors import Refusal
from server.sms import segments
from server.sms.carriers import smpp_pdu as pdu
from server.sms.carriers.port import Accepted, Refused, Unknown
from server.sms.carriers.smpp_pdu import Address, Deliver, Pdu, Submit
from server.sms.carriers.smpp_receipt import Ids, read_receipt
from server.sms.carriers.smpp_session import (
    TABLE,
    Answered,
    Bound,
    Closed,
    Delivered,
    Session,
    SessionBounds,
    SessionState,
    SessionVerb,
    Write,
)
from server.sms.carriers.smpp_text import GSM7, GSM7_ESCAPED, encode

SUBMIT = Submit(Address("106900"), Address("8613900000001", 1, 1), 8, "好".encode("utf-16-be"))
NOW_MS = 1_700_000_000_000


def delivery(
    text: bytes = b"", *, esm_class: int = 4, coding: int = 0, tlvs: dict[int, bytes] | None = None
) -> Deliver:
    """Return a delivery from a telephone's number."""
    return Deliver("+8613900000001", "106900", esm_class, coding, text, tlvs or {})


# texts


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), min_size=1, max_size=300))
def test_what_is_sent_is_what_was_counted(text: str) -> None:
    """A text has as many parts as segments are billed (A20), and they join to the text."""
    try:
        counted = segments.count(text)
    except Refusal:
        return
    encoded = encode(text, "ab12")
    assert len(encoded.parts) == counted.segments
    skip = 6 if counted.segments > 1 else 0
    if counted.encoding == "ucs2":
        joined = b"".join(part[skip:] for part in encoded.parts)
        assert (encoded.coding, joined.decode("utf-16-be")) == (8, text)
        assert all(len(part) <= 140 for part in encoded.parts)
    else:
        assert all(len(part) - skip <= (153 if skip else 160) for part in encoded.parts)


def test_the_alphabet_is_the_one_that_is_counted() -> None:
    """Every character billed as GSM-7 has a byte, and the standard's own places hold."""
    for character in (GSM7 + "".join(GSM7_ESCAPED)).replace("\x1b", ""):
        assert segments.count(character).encoding == "gsm7"
    assert len(GSM7) == 128
    assert encode("@Aaé€ß", "0").parts == (b"\x00\x41\x61\x05\x1b\x65\x1e",)


def test_parts_of_a_message_that_is_tried_again_join() -> None:
    """The number that joins parts is made of our reference: the same on every attempt."""
    first, again = encode("好" * 100, "00ff"), encode("好" * 100, "00ff")
    assert first == again
    assert first.parts[1][:6] == b"\x05\x00\x03\xff\x02\x02"
    assert encode("好" * 100, "00ff", whole=True).is_payload
    assert not encode("好" * 70, "00ff", whole=True).is_payload


# receipts

CUSTOM = (
    b"id:%s sub:001 dlvrd:001 submit date:2411041728 done date:%s stat:%s err:%s text:stat:X id:0"
)


@pytest.mark.parametrize(
    ("stat", "err", "state", "code"),
    [
        (b"DELIVRD", b"000", "delivered", "DELIVRD"),
        (b"UNDELIV", b"069", "undelivered", "UNDELIV:069"),
        (b"EXPIRED", b"0", "undelivered", "EXPIRED"),
        (b"REJECTD", b"011", "undelivered", "REJECTD:011"),
        (b"ACCEPTD", b"000", "unknown", "ACCEPTD"),
        (b"ENROUTE", b"000", "unknown", "ENROUTE"),
        (b"UNKNOWN", b"000", "unknown", "UNKNOWN"),
        (b"WHATNOT", b"000", "unknown", "WHATNOT"),
    ],
)
def test_what_a_receipts_text_says(stat: bytes, err: bytes, state: str, code: str) -> None:
    """State, code, telephone and the message centre's local time."""
    receipt = read_receipt(delivery(CUSTOM % (b"7F", b"2411041729", stat, err)), "smsc", NOW_MS)
    assert receipt is not None
    assert (receipt.message_id, receipt.phone) == ("7F", "8613900000001")
    assert (receipt.state, receipt.code, receipt.at_ms) == (state, code, 1_730_712_540_000)


def test_parameters_come_before_the_text() -> None:
    """The standard's parameters are believed before the custom of the text."""
    text = CUSTOM % (b"1", b"241104172930", b"UNDELIV", b"000")
    receipt = read_receipt(delivery(text, tlvs={0x1E: b"77\0", 0x427: b"\x02"}), "smsc", NOW_MS)
    assert receipt is not None
    assert (receipt.message_id, receipt.state, receipt.at_ms % 60_000) == (
        "77",
        "delivered",
        30_000,
    )


@pytest.mark.parametrize(
    ("ids", "told", "tlv", "kept"),
    [
        ("same", b"0A", b"", "0A"),
        ("hex_then_decimal", b"0000000010", b"", "10"),
        ("hex_then_decimal", b"10", b"A\0", "10"),
        ("decimal_then_hex", b"0000000A", b"", "10"),
        ("decimal_then_hex", b"A", b"10\0", "10"),
        ("hex_then_decimal", b"no-number", b"", "no-number"),
    ],
)
def test_one_id_in_two_ways_of_writing(ids: Ids, told: bytes, tlv: bytes, kept: str) -> None:
    """Hexadecimal in one place and decimal in the other meet in decimal."""
    text = CUSTOM % (told, b"2411041729", b"DELIVRD", b"000")
    tlvs = {0x1E: tlv} if tlv else {}
    receipt = read_receipt(delivery(text, tlvs=tlvs), "smsc", NOW_MS, ids)
    assert receipt is not None
    assert receipt.message_id == kept


@pytest.mark.parametrize(
    ("text", "esm_class", "is_receipt"),
    [
        (b"id:1 stat:DELIVRD", 0, True),  # marked by nobody, yet it is one
        (b"id:1 stat:DELIVRD", 0x20, True),
        (b"id:1 thanks", 0, False),
        (b"text:id:1 stat:DELIVRD", 0, False),
        (b"hello", 4, False),
        (b"", 4, False),
        (b"\xff\xfe\x00", 0, False),
    ],
)
def test_a_telephones_message_is_no_receipt(text: bytes, esm_class: int, is_receipt: bool) -> None:
    """What has no id, or is only a text that speaks of one, tells nothing."""
    found = read_receipt(delivery(text, esm_class=esm_class), "smsc", NOW_MS)
    assert (found is not None) is is_receipt
    assert found is None or found.at_ms == NOW_MS


# one connection


def bound_session(bounds: SessionBounds | None = None) -> Session:
    """Return a session that is bound at 0 s."""
    session = Session(bounds)
    session.bind(pdu.bind_body("house", "sesame", ""), 0.0)
    accepted = pdu.write(Pdu(pdu.BIND_TRANSCEIVER | pdu.RESPONSE, 0, 1, b"smsc\0"))
    assert session.receive(accepted, 0.0) == [Bound()]
    return session


def answer(sequence: int, status: int = 0, body: bytes = b"id9\0") -> bytes:
    """Return the answer to a submission."""
    return pdu.write(Pdu(pdu.SUBMIT_SM | pdu.RESPONSE, status, sequence, body))


def test_the_table_ends_and_every_state_is_reached() -> None:
    """Each state can be lost but the last, and all but the first are reached."""
    states, verbs = get_args(SessionState), get_args(SessionVerb)
    assert set(TABLE) <= set(product(states, verbs))
    assert {before for before, verb in TABLE if verb == "lost"} == set(states) - {"closed"}
    assert set(TABLE.values()) == set(states) - {"new"}


def test_answers_find_their_submissions_in_any_order_and_any_cut() -> None:
    """Bytes may come one by one and answers in another order; each is told once."""
    session = bound_session()
    first, _ = session.submit(SUBMIT, 0.0)
    second, _ = session.submit(SUBMIT, 0.0)
    stream = answer(second, 0x58, b"") + answer(first) + answer(first)
    told = [output for byte in stream for output in session.receive(bytes([byte]), 0.0)]
    assert [(one.sequence, type(one.outcome)) for one in told if isinstance(one, Answered)] == [
        (second, Refused),
        (first, Accepted),
    ]


def test_time_makes_what_is_open_unknown_and_a_late_answer_changes_nothing() -> None:
    """Each submission has its own time; what comes after it is not told."""
    session = bound_session(SessionBounds(answer_s_max=10.0, quiet_s_max=100.0))
    first, _ = session.submit(SUBMIT, 0.0)
    second, _ = session.submit(SUBMIT, 5.0)
    assert session.tick(9.9) == []
    [told] = session.tick(10.0)
    assert isinstance(told, Answered)
    assert (told.sequence, type(told.outcome)) == (first, Unknown)
    assert session.receive(answer(first), 11.0) == []
    assert session.receive(answer(second), 11.0) == [Answered(second, Accepted("id9"))]


def test_an_end_makes_what_is_open_unknown() -> None:
    """Bytes have left and no answer will come."""
    session = bound_session()
    sequence, _ = session.submit(SUBMIT, 0.0)
    *told, end = session.lost("cable")
    assert isinstance(end, Closed)
    assert [(one.sequence, type(one.outcome)) for one in told if isinstance(one, Answered)] == [
        (sequence, Unknown)
    ]
    assert session.lost("again") == []
    assert not session.may_submit


def test_a_quiet_line_is_asked_and_then_given_up() -> None:
    """Nothing heard: asked; still nothing: lost. Anything heard counts as an answer."""
    session = bound_session(SessionBounds(quiet_s_max=30.0, sign_of_life_s_max=10.0))
    assert session.tick(29.0) == []
    assert [type(one) for one in session.tick(30.0)] == [Write]
    assert session.receive(pdu.write(Pdu(pdu.ENQUIRE_LINK | pdu.RESPONSE, 0, 2)), 31.0) == []
    assert [type(one) for one in session.tick(61.0)] == [Write]
    assert [type(one) for one in session.tick(71.0)] == [Closed]


def test_a_bind_that_is_refused_or_not_answered_ends() -> None:
    """The reason is a name, never the password."""
    refused = pdu.write(Pdu(pdu.BIND_TRANSCEIVER | pdu.RESPONSE, 14, 1))
    for answered in (True, False):
        session = Session()
        session.bind(pdu.bind_body("house", "sesame", ""), 0.0)
        outputs = session.receive(refused, 1.0) if answered else session.tick(10.0)
        assert [type(one) for one in outputs] == [Closed]
        assert "sesame" not in repr(outputs)


def test_what_the_other_side_asks_is_answered() -> None:
    """A sign of life, leave, a delivery that is cut short, and a command we do not know."""
    session = bound_session()

    def said(command: int, body: bytes = b"") -> list[tuple[int, int, int]]:
        outputs = session.receive(pdu.write(Pdu(command, 0, 77, body)), 0.0)
        written = [one.data for one in outputs if isinstance(one, Write)]
        return [struct.unpack_from(">III", data, 4) for data in written]

    assert said(pdu.ENQUIRE_LINK) == [(0x80000015, 0, 77)]
    assert said(pdu.DELIVER_SM, b"\0") == [(0x80000005, pdu.PERMANENT_APP_ERROR, 77)]
    assert said(0x103) == [(pdu.GENERIC_NACK, pdu.INVALID_COMMAND, 77)]
    assert said(pdu.UNBIND) == [(0x80000006, 0, 77)]
    assert session.state == "closed"


@given(st.binary(max_size=400))
def test_noise_never_breaks_it(noise: bytes) -> None:
    """Whatever comes: outputs or an end, no exception, and nothing held without bound."""
    session = bound_session()
    sequence, _ = session.submit(SUBMIT, 0.0)
    outputs = session.receive(noise, 0.0) + session.lost("end")
    ends = [one for one in outputs if isinstance(one, Closed)]
    told = [one for one in outputs if isinstance(one, Answered)]
    assert len(ends) == 1
    assert [one.sequence for one in told] == [sequence]


@given(st.binary(max_size=300))
def test_a_delivery_of_noise_never_breaks_it(body: bytes) -> None:
    """It is a delivery or it is refused; as a receipt it is read or it is none."""
    [output] = bound_session().receive(pdu.write(Pdu(pdu.DELIVER_SM, 0, 5, body)), 0.0)
    if isinstance(output, Delivered):
        read_receipt(output.deliver, "smsc", NOW_MS)
