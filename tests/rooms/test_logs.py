"""What a log line shows, and what it must not."""

from __future__ import annotations

import io
import json
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


@pytest.mark.parametrize("terminal", [True, False])
def test_no_line_shows_a_telephone_number(
    monkeypatch: pytest.MonkeyPatch, logging_as_before: None, terminal: bool
) -> None:
    """Wherever somebody put one: in words, values, lists, a traceback, another library's line (R-000-10)."""
    stream = _Terminal() if terminal else io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    logs.set_up("info", service="test")
    log = structlog.get_logger().bind(bound="+447911123456")
    log.info("to 13800138000", phone=8613800138000, many=[{"13900139000": ("+86 x", b"1")}])
    try:
        raise ValueError("8613800138000 is away")
    except ValueError:
        log.exception("broke")
        logging.getLogger("httpx").exception("GET /send?phone=%2B8613800138000&to=13800138000")
    said = stream.getvalue()
    for number in ("0013800", "3800138", "3900139", "7911123"):
        assert number not in said
    assert said.count("138****8000") >= 6
    assert "+447****56" in said


def test_what_is_no_telephone_number_stays(
    monkeypatch: pytest.MonkeyPatch, logging_as_before: None
) -> None:
    """Ids, times and counts are what a log is read for; JSON stays JSON."""
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    logs.set_up("info", service="test")
    kept: dict[str, Any] = {
        "at_ms": 1763600000000, "id": 7321234567890123, "command": "0d0f6a0e-6a3c-5f0e-9b7e-13800138000c",
        "took_ms": 13800138.25, "code": "12345678", "ok": True, "none": None, "port": [8080],
    }  # fmt: skip
    structlog.get_logger().info("said", **kept)
    assert json.loads(stream.getvalue()).items() >= kept.items()


def test_a_pool_without_its_database_says_so_in_one_line(
    monkeypatch: pytest.MonkeyPatch, logging_as_before: None
) -> None:
    """While PostgreSQL restarts the pool tries again and again: a line each, with the reason, no traceback."""
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    logs.set_up("info", service="test")
    try:
        raise ConnectionRefusedError(111, "refused")
    except ConnectionRefusedError:
        pool = logging.getLogger("asyncpg.pool")
        pool.warning("Failed to restore the pool connection floor; retrying", exc_info=True)
    (line,) = stream.getvalue().splitlines()
    assert "ConnectionRefusedError" in line
    assert "Traceback" not in line
