"""Measures every bar beside its peers: `python -m bench`, or one of them by name.

Each part is a process of its own, one after another, so that none warms or slows the next.
"""

from __future__ import annotations

import subprocess
import sys

PARTS = {
    "commands": ("bench.commands", "durable commands against TPC-B"),
    "latency": ("bench.commands.latency", "a press until it shows on another screen"),
    "calls": ("bench.calls", "SendImCall until its ends have it; accepted calls a second"),
    "promises": ("bench.promises", "the delayed queue: late, many, killed; arq and BullMQ beside"),
    "ledger": ("bench.ledger", "durable postings against TPC-B"),
    "cards": ("bench.cards", "meal cards over HTTP: queries and trades mixed, R-000-5…8"),
    "sms": ("bench.sms", "short messages: codes behind a million; from the request to the receipt"),
    "board": ("bench.board.full", "a full board under fingers: painted, answered, seen elsewhere"),
    "wins": ("bench.board.wins", "how soon screens agree: cable, claim, cancel, sold out"),
    "soak": ("bench.board.soak", "eight busy hours on one board, quicker than life: half an hour"),
    "fanout": ("bench.fanout.run", "fan-out, memory, connects, slow readers, against peers"),
    "start": ("bench.start", "a fresh clone until the first screen, and the second start"),
}


def main() -> int:
    """Run the named parts, all without a name; return how many failed."""
    wanted = sys.argv[1:] or list(PARTS)
    failed = 0
    for name in wanted:
        module, about = PARTS[name]
        print(f"\n## {name}: {about}\n", flush=True)
        command = [sys.executable, "-W", "ignore", "-m", module]
        failed += subprocess.run(command, check=False).returncode != 0
    return failed


if __name__ == "__main__":
    sys.exit(main())
