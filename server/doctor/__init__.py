"""`chuancai doctor`: what is wrong on this machine, in plain words, and what to do about it.

Each check looks at one thing and returns what it found. Refuses to repair anything, and leaves
nothing behind: the trial start of the engines happens in a directory that is removed again.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click

from server.doctor.finding import Finding, Machine
from server.doctor.grounds import (
    check_clock,
    check_data_dir,
    check_descriptors,
    check_leftovers,
    check_port,
    check_python,
    check_time_zones,
)
from server.doctor.paper import check_printers
from server.doctor.processes import check_processes
from server.doctor.servers import check_engines, check_programs
from server.doctor.windows import check_chromium, check_fonts, check_secure_context

__all__ = ["CHECKS", "Finding", "Machine", "print_findings", "run_doctor"]

# In the order in which a person would repair things.
CHECKS: tuple[Callable[[Machine], list[Finding]], ...] = (
    check_python,
    check_programs,
    check_data_dir,
    check_leftovers,
    check_port,
    check_descriptors,
    check_clock,
    check_time_zones,
    check_engines,
    check_processes,
    check_printers,
    check_fonts,
    check_chromium,
    check_secure_context,
)

MARKS = {
    "ok": ("ok  ", "正常", "green"),
    "warn": ("note", "注意", "yellow"),
    "fail": ("FAIL", "不行", "red"),
}


def run_doctor(
    data_dir: Path, host: str, port: int, *, database_url: str = "", redis_url: str = "",
    tls_port: int = 0,
) -> list[Finding]:  # fmt: skip
    """Run every check and return what each found; takes a second or two.

    Call it outside of a running event loop; it uses one of its own.
    """
    machine = Machine(data_dir.absolute(), host, port, database_url, redis_url, tls_port=tls_port)
    return [finding for check in CHECKS for finding in check(machine)]


def print_findings(findings: list[Finding], lang: str = "en") -> int:
    """Print findings in `en` or `zh` and return the exit code: 1 when something fails, else 0."""
    chinese = lang == "zh"
    for finding in findings:
        en, zh, colour = MARKS[finding.level]
        name = finding.name.zh if chinese else finding.name.en
        click.echo(
            f"{click.style(zh if chinese else en, fg=colour)}  {name}:"
            f" {finding.says.zh if chinese else finding.says.en}"
        )
        advice = finding.advice.zh if chinese else finding.advice.en
        if advice:
            click.echo(f"      → {advice}")
    return 1 if any(finding.level == "fail" for finding in findings) else 0
