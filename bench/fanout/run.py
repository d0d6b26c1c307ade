"""Measure the gateway side by side with its peers and print the table: `python -m bench.fanout.run`.

Every server runs on core 0, the load generator with Redis and PostgreSQL on core 1. Rounds are
interleaved; a figure is the median of its rounds with the range behind it. Peers and the generator
are put into the work directory by `bench/fanout/peers.sh`.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from bench.fanout import peers
from bench.fanout.peers import SERVER_CPU, Served, free_port

GENERATOR_CPU = 1
ENGINES_START_S_MAX = 60.0
Figures = dict[str, Any]


class Engines(NamedTuple):
    """Where PostgreSQL and Redis are."""

    database_url: str
    redis_url: str


class Bench(NamedTuple):
    """What all measurements share."""

    work: Path
    engines: Engines
    secs: float
    nice: int


@contextmanager
def engines(nice: int) -> Iterator[Engines]:
    """Run the engines on the generator's core."""
    process = subprocess.Popen(
        ["nice", "-n", str(nice), "taskset", "-c", str(GENERATOR_CPU),
         sys.executable, "-m", "bench.fanout.engines"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield Engines(*process.stdout.readline().split())
    finally:
        process.stdin.close()
        process.wait(ENGINES_START_S_MAX)


@contextmanager
def behind_bridge(bench: Bench, devices: int, shops: int, *, tls: bool) -> Iterator[Served]:
    """The product's gateway spoken to by nginx, which speaks TLS for the generator, or does not."""
    options = ("--tls", str(bench.work)) if tls else ()
    with (
        ours(bench, devices, shops, *options) as served,
        peers.bridged(bench.work, _port_of(served), tls=tls) as port,
    ):
        known = list(served.options)
        known[known.index("--url") + 1] = f"ws://127.0.0.1:{port}/ws"
        yield Served(served.pids, known)


def _port_of(served: Served) -> int:
    return int(served.options[served.options.index("--url") + 1].split(":")[2].partition("/")[0])


@contextmanager
def ours(bench: Bench, devices: int, shops: int, *options: str) -> Iterator[Served]:
    """The product's gateway, whole path: tokens from PostgreSQL, events through Redis, acks."""
    port = free_port()
    command = [
        sys.executable, "-m", "bench.fanout.serve", "--port", str(port),
        "--devices", str(devices), "--shops", str(shops), "--cpu", str(SERVER_CPU),
        "--database-url", bench.engines.database_url, "--redis-url", bench.engines.redis_url,
    ]  # fmt: skip
    process = subprocess.Popen(
        [*command, *options],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        assert "ready\n" in iter(process.stdout.readline, ""), "the gateway did not start"
        time.sleep(0.5)
        hello = '{"t":"hello","token":"tok-{i}","resume":{"epoch":1,"seq":0}}'
        yield Served([process.pid], [
            "--url", f"ws://127.0.0.1:{port}/ws", "--proto", "chuancai.v1.json",
            "--send", hello, "--expect", '"welcome"', "--ack", "256", "--pub", "inbox",
            "--pub-unix", bench.engines.redis_url.removeprefix("unix://").partition("?")[0],
            "--pub-prefix", "inbox:bench",
        ])  # fmt: skip
    finally:
        process.kill()
        process.wait()


Contestants = dict[str, Callable[[], AbstractContextManager[Served]]]


def contestants(bench: Bench, devices: int, shops: int) -> Contestants:
    """Return who takes part, by name."""
    work = bench.work
    return {
        "chuancai": lambda: ours(bench, devices, shops),
        "chuancai, joining off": lambda: ours(bench, devices, shops, "--no-join"),
        "plain, by nginx": lambda: behind_bridge(bench, devices, shops, tls=False),
        "TLS, by nginx": lambda: behind_bridge(bench, devices, shops, tls=True),
        "C limit": lambda: peers.climit(work, join=False),
        "nginx + nchan": lambda: peers.nchan(work),
        "NATS": lambda: peers.nats(work),
        "npm ws": lambda: peers.npm_ws(work),
    }


def measure(bench: Bench, served: Served, devices: int, shops: int, *options: str) -> Figures:
    """Run the load generator once."""
    command = [
        str(bench.work / "wsfan"), "--cpu", str(GENERATOR_CPU),
        "--pids", ",".join(map(str, served.pids)), "--n", str(devices), "--shops", str(shops),
        *served.options, *options,
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    figures: Figures = json.loads(done.stdout)
    assert not figures["dead"], f"{figures['dead']} connections were refused"
    return figures


class Test(NamedTuple):
    """One thing that is measured, of whom, and how it is asked of the generator."""

    name: str
    devices: int
    shops: int
    who: tuple[str, ...]
    options: tuple[str, ...]


ALL = ("chuancai", "chuancai, joining off", "C limit", "nginx + nchan", "NATS", "npm ws")
# In small steps: a leap into twice what a server can do has it cut devices off, and without those no
# later step of the same climb can be lossless.
LADDER = ("--rate0", "4000", "--growth", "1.1", "--bisect", "0")
WAYS = ("plain, by nginx", "TLS, by nginx")
PEERS = ("chuancai", "nginx + nchan", "NATS", "npm ws")


def tests(bench: Bench) -> list[Test]:
    """Return what is measured."""
    secs = ("--secs", str(bench.secs))
    return [
        Test("broadcast 1,000", 1_000, 1, ALL, ("--workload", "bcast", *secs)),
        Test("broadcast 10,000", 10_000, 1, ALL, ("--workload", "bcast", *secs)),
        Test("500 shops x 10", 5_000, 500, PEERS, ("--workload", "ladder", *LADDER)),
        Test("1,000 publishes/s", 5_000, 500, ("chuancai", "C limit"),
             ("--workload", "fixed", "--rate", "1000", *secs)),
        Test("connect", 10_000, 500, PEERS, ("--workload", "idle", "--settle", "1")),
        Test("TLS, 1,000", 1_000, 1, WAYS, ("--workload", "bcast", *secs)),
        Test("TLS, connect", 2_000, 200, WAYS, ("--workload", "idle", "--settle", "1")),
        Test("none stalled", 1_000, 1, ("chuancai",), ("--workload", "bcast", *secs)),
        Test("50 stalled", 1_050, 1, ("chuancai",),
             ("--workload", "bcast", "--slow", "50", *secs)),
    ]  # fmt: skip


Results = dict[tuple[str, str], list[Figures]]


def play(bench: Bench, rounds: int, only: str) -> Results:
    """Run everything, interleaved, keeping each figure as a line of JSON."""
    results: Results = defaultdict(list)
    with (bench.work / "results.jsonl").open("a") as log:
        for number in range(rounds):
            for test in tests(bench):
                if only not in test.name:
                    continue
                known = contestants(bench, test.devices, test.shops)
                for who in test.who:
                    with known[who]() as served:
                        figures = measure(bench, served, test.devices, test.shops, *test.options)
                    figures |= {"test": test.name, "who": who, "round": number}
                    print(json.dumps(figures), file=log, flush=True)
                    print(f"{test.name:20} {who:22} {_gist(figures)}", file=sys.stderr)
                    results[test.name, who].append(figures)
    return results


def _gist(figures: Figures) -> str:
    keys = ("dps", "pub_rate", "p50_ms", "p99_ms", "lost", "srv_cpu", "srv_us_per_msg",
            "kb_per_conn", "connects_per_s")  # fmt: skip
    return " ".join(f"{key}={figures[key]}" for key in keys if key in figures)


def table(results: Results, bench: Bench) -> Iterator[str]:
    """Give the lines of the table: a row per contestant, then the bars."""
    yield "| test | who | events delivered/s | publishes/s | p50 ms | p99 ms | lost | µs CPU per message |"
    yield "|---|---|---:|---:|---:|---:|---:|---:|"
    for (test, who), rounds in results.items():
        if test == "connect":
            continue
        cells = [
            _spread(rounds, "dps"),
            _spread(rounds, "pub_rate"),
            _spread(rounds, "p50_ms"),
            _spread(rounds, "p99_ms"),
            _spread(rounds, "lost"),
            _spread(rounds, "srv_us_per_msg"),
        ]
        yield f"| {test} | {who} | " + " | ".join(cells) + " |"
    yield ""
    yield "| 10,000 connections | KB each | connects/s | µs CPU per connect |"
    yield "|---|---:|---:|---:|"
    for (test, who), rounds in results.items():
        if test == "connect":
            cells = [
                _spread(rounds, k) for k in ("kb_per_conn", "connects_per_s", "connect_cpu_us")
            ]
            yield f"| {who} | " + " | ".join(cells) + " |"
    yield ""
    yield from bars(results, bench)


def _spread(rounds: list[Figures], key: str) -> str:
    values = sorted(figures[key] for figures in rounds if key in figures)
    if not values:
        return ""
    middle = median(values)
    text = f"{middle:,.0f}" if middle >= 100 else f"{middle:.2f}"
    return text if len(values) == 1 else f"{text} [{values[0]:,.4g} - {values[-1]:,.4g}]"


def bars(results: Results, bench: Bench) -> Iterator[str]:
    """Give the bars with what was reached."""

    def of(test: str, who: str, key: str) -> float:
        return median(f[key] for f in results[test, who]) if results.get((test, who)) else 0.0

    def ratio(test: str, key: str, over: tuple[str, ...], who: str = "chuancai") -> float:
        best = max(of(test, one, key) for one in over)
        return of(test, who, key) / best if best else 0.0

    rows = [
        ("broadcast 1,000 / nchan", ratio("broadcast 1,000", "dps", ("nginx + nchan",)), "≥ 2"),
        ("broadcast 10,000 / nchan", ratio("broadcast 10,000", "dps", ("nginx + nchan",)), "≥ 2"),
        ("broadcast 1,000 / NATS", ratio("broadcast 1,000", "dps", ("NATS",)), "≥ 1.2"),
        ("10,000, joining off / C limit",
         ratio("broadcast 10,000", "dps", ("C limit",), "chuancai, joining off"), "≥ 0.85"),
        ("500 shops x 10 / best peer", ratio("500 shops x 10", "pub_rate", PEERS[1:]), "≥ 2"),
        ("1,000 publishes/s, p99 ms", of("1,000 publishes/s", "chuancai", "p99_ms"), "≤ 1"),
        ("KB per idle connection", of("connect", "chuancai", "kb_per_conn"), "≤ 10"),
        ("authenticated connects/s", of("connect", "chuancai", "connects_per_s"), "≥ 5,000"),
        ("50 stalled / none stalled",
         of("50 stalled", "chuancai", "dps") / (of("none stalled", "chuancai", "dps") or 1),
         "≥ 0.95"),
        ("growth with 50 stalled, MB",
         of("50 stalled", "chuancai", "pss_end_mb") - of("50 stalled", "chuancai", "pss_idle_mb"),
         "≤ 5"),
    ]  # fmt: skip
    yield "| bar | reached | wanted |"
    yield "|---|---:|---:|"
    for name, reached, wanted in rows:
        yield f"| {name} | {reached:,.2f} | {wanted} |"


def main() -> None:
    """Read the command line, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, default=Path("/tmp/chuancai-fanout"))  # noqa: S108
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--secs", type=float, default=4.0)
    parser.add_argument("--only", default="", help="only tests whose name contains this")
    parser.add_argument("--nice", type=int, default=0, help="priority of all, on a shared machine")
    arguments = parser.parse_args()
    if not (arguments.work / "wsfan").exists():
        script = Path(__file__).parent / "peers.sh"
        subprocess.run(["sh", str(script), str(arguments.work)], check=True)
    os.nice(arguments.nice)
    load = os.getloadavg()
    with engines(0) as running:
        bench = Bench(arguments.work, running, arguments.secs, arguments.nice)
        for line in table(play(bench, arguments.rounds, arguments.only), bench):
            print(line)
    print(f"\nLoad before {load[0]:.1f}, after {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores.")


if __name__ == "__main__":
    main()
