"""What a log line shows, and what it must not."""

from __future__ import annotations

import io
import logging
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from server import logs


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class _Pipe(io.BytesIO):
    """Remembers each write as the system would see it."""

    def __init__(self) -> None:
        super().__init__()
        self.writes: list[bytes] = []

    def write(self, data: Any) -> int:
        self.writes.append(bytes(data))
        return len(data)


@pytest.fixture
def logging_as_before() -> Iterator[None]:
    """Put the process' logging back as it was."""
    root = logging.getLogger()
    before = (root.level, list(root.handlers))
    yield
    root.setLevel(before[0])
    root.handlers[:] = before[1]
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


@pytest.mark.parametrize("terminal", [True, False])
def test_a_traceback_shows_no_secrets(
    monkeypatch: pytest.MonkeyPatch, logging_as_before: None, terminal: bool
) -> None:
    """A bug is logged with its lines of code, never with the tokens and passwords in its variables."""
    stream = _Terminal() if terminal else io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    logs.set_up("info", service="test")
    token = str(2**64)  # a word the source does not spell
    try:
        int(token[:0])
    except ValueError:
        structlog.get_logger().exception("broke")
        logging.getLogger("library").exception("broke too")
    said = stream.getvalue()
    assert said.count("ValueError") >= 2
    assert token not in said


def test_a_line_is_one_write(monkeypatch: pytest.MonkeyPatch, logging_as_before: None) -> None:
    """Processes that share a pipe never write into each other's lines, PYTHONUNBUFFERED or not."""
    pipe = _Pipe()
    unbuffered = io.TextIOWrapper(pipe, write_through=True)
    monkeypatch.setattr(sys, "stderr", unbuffered)
    logs.set_up("info", service="test")
    structlog.get_logger().info("ready", port=8000)
    logging.getLogger("library").warning("slow")
    assert len(pipe.writes) == 2
    assert all(line.endswith(b"}\n") for line in pipe.writes)
