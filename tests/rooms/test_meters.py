"""What Prometheus reads of the gateway and the desk."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, generate_latest

from server.demo.seed import seed
from server.meters import HouseMeters
from tests.support.gateway_node import Node, gateway_node, peer


def scrape(node: Node) -> dict[str, float]:
    """Return name (with labels) → value."""
    registry = CollectorRegistry()
    registry.register(HouseMeters(node.desk, node.gateway))
    lines = generate_latest(registry).decode().splitlines()
    pairs = [line.rsplit(" ", 1) for line in lines if not line.startswith("#")]
    return {name.removeprefix("chuancai_"): float(value) for name, value in pairs}


async def test_the_gateway_in_figures(database_url: str, redis_url: str) -> None:
    """Who is here, who has not said who he is, what went out, and why links ended."""
    await seed(database_url)
    async with gateway_node(database_url, redis_url) as node:
        token, _ = await node.pair("kitchen")
        async with peer(node) as cook, peer(node) as stranger:
            await cook.enter(token)
            await node.order(3)
            await cook.hear_a("event")
            found = scrape(node)
            assert {
                name: found[f"gateway_{name}"]
                for name in ("connections", "devices", "strangers", "redis_away", "writes_total",
                             "frames_total", "slowed_total")
            } == {
                "connections": 2, "devices": 1, "strangers": 1, "redis_away": 0, "writes_total": 1,
                "frames_total": 1, "slowed_total": 0,
            }  # fmt: skip
            await stranger.say("command", id="7", name="StartItem")
            assert await stranger.closed() == 4400
        assert scrape(node)['gateway_closed_total{code="4400"}'] == 1
