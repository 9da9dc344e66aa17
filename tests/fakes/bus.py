"""A server of another kind where Redis is expected."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import cast


class _Stranger(asyncio.Protocol):
    """Gives one answer to whatever comes first, and is silent then."""

    def __init__(self, answer: bytes, connections: set[asyncio.Transport]) -> None:
        self._answer = answer
        self._connections = connections
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._connections.add(self._transport)

    def data_received(self, data: bytes) -> None:
        assert self._transport is not None
        self._transport.write(self._answer)
        self._answer = b""


@asynccontextmanager
async def server_that_says(path: Path, answer: bytes) -> AsyncIterator[str]:
    """Its URL, while it listens."""
    connections: set[asyncio.Transport] = set()
    server = await asyncio.get_running_loop().create_unix_server(lambda: _Stranger(answer, connections), str(path))
    try:
        yield f"unix://{path}"
    finally:
        server.close()
        for connection in connections:
            connection.abort()
        await asyncio.sleep(0)
