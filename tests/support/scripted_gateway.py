"""A gateway small enough to be scripted: static pages and `/ws` on one port, for tests of screens.

It keeps one view with the real reducer and decides item steps with the real table, so a screen
cannot tell it from the house. What it adds is what no house does on request: fall silent, cut,
refuse, jump in time. Refuses to store anything or to know more than one device.
"""

from __future__ import annotations

import asyncio
import mimetypes
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

import msgspec
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

from server.clock import SystemClock, to_ms
from server.errors import REFUSALS, Refusal
from server.events import catalogue as c
from server.events.view import View, apply, state_hash
from server.gateway import frames as f
from server.kds import item as machine
from tests.support.patience import PATIENCE_S

CLIENTS = Path(__file__).parents[2] / "clients"
TOKEN = "scripted-token"

_STEPS: dict[str, tuple[machine.Verb, type[Any]]] = {
    "StartItem": ("start", c.ItemStarted),
    "FinishItem": ("finish", c.ItemFinished),
    "CallItem": ("call", c.ItemCalled),
    "PickUpItem": ("pick_up", c.ItemPickedUp),
    "CancelItem": ("cancel", c.ItemCancelled),
}
_decode = msgspec.json.Decoder(f.FromDevice).decode


class ScriptedGateway:
    """One shop, one device, any number of its connections."""

    def __init__(self, view: View, *, seq: int = 100) -> None:
        self.view = view
        self.seq = seq
        self.epoch = 1
        self.ahead_ms = 0  # how far the server's clock is ahead of the machine's
        self.lines: list[tuple[int, bytes]] = []
        self.hellos: list[f.Hello] = []
        self.commands: list[f.Command] = []
        self.acks: list[f.Ack] = []
        self.forbidden: dict[str, str] = {}  # command → the refusal it gets
        self.silent = False  # the cable is pulled: nothing is answered
        self.deaf_to_commands = False  # they come, and nothing is done or answered
        self.closed_door = False  # nobody gets in
        self.pages: dict[str, tuple[int, Any]] = {}  # path → status and JSON, for pairing
        self.sounds: dict[str, bytes] = {}  # path → a recorded sentence
        self.undecided = False  # nobody is told yet who speaks
        self.version = "1"
        self._replies: dict[str, f.Reply] = {}
        self._sockets: dict[ServerConnection, None] = {}  # in the order they came
        self._speaker: ServerConnection | None = None
        self._changed = asyncio.Event()
        self._server: Server | None = None

    async def __aenter__(self) -> Self:
        self._server = await serve(
            self._talk, "127.0.0.1", 0,
            subprotocols=[Subprotocol(f.SUBPROTOCOL_JSON)], process_request=self._page,
            compression=None, ping_interval=None,
        )  # fmt: skip
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self.cut()
        self._server.close()
        await self._server.wait_closed()

    @property
    def origin(self) -> str:
        """Where the pages are."""
        assert self._server is not None
        return f"http://127.0.0.1:{next(iter(self._server.sockets)).getsockname()[1]}"

    def now_ms(self) -> int:
        """Return the shop's time."""
        return to_ms(SystemClock().now()) + self.ahead_ms

    def hash(self) -> str:
        """Return the state hash a screen must have."""
        return state_hash(self.view)

    def item(self, item_id: int) -> c.Item:
        """Return a dish."""
        return next(i for o in self.view.orders for i in o.items if i.id == item_id)

    async def happen(self, event: c.Event, *, tell: bool = True) -> None:
        """Write one line of the log; with `tell` false the push gets lost on the way."""
        self.seq += 1
        body = msgspec.json.encode(event)
        # what travels is a copy: the reducer changes orders in place
        apply(self.view, msgspec.json.decode(body, type=c.Event))
        frame = b'{"t":"event","seq":%d,"at_ms":%d,"event":%b}' % (self.seq, self.now_ms(), body)
        self.lines.append((self.seq, frame))
        if tell and not self.silent:
            for socket in list(self._sockets):
                await socket.send(frame.decode())

    async def step(self, item_id: int, name: str, by: str = "别处") -> None:
        """Let somebody elsewhere do a step."""
        verb, kind = _STEPS[name]
        item = self.item(item_id)
        assert machine.next_state(item.state, verb)
        await self.happen(self._event(item, kind, by))

    async def until(self, ready: Any) -> None:
        """Wait until `ready()` holds; looked at after each frame and connection."""
        async with asyncio.timeout(PATIENCE_S):
            while not ready():
                self._changed.clear()
                await self._changed.wait()

    @property
    def connections(self) -> int:
        """Return how many are open."""
        return len(self._sockets)

    def forget_replies(self) -> None:
        """Let commands be decided anew: a refusal that may pass is not remembered."""
        self._replies.clear()

    def cut(self) -> None:
        """Tear every connection, as when the process is killed."""
        for socket in list(self._sockets):
            socket.transport.abort()

    async def close(self, code: int) -> None:
        """Close every connection with a code of the table."""
        for socket in list(self._sockets):
            await socket.close(code, f.CLOSE_CODES[code].reason)

    async def ping(self) -> None:
        """Send the heartbeat."""
        ping = f.PingOut(seq=self.seq, room_seq=self.seq, server_ms=self.now_ms())
        for socket in list(self._sockets):
            await self._say(socket, ping)

    async def tell(self, frame: f.ToDevice) -> None:
        """Send a frame of a device's own to every connection."""
        for socket in list(self._sockets):
            await self._say(socket, frame)

    # ── inside ──

    async def _page(self, _: ServerConnection, request: Request) -> Response | None:
        path = request.path.partition("?")[0]
        if path == "/ws":
            refused = Response(503, "Closed", Headers({"Content-Length": "0"}))
            return refused if self.closed_door or self.silent else None
        if path in self.pages:
            status, body = self.pages[path]
            return _answer(status, msgspec.json.encode(body), "application/json", self.version)
        if path in self.sounds:
            return _answer(200, self.sounds[path], "audio/wav", self.version)
        file = CLIENTS / (path.lstrip("/") + ("index.html" if path.endswith("/") else ""))
        if not file.is_file():
            return _answer(404, b"{}", "application/json", self.version)
        kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
        return _answer(200, file.read_bytes(), kind, self.version)

    async def _talk(self, socket: ServerConnection) -> None:
        try:
            await self._welcome(socket, _decode(await socket.recv()))
            self._sockets[socket] = None
            await self.choose_speaker()
            self._changed.set()
            async for text in socket:
                await self._receive(socket, _decode(text))
                self._changed.set()
        except ConnectionClosed:
            pass  # the test cut it, or the page went away
        finally:
            self._sockets.pop(socket, None)
            await self.choose_speaker()
            self._changed.set()

    async def choose_speaker(self) -> None:
        """Let the screen that came first speak for all, and tell the one that just came."""
        if self.undecided:
            return
        first = next(iter(self._sockets), None)
        newest = next(reversed(self._sockets), None)
        for socket in {first, newest} - {None}:
            assert socket is not None
            if socket is newest or socket is not self._speaker:
                with suppress(ConnectionClosed):
                    await self._say(socket, f.Voice(speaks=socket is first))
        self._speaker = first

    async def _welcome(self, socket: ServerConnection, hello: f.FromDevice) -> None:
        assert isinstance(hello, f.Hello)
        self.hellos.append(hello)
        if hello.token != TOKEN:
            await socket.close(4401, "bad_token")
            return
        resume = hello.resume if hello.resume and hello.resume.epoch == self.epoch else None
        mode: Any = "resumed" if resume else "snapshot"
        await self._say(
            socket, f.Welcome(1, self.epoch, self.seq, mode, f.HEARTBEAT_S, self.now_ms())
        )
        if resume is None:
            view = msgspec.json.decode(msgspec.json.encode(self.view), type=View)
            await self._say(socket, f.Snapshot(self.epoch, self.seq, self.now_ms(), view))
            return
        for seq, frame in self.lines:
            if seq > resume.seq:
                await socket.send(frame.decode())

    async def _receive(self, socket: ServerConnection, frame: f.FromDevice) -> None:
        if isinstance(frame, f.Ack):
            self.acks.append(frame)
        if self.silent:
            return
        if isinstance(frame, f.Ping):
            pong = f.PongOut(self.seq, self.seq, self.now_ms(), frame.sent_ms)
            await self._say(socket, pong)
        elif isinstance(frame, f.Command):
            self.commands.append(frame)
            if self.deaf_to_commands:
                return
            if frame.id not in self._replies:
                self._replies[frame.id] = await self._decide(frame)
            await self._say(socket, self._replies[frame.id])

    async def _decide(self, command: f.Command) -> f.Reply:
        try:
            if command.name in self.forbidden:
                raise Refusal(self.forbidden[command.name])
            result = await self._execute(command)
        except Refusal as no:
            body = f.RefusalBody(no.code, no.sentence, REFUSALS[no.code].retryable)
            return f.Reply(id=command.id, ok=False, refusal=body)
        return f.Reply(id=command.id, ok=True, result=result)

    async def _execute(self, command: f.Command) -> dict[str, Any]:
        body = msgspec.json.decode(command.body)
        if command.name in {"ClaimCall", "GiveBackCall", "CloseCall"}:
            return await self._answer_call(command.name, body["call_id"])
        item = self.item(body["item_id"])
        if command.name == "UndoItem":
            back = machine.undone_state(item.state, body["state"])
            if back is not None:
                await self.happen(
                    c.ItemUndone(
                        order_id=item.order_id, item_id=item.id, at_ms=self.now_ms(),
                        by="这块屏", version=item.version + 1, state=back,
                    )
                )  # fmt: skip
            return {"item_id": item.id, "changed": back is not None}
        verb, kind = _STEPS[command.name]
        after = machine.next_state(item.state, verb)
        if after is not None:
            await self.happen(self._event(item, kind, "这块屏"))
        return {"item_id": item.id, "changed": after is not None}

    async def _answer_call(self, name: str, call_id: int) -> dict[str, Any]:
        card = any(call.id == call_id for call in self.view.calls)
        at_ms, mine = self.now_ms(), self.view.device
        if name == "ClaimCall" and card:
            await self.happen(
                c.CallClaimed(call_id=call_id, by=mine.name, device_id=mine.id, at_ms=at_ms)
            )
        elif name == "GiveBackCall":
            await self.happen(c.CallGivenBack(call_id, mine.name, mine.id, at_ms))
        else:
            why: c.CallEnd = "served" if name == "CloseCall" else "acknowledged"
            await self.happen(c.CallEnded(call_id=call_id, reason=why, at_ms=at_ms))
        return {"call_id": call_id}

    def _event(self, item: c.Item, kind: type[Any], by: str) -> c.Event:
        more = {"reason": ""} if kind is c.ItemCancelled else {}
        event: c.Event = kind(
            order_id=item.order_id, item_id=item.id, at_ms=self.now_ms(), by=by,
            version=item.version + 1, **more,
        )  # fmt: skip
        return event

    async def _say(self, socket: ServerConnection, frame: f.ToDevice) -> None:
        if not self.silent:
            await socket.send(msgspec.json.encode(frame).decode())


def _answer(status: int, body: bytes, kind: str, version: str) -> Response:
    headers = Headers(
        {
            "Content-Type": kind,
            "Content-Length": str(len(body)),
            "Cache-Control": "no-store",
            "X-Chuancai-Version": version,
        }
    )
    return Response(status, "OK", headers, body)
