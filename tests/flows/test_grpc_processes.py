"""gRPC in a fleet: several web processes share its port, and a signal lets each finish."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys

import pytest
from grpclib.client import Channel
from grpclib.const import Status

from server.api import im_pb2
from server.api.keys import KeyMaker
from server.api.store import Client
from server.clock import SystemClock
from server.db.pool import open_pool
from server.demo.seed import seed
from server.sealed import Sealing
from server.settings import Settings
from tests.support.grpc_caller import GrpcCaller, Key
from tests.support.patience import PATIENCE_S

CALL = im_pb2.SendImCallRequest(shopId=1, event=6, Channels=[2], MsgType=2)  # type: ignore[arg-type,list-item]


def free_port() -> int:
    """Return a port nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


@pytest.mark.parametrize("processes", [1, 2])
async def test_a_fleet_serves_grpc_and_ends_in_order(
    database_url: str, redis_url: str, processes: int
) -> None:
    """SendImCall is answered by whichever process; told to stop, the house ends with status 0."""
    await seed(database_url)
    pool = await open_pool(database_url, 1)
    keys = KeyMaker(pool, SystemClock(), Sealing(Settings().seal_key))
    made = await keys.make_client(Client(brand_id=1, id=0, name="till"))
    port, grpc_port = free_port(), free_port()
    serving = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "server", "serve", "--port", str(port),
        "--grpc-port", str(grpc_port), "--processes", str(processes),
        env=os.environ | {"DATABASE_URL": database_url, "REDIS_URL": redis_url},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    assert serving.stdout is not None
    key = Key((made.key_id, made.secret), SystemClock().now)
    try:
        async with asyncio.timeout(PATIENCE_S):
            ready = 0
            while ready < processes:
                ready += b"grpc_ready" in await serving.stdout.readline()
            for _ in range(4):
                async with Channel("127.0.0.1", grpc_port) as channel:
                    outcome = await GrpcCaller(channel, grpc_port).send(key, CALL)
                    assert outcome.status is Status.OK, outcome
            serving.send_signal(signal.SIGTERM)
            await serving.stdout.read()
            assert await serving.wait() == 0
        assert await pool.fetchval("SELECT count(*) FROM im_call") == 4
    finally:
        if serving.returncode is None:
            serving.kill()
            await serving.wait()
        await pool.close()
