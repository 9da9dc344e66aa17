"""Sockets: WebSocket connections, the same for /ws/events and /ws/video (docs/wire.md §9).

The HTTP library sees to the upgrade, and then has no more to do with the connection: what it keeps for one would be
most of the memory of a server with thousands of tablets. From there on a connection is one object that is called when
bytes come; there is no task that waits for them.
"""

import asyncio
import base64
import binascii
import hashlib
import logging
from collections.abc import Callable, Coroutine
from typing import Any, Generic, Protocol, TypeVar

from aiohttp import hdrs, web
from aiohttp.abc import AbstractStreamWriter

from server.core.people import Actor
from server.core.web_socket_frames import Close, FrameReader, Message, Ping, Pong, Refused, Text
from server.core.wire import MAX_MESSAGE_BYTES, CloseCode, pong_frame
from server.errors import RequestError
from server.lanes.admission import Admission
from server.lanes.socket import Socket
from server.store.sessions import Session
from server.web.services import actor, services, session

logger = logging.getLogger(__name__)

MAX_OWED_BYTES = 1024 * 1024
"""What may wait for who asks and does not read the answers."""
_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

S = TypeVar("S")
M = TypeVar("M")
M_contra = TypeVar("M_contra", contravariant=True)


class Lane(Protocol[S, M_contra]):
    """What a socket is connected to. Frames are written by the lane itself, through the ``Socket``."""

    def open(self, actor: Actor, socket: Socket) -> S: ...
    def receive(self, session: S, message: M_contra) -> Coroutine[Any, Any, None] | None:
        """Do what a client asks for; what takes longer is returned, and done before its next message is looked at."""

    def leave(self, session: S) -> None: ...


async def converse(request: web.Request, lane: Lane[S, M], parse: Callable[[str], M]) -> web.StreamResponse:
    """Upgrade the connection and pass on what the client says until one side closes."""
    answer = _handshake(request)
    transport = request.transport
    if transport is None:
        return _Gone()
    conversation = Conversation(transport, lane, parse, services(request).admission, request.path)
    transport.write(answer)
    _take_over(request, conversation)
    conversation.begin(session(request), actor(request))
    return _Gone()


def _handshake(request: web.Request) -> bytes:
    """The answer to the request for a WebSocket (RFC 6455 §4.2).

    Raises:
        HTTPUpgradeRequired, HTTPBadRequest: it is none.
    """
    upgrade = request.headers.get(hdrs.UPGRADE, "").strip().lower()
    connection = request.headers.get(hdrs.CONNECTION, "").lower()
    if upgrade != "websocket" or "upgrade" not in (token.strip() for token in connection.split(",")):
        raise web.HTTPUpgradeRequired(
            text="This address is for WebSocket connections.", headers={"Upgrade": "websocket"}
        )
    if request.headers.get(hdrs.SEC_WEBSOCKET_VERSION) != "13":
        raise web.HTTPBadRequest(text="The version of WebSocket must be 13.", headers={"Sec-WebSocket-Version": "13"})
    key = request.headers.get(hdrs.SEC_WEBSOCKET_KEY, "").strip()
    try:
        is_key = len(base64.b64decode(key, validate=True)) == 16
    except (binascii.Error, ValueError):
        is_key = False
    if not is_key:
        raise web.HTTPBadRequest(text="Sec-WebSocket-Key must be 16 bytes in base64.")
    accept = base64.b64encode(hashlib.sha1(key.encode() + _GUID, usedforsecurity=False).digest())
    lines = (b"HTTP/1.1 101 Switching Protocols", b"Upgrade: websocket", b"Connection: Upgrade")
    return b"\r\n".join((*lines, b"Sec-WebSocket-Accept: " + accept, b"", b""))


def _take_over(request: web.Request, conversation: "Conversation[Any, Any]") -> None:
    """Give the transport to the conversation; the library is told that its connection is lost, and frees everything."""
    library = request.protocol
    transport = library.transport
    assert transport is not None, "looked at before, and nothing was awaited since"
    library.set_parser(conversation)  # type: ignore[arg-type]  # it hands over what has come behind the request
    transport.set_protocol(conversation)
    library.transport = None
    library.connection_lost(None)


class _Gone(web.StreamResponse):
    """Nothing is to be answered: the connection is not the library's any more."""

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        raise ConnectionResetError("taken over")


class Conversation(Socket, Generic[S, M]):
    """One connection, from the upgrade to its end."""

    __slots__ = (
        "_admission",
        "_frames",
        "_is_paused",
        "_lane",
        "_member",
        "_messages",
        "_parse",
        "_path",
        "_ticket",
        "_work",
    )

    def __init__(
        self,
        transport: asyncio.Transport,
        lane: Lane[S, M],
        parse: Callable[[str], M],
        admission: Admission,
        path: str,
    ) -> None:
        super().__init__(transport)
        self._lane = lane
        self._parse = parse
        self._admission = admission
        self._path = path
        self._frames: FrameReader | None = FrameReader()
        """None when nothing that comes counts any more."""
        self._is_paused = False
        self._messages = 0
        self._work: asyncio.Task[Exception | None] | None = None
        """What the last message has asked for and is not done; the next ones wait."""

    def begin(self, session: Session, actor: Actor) -> None:
        self._ticket = self._admission.enter(session, self)
        logger.info("socket opened: %s", self._path, extra={"pii.person": actor.id})
        self._member = self._lane.open(actor, self)
        self.data_received(b"")

    # --- what the transport says

    def data_received(self, data: bytes) -> None:
        if self._frames is not None:
            self._frames.feed(data)
            self._hear(self._frames)

    def feed_data(self, data: bytes) -> tuple[bool, bytes]:
        """What came behind the request already; it is looked at when the conversation begins."""
        assert self._frames is not None, "nothing was heard yet"
        self._frames.feed(data)
        return False, b""

    def feed_eof(self) -> None:
        """The library's goodbye."""

    def connection_lost(self, error: Exception | None) -> None:
        super().connection_lost(error)
        self._lane.leave(self._member)
        self._admission.leave(self._ticket)
        logger.info("socket closed: %s, %d after %d messages", self._path, self.close_code or 0, self._messages)

    # --- what the client says

    def _hear(self, frames: FrameReader) -> None:
        """Deal with the messages that are here."""
        try:
            while self._work is None and (message := frames.next()) is not None:
                self._deal_with(message)
        except Refused as refused:
            self._refuse(refused)
        except RequestError as error:
            self.close(CloseCode.NOT_UNDERSTOOD, error.message)
        except (
            Exception
        ) as error:  # a connection of frames must not be ended by an answer of HTTP in the middle of them
            self._failed(error)
        if self.pending_bytes() > MAX_OWED_BYTES:
            self.close(CloseCode.TOO_SLOW, "Answers are not read; resume from your position.")
        if self._work is not None and frames.waiting_bytes > MAX_MESSAGE_BYTES and not self._is_paused:
            self._transport.pause_reading()
            self._is_paused = True

    def _deal_with(self, message: Message) -> None:
        match message:
            case Text(text):
                self._messages += 1
                if self.is_open and (work := self._lane.receive(self._member, self._parse(text))) is not None:
                    self._work = self._admission.start(work)
                    self._work.add_done_callback(self._done)
            case Pong(payload):
                if self.on_pong is not None:
                    self.on_pong(payload)
            case Ping(payload):
                self.write(pong_frame(payload))
            case Close(code):
                self.close(code or CloseCode.NORMAL)
                self._transport.close()
            case _:
                self.close(CloseCode.UNSUPPORTED_DATA, "Binary where text is due.")

    def _done(self, work: "asyncio.Task[Exception | None]") -> None:
        self._work = None
        if work.cancelled():
            return
        error = work.result()
        if isinstance(error, RequestError):
            self.close(CloseCode.NOT_UNDERSTOOD, error.message)
        elif error is not None:
            self._failed(error)
        if self._is_paused and not self._transport.is_closing():
            self._transport.resume_reading()
        self._is_paused = False
        self.data_received(b"")

    def _refuse(self, refused: Refused) -> None:
        """Nobody knows where the next frame begins: what follows is thrown away until the other side closes."""
        self.close(refused.code, refused.reason)
        self._frames = None
        if not self._transport.is_closing() and self._transport.can_write_eof():
            self._transport.write_eof()

    def _failed(self, error: Exception) -> None:
        logger.error("socket failed", exc_info=error)
        self.close(CloseCode.INTERNAL_ERROR, "Something went wrong here.")
