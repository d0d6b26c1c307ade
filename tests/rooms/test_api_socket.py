"""The API behind a real server: odd paths, endless, slow and broken bodies, and the page /docs."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.async_api import async_playwright

from server.api import requests
from server.api.table import BODY_BYTES_MAX
from server.clock import SystemClock
from server.errors import REFUSALS
from tests.support.api_house import SHOP, ApiHouse, Caller, api_house, is_problem
from tests.support.api_server import served

CHROMIUM = "/usr/bin/chromium"
DOCS = Path(__file__).parents[2] / "docs" / "api.md"


@pytest.fixture
async def house(database_url: str, redis_url: str) -> AsyncIterator[ApiHouse]:
    """Give an API on real engines."""
    async with api_house(database_url, redis_url) as made:
        yield made


async def test_path_is_signed_as_it_travels(house: ApiHouse) -> None:
    """Percent signs in path and query are signed as sent, through a real HTTP parser."""
    caller = await house.caller()
    async with (
        served(house.ground) as port,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as http,
    ):
        caller.http = http
        answer = await caller.ask("GET", "/v1/shops/%31/board?")
        assert answer.status_code == 200, answer.text
        answer = await caller.ask("GET", "/v1/orders/1?shop_id=%31&b=%20a&a=%E8%8F%9C+x")
        assert is_problem(answer, "bad_field")["facts"]["field"] in {"a", "b"}
        head = await caller.ask("HEAD", f"/v1/shops/{SHOP}/board")
        assert (head.status_code, head.content) == (200, b"")


async def raw(port: int, *parts: bytes) -> bytes:
    """Send bytes as they are and return the answer's."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for part in parts:
        writer.write(part)
        await writer.drain()
    answer = await reader.readuntil(b"}")
    writer.close()
    await writer.wait_closed()
    return answer


async def test_endless_body_is_cut(house: ApiHouse) -> None:
    """A body without an end is refused as soon as it is too large, announced or not."""
    head = b"POST /v1/pairing/claims HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    chunk = b"%x\r\n" % 4096 + b" " * 4096 + b"\r\n"
    chunks = [chunk] * (BODY_BYTES_MAX // 4096 + 1)
    async with served(house.ground) as port:
        for parts in (
            [head + b"Transfer-Encoding: chunked\r\n\r\n", *chunks],
            [head + b"Content-Length: 999999999\r\n\r\n"],
        ):
            answer = await raw(port, *parts)
            assert answer.startswith(b"HTTP/1.1 413")
            assert b'"code":"too_large"' in answer


async def test_slow_body_is_refused(house: ApiHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    """A caller that dribbles its body does not hold a place for long."""
    monkeypatch.setattr(requests, "BODY_S_MAX", 0.05)
    head = b"POST /v1/pairing/claims HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n{"
    async with served(house.ground) as port:
        answer = await raw(port, head)
    assert answer.startswith(b"HTTP/1.1 400")


async def test_caller_that_hangs_up_is_forgotten(house: ApiHouse) -> None:
    """A caller that leaves in the middle costs nothing: the next one is answered."""
    head = b"POST /v1/pairing/claims HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n{"
    async with served(house.ground) as port:
        for _ in range(20):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(head)
            await writer.drain()
            writer.transport.abort()
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as http:
            assert (await http.get("/readyz")).status_code == 200
            metrics = (await http.get("/metrics")).text
    assert 'chuancai_http_under_way{process="web"} 1.0' in metrics
    assert await house.db.fetchval("SELECT count(*) FROM pairing_try") == 0


async def test_snippet_of_the_documentation_works(house: ApiHouse) -> None:
    """What docs/api.md tells Python callers to write reads the board of a real server."""
    snippet = re.search(r"```python\n(.*?)```", DOCS.read_text("utf-8"), re.DOTALL)
    assert snippet is not None
    caller: Caller = await house.caller()
    names: dict[str, Any] = {}
    exec(snippet[1], names)  # noqa: S102 - our own documentation
    async with served(house.ground._replace(clock=SystemClock())) as port:
        base, (key_id, secret) = f"http://127.0.0.1:{port}", caller.key
        ask: Callable[..., dict[str, Any]] = partial(names["call"], base, key_id, secret)
        board = await asyncio.to_thread(ask, "GET", f"/v1/shops/{SHOP}/board")
        order = {"shop_id": SHOP, "place_id": 1, "lines": [{"dish_id": 1, "quantity": 2}]}
        placed = [
            await asyncio.to_thread(ask, "POST", "/v1/orders", order, "till-1") for _ in range(2)
        ]
    assert board["orders"] == []
    assert placed[0] == placed[1]


def test_worked_example_of_the_documentation_is_right() -> None:
    """The canonical lines and the signature printed in docs/api.md belong together."""
    text = DOCS.read_text("utf-8")
    names: dict[str, Any] = {}
    snippet = re.search(r"```python\n(.*?)```", text, re.DOTALL)
    lines = re.search(r"```text\n(CHUANCAI-HMAC-SHA256\n.*?)\n```", text, re.DOTALL)
    told = re.search(r"X-Chuancai-Signature: ([0-9a-f]{64})", text)
    secret = re.search(r"secret `([^`]+)`", text)
    assert snippet
    assert lines
    assert told
    assert secret
    exec(snippet[1], names)  # noqa: S102 - our own documentation
    assert names["signature"](secret[1], lines[1]) == told[1]


async def test_docs_page_draws_every_door(house: ApiHouse) -> None:
    """/docs shows every door and refusal in a real browser, under its own strict policy."""
    document = (await house.http.get("/openapi.json")).json()
    complaints: list[str] = []
    async with served(house.ground) as port, async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = await browser.new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        await page.goto(f"http://127.0.0.1:{port}/docs#pairing_locked")
        await page.wait_for_selector("#placeOrder")
        doors = await page.locator("details.door").count()
        assert doors == sum(len(methods) for methods in document["paths"].values())
        assert await page.locator("#refusals tr").count() == len(REFUSALS)
        await page.locator("#placeOrder summary").click()
        assert '"dish_id"' in await page.locator("#placeOrder pre").first.inner_text()
        await page.fill("#filter", "pairing")
        assert await page.locator("details.door:visible").count() == 5
        await browser.close()
    assert complaints == []
