"""Devices on real sockets: coming in, hearing, asking, resuming, moving."""

from __future__ import annotations

import asyncio
import random
import uuid
from typing import Any

import pytest
from websockets.exceptions import InvalidStatus

from server.demo.seed import seed
from tests.support.gateway_node import SHOP, Peer, gateway_node, peer


@pytest.mark.parametrize("packed", [False, True])
async def test_an_order_reaches_the_kitchen(
    database_url: str, redis_url: str, *, packed: bool
) -> None:
    """A waiter orders, the kitchen hears it; both subprotocols say the same."""
    await seed(database_url)
    async with gateway_node(database_url, redis_url) as node:
        kitchen, _ = await node.pair("kitchen")
        waiter, _ = await node.pair("waiter")
        async with peer(node, packed=packed) as cook, peer(node, packed=not packed) as pad:
            seq = await cook.enter(kitchen)
            await pad.enter(waiter)
            reply = await pad.ask("PlaceOrder", place_id=3, lines=[{"dish_id": 1}])
            assert reply["ok"]
            event = await cook.hear_a("event")
            assert (event["seq"], event["event"]["kind"]) == (seq + 1, "OrderPlaced")
            assert event["event"]["order"]["id"] == reply["result"]["order_id"]


async def test_a_guest_hears_only_its_own_room(database_url: str, redis_url: str) -> None:
    """What is ordered in another room stays there."""
    await seed(database_url)
    async with gateway_node(database_url, redis_url) as node:
        token, _ = await node.pair("guest", place_id=3)
        async with peer(node) as guest:
            seq = await guest.enter(token)
            await node.order(4)
            await node.order(3)
            assert (await guest.hear_a("event"))["seq"] == seq + 2


async def test_commands_of_a_device_are_answered_in_order(
    database_url: str, redis_url: str
) -> None:
    """Twenty presses sent at once are done one after another; refusals do not stop the rest."""
    await seed(database_url)
    async with gateway_node(database_url, redis_url) as node:
        token, _ = await node.pair("kitchen")
        items = (await node.order(3, dishes=10))["item_ids"]
        async with peer(node) as cook:
            await cook.enter(token)
            sent = []
            for item in items:
                for name in ("StartItem", "StartItm", "FinishItem"):
                    sent.append(str(uuid.uuid4()))
                    await cook.say("command", id=sent[-1], name=name, body={"item_id": item})
            replies = [await cook.hear_a("reply") for _ in sent]
            assert [reply["id"] for reply in replies] == sent
            assert [reply["ok"] for reply in replies] == [True, False, True] * 10
            assert replies[1]["refusal"]["code"] == "unknown_command"


async def test_the_same_command_after_a_reconnect_is_answered_the_same(
    database_url: str, redis_url: str
) -> None:
    """A pad that lost the connection before the reply asks again and gets the first answer."""
    await seed(database_url)
    async with gateway_node(database_url, redis_url) as node:
        token, _ = await node.pair("waiter")
        command, order = str(uuid.uuid4()), {"place_id": 3, "lines": [{"dish_id": 1}]}
        async with peer(node) as pad:
            await pad.enter(token)
            first = await pad.ask("PlaceOrder", command, **order)
        async with peer(node) as pad:
            await pad.enter(token)
            assert await pad.ask("PlaceOrder", command, **order) == first


async def test_more_commands_than_may_wait_are_refused_politely(
    database_url: str, redis_url: str
) -> None:
    """A broken client that fires 200 commands at once is answered each, some `rate_limited`."""
    await seed(database_url)
    async with gateway_node(database_url, redis_url) as node:
        token, _ = await node.pair("kitchen")
        item = (await node.order(3))["item_ids"][0]
        async with peer(node) as cook:
            await cook.enter(token)
            for _ in range(200):
                await cook.say(
                    "command", id=str(uuid.uuid4()), name="StartItem", body={"item_id": item}
                )
            replies = [await cook.hear_a("reply") for _ in range(200)]
            refused = {r["refusal"]["code"] for r in replies if not r["ok"]}
            assert refused == {"rate_limited"}


async def test_resume_from_the_ring_and_from_the_log(database_url: str, redis_url: str) -> None:
    """A device that was away hears exactly what it missed, on this node and on a fresh one."""
    await seed(database_url)
    async with gateway_node(database_url, redis_url) as node:
        token, _ = await node.pair("kitchen")
        other, _ = await node.pair("waiter")
        async with peer(node) as cook, peer(node) as keeper:
            seq = await cook.enter(token)
            await keeper.enter(other)  # keeps the shop awake on this node
            await cook.socket.close()
            for _ in range(5):
                await node.order(3)
            missed = list(range(seq + 1, seq + 6))
            async with peer(node) as again:
                resumed = await again.hello(token, resume={"epoch": 1, "seq": seq})
                assert (resumed["mode"], resumed["seq"]) == ("resumed", seq + 5)
                assert await again.seqs(until=seq + 5) == missed
        async with (
            gateway_node(database_url, redis_url, "two") as second,
            peer(second, packed=True) as again,
        ):
            assert (await again.hello(token, resume={"epoch": 1, "seq": seq}))["mode"] == (
                "resumed"
            )
            assert await again.seqs(until=seq + 5) == missed


@pytest.mark.parametrize(
    "resume", [{"epoch": 2, "seq": 0}, {"epoch": 1, "seq": 10**9}, {"epoch": 1, "seq": -1}, None]
)
async def test_what_cannot_be_resumed_is_a_snapshot(
    database_url: str, redis_url: str, resume: dict[str, int] | None
) -> None:
    """Another epoch, a seq from the future or no seq at all: the device starts afresh."""
    await seed(database_url)
    async with gateway_node(database_url, redis_url) as node:
        token, _ = await node.pair("kitchen")
        async with peer(node) as cook:
            assert (await cook.hello(token, resume=resume))["mode"] == "snapshot"
            assert (await cook.hear())["seq"] == await node.head()


async def test_a_move_brings_a_fresh_snapshot_of_the_new_place(
    database_url: str, redis_url: str
) -> None:
    """A guest's pad carried to another room shows that room; its account stays (R-004-30)."""
    await seed(database_url)
    async with gateway_node(database_url, redis_url) as node:
        token, device_id = await node.pair("guest", place_id=3)
        await node.order(4)
        async with peer(node) as guest:
            await guest.enter(token)
            await node.ask(
                "manager", "MoveDevice", device_id=device_id, place_id=4, station_id=None
            )
            view = (await guest.hear_a("snapshot"))["view"]
            assert (view["device"]["place_id"], len(view["orders"])) == (4, 1)
            await node.order(3)
            heard = await node.order(4)
            event = (await guest.hear_a("event"))["event"]
            assert event["order"]["id"] == heard["order_id"]


async def test_a_device_moves_itself(database_url: str, redis_url: str) -> None:
    """The `move` frame is answered and followed by a snapshot of the new place."""
    await seed(database_url)
    async with gateway_node(database_url, redis_url) as node:
        token, _ = await node.pair("waiter", place_id=3)
        async with peer(node) as pad:
            await pad.enter(token)
            await pad.say("move", id=str(uuid.uuid4()), place_id=5)
            frames = [await pad.hear(), await pad.hear(), await pad.hear()]
            kinds = {frame["t"]: frame for frame in frames}
            assert kinds["reply"]["ok"]
            assert kinds["snapshot"]["view"]["device"]["place_id"] == 5


async def test_a_device_moved_while_away_starts_from_a_snapshot(
    database_url: str, redis_url: str
) -> None:
    """Resuming would show the old room's dishes at the new place."""
    await seed(database_url)
    async with gateway_node(database_url, redis_url) as node:
        token, device_id = await node.pair("guest", place_id=3)
        async with peer(node) as guest:
            seq = await guest.enter(token)
        await node.ask("manager", "MoveDevice", device_id=device_id, place_id=4, station_id=None)
        async with peer(node) as guest:
            welcome = await guest.hello(token, resume={"epoch": 1, "seq": seq})
            assert welcome["mode"] == "snapshot"


async def test_pings_tell_the_head_and_the_rooms_last_line(
    database_url: str, redis_url: str
) -> None:
    """A device can see in every ping whether a line meant for it is missing."""
    await seed(database_url)
    async with gateway_node(database_url, redis_url) as node:
        token, _ = await node.pair("guest", place_id=3)
        async with peer(node) as guest:
            seq = await guest.enter(token)
            await node.order(3)
            await node.order(4)
            await guest.hear_a("event")
            await guest.say("ping", sent_ms=77)
            pong = await guest.hear_a("pong")
            assert (pong["seq"], pong["room_seq"], pong["sent_ms"]) == (seq + 2, seq + 1, 77)


async def test_acknowledgements_are_stored(database_url: str, redis_url: str) -> None:
    """How far a device is survives the process; older acks, and acks of no line, change nothing."""
    await seed(database_url)
    async with gateway_node(database_url, redis_url) as node:
        token, device_id = await node.pair("waiter")
        async with peer(node) as pad:
            seq = await pad.enter(token)
            for ack in (seq, seq - 1, seq + 1, 2**53):
                await pad.say("ack", up_to=ack)
            await pad.say("ping", sent_ms=1)
            await pad.hear_a("pong")
            await node.gateway.cursors.flush()
            row = await node.pool.fetchrow(
                "SELECT acked_seq, last_seen_at FROM device WHERE shop_id = $1 AND id = $2",
                SHOP, device_id,
            )  # fmt: skip
            assert row is not None
            assert row["acked_seq"] == seq
            assert row["last_seen_at"] is not None


async def test_what_a_device_runs_is_kept_whatever_it_calls_it(
    database_url: str, redis_url: str
) -> None:
    """R-004-30: the page's name and version of the last hello that had one; strange signs spoil nobody's note."""
    await seed(database_url)
    async with gateway_node(database_url, redis_url) as node:
        tokens = [(await node.pair("waiter"))[0] for _ in range(2)]
        for token, app in zip(tokens, ["pad/7f", "pad/\0\n版" + "x" * 99], strict=True):
            async with peer(node) as pad:
                await pad.hello(token, app=app)
        await node.gateway.cursors.flush()
        async with peer(node) as pad:
            await pad.hello(tokens[0])
        await node.gateway.cursors.flush()
        kept = await node.pool.fetch(
            "SELECT app FROM device WHERE shop_id = $1 AND app <> '' ORDER BY id", SHOP
        )
        assert [row["app"] for row in kept] == ["pad/7f", "pad/版" + "x" * 53]


async def test_cash_desks_share_an_account_and_not_a_cursor(
    database_url: str, redis_url: str
) -> None:
    """Two cash desks hear everything each, and each resumes where it stopped itself."""
    await seed(database_url)
    async with gateway_node(database_url, redis_url) as node:
        tokens = [(await node.pair("cashier"))[0] for _ in range(2)]
        tags = await node.pool.fetch("SELECT id FROM place WHERE kind = 'tag' AND shop_id = 1")
        async with peer(node) as one, peer(node) as two:
            seq = await one.enter(tokens[0])
            await two.enter(tokens[1])
            await node.order(tags[0]["id"])
            assert await one.seqs(seq + 1) == await two.seqs(seq + 1) == [seq + 1]
            await one.socket.close()
            await node.order(tags[1]["id"])
            assert await two.seqs(seq + 2) == [seq + 2]
        async with peer(node) as one:
            await one.hello(tokens[0], resume={"epoch": 1, "seq": seq + 1})
            assert await one.seqs(seq + 2) == [seq + 2]


async def test_devices_that_come_and_go_miss_and_double_nothing(
    database_url: str, redis_url: str
) -> None:
    """Twelve screens cut at random while a hundred orders are placed: each hears each line once."""
    await seed(database_url)
    chance = random.Random(7)
    async with gateway_node(database_url, redis_url) as node:
        tokens = [(await node.pair("kitchen"))[0] for _ in range(12)]
        first = await node.head()

        async def live(token: str) -> list[int]:
            heard: list[int] = []
            at = first
            while at < first + 100:
                async with peer(node, packed=chance.random() < 0.5) as screen:
                    await screen.hello(token, resume={"epoch": 1, "seq": at})
                    for _ in range(chance.randint(1, 30)):
                        heard.append((await screen.hear_a("event"))["seq"])
                        at = heard[-1]
                        if at == first + 100:
                            break
            return heard

        async def day() -> None:
            for number in range(100):
                await node.order(number % 20 + 1)

        *stories, _ = await asyncio.gather(*map(live, tokens), day())
        assert all(story == list(range(first + 1, first + 101)) for story in stories)


@pytest.mark.parametrize(
    ("options", "status"),
    [
        ({"origin": "https://evil.example"}, 403),
        ({"subprotocols": ["mqtt"]}, 400),
    ],
)
async def test_who_is_turned_away_at_the_door(
    database_url: str, redis_url: str, options: dict[str, Any], status: int
) -> None:
    """A page of another site and a foreign subprotocol get no WebSocket."""
    async with gateway_node(database_url, redis_url) as node:
        with pytest.raises(InvalidStatus) as refused:
            async with peer(node, **options):
                pass
        assert refused.value.response.status_code == status


async def test_only_one_path_is_a_socket(database_url: str, redis_url: str) -> None:
    """Another path is 404, not a silent socket."""
    async with gateway_node(database_url, redis_url) as node:
        node.url = node.url.replace("/ws", "/else")
        with pytest.raises(InvalidStatus) as refused:
            async with peer(node):
                pass
        assert refused.value.response.status_code == 404


async def test_our_own_page_and_clients_without_a_subprotocol_are_welcome(
    database_url: str, redis_url: str
) -> None:
    """The screens' own origin passes; who offers no subprotocol speaks JSON."""
    await seed(database_url)
    async with gateway_node(database_url, redis_url) as node:
        token, _ = await node.pair("waiter")
        page = f"http://127.0.0.1:{node.port}"
        async with peer(node, origin=page, subprotocols=None) as pad:
            assert isinstance(pad, Peer)
            assert pad.socket.subprotocol is None
            await pad.enter(token)
