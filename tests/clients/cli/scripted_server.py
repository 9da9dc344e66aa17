"""A server on a real socket that does what a test tells it, also what our own server never would."""

import asyncio
import http
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from websockets.asyncio.server import ServerConnection, serve
from websockets.http11 import Request, Response

from clients.cli.address import Address
from tests.clients.cli.wire_examples import EVENTS

Json = dict[str, Any]
TOKEN = "token-of-the-test"


class Visit:
    """One connection of the client under test."""

    def __init__(self, socket: ServerConnection) -> None:
        self.socket = socket

    async def hello(self, **changes: object) -> None:
        await self.say(EVENTS["server"]["hello"] | changes)

    async def say(self, message: Json) -> None:
        await self.socket.send(json.dumps(message))

    async def picture(self, payload: bytes) -> None:
        await self.socket.send(payload)

    async def hears(self) -> Json:
        async with asyncio.timeout(5):
            message: Json = json.loads(await self.socket.recv(decode=True))
            return message

    async def close(self, code: int, reason: str = "") -> None:
        await self.socket.close(code, reason)

    async def stay(self) -> None:
        """Until the client goes."""
        await self.socket.wait_closed()


Script = Callable[[Visit], Awaitable[None]]


@asynccontextmanager
async def scripted_server(*visits: Script, status: int = 101) -> AsyncIterator[Address]:
    """Play one script a visit, the last one again for further visits. Scripts that fail, fail the test."""
    count = 0
    failures: list[BaseException] = []

    def answer(connection: ServerConnection, request: Request) -> Response | None:
        assert request.headers["Authorization"] == f"Bearer {TOKEN}"
        assert "Origin" not in request.headers
        assert "Sec-WebSocket-Extensions" not in request.headers
        if status == 101:
            return None
        body = json.dumps({"error": {"code": "said", "message": f"The test says {status}."}})
        return connection.respond(http.HTTPStatus(status), body)

    async def visit(socket: ServerConnection) -> None:
        nonlocal count
        script = visits[min(count, len(visits) - 1)]
        count += 1
        try:
            await script(Visit(socket))
        except (AssertionError, TimeoutError) as error:
            failures.append(error)

    async with serve(visit, "127.0.0.1", 0, process_request=answer, compression=None, ping_interval=None) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        yield Address(f"http://127.0.0.1:{port}")
    if failures:
        raise failures[0]
