"""Several processes' counts as one text for Prometheus."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from server.health.exposition import merged


def counted(times: int, door: str) -> str:
    """Return what a process says that answered a door so often."""
    registry = CollectorRegistry()
    answers = Counter("answers", "Answers.", ("door",), registry=registry)
    took = Histogram("took_seconds", "Time.", buckets=(1.0,), registry=registry)
    for _ in range(times):
        answers.labels(door).inc()
        took.observe(0.5)
    return generate_latest(registry).decode()


def test_each_line_says_whose_it_is_and_families_stay_together() -> None:
    """Two processes behind one port are both seen at any scrape, in a text a foreign parser reads."""
    odd = 'a "b" {c} \\ d'
    text = merged({"web-1": counted(2, odd), "web-2": counted(3, odd)})
    families = {family.name: family for family in text_string_to_metric_families(text)}
    found = {
        sample.labels["process"]: (sample.value, sample.labels["door"])
        for sample in families["answers"].samples
        if sample.name == "answers_total"
    }
    assert found == {"web-1": (2.0, odd), "web-2": (3.0, odd)}
    assert text.count("# TYPE took_seconds histogram") == 1
    assert text.count("# TYPE answers_total counter") == 1
