"""Line: one of the server's two WebSockets, held open: heartbeats both ways, and back again when it was lost."""

import asyncio
import contextlib
import json
import logging
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus

from clients.cli import backoff
from clients.cli.address import Address
from clients.cli.backoff import Backoff
from clients.cli.errors import ClientError, NotAllowed, NotUnderstood, Refused, SignInRequired
from clients.cli.fragment import MAX_BYTES

logger = logging.getLogger(__name__)

Json = dict[str, Any]
OPEN_TIMEOUT_S = 10.0
REPORT_S = 0.5
DEAD_AFTER_HEARTBEATS = 2.5
STEADY_S = 5.0
"""A connection that lasted this long was no failure: a server that closes at once must not be asked twice a second."""
UNKNOWN_CLOSE = 1006


@dataclass(frozen=True, slots=True)
class Opened:
    """The server is there and has said hello."""

    hello: Json


@dataclass(frozen=True, slots=True)
class Lost:
    """The connection is gone; the line comes back by itself after ``retry_in_s``."""

    reason: str
    retry_in_s: float


class Line:
    """Gives, in order: ``Opened``, then messages (``dict`` for text, ``bytes`` for binary), ``Lost``, ``Opened``, …

    It reads only when asked, so what is not read waits in the socket, and a server closes a connection that reads too
    slowly. Heartbeats go out meanwhile. Not for several tasks at once.
    """

    def __init__(
        self,
        address: Address,
        token: str,
        path: str,
        *,
        heartbeat: Callable[[], Json],
        report: Callable[[], Json | None] | None = None,
    ) -> None:
        """``heartbeat`` makes the message that says we live; ``report`` is asked every 500 ms for one to send."""
        self._url = address.websocket(path)
        self._token = token
        self._heartbeat = heartbeat
        self._report = report
        self._backoff = Backoff(random.random)
        self._connect_at = 0.0
        self._socket: ClientConnection | None = None
        self._beats: asyncio.Task[None] | None = None
        self._heartbeat_s = 10.0
        self._ticked = asyncio.Event()
        self._opened_at = 0.0
        self._sent_at = 0.0

    async def next(self) -> Opened | Lost | Json | bytes:
        """Wait for what comes next. May be cancelled and called again without losing a message.

        Raises:
            SignInRequired: the session has ended.
            NotAllowed: this role may not use this socket.
            ClientError: the server closed it and does not want us back unchanged; the message says why.
        """
        if self._socket is None:
            return await self._open()
        try:
            async with asyncio.timeout(DEAD_AFTER_HEARTBEATS * self._heartbeat_s):
                data = await self._socket.recv()
        except TimeoutError:
            return await self._lost("nothing was heard from the server", None)
        except ConnectionClosed as closed:
            return await self._closed(closed)
        if isinstance(data, bytes):
            return data
        message = _object(data)
        if message.get("type") == "tick":
            # While something urgent is on its way to us, the server wants to hear of us more often.
            self._heartbeat_s = _heartbeat_s(message, self._heartbeat_s)
            self._ticked.set()
        return message

    async def send(self, message: Json) -> bool:
        """Send now; False when there is no connection (``next`` will tell)."""
        if self._socket is None:
            return False
        try:
            async with asyncio.timeout(OPEN_TIMEOUT_S):
                await self._socket.send(json.dumps(message, separators=(",", ":")))
        except (ConnectionClosed, TimeoutError):
            return False
        self._sent_at = time.monotonic()
        return True

    async def close(self) -> None:
        await self._drop()

    async def _open(self) -> Opened | Lost:
        await asyncio.sleep(max(0.0, self._connect_at - time.monotonic()))
        try:
            async with asyncio.timeout(OPEN_TIMEOUT_S):
                # The protocol has heartbeats of its own, which pass proxies too: no pings.
                socket = await connect(
                    self._url,
                    additional_headers={"Authorization": f"Bearer {self._token}"},
                    compression=None,
                    proxy=None,
                    max_size=MAX_BYTES,
                    ping_interval=None,
                    close_timeout=1,
                )
        except InvalidStatus as error:
            return await self._not_opened(error)
        except (OSError, TimeoutError, InvalidHandshake) as error:
            return await self._lost(str(error) or "the server does not answer", None)
        self._socket = socket
        return await self._greeting(socket)

    async def _greeting(self, socket: ClientConnection) -> Opened | Lost:
        try:
            async with asyncio.timeout(OPEN_TIMEOUT_S):
                hello = _object(await socket.recv(decode=True))
        except TimeoutError:
            return await self._lost("the server does not say hello", None)
        except ConnectionClosed as closed:
            return await self._closed(closed)
        except asyncio.CancelledError:
            # Called again, we would wait for a hello that has been read.
            await self._drop()
            raise
        if hello.get("type") != "hello" or hello.get("protocol") != 1:
            await self._drop()
            raise NotUnderstood(f"The server greets with {str(hello)[:80]}, expected hello of protocol 1.")
        self._heartbeat_s = _heartbeat_s(hello, 10.0)
        self._opened_at = self._sent_at = time.monotonic()
        self._beats = asyncio.create_task(self._beat(), name="heartbeats")
        logger.info("line opened")
        return Opened(hello)

    async def _beat(self) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(REPORT_S if self._report else self._heartbeat_s):
                    await self._ticked.wait()
            self._ticked.clear()
            message = self._report() if self._report else None
            if message is None and time.monotonic() - self._sent_at >= self._heartbeat_s - REPORT_S:
                message = self._heartbeat()
            if message is not None and not await self.send(message):
                return

    async def _not_opened(self, error: InvalidStatus) -> Lost:
        status = error.response.status_code
        said = _error_message(error.response.body) or f"The server answered {status}."
        if status == HTTPStatus.UNAUTHORIZED:
            raise SignInRequired(said, code="auth.required") from error
        if status == HTTPStatus.FORBIDDEN:
            raise NotAllowed(said, code="auth.forbidden") from error
        if status < HTTPStatus.INTERNAL_SERVER_ERROR and status != HTTPStatus.TOO_MANY_REQUESTS:
            raise Refused(said) from error
        return await self._lost(said, None)

    async def _closed(self, closed: ConnectionClosed) -> Lost:
        code = closed.rcvd.code if closed.rcvd else UNKNOWN_CLOSE
        reason = (closed.rcvd.reason if closed.rcvd else "") or _CLOSE_WORDS.get(code, f"closed with {code}")
        if backoff.may_return(code):
            return await self._lost(reason, code)
        await self._drop()
        if code == backoff.SESSION_ENDED:
            raise SignInRequired(reason, code="auth.required")
        raise ClientError(f"The server closed the connection: {reason}", code=str(code))

    async def _lost(self, reason: str, code: int | None) -> Lost:
        if self._socket is not None and time.monotonic() - self._opened_at > STEADY_S:
            self._backoff.reset()
        await self._drop()
        delay_s = self._backoff.delay_s(code)
        self._connect_at = time.monotonic() + delay_s
        logger.info("line lost: %s", reason)
        return Lost(reason, delay_s)

    async def _drop(self) -> None:
        beats, self._beats = self._beats, None
        socket, self._socket = self._socket, None
        if beats is not None:
            beats.cancel()
            await asyncio.wait([beats])
        if socket is not None:
            await socket.close()


_CLOSE_WORDS = {
    UNKNOWN_CLOSE: "the connection broke",
    1001: "the server stops",
    4001: "the server heard no heartbeat",
    4002: "messages were read too slowly",
    4500: "The session has ended.",
    4501: "The same device opened a newer connection.",
}


def _heartbeat_s(message: Json, usual_s: float) -> float:
    said = message.get("heartbeat_s")
    return float(said) if isinstance(said, int | float) and said > 0 else usual_s


def _object(text: str) -> Json:
    try:
        message = json.loads(text)
    except ValueError as error:
        raise NotUnderstood(f"The server sent {text[:80]!r}, expected JSON.") from error
    if not isinstance(message, dict):
        raise NotUnderstood(f"The server sent {text[:80]!r}, expected a JSON object.")
    return message


def _error_message(body: bytes | bytearray | None) -> str:
    try:
        return str(json.loads(body or b"")["error"]["message"])
    except (ValueError, KeyError, TypeError):
        return ""
