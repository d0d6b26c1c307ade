"""Webhooks: signed, told until answered, by a worker that a bad receiver cannot hold up."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import msgspec
import pytest
from redis.asyncio import Redis

from server.api.keys import KeyMaker
from server.api.store import Client
from server.auth import read_networks
from server.clock import ManualClock, to_ms
from server.desk import Entry
from server.errors import Refusal
from server.events import promises
from server.events.decision import Context, Decision, Promise
from server.events.effects import Effects, Outside
from server.events.keeping import PromiseLoop
from server.sealed import Sealing
from server.settings import Settings
from server.webhooks import store
from server.webhooks.message import BODY_BYTES_MAX, Told, read_told
from server.webhooks.post import AT_ONCE_MAX, ATTEMPTS_MAX, POST_WEBHOOK, Poster
from tests.support.kitchen import NOON, SHOP, Kitchen, open_kitchen
from tests.support.patience import PATIENCE_S
from tests.support.receiver import Mood, Receiver, receiver

SEALING = Sealing(Settings().seal_key)
SECRET = "a secret of the till, 32 or longer"
ROWS = "SELECT state, attempt, last_error FROM promise WHERE kind = 'PostWebhook' ORDER BY id"


class House:
    """A kitchen whose worker posts webhooks."""

    def __init__(self, kitchen: Kitchen, loop: PromiseLoop, effects: Effects) -> None:
        self.kitchen, self.loop, self.effects = kitchen, loop, effects
        self.clients: dict[str, int] = {}

    async def client(self, name: str, url: str) -> int:
        """Make a business service with a webhook."""
        keys = KeyMaker(self.kitchen.pool, self.kitchen.clock, SEALING)
        made = await keys.make_client(Client(brand_id=1, id=0, name=name))
        client = (1, made.client_id)
        await store.put_webhook(
            self.kitchen.pool, client, store.Webhook(url, SECRET), SEALING, NOON
        )
        return made.client_id

    async def promise(self, client_id: int, *call_ids: int, **detail: Any) -> None:
        """Promise to tell a client that its calls rang, as decisions do."""
        now_ms = to_ms(self.kitchen.clock.now())
        payloads = [
            {"client_id": client_id, "call_id": i, "stage": "rung", "at_ms": now_ms, "detail": detail}
            for i in call_ids
        ]  # fmt: skip

        def decide(command: Any, facts: Any, context: Context) -> Decision:
            return Decision({}, promises=[Promise(POST_WEBHOOK, p, now_ms) for p in payloads])

        self.kitchen.desk._book["Tell"] = Entry(  # type: ignore[index]
            msgspec.defstruct("Any", []), _no_facts, decide, frozenset({"manager"})
        )
        await self.kitchen.ask("manager", "Tell")

    async def turn(self) -> None:
        """Take what is due in hand and see it through."""
        await self.loop.turn()
        await self.effects.drain()

    async def turns(self, count: int, seconds: float) -> None:
        """Take so many turns, time passing before each."""
        for _ in range(count):
            self.kitchen.advance(seconds=seconds)
            await self.turn()

    async def rows(self) -> list[tuple[str, int, str]]:
        """Return each promise's state, attempt and last error."""
        return [(r[0], r[1], r[2] or "") for r in await self.kitchen.pool.fetch(ROWS)]


async def _no_facts(_: Any, asked: Any, now_ms: int) -> list[Any]:
    return [None] * len(asked)


@asynccontextmanager
async def open_house(
    database_url: str, redis_url: str, *, networks: str = "127.0.0.0/8", post_s_max: float = 5.0
) -> AsyncIterator[House]:
    """Open a kitchen and its worker's loop."""
    async with (
        open_kitchen(database_url, ManualClock(NOON)) as kitchen,
        httpx.AsyncClient(trust_env=False) as http,
        Redis.from_url(redis_url) as redis,
    ):
        poster = Poster(read_networks(networks.split(",")), SEALING, post_s_max)
        outside = Outside(kitchen.pool, kitchen.clock, http)
        effects = Effects({POST_WEBHOOK: poster.effect()}, outside, kitchen.desk.keep)
        loop = PromiseLoop(kitchen.pool, redis, kitchen.clock, kitchen.desk.keep, effects)
        yield House(kitchen, loop, effects)
        await effects.stop()


@pytest.fixture
async def house(database_url: str, redis_url: str) -> AsyncIterator[House]:
    """Give a house on real engines."""
    async with open_house(database_url, redis_url) as opened:
        yield opened


@pytest.fixture
async def till() -> AsyncIterator[Receiver]:
    """Give a receiver on a real socket."""
    async with receiver() as listening:
        yield listening


async def test_a_post_is_signed_and_says_what_came_of_the_call(
    house: House, till: Receiver
) -> None:
    """The receiver checks it with its own secret; changed on the way or kept, it is refused."""
    client_id = await house.client("till", till.url)
    await house.promise(client_id, 77, ends=["pad"])
    await house.turn()
    (post,) = till.posts
    now_s = NOON.timestamp()
    told = read_told(SECRET, post.target, post.headers, post.body, now_s)
    assert told == Told(post.event_id, SHOP, 77, "rung", int(now_s * 1000), {"ends": ["pad"]})
    assert post.target == "/hooks/kitchen?shop=a%20b", "as the URL says it"
    assert post.headers["host"] == till.url.split("/")[2]
    assert (await house.rows())[0][0] == "done"
    for secret, body, at_s in (
        ("x" * 32, post.body, now_s),
        (SECRET, post.body.replace(b"77", b"78"), now_s),
        (SECRET, post.body, now_s + 301),
    ):
        with pytest.raises(Refusal):
            read_told(secret, post.target, post.headers, body, at_s)


@pytest.mark.parametrize("mood", ["error", "reset", "redirect", "hang", "endless"])
async def test_what_a_receiver_did_not_take_is_told_again(
    database_url: str, redis_url: str, till: Receiver, mood: Mood
) -> None:
    """500, a reset, a redirect, silence, an answer without end: again, with the same event id."""
    async with open_house(database_url, redis_url, post_s_max=0.5) as house:
        await house.promise(await house.client("till", till.url), 77)
        till.moods = [mood]
        await house.turn()
        assert len(till.posts) == 1
        assert (await house.rows())[0][:2] == (("done", 2) if mood == "endless" else ("waiting", 1))
        await house.turns(2, 3)
        assert (await house.rows())[0][0] == "done"
        assert {post.event_id for post in till.posts} == {till.posts[0].event_id}


async def test_a_receiver_that_is_down_hears_everything_when_it_is_up(house: House) -> None:
    """Down for minutes: each attempt is made later than the last, and each event comes once it is up."""
    async with receiver() as down:
        port = int(down.url.split(":")[2].split("/")[0])
    client_id = await house.client("till", down.url)
    await house.promise(client_id, *range(1, 11))
    await house.turns(8, 10)
    states = await house.rows()
    assert {state for state, _, _ in states} == {"waiting"}
    assert max(attempt for _, attempt, _ in states) < 8, "waits grow"
    async with receiver(port) as up:
        await house.turns(6, 120)
        assert {state for state, _, _ in await house.rows()} == {"done"}
        heard = [msgspec.json.decode(post.body, type=Told).call_id for post in up.posts]
        assert sorted(heard) == list(range(1, 11))


async def test_after_a_day_it_is_dead_and_can_be_revived(house: House, till: Receiver) -> None:
    """Never dropped: what had all its attempts is an alarm and a row that a person revives."""
    client_id = await house.client("till", till.url)
    await house.promise(client_id, 77)
    await house.kitchen.pool.execute(
        "UPDATE promise SET attempt = $1 WHERE kind = 'PostWebhook'", ATTEMPTS_MAX - 1
    )
    till.moods = ["error"]
    await house.turn()
    assert await house.rows() == [("dead", ATTEMPTS_MAX, "NotToldError('HTTP 500')")]
    now_ms = to_ms(house.kitchen.clock.now())
    assert await promises.revive(house.kitchen.pool, SHOP, None, now_ms) == 1
    await house.turns(1, 5)
    assert (await house.rows())[0][0] == "done"


async def test_one_hanging_receiver_does_not_hold_up_another(
    database_url: str, redis_url: str, till: Receiver
) -> None:
    """Two hundred posts to one that hangs: a few at once, and the other hears meanwhile."""
    async with (
        open_house(database_url, redis_url, post_s_max=30.0) as house,
        receiver() as hanging,
    ):
        hanging.moods = ["hang"] * 300
        await house.promise(await house.client("hangs", hanging.url), *range(1, 201))
        await house.loop.turn()
        await hanging.until(AT_ONCE_MAX)
        await house.promise(await house.client("till", till.url), 1, 2, 3)
        house.kitchen.advance(seconds=3)
        await house.loop.turn()
        async with asyncio.timeout(PATIENCE_S):
            await till.until(3)
        assert hanging.inside_max == AT_ONCE_MAX
        hanging.let_go.set()
        await house.effects.drain()


async def test_private_addresses_are_not_reached(
    database_url: str, redis_url: str, till: Receiver
) -> None:
    """A name that leads inside is not connected to, unless the house allows that network."""
    async with open_house(database_url, redis_url, networks="10.9.0.0/16") as house:
        for name, url in (
            ("by number", till.url),
            ("by name", till.url.replace("127.0.0.1", "localhost")),
            ("over tls", till.url.replace("http:", "https:").replace("127.0.0.1", "localhost")),
        ):
            await house.promise(await house.client(name, url), 77)
        await house.turn()
        assert till.opened == 0
        assert {error for _, _, error in await house.rows()} == {
            "NotToldError('its name leads to an address that is not allowed')"
        }


async def test_what_is_told_is_bounded_and_ends_with_the_client(
    house: House, till: Receiver
) -> None:
    """Details that do not fit are left out; without a webhook, or revoked, nobody is told."""
    client_id = await house.client("till", till.url)
    await house.promise(client_id, 77, text="x" * 2 * BODY_BYTES_MAX)
    await house.turn()
    (post,) = till.posts
    assert len(post.body) < BODY_BYTES_MAX
    assert msgspec.json.decode(post.body, type=Told).detail["leftOut"] > BODY_BYTES_MAX
    await house.kitchen.pool.execute("UPDATE api_client SET revoked_at = $1", NOON)
    await house.promise(client_id, 78)
    await house.promise(999, 79)
    await house.turns(1, 3)
    assert len(till.posts) == 1
    assert {state for state, _, _ in await house.rows()} == {"done"}


async def test_what_becomes_of_later_rings_is_told(house: House) -> None:
    """A repeat in quiet hours is suppressed, one said beside another's is rung: the caller hears of both."""
    client_id = await house.client("till", "https://127.0.0.1:1/")  # nobody is there
    await house.kitchen.pair("cashier")
    put = (
        "INSERT INTO broadcast_policy VALUES (1, 1, 'custom', 'cashier', $1, 1, now(), 'test')"
        " ON CONFLICT (brand_id, shop_id, event, channel) DO UPDATE SET policy = excluded.policy"
    )
    loud = '{"coalesce_s": 5, "repeat_max": 1, "interval_s": 60'
    await house.kitchen.pool.execute(put, loud + "}")
    calls = []
    for number in ("1", "2", "3"):
        ask = {
            "event": "custom", "channels": ["cashier"], "template_id": 3, "params": {"number": number},
        }  # fmt: skip
        sent = await house.kitchen.ask("business", "SendImCall", calls=[ask], client_id=client_id)
        calls.append(sent["calls"][0]["call_id"])
    told = "SELECT payload FROM promise WHERE kind = 'PostWebhook' AND payload ->> 'call_id' = $1 ORDER BY id"

    async def stages(call_id: int) -> list[tuple[str, Any, str]]:
        rows = await house.kitchen.pool.fetch(told, str(call_id))
        found = [msgspec.json.decode(row["payload"]) for row in rows]
        return [
            (one["stage"], one["detail"].get("ring"), one["detail"].get("reason", ""))
            for one in found
        ]

    house.kitchen.advance(seconds=5)
    await house.loop.turn()
    assert [await stages(one) for one in calls[1:]] == [[("rung", None, ""), ("rung", 1, "")]] * 2
    quiet = ', "quiet": {"from_minute": 0, "to_minute": 1439}}'
    await house.kitchen.pool.execute(put, loud + quiet)
    house.kitchen.advance(seconds=60)
    await house.loop.turn()
    for one in calls:
        assert (await stages(one))[-1] == ("suppressed", 2, "quiet_hours")
