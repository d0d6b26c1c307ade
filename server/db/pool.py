"""Connections to PostgreSQL, few and warm.

Refuses to hide SQL: rooms write their own in `store.py`. More than a dozen connections only make
a machine of few cores slower, so the pool is small and callers wait for their turn.
"""

from __future__ import annotations

import asyncio

import asyncpg
import structlog

CONNECT_S_MAX = 5.0
STATEMENT_S_MAX = 10.0
START_RETRY_S = 0.25
START_ATTEMPTS_MAX = 120  # half a minute: a server that replays its log after a power cut

_log = structlog.get_logger(__name__)


async def open_patiently(database_url: str, connections_max: int) -> asyncpg.Pool:
    """Open the pool of a process that came up before its database did, or while that restarts.

    Raises as `open_pool` does after `START_ATTEMPTS_MAX` attempts, at once for an address nobody
    can read.
    """
    for attempt in range(1, START_ATTEMPTS_MAX):
        try:
            return await open_pool(database_url, connections_max)
        except ValueError:  # an address nobody can read; asyncpg calls some of these lost, too
            raise
        except LOST as error:
            if attempt == 1:
                _log.warning("waiting_for_database", error=type(error).__name__)
            await asyncio.sleep(START_RETRY_S)
    return await open_pool(database_url, connections_max)


async def open_pool(database_url: str, connections_max: int) -> asyncpg.Pool:
    """Return an open pool whose sessions speak UTC and plan generically.

    Our hot statements take arrays of any length; a generic plan halves the cost of a lonely call.
    Raises `OSError` or `asyncpg.PostgresError` when the server cannot be reached.
    """
    return await asyncpg.create_pool(
        database_url,
        min_size=min(2, connections_max),
        max_size=connections_max,
        timeout=CONNECT_S_MAX,
        command_timeout=STATEMENT_S_MAX,
        max_inactive_connection_lifetime=0,
        reset=_as_it_is,
        server_settings={
            "timezone": "UTC",
            "plan_cache_mode": "force_generic_plan",
            "jit": "off",
            # Everything we ask for follows a key. The planner takes any array for a hundred rows and
            # a plan made while a table was small is kept: it would read all places for one order.
            "enable_seqscan": "off",
            "enable_hashjoin": "off",
            "enable_mergejoin": "off",
            "application_name": "chuancai",
        },
    )


async def _as_it_is(connection: asyncpg.Connection) -> None:
    """Take a connection back as it is: nobody here changes a session, and resetting one costs a trip.

    A lonely command spent a quarter of its time on it.
    """


# What a lost or refusing server looks like from here; the caller may try again.
LOST = (
    OSError,
    TimeoutError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # told of its end while it was given back to the pool
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,  # starting, stopping, or a statement was cancelled
    asyncpg.InsufficientResourcesError,  # connections, memory or disk are used up
    asyncpg.ReadOnlySQLTransactionError,  # a standby that is not yet the first
    asyncpg.IdleInTransactionSessionTimeoutError,
)
