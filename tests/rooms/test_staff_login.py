"""People log in with a strong password and nothing else (R-000-11), as a browser meets it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import structlog
from argon2 import PasswordHasher

from server.staff.door import Origin
from server.staff.hashing import HASHES_WAITING_MAX
from server.staff.member import Grant
from server.staff.sessions import ACCOUNT_TRIES_MAX, ADDRESS_TRIES_MAX, SESSIONS_MAX
from tests.support.api_house import ApiHouse, api_house, is_problem
from tests.support.people import PASSWORD, Browser, person, refused, take_on

ME = "/v1/staff/me"


@pytest.fixture
async def house(database_url: str, redis_url: str) -> AsyncIterator[ApiHouse]:
    """Give an API on real engines."""
    async with api_house(database_url, redis_url) as made:
        yield made


async def test_first_login_asks_for_a_password_of_ones_own(house: ApiHouse) -> None:
    """A handed-over password opens one door only: the one that changes it (R-000-11)."""
    _, first = await take_on(house, "wang.min", Grant("owner"))
    browser = Browser(house.http)
    me = (await browser.log_in(" Wang.MIN ", first)).json()
    assert (me["login"], me["name"], me["must_change"]) == ("wang.min", "Wang.Min", True)
    assert me["roles"][0]["role"] == "owner"
    assert "token" not in me
    refused(await browser.ask("GET", "/v1/staff/people"), "password_must_change")
    assert (await browser.ask("GET", ME)).status_code == 200
    weak = await browser.ask("POST", "/v1/staff/password", {"old": first, "new": "wang.min-1234"})
    assert refused(weak, "password_weak") == {"reason": "like_login"}
    same = await browser.ask("POST", "/v1/staff/password", {"old": first, "new": first})
    assert refused(same, "password_weak") == {"reason": "same_as_before"}
    wrong = await browser.ask("POST", "/v1/staff/password", {"old": "no", "new": PASSWORD})
    assert refused(wrong, "login_failed") == {"tries_left": 4}
    done = await browser.ask("POST", "/v1/staff/password", {"old": first, "new": PASSWORD})
    assert done.status_code == 200
    assert (await browser.ask("GET", "/v1/staff/people")).status_code == 200
    refused(await Browser(house.http).log_in("wang.min", first), "login_failed")


async def test_cookie_is_out_of_reach(house: ApiHouse) -> None:
    """Scripts cannot read the cookie, other sites cannot send it, TLS keeps it to TLS."""
    await person(house, "chen", "cashier")
    answer = await Browser(house.http).log_in("chen")
    given = answer.headers["set-cookie"]
    assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= set(given.split("; "))
    assert "Secure" not in given
    assert answer.headers["cache-control"] == "no-store"
    row = await house.db.fetchrow("SELECT * FROM staff_session LIMIT 1")
    assert given.partition(";")[0].partition("=")[2] not in repr(row)


async def test_another_page_cannot_ask_in_my_name(house: ApiHouse) -> None:
    """A change from another origin, another port of this host too, is refused; reading is not."""
    browser = await person(house, "chen", "cashier")
    for origin in ("http://evil.example", "http://house:9000", "null", ""):
        answer = await browser.ask("POST", "/v1/staff/logout", Origin=origin)
        refused(answer, "origin_not_allowed")
    assert (await browser.ask("GET", ME, Origin="")).status_code == 200
    answer = await Browser(house.http).ask(
        "POST", "/v1/staff/login", {"login": "chen", "password": PASSWORD},
        Origin="http://evil.example",
    )  # fmt: skip
    refused(answer, "origin_not_allowed")
    text = await house.http.post(
        "/v1/staff/login", content=b'{"login":"chen","password":"x"}',
        headers={"content-type": "text/plain"},
    )  # fmt: skip
    is_problem(text, "bad_request")


async def test_a_program_takes_a_token(house: ApiHouse) -> None:
    """A program asks for a bearer token: no cookie, no origin needed."""
    await person(house, "chen", "cashier")
    body = {"login": "chen", "password": PASSWORD, "bearer": True}
    answer = await house.http.post("/v1/staff/login", json=body)
    assert "set-cookie" not in answer.headers
    headers = {"Authorization": f"Bearer {answer.json()['token']}"}
    assert (await house.http.get(ME, headers=headers)).json()["login"] == "chen"
    assert (await house.http.post("/v1/staff/logout", headers=headers)).status_code == 200
    is_problem(await house.http.get(ME, headers=headers), "session_ended")
    is_problem(await house.http.get(ME), "session_ended")
    is_problem(await house.http.get(ME, headers={"Authorization": "Bearer x"}), "session_ended")


async def test_five_wrong_passwords_lock_the_account_everywhere(house: ApiHouse) -> None:
    """Five wrong ones lock a quarter of an hour, the right one too, and a name that is not there."""
    await person(house, "chen", "cashier")
    told = []
    for login in ("chen", "nobody"):
        for number in range(ACCOUNT_TRIES_MAX):
            house.clock.advance(seconds=2)
            answer = await Browser(house.http).log_in(login, "wrong")
            assert refused(answer, "login_failed") == {"tries_left": 4 - number}
            told.append(answer.json()["title_zh"])
        answer = await Browser(house.http).log_in(login)
        assert refused(answer, "login_locked") == {"retry_after_s": 900}
        assert answer.headers["retry-after"] == "900"
    assert len(set(told)) == 1
    house.clock.advance(seconds=14 * 60)
    refused(await Browser(house.http).log_in("chen"), "login_locked")
    house.clock.advance(seconds=2 * 60)
    assert (await Browser(house.http).log_in("chen")).status_code == 200
    assert "chen" not in repr(await house.db.fetch("SELECT source FROM staff_try"))


async def test_an_address_is_locked_whatever_names_it_tries(house: ApiHouse) -> None:
    """Twenty wrong ones from one address lock it, while others come in."""
    staff = house.front.staff
    await person(house, "chen", "cashier")
    here = Origin("10.0.0.9", "address:10.0.0.9/32")
    for number in range(ADDRESS_TRIES_MAX):
        with pytest.raises(Exception, match="login_failed"):
            await staff.enter(f"name-{number}", "wrong", here)
    with pytest.raises(Exception, match="login_locked"):
        await staff.enter("chen", PASSWORD, here)
    assert (await Browser(house.http).log_in("chen")).status_code == 200


async def test_a_right_password_does_not_pay_for_guesses(house: ApiHouse) -> None:
    """Who has an account gets back only the try of his own login, not those at others' accounts."""
    staff = house.front.staff
    await person(house, "chen", "cashier")
    here = Origin("10.0.0.9", "address:10.0.0.9/32")
    for number in range(ADDRESS_TRIES_MAX - 1):
        with pytest.raises(Exception, match="login_failed"):
            await staff.enter(f"name-{number}", "wrong", here)
        if number % 5 == 0:
            await staff.enter("chen", PASSWORD, here)
    with pytest.raises(Exception, match="login_failed"):
        await staff.enter("one-more", "wrong", here)
    with pytest.raises(Exception, match="login_locked"):
        await staff.enter("chen", PASSWORD, here)


async def test_a_flood_of_logins_is_told_to_go(house: ApiHouse) -> None:
    """However many log in at once, a bounded number is hashed for; the rest hears `busy` at once."""
    hasher = house.front.staff._hasher
    answers = await asyncio.gather(
        *(hasher.is_right(None, "guess") for _ in range(HASHES_WAITING_MAX + 14)),
        return_exceptions=True,
    )
    busy = [a for a in answers if isinstance(a, Exception)]
    assert len(busy) == 14
    assert {str(a) for a in busy} == {"busy: Too much at once; try again."}
    assert await hasher.is_right(None, "guess") is False, "and then it goes on"


async def test_a_session_ends_when_nobody_uses_it(house: ApiHouse) -> None:
    """Half an hour idle or twelve hours in all end a session; using it keeps it."""
    browser = await person(house, "chen", "cashier")
    for _ in range(3):
        house.clock.advance(seconds=25 * 60)
        assert (await browser.ask("GET", ME)).status_code == 200
    house.clock.advance(seconds=31 * 60)
    refused(await browser.ask("GET", ME), "session_ended")
    await browser.log_in("chen")
    for _ in range(28):
        house.clock.advance(seconds=25 * 60)
        assert (await browser.ask("GET", ME)).status_code == 200
    house.clock.advance(seconds=25 * 60)
    refused(await browser.ask("GET", ME), "session_ended")


async def test_sessions_are_seen_and_ended(house: ApiHouse) -> None:
    """One sees where one is logged in, ends the others, and keeps at most ten."""
    first = await person(house, "chen", "cashier")
    second = Browser(house.http)
    await second.log_in("chen")
    sessions = (await second.ask("GET", "/v1/staff/sessions")).json()["sessions"]
    assert sorted(one["own"] for one in sessions) == [False, True]
    other = next(one["id"] for one in sessions if not one["own"])
    assert (await second.ask("DELETE", f"/v1/staff/sessions/{other}")).status_code == 200
    refused(await first.ask("GET", ME), "session_ended")
    stranger = await person(house, "li", "cashier")
    own = (await second.ask("GET", ME)).json()["session_id"]
    await stranger.ask("DELETE", f"/v1/staff/sessions/{own}")
    assert (await second.ask("GET", ME)).status_code == 200, "only one's own"
    for _ in range(SESSIONS_MAX):
        house.clock.advance(seconds=2)
        assert (await Browser(house.http).log_in("chen")).status_code == 200
    refused(await second.ask("GET", ME), "session_ended")


async def test_a_changed_password_ends_other_sessions(house: ApiHouse) -> None:
    """Whoever else holds a session is out when the password changes."""
    first = await person(house, "chen", "cashier")
    second = Browser(house.http)
    await second.log_in("chen")
    body = {"old": PASSWORD, "new": "another horse 88 battery"}
    assert (await second.ask("POST", "/v1/staff/password", body)).status_code == 200
    refused(await first.ask("GET", ME), "session_ended")
    assert (await second.ask("GET", ME)).status_code == 200


async def test_dearer_parameters_reach_old_passwords(house: ApiHouse) -> None:
    """A hash of cheaper days is exchanged at the next login."""
    await person(house, "chen", "cashier")
    cheap = "$argon2id$v=19$m=8192,t=1,p=1$"
    old = PasswordHasher(1, 8192, 1).hash(PASSWORD)
    assert old.startswith(cheap)
    await house.db.execute("UPDATE staff SET password_hash = $1 WHERE login = 'chen'", old)
    assert (await Browser(house.http).log_in("chen")).status_code == 200
    now = await house.db.fetchval("SELECT password_hash FROM staff WHERE login = 'chen'")
    assert now.startswith("$argon2id$v=19$m=65536,t=3,p=1$")
    assert (await Browser(house.http).log_in("chen")).status_code == 200


async def test_no_password_in_any_log_line(house: ApiHouse) -> None:
    """Passwords, tokens and mistyped names are not written down."""
    with structlog.testing.capture_logs([structlog.contextvars.merge_contextvars]) as lines:
        browser = await person(house, "chen", "cashier")
        await Browser(house.http).log_in(PASSWORD, PASSWORD)
        await Browser(house.http).log_in("chen", "wrong-but-nearly")
    text = repr(lines)
    token = browser.cookie.partition("=")[2]
    for secret in (PASSWORD, token, "wrong-but-nearly", "$argon2id$"):
        assert secret not in text
    assert "staff:1:1" in text
