"""A process that runs the engines until its standard input closes, and tells what happens.

Run as a script by `Host`: one JSON line per log event, so that a test waits for what it needs.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

from server.engines import EngineRefusal, start_engines


class Teller:
    """A log whose lines are JSON on standard output."""

    def _tell(self, event: str, **fields: object) -> None:
        sys.stdout.write(json.dumps({"event": event, **fields}, default=str) + "\n")
        sys.stdout.flush()

    debug = info = warning = error = _tell


async def main(data: Path, run_base: Path | None) -> None:
    """Run the engines and wait for the end of standard input."""
    log = Teller()
    try:
        async with start_engines(data, log=log, run_base=run_base) as engines:
            log.info(
                "up",
                database_url=engines.database_url,
                redis_url=engines.redis_url,
                postgres_pid=engines.postgres_pid,
                redis_pid=engines.redis_pid,
                home=engines.home,
            )
            await asyncio.to_thread(sys.stdin.read)
    except EngineRefusal as refusal:
        log.error("refused", code=refusal.code, sentence=refusal.sentence)
        return
    log.info("down")


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), Path(sys.argv[2]) if sys.argv[2:] else None))
