"""◆ What several processes count, as one text for Prometheus: each line says whose it is.

Counters of processes are not added up here: after one of them started anew a sum would fall, and
Prometheus adds what it has read better. Refuses to read anything but this format, one line after another.
"""

from __future__ import annotations

from collections.abc import Mapping

_LABEL_VALUE = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n"})


def merged(texts: Mapping[str, str]) -> str:
    """Return the expositions of processes (name → text) as one, families together, `process` on each line."""
    heads: dict[str, list[str]] = {}
    lines: dict[str, list[str]] = {}
    for process, text in texts.items():
        label = f'process="{process.translate(_LABEL_VALUE)}"'
        family = ""
        for line in text.splitlines():
            if line.startswith("# "):
                family = line.split(" ", 3)[2]
                head = heads.setdefault(family, [])
                if line not in head and len(head) < 2:  # noqa: PLR2004 - HELP and TYPE
                    head.append(line)
            elif line:
                lines.setdefault(family, []).append(_labelled(line, label))
    parts = [part for family in heads for part in (*heads[family], *lines.get(family, ()))]
    return "".join(f"{part}\n" for part in parts)


def _labelled(line: str, label: str) -> str:
    """Put a label first on a line; a value never holds a brace, a label's value may."""
    name, brace, rest = line.partition("{")
    if brace and " " not in name:
        return f"{name}{{{label},{rest}"
    name, _, value = line.partition(" ")
    return f"{name}{{{label}}} {value}"
