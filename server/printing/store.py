"""What decisions about paper read, and the press's own steps in its own table.

The steps nobody needs to hear of (begun, sent, confirmed) are one guarded statement each; every step names
the version it was decided on and the worker that holds the printer. Refuses to decide.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import asyncpg
import msgspec

from server.events import catalogue as c
from server.events.words import Text
from server.printing.commands import JobFacts, ShopPrinters, StoredJob
from server.printing.printer import Printer
from server.printing.tickets import OrderOnPaper, ShopOnPaper

READ_JOBS = """
SELECT j.shop_id, j.id, p.enabled,
       json_build_object('id', j.id, 'printer_id', j.printer_id, 'printer', p.name, 'from_id', j.from_id,
           'source', j.source, 'order_id', j.order_id, 'kind', j.kind, 'title', j.title, 'document', j.document,
           'copy', j.copy, 'state', j.state, 'reason', j.reason, 'made_at_ms', to_ms(j.made_at),
           'ended_at_ms', to_ms(j.ended_at), 'settled', j.settled, 'settled_by', j.settled_by,
           'version', j.version, 'expires_after_s', p.expires_after_s) AS job
  FROM unnest($1::bigint[], $2::bigint[]) AS u(shop_id, id)
  JOIN print_job j ON j.shop_id = u.shop_id AND j.id = u.id
  JOIN printer p ON p.shop_id = j.shop_id AND p.id = j.printer_id
"""

READ_PRINTERS = """
SELECT s.id,
       (SELECT json_agg(printer_view(p)) FROM printer p WHERE p.shop_id = s.id) AS printers,
       ARRAY(SELECT t.id FROM station t WHERE t.shop_id = s.id) AS stations
  FROM unnest($1::bigint[]) AS u(id)
  JOIN shop s ON s.id = u.id
"""

READ_ORDERS = """
SELECT o.shop_id, o.id, order_view(o) AS view, s.name AS shop, s.timezone,
       (SELECT json_agg(printer_view(p)) FROM printer p WHERE p.shop_id = s.id) AS printers,
       (SELECT json_agg(json_build_object('id', t.id, 'name', t.name)) FROM station t
         WHERE t.shop_id = s.id) AS stations
  FROM unnest($1::bigint[], $2::bigint[]) AS u(shop_id, id)
  JOIN catering_order o ON o.shop_id = u.shop_id AND o.id = u.id
  JOIN shop s ON s.id = o.shop_id
"""

# Where something waits, and whose trouble is worth another look.
READ_WORK = """
SELECT j.shop_id, j.printer_id
  FROM (SELECT DISTINCT shop_id, printer_id FROM print_job WHERE ended_at IS NULL) j
UNION
SELECT shop_id, id FROM printer WHERE enabled AND condition NOT IN ('ready', 'unknown')
 LIMIT $1::integer
"""

TAKE_PRINTERS = """
UPDATE printer p
   SET leased_by = $1::text, leased_until = $3::timestamptz
  FROM (SELECT f.shop_id, f.id
          FROM unnest($4::bigint[], $5::bigint[]) AS u(shop_id, id)
          JOIN printer f ON f.shop_id = u.shop_id AND f.id = u.id
         WHERE f.leased_until IS NULL OR f.leased_until <= $2::timestamptz
         ORDER BY f.shop_id, f.id
           FOR UPDATE OF f SKIP LOCKED) free
 WHERE p.shop_id = free.shop_id AND p.id = free.id
RETURNING p.shop_id, p.id
"""

KEEP_PRINTERS = """
UPDATE printer p
   SET leased_until = $3::timestamptz
  FROM unnest($4::bigint[], $5::bigint[]) AS u(shop_id, id)
 WHERE p.shop_id = u.shop_id AND p.id = u.id AND p.leased_by = $1::text AND p.leased_until > $2::timestamptz
RETURNING p.shop_id, p.id
"""

LEAVE_PRINTER = """
UPDATE printer SET leased_by = NULL, leased_until = NULL WHERE shop_id = $1 AND id = $2 AND leased_by = $3
"""

READ_PRINTER = "SELECT printer_view(p) AS printer FROM printer p WHERE p.shop_id = $1 AND p.id = $2"

READ_OPEN = """
SELECT id, from_id, kind, title, document, copy, state, made_at, expires_at, version
  FROM print_job
 WHERE shop_id = $1 AND printer_id = $2 AND ended_at IS NULL
 ORDER BY id
 LIMIT $3::integer
"""

# The guard of every step of the press: the worker that is at the printer, and the version as read.
BEGIN_JOB = """
UPDATE print_job j
   SET state = 'sending', sending_at = $6::timestamptz, attempts = j.attempts + 1, version = j.version + 1
  FROM printer p
 WHERE j.shop_id = $1 AND j.id = $2 AND j.version = $3 AND j.state = 'queued' AND j.printer_id = $4
   AND p.shop_id = j.shop_id AND p.id = j.printer_id AND p.leased_by = $5 AND p.leased_until > $6
RETURNING j.version
"""

# A step in one statement: $4 from, $5 to, $6 when it is over (null: it is not).
STEP_JOB = """
UPDATE print_job
   SET state = $5::text, ended_at = $6::timestamptz, version = version + 1
 WHERE shop_id = $1 AND id = $2 AND version = $3 AND state = $4::text
RETURNING version
"""

# What waits here goes to the backup: only what no byte of was sent, and once.
MOVE_JOBS = """
UPDATE print_job j
   SET printer_id = $3::bigint, from_id = j.printer_id, source = j.source || '>' || j.printer_id,
       version = j.version + 1
 WHERE j.shop_id = $1 AND j.printer_id = $2 AND j.state = 'queued' AND j.from_id IS NULL
   AND j.made_at <= $4::timestamptz
RETURNING j.id
"""

# What waits at a backup that does not print either goes back where it was meant for, once that prints again.
MOVE_BACK = """
UPDATE print_job j
   SET printer_id = j.from_id, from_id = NULL, source = j.source || '>' || j.printer_id, version = j.version + 1
  FROM printer p
 WHERE j.shop_id = $1 AND j.printer_id = $2 AND j.state = 'queued' AND j.from_id IS NOT NULL
   AND p.shop_id = j.shop_id AND p.id = j.from_id AND p.enabled AND p.condition = 'ready'
RETURNING j.id
"""

FORGET_JOBS = """
DELETE FROM print_job
 WHERE ctid = ANY (ARRAY(SELECT ctid FROM print_job WHERE ended_at < $1::timestamptz LIMIT $2::integer))
RETURNING 1
"""

_job = msgspec.json.Decoder(StoredJob).decode
_printer = msgspec.json.Decoder(Printer).decode
_printers = msgspec.json.Decoder(list[Printer]).decode
_order = msgspec.json.Decoder(c.Order).decode
_text = msgspec.json.Decoder(Text).decode
_stations = msgspec.json.Decoder(list[dict[str, msgspec.Raw]]).decode


Key = tuple[int, int]  # shop, printer


class OpenJob(NamedTuple):
    """A paper that is not over, as the press takes it up."""

    id: int
    from_id: int | None
    kind: str
    title: str
    document: str
    copy: int
    state: str
    made_at: datetime
    expires_at: datetime
    version: int


class Lease(NamedTuple):
    """Who is at printers until when, and the moment it is said."""

    worker: str
    now: datetime
    until: datetime


async def read_jobs(
    connection: asyncpg.Connection, keys: Sequence[tuple[int, int]]
) -> dict[tuple[int, int], JobFacts]:
    """Return (shop, job id) → facts for the papers that exist."""
    rows = await connection.fetch(READ_JOBS, [k[0] for k in keys], [k[1] for k in keys])
    return {(r["shop_id"], r["id"]): JobFacts(_job(r["job"]), r["enabled"]) for r in rows}


async def read_printers(
    connection: asyncpg.Connection, shop_ids: Sequence[int]
) -> dict[int, ShopPrinters]:
    """Return shop → its printers."""
    rows = await connection.fetch(READ_PRINTERS, list(set(shop_ids)))
    found = {}
    for row in rows:
        printers = {p.id: p for p in _read_printers(row["printers"])}
        found[row["id"]] = ShopPrinters(
            printers, frozenset(row["stations"]), max(printers, default=0) + 1
        )
    return found


def _read_printers(column: str | None) -> list[Printer]:
    return sorted(_printers(column), key=lambda one: one.id) if column else []


async def read_orders(
    connection: asyncpg.Connection, keys: Sequence[tuple[int, int]]
) -> dict[tuple[int, int], OrderOnPaper]:
    """Return (shop, order id) → an order with all that papers about it say, and where they go."""
    rows = await connection.fetch(READ_ORDERS, [k[0] for k in keys], [k[1] for k in keys])
    found = {}
    for row in rows:
        stations = {
            msgspec.json.decode(one["id"]): _text(one["name"])
            for one in (_stations(row["stations"]) if row["stations"] else ())
        }
        shop = ShopOnPaper(_text(row["shop"]), row["timezone"], stations)
        found[row["shop_id"], row["id"]] = OrderOnPaper(
            _order(row["view"]), shop, _read_printers(row["printers"])
        )
    return found


# the press


async def read_work(pool: asyncpg.Pool, printers_max: int) -> set[Key]:
    """Return the printers at which somebody should be."""
    return {(row[0], row[1]) for row in await pool.fetch(READ_WORK, printers_max)}


async def take_printers(pool: asyncpg.Pool, lease: Lease, keys: Sequence[Key]) -> list[Key]:
    """Take those of these printers that nobody is at."""
    rows = await pool.fetch(TAKE_PRINTERS, *lease, [k[0] for k in keys], [k[1] for k in keys])
    return [(row["shop_id"], row["id"]) for row in rows]


async def keep_printers(pool: asyncpg.Pool, lease: Lease, keys: Sequence[Key]) -> set[Key]:
    """Stay at these printers; return those that are still ours."""
    rows = await pool.fetch(KEEP_PRINTERS, *lease, [k[0] for k in keys], [k[1] for k in keys])
    return {(row["shop_id"], row["id"]) for row in rows}


async def leave_printer(pool: asyncpg.Pool, worker: str, key: Key) -> None:
    """Let somebody else have a printer at once."""
    await pool.execute(LEAVE_PRINTER, *key, worker)


async def read_printer(pool: asyncpg.Pool, key: Key) -> Printer:
    """Return a printer as it is set up now; one that was added is never taken away."""
    return _printer(await pool.fetchval(READ_PRINTER, *key))


async def read_open(pool: asyncpg.Pool, key: Key, jobs_max: int) -> list[OpenJob]:
    """Return a printer's papers that are not over, in the order they were asked for."""
    return [OpenJob(*row) for row in await pool.fetch(READ_OPEN, *key, jobs_max)]


async def begin(
    pool: asyncpg.Pool, key: Key, job: OpenJob, worker: str, now: datetime
) -> int | None:
    """Write down that bytes may leave from here on; return the version, None: it is not ours to send."""
    version: int | None = await pool.fetchval(
        BEGIN_JOB, key[0], job.id, job.version, key[1], worker, now
    )
    return version


class Step(NamedTuple):
    """A paper's step that nobody needs to hear of."""

    job_id: int
    version: int
    from_state: str
    to_state: str
    ended_at: datetime | None = None


async def step(pool: asyncpg.Pool, shop_id: int, one: Step) -> int | None:
    """Take a step; return the version after it, None when the paper went on without us."""
    version: int | None = await pool.fetchval(STEP_JOB, shop_id, *one)
    return version


async def move(pool: asyncpg.Pool, key: Key, backup_id: int, made_until: datetime) -> int:
    """Move what waits at a printer to its backup; return how many."""
    return len(await pool.fetch(MOVE_JOBS, *key, backup_id, made_until))


async def move_back(pool: asyncpg.Pool, key: Key) -> int:
    """Move what waits at a backup to the printers it was meant for, if they print again; return how many."""
    return len(await pool.fetch(MOVE_BACK, *key))
