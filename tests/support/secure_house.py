"""A house reached by http and by https, and a pad that comes by TLS."""

from __future__ import annotations

import asyncio
import ssl
import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, closing
from pathlib import Path

import msgspec
from cryptography import x509
from websockets.asyncio.client import ClientConnection, connect

from server import app
from server.auth import new_token, token_hash
from server.clock import ManualClock
from server.demo.seed import seed
from server.events.decision import Actor
from server.settings import Settings
from server.tls.keeping import KeptCertificate
from tests.support.patience import PATIENCE_S


class SecureHouse:
    """A house that is reached both ways."""

    def __init__(self, port: int, tls_port: int, kept: KeptCertificate, house: app.House) -> None:
        self._house = house
        self.http = f"http://127.0.0.1:{port}"
        self.https = f"https://127.0.0.1:{tls_port}"
        self.tls_port = tls_port
        self.kept = kept
        self.trust = ssl.create_default_context(cafile=str(kept.authority_file))

    @asynccontextmanager
    async def waiter(self) -> AsyncIterator[ClientConnection]:
        """Pair a waiter's pad and let it say hello by TLS."""
        token = new_token()
        actor = Actor(role="manager", id="test", name="test", shop_id=1)
        body = {"kind": "waiter", "name": "pad", "token_hash": token_hash(token).hex()}
        await self._house.desk.execute(actor, uuid.uuid4(), "PairDevice", msgspec.json.encode(body))
        url = f"wss://127.0.0.1:{self.tls_port}/ws"
        async with connect(url, ssl=self.trust, compression=None) as socket:
            await socket.send(msgspec.json.encode({"t": "hello", "token": token}).decode())
            for kind in ("welcome", "snapshot"):
                assert msgspec.json.decode(await socket.recv())["t"] == kind
            yield socket

    async def order(self, place_id: int) -> None:
        """Order a dish for a place."""
        actor = Actor(role="waiter", id="test", name="test", shop_id=1)
        body = {"place_id": place_id, "lines": [{"dish_id": 1}]}
        await self._house.desk.execute(actor, uuid.uuid4(), "PlaceOrder", msgspec.json.encode(body))

    async def serial(self) -> int:
        """Return the serial number of the certificate that is served now."""
        _, writer = await asyncio.open_connection("127.0.0.1", self.tls_port, ssl=self.trust)
        shown = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
        writer.close()
        await writer.wait_closed()
        return x509.load_der_x509_certificate(shown).serial_number


@asynccontextmanager
async def secure_house(
    database_url: str, redis_url: str, data_dir: Path, clock: ManualClock
) -> AsyncIterator[SecureHouse]:
    """Serve the demo shop by http and https, with a certificate made at the clock's time."""
    await seed(database_url)
    kept = KeptCertificate(data_dir, clock)
    kept.look()
    async with AsyncExitStack() as stack:
        plain, secure = (stack.enter_context(closing(app.listen("127.0.0.1", 0))) for _ in range(2))
        port, tls_port = plain.getsockname()[1], secure.getsockname()[1]
        known = Settings(
            database_url=database_url, redis_url=redis_url, port=port, tls_port=tls_port,
            data_dir=data_dir,
        )  # fmt: skip
        house = await stack.enter_async_context(app.build(known))
        server = app.web_server(house, app.SecureDoor(secure, kept.context))
        serving = asyncio.create_task(server._serve(sockets=[plain]))
        async with asyncio.timeout(PATIENCE_S):
            while not server.started:
                if serving.done():
                    serving.result()
                await asyncio.sleep(0.005)
        try:
            yield SecureHouse(port, tls_port, kept, house)
        finally:
            server.should_exit = True
            await serving
