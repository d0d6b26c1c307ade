"""Turns the Autobahn suite's index into the short table of docs/conformance.md."""

from __future__ import annotations

import sys
from collections import Counter, defaultdict
from pathlib import Path

import msgspec

GROUPS = {
    1: "Framing",
    2: "Pings and pongs",
    3: "Reserved bits",
    4: "Opcodes",
    5: "Fragmentation",
    6: "UTF-8",
    7: "Closing",
    9: "Limits and performance",
    10: "Automatic fragmentation",
    12: "Compression (not offered)",
    13: "Compression, parameters (not offered)",
}
HEAD = """# WebSocket conformance

The listener that devices meet (uvicorn, our protocol class over the `websockets` library), as an
echo server, against the Autobahn fuzzing client 25.10.1. Repeat: `bench/conformance/run.sh`
(needs Python 2.7, which the suite is written for).

*Non-strict* and *informational* are the suite's own words: allowed by RFC 6455, but not what the
suite likes best. *Unimplemented* are the cases about compression, which we do not offer: an event
of 200 bytes gains nothing from it.

"""


def main(index: Path, page: Path) -> int:
    """Write the page; return 1 when a case failed."""
    (results,) = msgspec.json.decode(index.read_bytes()).values()
    groups: dict[int, Counter[str]] = defaultdict(Counter)
    worse: list[str] = []
    for case, result in results.items():
        behaviour = result["behavior"]
        groups[int(case.split(".")[0])][behaviour] += 1
        if behaviour == "FAILED" or result["behaviorClose"] == "FAILED":
            worse.append(f"{case}: {behaviour}, close {result['behaviorClose']}")
    columns = ["OK", "NON-STRICT", "INFORMATIONAL", "UNIMPLEMENTED", "FAILED"]
    rows = [
        "| | " + " | ".join(column.capitalize() for column in columns) + " |",
        "|---|" + "---:|" * len(columns),
    ]
    total: Counter[str] = Counter()
    for number, counts in sorted(groups.items()):
        total += counts
        cells = " | ".join(str(counts[column] or "") for column in columns)
        rows.append(f"| {number}. {GROUPS.get(number, '')} | {cells} |")
    rows.append("| **All** | " + " | ".join(f"**{total[c]}**" for c in columns) + " |")
    failed = ["", "Failed:", "", *(f"- {line}" for line in worse)] if worse else []
    page.write_text(HEAD + "\n".join(rows + failed) + "\n")
    print("\n".join(rows + failed))
    return 1 if worse else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
