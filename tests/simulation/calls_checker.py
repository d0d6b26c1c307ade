"""Judges an evening of calls: what was accepted, what the log says, what each screen heard.

Refuses to wait for anything: it is called when everything has come to rest.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple, Protocol

import asyncpg
import msgspec

from server.client.terms import Heard
from server.clock import to_ms
from server.events import catalogue as c
from server.events.view import DeviceKind
from server.gateway.topics import audience
from server.webhooks.message import Told
from tests.support.receiver import Received

AFTER_KILL_MS = 8_000
PROMISED = """
SELECT shop_id, id, (payload->>'call_id')::bigint AS call_id, payload->>'stage' AS stage
  FROM promise WHERE kind = 'PostWebhook'
"""

_told = msgspec.json.Decoder(Told).decode
_decode = msgspec.json.Decoder(c.Event).decode


class Listener(Protocol):
    """What the checker needs of a screen."""

    kind: DeviceKind
    shop_id: int
    device_id: int
    heard: list[tuple[int, Heard]]
    skipped: list[tuple[int, int]]
    away: bool


class Ended(NamedTuple):
    """An evening that is over."""

    screens: Sequence[Listener]
    accepted: dict[int, int]  # number → call id
    kills: list[tuple[int, str]]  # when (ms since 1970), what
    posts: Sequence[Received]  # what the webhook was told, repetitions among it


class Line(NamedTuple):
    """One line of a shop's log."""

    seq: int
    topics: frozenset[str]
    event: c.Event


async def judge(pool: asyncpg.Pool, ended: Ended) -> list[str]:
    """Return what is wrong; nothing when every promise was kept."""
    logs = await _read_logs(pool)
    complaints = await _accepted_once(pool, ended.accepted)
    complaints += await _every_end_is_accounted_for(pool, logs)
    complaints += await _told_of_every_stage(pool, ended)
    for shop_id, log in logs.items():
        complaints += [f"shop {shop_id}: {said}" for said in nothing_after_the_answer(log)]
    for screen in ended.screens:
        complaints += heard_once(screen, logs[screen.shop_id])
    return complaints


async def _told_of_every_stage(pool: asyncpg.Pool, ended: Ended) -> list[str]:
    """Each promised stage came, said the same whenever it came, and nothing came that was not promised."""
    promised = {
        f"{row['shop_id']}-{row['id']}": (row["call_id"], row["stage"])
        for row in await pool.fetch(PROMISED)
    }
    came: dict[str, tuple[int, str]] = {}
    complaints = []
    for post in ended.posts:
        told = _told(post.body)
        said = (told.call_id, told.stage)
        if came.setdefault(post.event_id, said) != said or told.event_id != post.event_id:
            complaints.append(f"webhook: {post.event_id} said two things")
    complaints += [f"webhook: {key} {promised[key]} never came" for key in promised.keys() - came]
    complaints += [f"webhook: {key} came and was not promised" for key in came.keys() - promised]
    known = {call_id for call_id, _ in came.values()}
    silent = [call_id for call_id in ended.accepted.values() if call_id not in known]
    return complaints + [f"webhook: nothing of call {call_id}" for call_id in silent]


async def _read_logs(pool: asyncpg.Pool) -> defaultdict[int, list[Line]]:
    logs: defaultdict[int, list[Line]] = defaultdict(list)
    for row in await pool.fetch(
        "SELECT shop_id, seq, topics, body FROM event ORDER BY shop_id, seq"
    ):
        line = Line(row["seq"], frozenset(row["topics"]), _decode(row["body"]))
        logs[row["shop_id"]].append(line)
    return logs


async def _accepted_once(pool: asyncpg.Pool, accepted: dict[int, int]) -> list[str]:
    """Each number that was answered is one call with the answered id, and no call is another's."""
    rows = await pool.fetch("SELECT id, params ->> 'roomName' AS number FROM im_call")
    found: defaultdict[int, list[int]] = defaultdict(list)
    for row in rows:
        found[int(row["number"])].append(row["id"])
    complaints = [
        f"call {number}: answered {call_id}, stored {found[number]}"
        for number, call_id in accepted.items()
        if found[number] != [call_id]
    ]
    return complaints + [f"call {n}: stored {len(ids)}" for n, ids in found.items() if len(ids) > 1]


async def _every_end_is_accounted_for(
    pool: asyncpg.Pool, logs: defaultdict[int, list[Line]]
) -> list[str]:
    """Each ring of each end was said once, or its row has a reason; and nothing was said unasked."""
    said: Counter[tuple[int, int, int, str]] = Counter()
    for shop_id, log in logs.items():
        for line in log:
            if isinstance(line.event, c.Announced):
                one = line.event.utterance
                said.update((shop_id, one.call_id, one.ring, end) for end in one.channels)
    complaints = [f"said {times} times: {key}" for key, times in said.items() if times > 1]
    rows = await pool.fetch("SELECT * FROM im_message")
    for row in rows:
        key = (row["shop_id"], row["call_id"], row["ring"], row["end_key"])
        if row["state"] == "sent" and row["spoken_by"] is None and said[key] != 1:
            complaints.append(f"sent, said {said[key]} times: {key}")
        if row["state"] in {"suppressed", "cancelled"} and not row["reason"]:
            complaints.append(f"{row['state']} without a reason: {key}")
        if row["state"] == "queued":
            complaints.append(f"still queued: {key}")
    known = {(r["shop_id"], r["call_id"], r["ring"], r["end_key"]) for r in rows}
    complaints += [f"said, not written down: {key}" for key in said if key not in known]
    silent = await pool.fetch(
        "SELECT k.id FROM im_call k WHERE NOT EXISTS (SELECT FROM im_message m"
        " WHERE m.shop_id = k.shop_id AND m.call_id = k.id)"
    )
    return complaints + [f"call {row['id']} has no end at all" for row in silent]


def nothing_after_the_answer(log: Iterable[Line]) -> list[str]:
    """After "coming", or its end, a call rings no more: in the log nothing is in flight."""
    over: set[int] = set()
    complaints = []
    for line in log:
        event = line.event
        if isinstance(event, c.CallClaimed | c.CallEnded):
            over.add(event.call_id)
        rung = event.utterance.call_id if isinstance(event, c.Announced) else None
        if isinstance(event, c.CallRang):
            rung = event.call_id
        if rung in over:
            complaints.append(f"call {rung} rang at {line.seq} although it was answered")
    return complaints


def heard_once(screen: Listener, log: Sequence[Line]) -> list[str]:
    """A screen heard each line of its audience once, unless a snapshot told it instead."""
    hears = audience(screen.kind, None, None) | {f"device:{screen.device_id}"}
    wanted = {line.seq for line in log if line.topics & hears}
    head = max((line.seq for line in log), default=0)  # reminders go on while the log is read
    heard = Counter(one.seq for _, one in screen.heard if one.seq <= head)
    name = f"shop {screen.shop_id} {screen.kind}"
    twice = sorted(seq for seq, times in heard.items() if times > 1)
    foreign = sorted(heard.keys() - wanted)
    missed = sorted(
        seq
        for seq in wanted - heard.keys()
        if not any(first < seq <= last for first, last in screen.skipped)
    )
    return [
        f"{name}: {what} {seqs[:5]}"
        for what, seqs in (("heard twice", twice), ("not its own", foreign), ("missed", missed))
        if seqs
    ]


async def lateness(pool: asyncpg.Pool, ended: Ended) -> list[str]:
    """Return lines about how late rings were: when due, sent and heard, and after each kill."""
    rows = await pool.fetch(
        "SELECT due_at, sent_at FROM im_message WHERE state = 'sent' AND ring > 1"
    )
    repeats = [(to_ms(r["due_at"]), to_ms(r["sent_at"]) - to_ms(r["due_at"])) for r in rows]
    reasons = await pool.fetch(
        "SELECT state, reason, count(*) AS n FROM im_message WHERE state <> 'sent' GROUP BY 1, 2"
    )
    heard = [
        (one.at_ms, at_ms - one.at_ms)
        for screen in ended.screens
        for at_ms, one in screen.heard
        if isinstance(one.event, c.Announced) and not screen.away
    ]
    told = [
        f"  repeats sent after they were due: {_spread(repeats)}",
        f"  heard by screens that were not away, after it was committed: {_spread(heard)}",
        "  not sent: "
        + (", ".join(f"{r['n']} {r['state']} {r['reason']}" for r in reasons) or "none"),
    ]
    for name in sorted({name for _, name in ended.kills}):
        moments = [at_ms for at_ms, known in ended.kills if known == name]
        near = [one for one in heard if any(0 <= one[0] - m <= AFTER_KILL_MS for m in moments)]
        late = [one for one in repeats if any(0 <= one[0] - m <= AFTER_KILL_MS for m in moments)]
        told.append(
            f"  within {AFTER_KILL_MS // 1000} s of {len(moments)} × {name} killed:"
            f" repeats {_spread(late)}; heard {_spread(near)}"
        )
    return told


def _spread(late: Sequence[tuple[int, int]]) -> str:
    if not late:
        return "none"
    sizes = sorted(ms for _, ms in late)
    middle, high = sizes[len(sizes) // 2], sizes[int(len(sizes) * 0.99)]
    return f"{len(sizes)}, p50 {middle} ms, p99 {high} ms, max {sizes[-1]} ms"
