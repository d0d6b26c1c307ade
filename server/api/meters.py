"""What the API counts for Prometheus; `operations.py` shows it.

Refuses labels that a caller can invent: doors, statuses and refusal codes are all from our tables.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

# From a cached read to a queue of commands behind a slow disk.
_BUCKETS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)

# What somebody should look into when there is much of it, by refusal code (docs/staff.md says how much).
ALARMS = {
    "bad_signature": "signature_refused",
    "nonce_reused": "replay_refused",
    "address_not_allowed": "address_refused",
    "rate_limited": "rate_limited",
    "login_failed": "login_failed",
    "login_locked": "login_locked",
    "origin_not_allowed": "origin_refused",
    "audit_unavailable": "audit_refused",
    "unavailable": "unavailable",
    "internal": "broken",
}


class Meters:
    """Counters of one process."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.registry = registry
        self.answers = Counter(
            "chuancai_http_answers",
            "Answers by door, status and refusal code.",
            ("door", "status", "code"),
            registry=registry,
        )
        self.took = Histogram(
            "chuancai_http_took_seconds",
            "Time from the request's head to the answer's last byte.",
            ("door",),
            buckets=_BUCKETS_S,
            registry=registry,
        )
        self.under_way = Gauge(
            "chuancai_http_under_way",
            "Requests being answered now.",
            registry=registry,
        )
        self.alarms = Counter(
            "chuancai_alarms",
            "Refusals that want somebody's eye, by kind, over all doors.",
            ("kind",),
            registry=registry,
        )
        for kind in ALARMS.values():
            self.alarms.labels(kind)  # there at zero, so that the first one is a rise
        self.guard = Gauge(
            "chuancai_database_guard",
            "The breaker before the database: 0 closed, 1 trying, 2 open (requests are refused at once).",
            registry=registry,
        )
        # Of the house and not of a process: counted by whoever is asked, and said once.
        self.house = CollectorRegistry()
        self.ledger_alarms = Gauge(
            "chuancai_ledger_alarms", "Findings of the ledger's audits.", registry=self.house
        )
        self.promises_dead = Gauge(
            "chuancai_promises_dead", "Promises that had all their attempts.", registry=self.house
        )
        self.printers_troubled, self.papers_waiting, self.papers_undecided = (
            Gauge(f"chuancai_{name}", what, registry=self.house)
            for name, what in (
                ("printers_troubled", "Printers in use that do not print."),
                ("papers_waiting", "Papers that wait for a printer."),
                ("papers_undecided", "Papers of which nobody knows, or that did not come out."),
            )
        )
        self.refused: dict[str, int] = {}  # what `alarms` counts, for the watch
        self._count = 0

    @property
    def how_many_under_way(self) -> int:
        """Return how many requests are being answered now."""
        return self._count

    @contextmanager
    def request(self) -> Iterator[None]:
        """Count a request for as long as it is being answered."""
        self._count += 1
        self.under_way.set(self._count)
        try:
            yield
        finally:
            self._count -= 1
            self.under_way.set(self._count)

    def saw(self, door: str, status: int, code: str, took_s: float) -> None:
        """Count one answer."""
        self.answers.labels(door, str(status), code).inc()
        self.took.labels(door).observe(took_s)
        if kind := ALARMS.get(code):
            self.alarms.labels(kind).inc()
            self.refused[kind] = self.refused.get(kind, 0) + 1
