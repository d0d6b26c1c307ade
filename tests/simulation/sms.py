"""Short messages under fire: the worker is killed with -9 again and again while it pays and sends.

`python -m tests.simulation.sms --seconds 120 --seed 1` is a long one; the suite runs a short one. The
worker is the product's own process, the carrier a ChuangLan on a real socket that refuses, hangs,
resets and loses answers by the dice. Redis is wiped and PostgreSQL killed, too, and old messages are
forgotten meanwhile. Afterwards every unit is
accounted for and the carrier has seen no message again that it had not surely refused. The seed fixes
the dice; which step a kill meets is the machine's choice.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import tempfile
import uuid
from collections import Counter
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode

import asyncpg
from redis.asyncio import Redis

from server.billing.teller import Teller
from server.billing.verify import audit
from server.clock import SystemClock, to_ms
from server.db.pool import LOST, open_pool
from server.errors import Refusal
from server.settings import Settings
from server.sms.accepting import Acceptance, Ask
from server.sms.carriers.chuanglan_words import Account, read_push
from server.sms.costcentre import CostCentre
from server.sms.ground import Ground, lay_ground
from server.sms.message import KINDS, Text, reference_of
from server.sms.packages import Packages, Purchase
from server.sms.phones import open_phones
from server.sms.receipts.receipts import Receipts
from server.sms.routing import Routes
from server.sms.store import PUT_BRAND
from tests.simulation.sms_forgetting import KEEP_ASIDE, forget
from tests.support.carriers.chuanglan import ACCOUNT, PASSWORD, FakeChuanglan, fake_chuanglan
from tests.support.engines import EnginePair, running_pair
from tests.support.fire import Fire, Part
from tests.support.sms_scene import ADD_BRANDS, BRAND, OTHER

CARRIER = "chuanglan"
GRANTED = 100_000
LEASE_S = 8
QUIET_S_MAX = 90.0
LOOK_S = 0.1
# Three quarters go well; of the rest some are surely refused and some nobody answers for.
MOODS = ("ok",) * 30 + (
    "103",
    "103",
    "108",
    "108",
    "no_id",
    "no_id",
    "reset",
    "silent_close",
    "500",
    "hang",
)
FILE = """
[[carrier]]
kind = "chuanglan"
name = "chuanglan"
per_s = 400.0
account = { account = "%s", password = "%s", url = "%s" }
"""

OWED = """
SELECT (SELECT count(*) FROM sms_message WHERE state IN ('queued', 'sending'))
     + (SELECT count(*) FROM sms_receipt t
         WHERE NOT EXISTS (SELECT FROM gone_sms_message g WHERE uid_of(g.brand_id, g.id, g.number) = t.reference))
"""
READ_MESSAGES = """
SELECT m.brand_id, m.id, m.number, m.state, m.segments, m.phones,
       (SELECT count(*) FROM every_log l WHERE l.brand_id = m.brand_id AND l.message_id = m.id
                                         AND l.what = 'put_back' AND l.code = '103') AS surely_not,
       (SELECT count(*) FROM every_phone p WHERE p.brand_id = m.brand_id AND p.message_id = m.id
                                           AND p.state IN ('delivered', 'undelivered')) AS reported,
       (SELECT count(*) FROM every_phone p WHERE p.brand_id = m.brand_id AND p.message_id = m.id
                                           AND p.state = 'undelivered') AS undelivered
  FROM every_message m
"""
READ_ACCOUNTS = """
SELECT owner, posted, held FROM ledger.account WHERE unit = 'SMS' AND owner LIKE 'brand:%'
"""

Say = Callable[[str], None]


class Size(NamedTuple):
    """How long, how many, how bad."""

    lasts_s: float
    requests_per_s: float
    kill_every_s: float


SMALL = Size(lasts_s=7, requests_per_s=60, kill_every_s=1.6)
FULL = Size(lasts_s=120, requests_per_s=80, kill_every_s=2.0)


class Stage(NamedTuple):
    """Everything that runs."""

    ground: Ground
    acceptance: Acceptance
    receipts: Receipts
    carrier: FakeChuanglan
    fire: Fire
    told: set[str]  # the messages whose receipts were answered as taken: those never come again
    gone: set[str]  # our references of what was forgotten


async def live(pair: EnginePair, size: Size, seed: int, say: Say) -> list[str]:
    """Live it through on this pair of engines; return what is wrong afterwards."""
    database_url, dice = pair.fresh_database(), random.Random(seed)
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="chuancai-sms-")))
        carrier = await stack.enter_async_context(fake_chuanglan())
        carrier.moods = dice.choices(MOODS, k=100_000)
        file = folder / "carriers.toml"
        file.write_text(FILE % (ACCOUNT, PASSWORD, carrier.url))
        file.chmod(0o600)
        environment = {
            "DATABASE_URL": database_url, "REDIS_URL": pair.redis_url,
            "CHUANCAI_LOG_LEVEL": "warning", "CHUANCAI_DATA_DIR": str(folder),
            "CHUANCAI_SMS_CARRIERS": str(file), "CHUANCAI_SMS_LEASE_S": str(LEASE_S),
        }  # fmt: skip
        worker = Part("worker", ["worker"], environment, folder / "worker.log")
        pool = await open_pool(database_url, 4)
        stack.push_async_callback(pool.close)
        redis = Redis.from_url(pair.redis_url)
        stack.push_async_callback(redis.aclose)
        ground = await _ground(pool, redis, folder)
        await worker.start()
        stack.push_async_callback(worker.stop)
        stage = Stage(
            ground, Acceptance(ground, Routes(dict.fromkeys(KINDS, CARRIER))), Receipts(ground),
            carrier, Fire([worker], pair), set(), set(),
        )  # fmt: skip
        accepted = await _evening(stage, size, dice)
        await _come_to_rest(stage)
        wrong = await _judge(stage, accepted)
        states = Counter(r["state"] for r in await ground.pool.fetch(READ_MESSAGES))
        say(
            f"  seed {seed}: {accepted} messages accepted, {len(stage.fire.kills)} kills, {dict(states)},"
            f" {len(stage.gone)} of them forgotten"
        )
    return wrong


async def _ground(pool: asyncpg.Pool, redis: Redis, folder: Path) -> Ground:
    """Sell each brand a package, and build what accepts."""
    clock = SystemClock()
    await pool.execute(ADD_BRANDS)
    await pool.execute(KEEP_ASIDE)
    centre = CostCentre(pool, Teller(pool, clock), clock)
    for brand_id in (BRAND, OTHER):
        purchase = Purchase(order_no="MALL-1", segments=GRANTED, price_fen=1)
        await Packages(pool, centre, clock).buy(brand_id, purchase)
    await pool.execute(PUT_BRAND, OTHER, True)
    phones = await open_phones(Settings(data_dir=folder), pool, clock)
    return lay_ground(pool, redis, clock, phones, centre)


async def _evening(stage: Stage, size: Size, dice: random.Random) -> int:
    """Ask, kill and report; return how many messages were accepted."""
    accepted = 0

    async def ask(number: int) -> None:
        nonlocal accepted
        kind = dice.choice(KINDS)
        many = tuple(f"86138{number:05d}{n:03d}" for n in range(dice.choice((1, 1, 1, 5, 30))))
        apart = dice.random() < 0.5
        texts = (
            [Text((p,), f"【传菜】{number}") for p in many]
            if apart
            else [Text(many, f"【传菜】{number}")]
        )
        wanted = Ask(dice.choice((BRAND, OTHER)), uuid.UUID(int=dice.getrandbits(128)), kind, texts)
        # Every fifth caller loses the answer and asks again.
        for _ in range(2 if number % 5 == 0 else 1):
            done = await _insist(stage.acceptance, wanted)
        accepted += done

    async def burn() -> None:
        names = ["worker", "worker", "redis", "worker", "postgres", "worker"]
        for turn in range(int(size.lasts_s / size.kill_every_s)):
            await asyncio.sleep(size.kill_every_s * dice.uniform(0.6, 1.4))
            await stage.fire.kill(names[turn % len(names)])

    over = asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        reporting = tasks.create_task(_report(stage, dice, over))
        burning = tasks.create_task(burn())
        asking = []
        for number in range(int(size.lasts_s * size.requests_per_s)):
            asking.append(tasks.create_task(ask(number)))
            await asyncio.sleep(1 / size.requests_per_s)
        await asyncio.wait([burning, *asking])
        await stage.fire.all_up()
        over.set()
        async with asyncio.timeout(QUIET_S_MAX):
            await reporting
    return accepted


async def _insist(acceptance: Acceptance, wanted: Ask) -> int:
    while True:
        try:
            return (await acceptance.accept(wanted)).messages
        except Refusal as refusal:
            if refusal.code == "posting_id_reused":
                return len(wanted.texts)  # it was accepted, sent, reported and forgotten meanwhile
            if not refusal.retryable:
                raise
        except LOST:
            pass  # the account was being looked up
        await asyncio.sleep(LOOK_S)


async def _report(stage: Stage, dice: random.Random, over: asyncio.Event) -> None:
    """Tell what became of what was taken, some twice and in no order, until it is over and something was forgotten."""
    told = 0
    while not (over.is_set() and stage.gone):
        fresh = stage.carrier.taken[told:]
        told += len(fresh)
        again = dice.sample(stage.carrier.taken[:told], min(told, 5))
        for one in [*fresh, *again]:
            if one.uid not in stage.gone:  # what is half a year old is not reported any more
                await _push(stage, one)
        await forget(stage.ground.pool, stage.gone)
        await asyncio.sleep(LOOK_S)


async def _push(stage: Stage, taken: Any) -> None:
    account = Account(ACCOUNT, PASSWORD)
    now_ms = to_ms(stage.ground.clock.now())
    receipts = [
        read_push(
            urlencode(stage.carrier.report(taken, phone, _status(phone))), account, now_ms, CARRIER
        )
        for phone in taken.phones
    ]
    try:
        await stage.receipts.take(receipts)
    except Refusal:
        return  # nobody could write it down, so it was not answered, and comes again at the end
    stage.told.add(taken.message_id)


def _status(phone: str) -> str:
    """Every seventh telephone is switched off."""
    return "UNDELIV" if int(phone) % 7 == 0 else "DELIVRD"


async def _come_to_rest(stage: Stage) -> None:
    """Let everything come to its end; only what was not answered as taken comes again."""
    stage.carrier.moods.clear()  # a carrier that stays bad is left alone for ever longer
    async with asyncio.timeout(QUIET_S_MAX):
        while True:
            for taken in stage.carrier.taken:
                if taken.uid in stage.gone:
                    stage.told.add(taken.message_id)
                elif taken.message_id not in stage.told:
                    await _push(stage, taken)
            owed = await stage.ground.pool.fetchval(OWED)
            if not owed and len(stage.told) == len(stage.carrier.taken):
                return
            await asyncio.sleep(LOOK_S)


async def _judge(stage: Stage, accepted: int) -> list[str]:
    """Return what is not as it must be."""
    wrong = []
    rows = await stage.ground.pool.fetch(READ_MESSAGES)
    if len(rows) != accepted:
        wrong.append(f"{accepted} messages accepted, {len(rows)} stand")
    asked = Counter(body["uid"] for path, body in stage.carrier.requests if "send" in path)
    spent: Counter[str] = Counter()
    for row in rows:
        uid = reference_of(row["brand_id"], row["id"], row["number"])
        name, taken = f"message {row['id']} ({row['state']})", stage.carrier.accepted[uid]
        if row["state"] != "failed":
            back = row["undelivered"] if row["brand_id"] == OTHER else 0  # it wants them back (A17)
            each = row["segments"] // row["phones"]
            spent[f"brand:{row['brand_id']}"] += row["segments"] - back * each
        if uid in stage.gone and row["state"] not in {"sent", "failed"}:
            wrong.append(f"{name} was forgotten")
        if taken > 1:
            wrong.append(f"{name} was taken {taken} times")
        if asked[uid] - 1 > row["surely_not"]:
            wrong.append(f"{name} went {asked[uid]} times and was refused {row['surely_not']}")
        if (row["state"] == "sent") != (taken == 1):
            wrong.append(f"{name} was taken {taken} times")
        if row["state"] == "sent" and row["reported"] != row["phones"]:
            wrong.append(f"{name} was reported of {row['reported']} of {row['phones']}")
    if not stage.gone:
        wrong.append("nothing was forgotten")
    accounts = await stage.ground.pool.fetch(READ_ACCOUNTS)
    wrong += [
        f"{row['owner']} has {row['posted']}, {row['held']} held, spent {spent[row['owner']]}"
        for row in accounts
        if (row["posted"], row["held"]) != (GRANTED - spent[row["owner"]], 0)
    ]
    async with stage.ground.pool.acquire() as connection:
        found = await audit(connection)  # type: ignore[arg-type]  # it acts like one
    return wrong + [finding.sentence for finding in found.findings]


def main() -> int:
    """Live a long one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=FULL.lasts_s)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    with running_pair(durable=False) as pair:
        wrong = asyncio.run(live(pair, FULL._replace(lasts_s=given.seconds), given.seed, print))
    for one in wrong[:50]:
        sys.stdout.write(f"  WRONG {one}\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
