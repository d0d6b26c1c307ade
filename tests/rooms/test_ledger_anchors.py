"""What was signed and laid down beside the database survives a power cut in the middle of a line (R-000-4)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from server.billing.anchors import Anchors, Head

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)
ZERO: Head = (1, 0, "")


def _heads(seq: int) -> list[Head]:
    return [(0, seq, f"{seq:064x}"), ZERO]


@pytest.mark.parametrize("left_bytes", [1, 40, 200])
def test_a_torn_line_is_no_forgery(tmp_path: Path, left_bytes: int) -> None:
    """It vouches for nothing, accuses nobody, and is gone when the next head is laid down."""
    Anchors(tmp_path).write(NOON, _heads(1))
    Anchors(tmp_path).write(NOON + timedelta(minutes=1), _heads(2))
    file = next(tmp_path.glob("*.jsonl"))
    first, second, _ = file.read_bytes().split(b"\n")
    file.write_bytes(first + b"\n" + second[:left_bytes])
    assert [(one.genuine, one.heads) for one in Anchors(tmp_path).read()] == [(True, _heads(1))]
    again = Anchors(tmp_path)
    assert again.write(NOON + timedelta(minutes=2), _heads(3))
    assert [(one.genuine, one.heads[0][1]) for one in again.read()] == [(True, 1), (True, 3)]


def test_a_line_that_was_edited_still_is_one(tmp_path: Path) -> None:
    """Only what has no end is torn: a whole line that is not ours accuses."""
    anchors = Anchors(tmp_path)
    anchors.write(NOON, _heads(1))
    file = next(tmp_path.glob("*.jsonl"))
    file.write_bytes(file.read_bytes()[:90] + b"\n")
    assert [one.genuine for one in anchors.read()] == [False]
