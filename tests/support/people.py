"""People at the HTTP API: taken on at the terminal, logged in with a browser's cookie or a token."""

from __future__ import annotations

from typing import Any

import httpx

from server.staff.member import Grant, Member, StaffRole
from tests.support.api_house import ApiHouse, is_problem

PASSWORD = "three blind mice on tuesday"
ORIGIN = {"Origin": "http://house"}


class Browser:
    """A page of this house in a browser: keeps the cookie, names its origin."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self.http = http
        self.cookie = ""

    async def ask(
        self, method: str, target: str, body: Any = None, **headers: str
    ) -> httpx.Response:
        """Send what the page asks; an empty header is left out."""
        sent = {**ORIGIN, "Cookie": self.cookie, **headers}
        answer = await self.http.request(
            method, target, json=body, headers={k: v for k, v in sent.items() if v}
        )
        given = answer.headers.get("set-cookie", "")
        if given:
            self.cookie = given.partition(";")[0]
        return answer

    async def log_in(self, login: str, password: str = PASSWORD) -> httpx.Response:
        """Log in."""
        return await self.ask("POST", "/v1/staff/login", {"login": login, "password": password})


async def take_on(
    house: ApiHouse, login: str, *grants: Grant, brand_id: int = 1
) -> tuple[int, str]:
    """Take somebody on from the terminal; return the id and the first password."""
    new = Member(brand_id=brand_id, id=0, login=login, name=login.title(), grants=grants)
    return await house.front.staff.add(None, new)


async def person(
    house: ApiHouse, login: str, role: StaffRole, shop_id: int = 0, *, brand_id: int = 1
) -> Browser:
    """Return the browser of somebody who has chosen a password of his own and is logged in."""
    _, first = await take_on(house, login, Grant(role, shop_id), brand_id=brand_id)
    browser = Browser(house.http)
    assert (await browser.log_in(login, first)).json()["must_change"] is True
    answer = await browser.ask("POST", "/v1/staff/password", {"old": first, "new": PASSWORD})
    assert answer.status_code == 200, answer.text
    return browser


def refused(answer: httpx.Response, code: str) -> dict[str, Any]:
    """Assert that an answer is this refusal; return its facts."""
    return dict(is_problem(answer, code)["facts"])
