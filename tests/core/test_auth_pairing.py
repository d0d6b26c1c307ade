"""The rules of pairing without any database: what a code is, when it opens, when tries are over."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from server.errors import Refusal
from server.pairing import pairing
from server.pairing.pairing import Code, Offer, Wish

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
LATER = NOW + timedelta(minutes=10)
ID = UUID(int=7)


@pytest.mark.parametrize(
    ("typed", "read"),
    [("12345678", "12345678"), ("1234 5678", "12345678"), (" 1234-5678 ", "12345678"),
     ("１２３４５６７８", "12345678"), ("00000000", "00000000"), ("1234567", None),  # noqa: RUF001
     ("123456789", None), ("1234567a", None), ("", None), ("²²²²²²²²", None)],
)  # fmt: skip
def test_code_as_people_type_it(typed: str, read: str | None) -> None:
    """Spaces, dashes and full-width digits are how people type; anything else is a wrong code."""
    assert pairing.read_code(typed) == read


def test_new_codes_are_eight_digits() -> None:
    """Every code can be typed as it is shown."""
    codes = [pairing.new_code() for _ in range(500)]
    assert all(pairing.read_code(code) == code for code in codes)
    assert len(set(codes)) > 490


def code(**given: object) -> Code:
    """Return a code that opens, changed by `given`."""
    fields = {
        "shop_id": 1, "id": ID, "kind": "kitchen", "name": "热菜档", "place_id": None,
        "station_id": 1, "device_id": None, "made_by": "王敏", "expires_at": LATER,
        "used_at": None,
    }  # fmt: skip
    return Code(**(fields | given))  # type: ignore[arg-type]


def offer(**given: object) -> Offer:
    """Return an offer that may be confirmed, changed by `given`."""
    fields = {
        "id": ID, "secret_hash": b"s", "token_hash": b"t", "kind": "kitchen", "name": "",
        "expires_at": LATER, "confirmed_at": None, "shop_id": None, "device_id": None,
    }  # fmt: skip
    return Offer(**(fields | given))  # type: ignore[arg-type]


def test_code_opens_once_for_ten_minutes() -> None:
    """A code opens until its last moment, once; the refusals say which it was."""
    assert pairing.check_code(code(), LATER - timedelta(seconds=1), 4).id == ID
    for found, now, refusal in [
        (None, NOW, "pairing_code_wrong"),
        (code(), LATER, "pairing_code_expired"),
        (code(used_at=NOW), NOW, "pairing_code_used"),
    ]:
        with pytest.raises(Refusal, match=refusal):
            pairing.check_code(found, now, 4)


def test_offer_opens_for_one_shop() -> None:
    """A screen that one shop took cannot be taken by another; the same shop meets the desk."""
    mine = offer(confirmed_at=NOW, shop_id=1, device_id=3)
    assert pairing.check_offer(offer(), 1, NOW, 4).id == ID
    assert pairing.check_offer(mine, 1, NOW, 4).id == ID
    for found, shop_id, now, refusal in [
        (None, 1, NOW, "pairing_code_wrong"),
        (mine, 2, NOW, "pairing_code_used"),
        (offer(), 1, LATER, "pairing_code_expired"),
        (mine, 1, LATER, "pairing_code_expired"),
    ]:
        with pytest.raises(Refusal, match=refusal):
            pairing.check_offer(found, shop_id, now, 4)


def test_answer_is_kept_for_a_while() -> None:
    """A screen that lost the answer may ask again for ten minutes after it was confirmed."""
    assert not pairing.is_over(offer(), NOW)
    assert pairing.is_over(offer(), LATER)
    confirmed = offer(confirmed_at=LATER - timedelta(seconds=1), shop_id=1, device_id=3)
    assert not pairing.is_over(confirmed, LATER)
    assert pairing.is_over(confirmed, LATER + pairing.ANSWER_KEPT)


def test_sixth_try_is_locked_and_told_for_how_long() -> None:
    """Five wrong tries lock ten minutes, and the person is told how long is left."""
    assert [pairing.check_tries(tries, NOW, NOW) for tries in (1, 5)] == [4, 0]
    with pytest.raises(Refusal, match="pairing_locked") as refused:
        pairing.check_tries(6, NOW, NOW + timedelta(minutes=4))
    assert refused.value.detail == {"retry_after_s": 360}


WRONG_WISHES = [
    (Wish(name="", kind="kitchen"), "name"),
    (Wish(name="x"), "kind"),
    (Wish(name="x", kind="guest"), "place_id"),
    (Wish(name="x", kind="waiter", station_id=1), "station_id"),
]


@pytest.mark.parametrize(("wish", "field"), WRONG_WISHES)
def test_wish_that_cannot_be(wish: Wish, field: str) -> None:
    """A manager is told what is missing before a code is spent."""
    with pytest.raises(Refusal, match="bad_field") as refused:
        pairing.check_wish(wish)
    assert refused.value.detail == {"field": field}


def test_wishes_that_can_be() -> None:
    """A guest's pad with a room, a kitchen screen with a station, known hardware with nothing."""
    pairing.check_wish(Wish(name="801", kind="guest", place_id=1))
    pairing.check_wish(Wish(name="热菜档", kind="kitchen", station_id=1))
    pairing.check_wish(Wish(name="", device_id=4))


def test_token_belongs_to_the_secret() -> None:
    """The same secret always gives the same token, another another; neither shows the other."""
    token = pairing.token_of("secret-a")
    assert token == pairing.token_of("secret-a")
    assert token != pairing.token_of("secret-b")
    assert len(token) == 43
    assert "secret-a" not in token


def test_ipv6_house_counts_as_one() -> None:
    """Hopping through the addresses of one IPv6 network gives no further tries."""
    one, other = pairing.source_of("2001:db8::1"), pairing.source_of("2001:db8::ffff:2")
    assert one == other
    assert pairing.source_of("2001:db8:0:1::1") != one
    assert pairing.source_of("10.0.0.1") != pairing.source_of("10.0.0.2")
