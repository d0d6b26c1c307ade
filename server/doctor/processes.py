"""A check of the processes that run: is a worker among them, does any leave its database or a carrier alone.

Asks the roll in Redis. Refuses to ask processes, and to call a house that does not run unwell.
"""

from __future__ import annotations

import asyncio

import redis.asyncio
from redis.exceptions import RedisError

from server.doctor.finding import Finding, Machine, Words
from server.engines import holder
from server.health.roll import Roll
from server.health.standing import Standing

PROCESSES = Words("processes", "进程")


def check_processes(machine: Machine) -> list[Finding]:
    """A worker runs beside what serves, every breaker is closed; says nothing where nothing runs."""
    running = holder(machine.data_dir)
    url = machine.redis_url or (running.redis_url if running else "")
    if not url:
        return []
    with asyncio.Runner() as runner:
        there = runner.run(_call(url, machine))
    return judge(there) if there else []


async def _call(url: str, machine: Machine) -> list[Standing]:
    client = redis.asyncio.Redis.from_url(url)
    try:
        return await Roll(client, machine.clock).call()
    except (RedisError, OSError):
        return []  # what is wrong with Redis another check says
    finally:
        await client.aclose()


def judge(there: list[Standing]) -> list[Finding]:
    """Return what is to be said of the processes on the roll."""
    found = []
    web = sum(one.kind == "web" for one in there)
    workers = len(there) - web
    if not workers:
        says = Words(
            "No worker runs: nothing that is due later happens.", "没有 worker：到点的事不会执行。"
        )
        advice = Words("Start `chuancai worker`.", "请启动 `chuancai worker`。")
        found.append(Finding(PROCESSES, "fail", says, advice))
    for one in there:
        if one.guard != "closed":
            says = Words(
                f"Process {one.pid} on {one.host} leaves its database alone: it did not answer.",
                f"{one.host} 上的进程 {one.pid} 暂停访问数据库：数据库未应答。",
            )
            found.append(Finding(PROCESSES, "fail", says))
    for name in sorted({name for one in there for name in one.resting}):
        says = Words(
            f"Carrier {name} does not answer and is left alone; texts wait.",
            f"短信通道 {name} 无应答，暂停发送；短信在排队。",
        )
        found.append(Finding(PROCESSES, "warn", says))
    said = Words(f"{web} serve, {workers} keep promises", f"{web} 个服务进程，{workers} 个 worker")
    return found or [Finding(PROCESSES, "ok", said)]
