"""What the house counts, for Prometheus: read from its parts when somebody asks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from server.desk import Desk
from server.gateway.gateway import Gateway


class HouseMeters(Collector):
    """Collects on scrape, so that nothing is counted on a hot path for its sake."""

    def __init__(self, desk: Desk, gateway: Gateway) -> None:
        self._desk = desk
        self._gateway = gateway

    def collect(self) -> Iterator[Metric]:
        """Yield every family."""
        gateway, outgoing = self._gateway, self._gateway.outgoing
        yield _gauge(
            "desk_waiting_commands", "Commands that wait for a lane", self._desk.lanes.waiting_jobs
        )
        yield _gauge("gateway_connections", "Open sockets", len(gateway.connections))
        yield _gauge("gateway_devices", "Known devices connected here", len(gateway.devices))
        yield _gauge(
            "gateway_strangers", "Open sockets that have not proved who they are",
            gateway.unauthenticated,
        )  # fmt: skip
        yield _gauge(
            "gateway_redis_away", "1 while Redis does not answer this node", gateway.presence.away
        )
        yield _gauge("gateway_shops", "Shops with a device here", len(gateway.shops))
        yield _gauge("gateway_loop_lag_seconds", "How late the loop's last tick was", gateway.lag_s)
        yield _counter("gateway_commands", "Commands devices asked for", gateway.commands_run)
        yield _counter("gateway_gaps", "Gaps in a shop's log that were read back", gateway.gaps)
        yield _counter("gateway_writes", "Writes of events to sockets", outgoing.writes)
        yield _counter("gateway_frames", "Event frames in those writes", outgoing.frames_sent)
        yield _counter("gateway_slowed", "Devices whose socket took no more", outgoing.slowed)
        closed = CounterMetricFamily(
            "chuancai_gateway_closed", "Connections closed by us", labels=["code"]
        )
        for code, count in sorted(gateway.closed.items()):
            closed.add_metric([str(code)], count)
        yield closed


class WorkerMeters(Collector):
    """What a worker counts; it has no port of its own, so a web process of its host says it."""

    def __init__(self, carriers: Callable[[], Mapping[str, str]], desk: Desk) -> None:
        self._carriers = carriers
        self._desk = desk

    def collect(self) -> Iterator[Metric]:
        """Yield every family."""
        waiting = self._desk.lanes.waiting_jobs
        yield _gauge("desk_waiting_commands", "Commands that wait for a lane", waiting)
        resting = GaugeMetricFamily(
            "chuancai_sms_carrier_resting",
            "1 while a carrier that did not answer is left alone",
            labels=["carrier"],
        )
        for name, state in sorted(self._carriers().items()):
            resting.add_metric([name], float(state != "closed"))
        yield resting


def _gauge(name: str, about: str, value: float) -> Metric:
    return GaugeMetricFamily(f"chuancai_{name}", about, value=value)


def _counter(name: str, about: str, value: float) -> Metric:
    return CounterMetricFamily(f"chuancai_{name}", about, value=value)
