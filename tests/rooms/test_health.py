"""Live health at the doors: what is late, what was given up and brought back, who is at work."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from redis.asyncio import Redis

from server.clock import ManualClock, to_ms
from server.doctor.processes import judge
from server.health.alarms import WINDOW_S
from server.health.roll import ROLL_KEY, Roll
from server.health.standing import Standing
from server.health.watch import SeenDevice, Watch
from tests.support.api_house import NOON, SHOP, ApiHouse, api_house
from tests.support.people import person, refused

ADD_PROMISE = """
INSERT INTO promise (shop_id, id, kind, payload, due_at, state, attempt, last_error)
VALUES ($1, $2, 'print', '{}', $3::timestamptz, $4, 30, 'no route to host')
"""

ONE_BRAND = "UPDATE shop SET brand_id = 1"
ADD_ALARM = """
INSERT INTO house_alarm (brand_id, shop_id, kind, subject, count, began_at, raised_at, seen_at)
VALUES ($1, $2, $3, $4, 7, $5, $5, $5)
"""
ADD_PRINTER = """
INSERT INTO printer (shop_id, id, name, kind, address, language, paper, documents, stations, answers,
                     expires_after_s, enabled, condition, condition_at, version)
VALUES ($1, 9, '热菜打印机', 'network', '192.168.1.50', 'zh', '{}', '[]', '[]', true, 900, true, 'paper_out', $2, 1)
"""
CARRIERS = """
[[carrier]]
kind = "chuanglan"
name = "ours"
account = { account = "a", password = "b", url = "http://127.0.0.1:1" }

[[carrier]]
kind = "chuanglan"
name = "theirs"
account = { account = "a", password = "b", url = "http://127.0.0.1:1" }
"""
ROUTES = """
[brands.2]
verification = "theirs"
notice = "theirs"
marketing = "theirs"
"""


@pytest.fixture
async def house(database_url: str, redis_url: str) -> AsyncIterator[ApiHouse]:
    """Give an API on real engines."""
    async with api_house(database_url, redis_url) as made:
        yield made


def standing(clock: ManualClock, node: str = "n1", **more: object) -> Standing:
    """Make what a process says of itself now."""
    now_ms = to_ms(clock.now())
    said = {
        "node": node,
        "kind": "web",
        "host": "till",
        "pid": 7,
        "started_ms": now_ms,
        "lag_ms": 1.5,
    }
    return Standing(**(said | {"said_ms": now_ms} | more))  # type: ignore[arg-type]


async def test_a_quiet_house_is_well(house: ApiHouse) -> None:
    """A manager of the only brand reads that both engines answer, nothing is late, and which processes work."""
    await house.db.execute(ONE_BRAND)
    manager = await person(house, "chen", "manager")
    roll = Roll(house.ground.redis, house.clock)
    await roll.say(standing(house.clock))
    await roll.say(standing(house.clock, "n2", kind="worker", lag_ms=4.0, waiting=3))
    told = (await manager.ask("GET", "/v1/ops/health")).json()
    assert (told["level"], told["late"], told["dead"]) == ("well", 0, [])
    assert [(one["name"], one["up"]) for one in told["engines"]] == [
        ("postgresql", True), ("redis", True),
    ]  # fmt: skip
    assert [(one["node"], one["lag_ms"], one["guard"]) for one in told["processes"]] == [
        ("n1", 1.5, "closed"), ("n2", 4.0, "closed"),
    ]  # fmt: skip
    assert told["work"] == {"webs": 1, "workers": 1, "lag_ms": 4.0, "waiting": 3}
    await roll.leave("n2")
    assert (await manager.ask("GET", "/v1/ops/health")).json()["level"] == "trouble"


async def test_what_is_late_and_dead_is_told_of_the_own_shops_only(house: ApiHouse) -> None:
    """A promise overdue by a minute and one given up are named; those of another brand are not."""
    now = house.clock.now()
    for shop_id, number, state in ((SHOP, 1, "waiting"), (SHOP, 2, "dead"), (2, 3, "dead")):
        due = now - timedelta(seconds=60)
        await house.db.execute(ADD_PROMISE, shop_id, number, due, state)
    manager = await person(house, "chen", "manager", SHOP)
    told = (await manager.ask("GET", "/v1/ops/health")).json()
    assert (told["level"], told["late"], told["oldest_late_ms"]) == ("trouble", 1, 60_000)
    assert [(d["shop_id"], d["id"], d["why"]) for d in told["dead"]] == [
        (SHOP, 2, "no route to host")
    ]


async def test_a_brand_in_a_shared_house_is_told_what_it_feels_and_no_more(
    database_url: str, redis_url: str, tmp_path: Path
) -> None:
    """Two brands in one house: no machine, no number of all brands, no other's alarm or carrier (R-000-16)."""
    carriers, routes = tmp_path / "carriers.toml", tmp_path / "routes.toml"
    carriers.write_text(CARRIERS)
    carriers.chmod(0o600)
    routes.write_text(ROUTES)
    async with api_house(
        database_url, redis_url, data_dir=tmp_path, sms_carriers=str(carriers), sms_routes=routes
    ) as house:
        now = house.clock.now()
        for brand, shop, kind, subject in (
            (0, 0, "broken", ""), (0, 0, "login_failed", ""), (0, 0, "ledger_finding", ""),
            (0, 0, "carrier_down", "ours"), (0, 0, "carrier_down", "theirs"),
            (1, SHOP, "printer_down", ""), (2, 2, "printer_down", ""),
        ):  # fmt: skip
            await house.db.execute(ADD_ALARM, brand, shop, kind, subject, now)
        roll = Roll(house.ground.redis, house.clock)
        await roll.say(standing(house.clock, refused={"login_failed": 40}, devices=900))
        await roll.say(standing(house.clock, "w", kind="worker", resting=["theirs"]))
        manager = await person(house, "chen", "manager")
        answer = await manager.ask("GET", "/v1/ops/health")
        told = answer.json()
        assert {(a["kind"], a["subject"], a["shop_id"], a["count"]) for a in told["alarms"]} == {
            ("broken", "", 0, 0), ("carrier_down", "ours", 0, 0), ("printer_down", "", SHOP, 7),
        }  # fmt: skip
        assert (told["shared"], told["processes"]) == (True, [])
        assert (told["work"]["webs"], told["work"]["workers"]) == (1, 1)
        assert "theirs" not in answer.text
        assert "till" not in answer.text
        await house.db.execute("DELETE FROM house_alarm")
        assert (await manager.ask("GET", "/v1/ops/health")).json()["level"] == "well"
        await house.db.execute(ONE_BRAND)
        told = (await manager.ask("GET", "/v1/ops/health")).json()
        assert (told["shared"], told["level"]) == (False, "trouble")
        assert told["processes"][0]["refused"] == {"login_failed": 40}


async def test_a_printer_that_does_not_print_is_named(house: ApiHouse) -> None:
    """R-004-30: which printer, why, since when; of the shops one leads."""
    for shop_id in (SHOP, 2):
        await house.db.execute(ADD_PRINTER, shop_id, house.clock.now())
    manager = await person(house, "chen", "manager")
    told = (await manager.ask("GET", "/v1/ops/health")).json()
    assert told["printers"] == [
        {
            "shop_id": SHOP, "id": 9, "name": "热菜打印机", "condition": "paper_out",
            "since_ms": to_ms(house.clock.now()), "waiting": 0,
        }
    ]  # fmt: skip


async def test_a_dead_promise_is_brought_back_once_and_written_down(house: ApiHouse) -> None:
    """A manager revives it: it is due now with all its attempts, and the audit log says who did it."""
    await house.db.execute(ADD_PROMISE, SHOP, 2, house.clock.now(), "dead")
    manager = await person(house, "chen", "manager", SHOP)
    target = f"/v1/ops/promises/2/revive?shop_id={SHOP}"
    assert (await manager.ask("POST", target)).json() == {"id": 2, "kind": "print"}
    look = f"/v1/ops/promises/2?shop_id={SHOP}"
    told = (await manager.ask("GET", look)).json()
    assert (told["state"], told["attempts"], told["kind"]) == ("waiting", 0, "print")
    refused(await manager.ask("POST", target), "promise_not_found")
    await house.db.execute("UPDATE promise SET state = 'done'")
    assert (await manager.ask("GET", look)).json()["state"] == "done"
    await house.front.audit.settle()
    lines = (await manager.ask("GET", "/v1/audit?action=revivePromise")).json()["lines"]
    assert [line["outcome"] for line in lines] == ["promise_not_found", "ok"]


async def test_only_who_leads_a_shop_is_told_and_may_revive(house: ApiHouse) -> None:
    """A cashier, an auditor and the manager of another brand get no look and no hand at it."""
    await house.db.execute(ADD_PROMISE, SHOP, 2, house.clock.now(), "dead")
    for login, role in (("wang", "cashier"), ("shen", "auditor")):
        browser = await person(house, login, role)  # type: ignore[arg-type]
        refused(await browser.ask("GET", "/v1/ops/health"), "not_allowed")
    target = f"/v1/ops/promises/2/revive?shop_id={SHOP}"
    refused(await browser.ask("POST", target), "not_allowed")
    look = f"/v1/ops/promises/2?shop_id={SHOP}"
    refused(await browser.ask("GET", look), "not_allowed")
    stranger = await person(house, "liu", "owner", brand_id=2)
    refused(await stranger.ask("POST", target), "promise_not_found")
    refused(await stranger.ask("GET", look), "promise_not_found")


async def test_who_fell_silent_is_off_the_roll(redis_url: str) -> None:
    """A process killed with -9 is no longer listed after fifteen seconds; one that ends leaves at once."""
    clock = ManualClock(NOON)
    async with Redis.from_url(redis_url) as redis:
        roll = Roll(redis, clock)
        for node in ("killed", "ended", "lives"):
            await roll.say(standing(clock, node))
        await roll.leave("ended")
        clock.advance(seconds=16)
        await roll.say(standing(clock, "lives"))
        assert [one.node for one in await roll.call()] == ["lives"]
        assert await redis.hkeys(ROLL_KEY) == [b"lives"]


async def test_an_open_breaker_is_trouble(house: ApiHouse) -> None:
    """A carrier that is left alone, or a database that is not asked, is seen by the manager (R-000-16)."""
    await house.db.execute(ONE_BRAND)
    manager = await person(house, "chen", "manager")
    await Roll(house.ground.redis, house.clock).say(
        standing(house.clock, kind="worker", resting=["chuanglan"])
    )
    told = (await manager.ask("GET", "/v1/ops/health")).json()
    assert (told["level"], told["processes"][0]["resting"]) == ("trouble", ["chuanglan"])


async def nobody(shop_id: int) -> list[SeenDevice]:
    """Nobody was ever connected."""
    del shop_id
    return []


def watch_over(house: ApiHouse) -> Watch:
    """Watch the house as a worker does."""
    return Watch(house.db, Roll(house.ground.redis, house.clock), house.clock, nobody)


async def test_what_lasts_is_said_once_an_hour_by_whichever_worker(house: ApiHouse) -> None:
    """One error in the log however many workers look, again after an hour; the console shows it (R-000-16)."""
    await house.db.execute(ADD_PROMISE, SHOP, 2, house.clock.now(), "dead")
    one, other = watch_over(house), watch_over(house)
    said = [(found.kind, found.shop_id, found.number) for found in await one.turn()]
    assert said == [("promises_dead", SHOP, 1)]
    house.clock.advance(seconds=1)
    assert await other.turn() == []
    for _ in range(2 * 60 - 1):
        house.clock.advance(seconds=30)
        assert await one.turn() == []
    house.clock.advance(seconds=30)
    assert [found.kind for found in await other.turn()] == ["promises_dead"]
    manager = await person(house, "chen", "manager", SHOP)
    told = (await manager.ask("GET", "/v1/ops/health")).json()
    assert [(a["kind"], a["shop_id"], a["count"]) for a in told["alarms"]] == [
        ("promises_dead", SHOP, 1)
    ]
    stranger = await person(house, "liu", "owner", brand_id=2)
    assert (await stranger.ask("GET", "/v1/ops/health")).json()["alarms"] == []


async def test_what_is_over_is_gone_and_is_said_again_when_it_comes_back(house: ApiHouse) -> None:
    """A printer without paper for a while: gone from the console five minutes after it prints, new the next time."""
    manager = await house.manager()
    plan = {"name": "热菜", "kind": "network", "address": "192.168.1.50", "paper": {}}
    await manager.ask("POST", f"/v1/shops/{SHOP}/printers", plan)
    watch = watch_over(house)
    for _ in range(2):
        await house.db.execute("UPDATE printer SET condition = 'paper_out'")
        assert [found.kind for found in await watch.turn()] == ["printer_down"]
        await house.db.execute("UPDATE printer SET condition = 'ready'")
        house.clock.advance(seconds=301)
        assert await watch.turn() == []
        browser = await person(house, f"chen{_}", "manager", SHOP)
        assert (await browser.ask("GET", "/v1/ops/health")).json()["alarms"] == []


async def test_forged_signatures_past_a_limit_become_an_alarm(house: ApiHouse) -> None:
    """Nineteen a minute are weather, twenty over all processes are somebody; each minute by itself (R-000-16)."""
    watch, roll = watch_over(house), Roll(house.ground.redis, house.clock)
    for count, expected in ((0, []), (9, []), (10, [20])):
        for node in ("n1", "n2"):
            refused = {"signature_refused": count}
            await roll.say(standing(house.clock, node, refused=refused))
        assert [found.number for found in await watch.turn()] == expected
    house.clock.advance(seconds=WINDOW_S)
    for node in ("n1", "n2"):
        await roll.say(standing(house.clock, node, refused={"signature_refused": 10}))
    await watch.turn()  # the window ends here
    assert await watch._of_processes() == []


async def test_a_carrier_that_rests_and_a_guard_that_refuses_are_said(house: ApiHouse) -> None:
    """Texts that cannot go out and a database that is not asked want somebody's eye (R-000-16)."""
    roll = Roll(house.ground.redis, house.clock)
    await roll.say(standing(house.clock, "w", kind="worker", resting=["chuanglan"]))
    await roll.say(standing(house.clock, "n", guard="open"))
    found = {(one.kind, one.subject) for one in await watch_over(house).turn()}
    assert found == {("carrier_down", "chuanglan"), ("database_guard", "")}


async def test_guests_wait_and_no_kitchen_screen_is_on(house: ApiHouse) -> None:
    """All boards of a shop are off while a dish is ordered: it is said; with a board on, or no order, it is quiet."""
    board = await house.pair("kitchen")
    watch = watch_over(house)
    assert await watch.turn() == []
    await (await house.caller()).order(1)
    assert [(one.kind, one.subject) for one in await watch.turn()] == [("devices_away", "kitchen")]

    async def on(shop_id: int) -> list[SeenDevice]:
        del shop_id
        return [SeenDevice(board, to_ms(house.clock.now()))]

    house.clock.advance(seconds=7_200)
    roll = Roll(house.ground.redis, house.clock)
    assert await Watch(house.db, roll, house.clock, on).turn() == []


def test_doctor_names_what_is_missing_among_the_processes() -> None:
    """Without a worker nothing rings again: doctor fails; a carrier or a database left alone is named."""
    clock = ManualClock(NOON)
    web, worker = standing(clock), standing(clock, "w", kind="worker")
    assert [one.level for one in judge([web, worker])] == ["ok"]
    assert [one.level for one in judge([web])] == ["fail"]
    resting = standing(clock, "w", kind="worker", resting=["chuanglan"])
    found = judge([standing(clock, guard="open"), resting])
    assert [one.level for one in found] == ["fail", "warn"]
    assert "chuanglan" in found[1].says.zh
