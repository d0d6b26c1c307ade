"""Checks of PostgreSQL and Redis: are the programs there, do the servers answer.

Refuses to touch a shop's data: a trial start happens beside it and is removed.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import redis.asyncio
import redis.exceptions

from server.clock import Clock
from server.doctor.finding import ANSWER_MAX_S, Finding, Machine, Words
from server.engines import EngineRefusal, holder, start_engines
from server.engines.binaries import Program, postgres_program, redis_program

PROGRAMS = Words("programs", "内置程序")
ENGINES = Words("engines", "引擎")

TRIAL_MAX_S = 60.0
CLOCK_OFF_MAX = timedelta(seconds=2)
OWN_SERVERS = Words(
    "Repair that, or set DATABASE_URL and REDIS_URL to servers of your own.",
    "请排除该问题，或设置 DATABASE_URL 和 REDIS_URL 使用自己的服务器。",
)


def check_programs(machine: Machine) -> list[Finding]:
    """The wheels brought the engines, unless there are servers of one's own."""
    postgres = [] if machine.database_url else [postgres_program]
    redis_ = [] if machine.redis_url else [redis_program]
    return [_program(find) for find in (*postgres, *redis_)]


def _program(find: Callable[[], Program]) -> Finding:
    try:
        said = subprocess.run(
            [find().executable, "--version"],
            check=True,
            capture_output=True,
            text=True,
            timeout=ANSWER_MAX_S,
        ).stdout
    except EngineRefusal as refusal:
        says = Words(refusal.sentence, "本机没有安装内置引擎的程序包。")
        return Finding(PROGRAMS, "fail", says, OWN_SERVERS)
    except (OSError, subprocess.SubprocessError) as error:
        says = Words(f"An engine's program does not run: {error}.", f"内置程序无法运行：{error}。")
        return Finding(PROGRAMS, "fail", says, OWN_SERVERS)
    version = " ".join(said.split()[:3])
    return Finding(PROGRAMS, "ok", Words(version, version))


def check_engines(machine: Machine) -> list[Finding]:
    """The engines answer: one's own, those that run here, or a pair started on trial."""
    running = holder(machine.data_dir)
    database_url = machine.database_url or (running.database_url if running else "")
    redis_url = machine.redis_url or (running.redis_url if running else "")
    findings = []
    with asyncio.Runner() as runner:
        if database_url:
            findings.append(runner.run(_ask_database(database_url, machine.clock)))
        if redis_url:
            findings.append(runner.run(_ask_redis(redis_url)))
        if not (database_url and redis_url):
            findings.append(runner.run(_trial(machine)))
    return findings


async def _ask_database(url: str, clock: Clock) -> Finding:
    try:
        connection = await asyncpg.connect(url, timeout=ANSWER_MAX_S)
        try:
            version = await connection.fetchval("SHOW server_version")
            theirs: datetime = await connection.fetchval("SELECT clock_timestamp()")
        finally:
            await connection.close()
    except (OSError, ValueError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        return _mute("PostgreSQL", url, error, "DATABASE_URL")
    off = abs(theirs - clock.now())
    if off > CLOCK_OFF_MAX:
        off_s = f"{off.total_seconds():.0f}"
        return Finding(
            ENGINES,
            "warn",
            Words(
                f"The database's clock and ours differ by {off_s} s.",
                f"数据库与本机的时钟相差 {off_s} 秒。",
            ),
            Words("Let both machines keep time by NTP.", "请让两台机器都用 NTP 校时。"),
        )
    says = Words(f"PostgreSQL {version} answers", f"PostgreSQL {version} 正常应答")
    return Finding(ENGINES, "ok", says)


async def _ask_redis(url: str) -> Finding:
    try:
        client = redis.asyncio.Redis.from_url(url)
        try:
            async with asyncio.timeout(ANSWER_MAX_S):
                version = (await client.info("server"))["redis_version"]
        finally:
            await client.aclose()
    except (OSError, ValueError, redis.exceptions.RedisError) as error:
        return _mute("Redis", url, error, "REDIS_URL")
    return Finding(ENGINES, "ok", Words(f"Redis {version} answers", f"Redis {version} 正常应答"))


def _mute(engine: str, url: str, error: Exception, variable: str) -> Finding:
    reason = str(error) or type(error).__name__
    parts = urlsplit(url)
    # Without user and password: these words end up in tickets and chats.
    where = f"{parts.hostname or ''}{parts.path}"
    return Finding(
        ENGINES,
        "fail",
        Words(
            f"{engine} at {where} does not answer: {reason}.",
            f"{engine}（{where}）无应答：{reason}。",
        ),
        Words(
            f"Start it, correct {variable}, or unset it to use the embedded one.",
            f"请启动它、改正 {variable}，或取消该变量以使用内置的。",
        ),
    )


class Silence:
    """A log for a trial whose only result is its end."""

    def debug(self, event: str, **fields: object) -> None:
        """Say nothing."""

    info = warning = error = debug


async def _trial(machine: Machine) -> Finding:
    """Start embedded engines in a scratch directory: what works there works for the shop."""
    scratch = Path(tempfile.mkdtemp(prefix="chuancai-doctor-"))
    if os.geteuid() == 0:
        # The engines' account must pass through, or its data would be made elsewhere and stay.
        scratch.chmod(0o711)
    began_s = machine.clock.monotonic_s()
    try:
        async with (
            asyncio.timeout(TRIAL_MAX_S),
            start_engines(
                scratch / "data",
                log=Silence(),
                postgres=not machine.database_url,
                redis=not machine.redis_url,
            ),
        ):
            took_s = machine.clock.monotonic_s() - began_s
    except (EngineRefusal, TimeoutError) as error:
        reason = error.sentence if isinstance(error, EngineRefusal) else "it takes too long"
        says = Words(f"The embedded engines do not start: {reason}", f"内置引擎无法启动：{reason}")
        return Finding(ENGINES, "fail", says, OWN_SERVERS)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    says = Words(
        f"the embedded engines start and answer ({took_s:.1f} s on trial)",
        f"内置引擎可以启动并应答（试启动 {took_s:.1f} 秒）",
    )
    return Finding(ENGINES, "ok", says)
