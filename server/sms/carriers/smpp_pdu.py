"""◆ The bytes of SMPP 3.4, as far as a sender of messages needs them (SMPP 3.4 issue 1.2, §4, §5).

Numbers are big-endian, strings end with a zero byte, every unit begins with its length, command,
status and sequence. What is optional is skipped by its length and never a reason to fail: message
centres send parameters of later versions, and of their own. Refuses to know what a text says.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

import msgspec

HEADER_BYTES = 16
PDU_BYTES_MAX = 70_000  # a payload of 64 KiB and its header; what claims more is not SMPP
VERSION = 0x34
SHORT_MESSAGE_BYTES_MAX = 254

RESPONSE = 0x80000000
GENERIC_NACK = 0x80000000
SUBMIT_SM = 0x00000004
DELIVER_SM = 0x00000005
UNBIND = 0x00000006
BIND_TRANSCEIVER = 0x00000009
ENQUIRE_LINK = 0x00000015

OK = 0x00000000
INVALID_COMMAND = 0x00000003
QUEUE_FULL = 0x00000014
TEMPORARY_APP_ERROR = 0x00000064
PERMANENT_APP_ERROR = 0x00000065
UNKNOWN_ERROR = 0x000000FF

UDHI = 0x40  # in the ESM class: the text begins with a header of its own
PAYLOAD_TLV = 0x0424
RECEIPTED_ID_TLV = 0x001E
MESSAGE_STATE_TLV = 0x0427

_HEADER = struct.Struct(">IIII")
_TLV = struct.Struct(">HH")


class MalformedError(Exception):
    """Bytes that are not SMPP; what follows them cannot be read either."""


class Pdu(NamedTuple):
    """One protocol data unit with its body unread."""

    command: int
    status: int
    sequence: int
    body: bytes = b""


class Address(NamedTuple):
    """A number or name with its type of number and numbering plan."""

    number: str
    ton: int = 0
    npi: int = 0


class Submit(msgspec.Struct, frozen=True):
    """One part of a text for one telephone."""

    source: Address
    destination: Address
    coding: int
    body: bytes
    esm_class: int = 0
    receipt: bool = True
    as_payload: bool = False


class Deliver(msgspec.Struct, frozen=True):
    """What a message centre delivers to us: a receipt, or a message from a telephone."""

    source: str
    destination: str
    esm_class: int
    coding: int
    body: bytes
    tlvs: dict[int, bytes]


def write(pdu: Pdu) -> bytes:
    """Return a unit's bytes."""
    length = HEADER_BYTES + len(pdu.body)
    return _HEADER.pack(length, pdu.command, pdu.status, pdu.sequence) + pdu.body


class Reader:
    """Cuts a stream of bytes into units."""

    def __init__(self) -> None:
        self._held = bytearray()

    def feed(self, data: bytes) -> list[Pdu]:
        """Return the units that are complete. Raises `MalformedError` for an impossible length."""
        self._held += data
        found, at = [], 0
        while len(self._held) - at >= HEADER_BYTES:
            length, command, status, sequence = _HEADER.unpack_from(self._held, at)
            if not HEADER_BYTES <= length <= PDU_BYTES_MAX:
                raise MalformedError(f"a unit of {length} bytes")
            if len(self._held) - at < length:
                break
            body = bytes(self._held[at + HEADER_BYTES : at + length])
            found.append(Pdu(command, status, sequence, body))
            at += length
        del self._held[:at]
        return found


def bind_body(system_id: str, password: str, system_type: str) -> bytes:
    """Return the body of a bind: who we are; we take what is for any address."""
    return _strings(system_id, password, system_type) + bytes([VERSION, 0, 0]) + _strings("")


def submit_body(submit: Submit) -> bytes:
    """Return the body of a submit_sm; a text as payload is an optional parameter of any length."""
    short = b"" if submit.as_payload else submit.body
    assert len(short) <= SHORT_MESSAGE_BYTES_MAX
    return b"".join(
        (
            b"\0",  # the message centre's default service
            _address(submit.source),
            _address(submit.destination),
            bytes([submit.esm_class, 0, 0, 0, 0, int(submit.receipt), 0, submit.coding, 0]),
            bytes([len(short)]),
            short,
            _TLV.pack(PAYLOAD_TLV, len(submit.body)) + submit.body if submit.as_payload else b"",
        )
    )


def read_deliver(body: bytes) -> Deliver:
    """Return what a deliver_sm says. Raises `MalformedError` when its required part is cut short."""
    try:
        _, at = _string(body, 0)
        source, at = _string(body, at + 2)
        destination, at = _string(body, at + 2)
        esm_class, at = body[at], at + 3
        _, at = _string(body, at)
        _, at = _string(body, at)
        coding, length = body[at + 2], body[at + 4]
    except (IndexError, ValueError):
        raise MalformedError("a deliver_sm that is cut short") from None
    short, rest = body[at + 5 : at + 5 + length], body[at + 5 + length :]
    if len(short) < length:
        raise MalformedError("a deliver_sm that is cut short")
    tlvs = read_tlvs(rest)
    text = short or tlvs.get(PAYLOAD_TLV, b"")
    return Deliver(source, destination, esm_class, coding, text, tlvs)


def read_tlvs(rest: bytes) -> dict[int, bytes]:
    """Return optional parameters by their tag, as far as they are whole."""
    found, at = {}, 0
    while at + _TLV.size <= len(rest):
        tag, length = _TLV.unpack_from(rest, at)
        at += _TLV.size
        if at + length > len(rest):
            break
        found[tag] = rest[at : at + length]
        at += length
    return found


def read_id(body: bytes) -> str:
    """Return the message id of a submit_sm_resp; empty when there is none."""
    return body.partition(b"\0")[0].decode("latin-1").strip()


def _strings(*words: str) -> bytes:
    return b"".join(word.encode("ascii") + b"\0" for word in words)


def _address(address: Address) -> bytes:
    return bytes([address.ton, address.npi]) + _strings(address.number)


def _string(body: bytes, at: int) -> tuple[str, int]:
    end = body.index(b"\0", at)
    return body[at:end].decode("latin-1"), end + 1
