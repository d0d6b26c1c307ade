"""Structured logs: one line per fact, JSON when a machine reads, words when a person does.

Refuses telephone numbers: whatever looks like one is masked in every value of every line, tracebacks
and other libraries' lines too.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any

import structlog

# A mobile number of the mainland, with or without 86. An id in hex may have eleven digits in a row, so
# neither letter nor digit stands beside them; in a URL the plus before is %2B.
_MAINLAND = re.compile(
    r"(?:(?<![0-9A-Za-z])|(?<=%2[Bb]))((?:86)?1[3-9][0-9])[0-9]{4}([0-9]{4})(?![0-9A-Za-z])"
)
_ABROAD = re.compile(r"(\+|%2[Bb])([1-9][0-9]{2})[0-9]{2,10}([0-9]{2})(?![0-9A-Za-z])")
_DEPTH_MAX = 6


def set_up(level: str, *, service: str) -> None:
    """Send all logs, ours and libraries', to standard error in one form; `service` marks them."""
    number = logging.getLevelNamesMapping()[level.upper()]
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    person = sys.stderr.isatty()
    renderer: structlog.typing.Processor = (
        # The plain traceback: the pretty ones print local variables, and those hold secrets.
        structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
        if person
        else structlog.processors.JSONRenderer()
    )
    finish: list[structlog.typing.Processor] = [
        structlog.processors.format_exc_info,
        hide_phones,
    ]
    structlog.configure(
        processors=[*shared, *finish, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(service=service)
    root = logging.StreamHandler(sys.stderr)
    root.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                *finish,
                renderer,
            ],
            foreign_pre_chain=shared,
        )
    )
    logging.basicConfig(level=max(number, logging.WARNING), handlers=[root], force=True)
    logging.getLogger("asyncpg.pool").addFilter(_in_a_line)


def _in_a_line(record: logging.LogRecord) -> bool:
    """Say of a database that is away what it is; the pool's traceback at every attempt says nothing more."""
    if record.levelno <= logging.WARNING and record.exc_info and record.exc_info[0]:
        record.msg = f"{record.getMessage()} ({record.exc_info[0].__name__})"
        record.args, record.exc_info = (), None
    return True


def hide_phones(
    logger: Any, method: str, line: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Mask what looks like a telephone number in all values of a line (a structlog processor)."""
    return {key: _hidden(value, _DEPTH_MAX) for key, value in line.items()}


def _hidden(value: Any, depth: int) -> Any:
    if isinstance(value, str):
        return _ABROAD.sub(r"\1\2****\3", _MAINLAND.sub(r"\1****\2", value))
    if value is None or isinstance(value, bool | float):
        return value
    if isinstance(value, Mapping) and depth:
        return {_hidden(key, 0): _hidden(one, depth - 1) for key, one in value.items()}
    if isinstance(value, list | tuple | set | frozenset) and depth:
        return [_hidden(one, depth - 1) for one in value]
    said = str(value)
    hidden = _hidden(said, 0)
    return value if hidden == said else hidden
