"""What a log line shows, and what it must not."""

from __future__ import annotations

import io
import logging
import sys
from collections.abc import Iterator

import pytest
import structlog

from server import logs


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


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
