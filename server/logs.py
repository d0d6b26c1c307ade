"""Structured logs: one line per fact, JSON when a machine reads, words when a person does."""

from __future__ import annotations

import logging
import sys

import structlog


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
    finish: list[structlog.typing.Processor] = (
        [] if person else [structlog.processors.format_exc_info]
    )
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
