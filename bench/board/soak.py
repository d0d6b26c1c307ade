"""A busy shop's day on one board in a real Chromium: `python -m bench.board.soak`.

Guests, cooks and waiters of the demo live eight hours of 540 orders each, quicker than life; a finger
taps the board all along. Every quarter of an hour of the shop the page's garbage is collected and its
heap, its nodes and its listeners are counted; frames that come late after a tap are counted as they come.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import statistics
import time
from pathlib import Path
from typing import NamedTuple

import psutil
from playwright.async_api import CDPSession, Page

from bench.board.house import House, end, first_touch, open_board, open_house
from bench.directory import own_directory
from tests.support.browser import chromium

ORDERS_PER_HOUR = 540
SAMPLES_PER_HOUR = 4
TAP_EVERY_S = 1.5
FRAME_MS_MAX = 250.0
GROWTH_MAX = 0.10
WATCH = (Path(__file__).parent / "watch.js").read_text()
# What was watched is taken out of the page: it would be counted as the page's own.
TAKE_FRAMES = """() => {
  const { frames, taps, changes, painted } = window.watched;
  taps.clear();
  changes.clear();
  painted.length = 0;
  return frames.splice(0);
}"""
ROWS = """() => [...document.querySelectorAll("main [data-item]")]
  .filter((row) => ["queued", "cooking"].includes(row.dataset.state))
  .map((row) => row.getBoundingClientRect())
  .filter((box) => box.width > 0 && box.bottom < innerHeight)
  .map((box) => [box.x + box.width / 3, box.y + box.height / 2])"""


class Sample(NamedTuple):
    """What the page and the house hold at a moment of the shop's day."""

    hour: float
    heap_mb: float
    nodes: float
    listeners: float
    tickets: int
    house_mb: float


async def tap(page: Page, stop: asyncio.Event, frames: list[float], taps: list[float]) -> None:
    """Tap a dish that has something to be done, again and again; keep how long the frames after it took."""
    dice = random.Random(1)
    while not stop.is_set():
        rows = await page.evaluate(ROWS)
        if rows:
            await page.mouse.click(*dice.choice(rows))
            taps.append(time.monotonic())
        await asyncio.sleep(TAP_EVERY_S)
        frames += await page.evaluate(TAKE_FRAMES)


def resident_mb(house: House) -> float:
    """Return what the house's own processes hold, without PostgreSQL and Redis."""
    processes = psutil.Process(house.process.pid).children(recursive=True)
    ours = [p for p in processes if p.name().startswith("python")]
    return sum(p.memory_info().rss for p in ours) / 1e6


async def sample(page: Page, cdp: CDPSession, house: House, hour: float) -> Sample:
    """Collect the page's garbage and count what is left."""
    await cdp.send("HeapProfiler.collectGarbage")
    told = await cdp.send("Performance.getMetrics")
    counted = {metric["name"]: metric["value"] for metric in told["metrics"]}
    tickets = await page.locator("main article[data-part='0']").count()
    return Sample(
        hour, counted["JSHeapUsedSize"] / 1e6, counted["Nodes"], counted["JSEventListeners"],
        tickets, resident_mb(house),
    )  # fmt: skip


async def live(
    house: House, page: Page, hours: float, factor: float
) -> tuple[list[Sample], list[float], int]:
    """Let the day pass; return its samples, the frames after taps in ms, and how many taps there were."""
    cdp = await page.context.new_cdp_session(page)
    await cdp.send("Performance.enable")
    pace = str(ORDERS_PER_HOUR / 60 * factor)
    traffic = await house.run("demo-traffic", "--pace", pace, "--url", house.url)
    stop, frames, taps, samples = asyncio.Event(), [], [], []  # type: ignore[var-annotated]
    finger = asyncio.create_task(tap(page, stop, frames, taps))
    began = time.monotonic()
    try:
        for number in range(1, int(hours * SAMPLES_PER_HOUR) + 1):
            due = began + number * 3600 / SAMPLES_PER_HOUR / factor
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            hour = (time.monotonic() - began) * factor / 3600
            if traffic.returncode is not None:
                raise RuntimeError("nobody orders any more")
            samples.append(await sample(page, cdp, house, hour))
            print(
                "{:6.2f} h  heap {:6.2f} MB  nodes {:6.0f}  listeners {:5.0f}  tickets {:3}  house {:6.1f} MB".format(
                    *samples[-1]
                ),
                flush=True,
            )
    finally:
        stop.set()
        await finger
        await end(traffic)
    return samples, frames, len(taps)


def growth(samples: list[Sample], field: str, hours: float) -> float:
    """Return by what share the last hour's mean is above the second's."""

    def mean(low: float, high: float) -> float:
        return statistics.mean(
            float(getattr(one, field)) for one in samples if low < one.hour <= high + 0.1
        )

    return mean(hours - 1, hours) / mean(1, 2) - 1


async def measure(directory: Path, hours: float, factor: float) -> None:
    """Live the day and print what became of it."""
    async with open_house(directory) as (house, api), chromium() as browser:
        page, complaints = await open_board(browser, house, api, "长跑屏", WATCH)
        await first_touch(page)
        samples, frames, taps = await live(house, page, hours, factor)
        answered = sorted(await page.evaluate("() => window.watched.answered"))
    late = [one for one in frames if one > FRAME_MS_MAX]
    print(
        f"{hours:g} hours at {factor:g} times life's pace, {taps} taps, {len(frames)} frames after them"
    )
    for field in ("heap_mb", "nodes", "listeners", "house_mb"):
        print(
            f"{field}: last hour against the second {growth(samples, field, hours):+.1%} (at most {GROWTH_MAX:.0%})"
        )
    print(
        f"frames over {FRAME_MS_MAX:.0f} ms within a second of a tap: {len(late)}, longest {max(frames):.0f} ms"
    )
    p50, p95 = answered[len(answered) // 2], answered[int(len(answered) * 0.95)]
    print(f"finger to changed row: p50 {p50:.0f} ms, p95 {p95:.0f} ms ({len(answered)})")
    print(f"complaints of the page: {len(complaints)} {complaints[:3]}")


def main() -> None:
    """Measure in a directory of its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hours", type=float, default=8.0, help="of the shop's day, at least 3")
    parser.add_argument("--factor", type=float, default=16.0, help="how much quicker than life")
    given = parser.parse_args()
    with own_directory() as directory:
        asyncio.run(measure(directory, given.hours, given.factor))


if __name__ == "__main__":
    main()
