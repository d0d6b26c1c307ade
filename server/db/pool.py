"""Connections to PostgreSQL, few and warm.

Refuses to hide SQL: rooms write their own in `store.py`. More than a dozen connections only make
a machine of few cores slower, so the pool is small and callers wait for their turn.
"""

from __future__ import annotations

import asyncpg

CONNECT_S_MAX = 5.0
STATEMENT_S_MAX = 10.0


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
