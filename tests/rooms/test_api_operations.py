"""What load balancers, Prometheus and browsers find: health, metrics, pages and their headers."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from redis.asyncio import Redis
from starlette.applications import Starlette

from server.api import pages
from server.api.front import Ground
from server.api.pages import CLIENTS, page_routes
from server.api.routes import routes
from server.health.roll import Roll
from tests.support.api_house import SHOP, ApiHouse, api_house, is_problem


@pytest.fixture
async def house(database_url: str, redis_url: str) -> AsyncIterator[ApiHouse]:
    """Give an API on real engines."""
    async with api_house(database_url, redis_url) as made:
        yield made


async def ready_on(ground: Ground) -> httpx.Response:
    """Ask /readyz of another process on this ground."""
    apart = ground._replace(registry=type(ground.registry)())
    transport = httpx.ASGITransport(Starlette(routes=routes(apart)))
    async with httpx.AsyncClient(transport=transport, base_url="http://house") as http:
        return await http.get("/readyz")


async def test_ready_when_everything_is_there(house: ApiHouse) -> None:
    """A node with its engines and all migrations gets traffic; asked again it stays so."""
    for _ in range(2):
        answer = await house.http.get("/readyz")
        told = {"status": "ready", "database": True, "redis": True, "printers_troubled": 0}
        assert answer.json() == told
    assert (await house.http.get("/healthz")).json() == {"status": "alive"}


async def test_printers_that_do_not_print_are_told(house: ApiHouse) -> None:
    """Whoever keeps the house running reads it where he looks; the node goes on taking orders."""
    manager = await house.manager()
    plan = {"name": "热菜", "kind": "network", "address": "192.168.1.50", "paper": {}}
    await manager.ask("POST", f"/v1/shops/{SHOP}/printers", plan)
    await manager.ask("POST", f"/v1/shops/{SHOP}/printers/1/test")
    await house.db.execute("UPDATE printer SET condition = 'paper_out'")
    told = (await house.http.get("/readyz")).json()
    assert (told["status"], told["printers_troubled"]) == ("ready", 1)
    said = (await house.http.get("/metrics")).text
    assert "chuancai_printers_troubled 1.0" in said
    assert "chuancai_papers_waiting 1.0" in said
    assert "chuancai_papers_undecided 0.0" in said


async def test_degraded_without_redis(house: ApiHouse) -> None:
    """Without Redis a node still takes orders, so it stays in service and says what is missing."""
    async with Redis(host="127.0.0.1", port=1) as dead:
        answer = await ready_on(house.ground._replace(redis=dead))
    assert (answer.status_code, answer.json()["status"]) == (200, "degraded")


async def test_unready_while_draining(house: ApiHouse) -> None:
    """A node that is about to stop gets no new traffic and yet is alive."""
    house.draining = True
    told = is_problem(await house.http.get("/readyz"), "unavailable")
    assert told["facts"] == {"draining": True}
    assert (await house.http.get("/healthz")).status_code == 200


async def test_unready_without_migrations(house: ApiHouse) -> None:
    """A node newer than its database waits for the migration and names it."""
    await house.db.execute("DELETE FROM migration WHERE number = 3")
    told = is_problem(await ready_on(house.ground), "unavailable")
    assert told["facts"] == {"migrations": ["0003_access.sql"]}


async def test_unready_without_database(house: ApiHouse) -> None:
    """A node without its database gets no traffic and yet is alive."""
    await house.db.close()
    is_problem(await house.http.get("/readyz"), "unavailable")
    assert (await house.http.get("/healthz")).status_code == 200


async def test_metrics_count_answers(house: ApiHouse) -> None:
    """Prometheus reads how many answers there were, by door and refusal, and nothing invented."""
    caller = await house.caller()
    await caller.ask("GET", f"/v1/shops/{SHOP}/board")
    await house.http.get(f"/v1/shops/{SHOP}/board")
    text = (await house.http.get("/metrics")).text
    for line in (
        'chuancai_http_answers_total{process="web",code="ok",door="readBoard",status="200"} 1.0',
        'chuancai_http_answers_total{process="web",code="session_ended",door="readBoard",status="401"} 1.0',
        'chuancai_http_took_seconds_count{process="web",door="readBoard"} 2.0',
        'chuancai_http_under_way{process="web"} 1.0',
    ):
        assert line in text


@pytest.mark.parametrize(("peer", "status"), [("192.168.7.9", 200), ("8.8.8.8", 403)])
async def test_metrics_are_not_for_the_world(
    database_url: str, redis_url: str, peer: str, status: int
) -> None:
    """A scraper in the shop's network reads what is counted; an address from outside is refused."""
    async with api_house(database_url, redis_url, peer=peer) as house:
        assert (await house.http.get("/metrics")).status_code == status


async def test_one_scrape_tells_every_process_of_the_host(house: ApiHouse) -> None:
    """Behind one port any process is asked: it tells of the others and the worker too, while they live."""
    roll = Roll(house.ground.redis, house.clock)
    host = socket.gethostname()
    await roll.show(
        host, "worker", b"# HELP chuancai_x X\n# TYPE chuancai_x gauge\nchuancai_x 7.0\n"
    )
    assert 'chuancai_x{process="worker"} 7.0' in (await house.http.get("/metrics")).text
    house.clock.advance(seconds=16)
    assert "chuancai_x" not in (await house.http.get("/metrics")).text


PAGES = [
    ("/", "text/html; charset=utf-8"),
    ("/docs", "text/html; charset=utf-8"),
    ("/site/docs.js", "text/javascript; charset=utf-8"),
    ("/site/site.css", "text/css; charset=utf-8"),
    ("/link/tokens.css", "text/css; charset=utf-8"),
    ("/link/replica.js", "text/javascript; charset=utf-8"),
]


@pytest.mark.parametrize(("path", "media_type"), PAGES)
async def test_pages_have_right_types_and_strict_headers(
    house: ApiHouse, path: str, media_type: str
) -> None:
    """A browser runs our modules and nobody else's, and asks each time whether they changed."""
    answer = await house.http.get(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == media_type
    policy = answer.headers["content-security-policy"].split("; ")
    assert {"default-src 'self'", "script-src 'self'", "style-src 'self'"} <= set(policy)
    assert not any("unsafe" in part for part in policy if not part.startswith("style-src-attr"))
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-cache"
    again = await house.http.get(path, headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


async def test_folders_of_screens(tmp_path: Path) -> None:
    """/kds leads to /kds/, which is its index; what is not there or outside is not found."""
    for folder in pages._FOLDERS.values():
        (tmp_path / folder).mkdir()
    (tmp_path / "kds-web" / "index.html").write_text("<!doctype html>kitchen")
    (tmp_path / "kds-web" / "notes.py").write_text("secret = 1")
    (tmp_path / "outside.html").write_text("no")
    transport = httpx.ASGITransport(Starlette(routes=page_routes(tmp_path)))
    async with httpx.AsyncClient(transport=transport, base_url="http://house") as http:
        moved = await http.get("/kds")
        assert (moved.status_code, moved.headers["location"]) == (308, "/kds/")
        assert (await http.get("/kds/")).text == "<!doctype html>kitchen"
        for path in (
            "/pad/", "/kds/none.js", "/kds/notes.py", "/kds/%2e%2e/outside.html",
            "/kds/..%2foutside.html", "/link/%00", "/nowhere", "/kds/" + "a" * 300,
        ):  # fmt: skip
            is_problem(await http.get(path), "not_found")
        is_problem(await http.post("/kds/"), "method_not_allowed")
        is_problem(await http.delete("/"), "method_not_allowed")


def test_pages_load_nothing_from_elsewhere() -> None:
    """The house works without the internet: no page, script or style names another host."""
    site = Path(__file__).parents[2] / "server" / "api" / "site"
    files = [*site.iterdir(), *(CLIENTS / "link").glob("*.css")]
    assert len(files) >= 5
    for file in files:
        text = file.read_text("utf-8")
        assert "http://" not in text.replace("http://www.w3.org", "")
        assert "https://" not in text
