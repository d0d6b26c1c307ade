"""The product's own processes under a bench: start them, wait until they answer, see what they use.

Refuses to measure: each bench does that for itself.
"""

from __future__ import annotations

import asyncio
import os
import sys

import psutil

PORT = int(os.environ.get("BENCH_PORT", "23917"))
LOOK_S = 0.05


async def spawn(arguments: list[str], environment: dict[str, str]) -> asyncio.subprocess.Process:
    """Start a part of the product; it ends with us."""
    return await asyncio.create_subprocess_exec(
        sys.executable, "-W", "ignore", "-m", "server",
        "--parent", str(os.getpid()), "--log-level", "warning", *arguments,
        env=environment,
    )  # fmt: skip


async def until_it_answers() -> None:
    """Wait until somebody listens at `PORT`."""
    while True:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", PORT)
        except OSError:
            await asyncio.sleep(LOOK_S)
        else:
            writer.close()
            return


def cpu_s(roots: dict[str, int]) -> dict[str, float]:
    """Return the CPU seconds so far of each part and its children, by process id."""
    found = {}
    for name, pid in roots.items():
        parts = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
        found[name] = sum(sum(part.cpu_times()[:2]) for part in parts)
    return found
