"""Sockets: the reading end of a WebSocket connection, the same for /ws/events and /ws/video (docs/wire.md §9)."""

import logging
from collections.abc import Callable
from typing import Protocol, TypeVar

from aiohttp import WSMsgType, hdrs, web

from server.core.people import Actor
from server.core.wire import MAX_MESSAGE_BYTES, CloseCode
from server.errors import RequestError
from server.lanes.socket import CLOSING_TIMEOUT_S, Socket
from server.web.services import actor, services, session

logger = logging.getLogger(__name__)

S = TypeVar("S")
M = TypeVar("M")
M_contra = TypeVar("M_contra", contravariant=True)


class Lane(Protocol[S, M_contra]):
    """What a socket is connected to. Frames are written by the lane itself, through the ``Socket``."""

    def open(self, actor: Actor, socket: Socket) -> S: ...
    async def receive(self, session: S, message: M_contra) -> None: ...
    def leave(self, session: S) -> None: ...


async def converse(request: web.Request, lane: Lane[S, M], parse: Callable[[str], M]) -> web.StreamResponse:
    """Upgrade the connection and pass on what the client says until one side closes."""
    if request.headers.get(hdrs.UPGRADE, "").lower() != "websocket":
        raise web.HTTPUpgradeRequired(
            text="This address is for WebSocket connections.", headers={"Upgrade": "websocket"}
        )
    # No compression: pictures don't shrink, and a small message can grow a thousandfold on our side.
    reader = web.WebSocketResponse(
        compress=False,
        max_msg_size=MAX_MESSAGE_BYTES + 1,
        autoclose=False,
        autoping=False,
        timeout=CLOSING_TIMEOUT_S,
    )
    writer = await reader.prepare(request)
    transport = request.transport
    if transport is None:
        return reader
    socket = Socket(transport, writer.drain)
    ticket = services(request).admission.enter(session(request), socket)
    logger.info("socket opened: %s", request.path, extra={"pii.person": actor(request).id})
    member = lane.open(actor(request), socket)
    messages = 0
    try:
        while True:
            message = await reader.receive()
            if message.type is WSMsgType.TEXT:
                messages += 1
                if socket.is_open:
                    await _hear(lane, member, parse, str(message.data), socket)
            elif message.type is WSMsgType.PONG:
                if socket.on_pong is not None:
                    socket.on_pong(message.data)
            elif message.type is WSMsgType.PING:
                await reader.pong(message.data)
            elif message.type is WSMsgType.BINARY:
                socket.close(CloseCode.UNSUPPORTED_DATA, "Binary where text is due.")
            elif message.type is WSMsgType.CLOSE and socket.close_code is None:
                await reader.close(code=reader.close_code or CloseCode.NORMAL)
                break
            else:
                break
    finally:
        lane.leave(member)
        services(request).admission.leave(ticket)
        code = socket.close_code or reader.close_code or 0
        logger.info("socket closed: %s, %d after %d messages", request.path, code, messages)
    transport.close()
    return reader


async def _hear(lane: Lane[S, M], member: S, parse: Callable[[str], M], text: str, socket: Socket) -> None:
    try:
        await lane.receive(member, parse(text))
    except RequestError as error:
        socket.close(CloseCode.NOT_UNDERSTOOD, error.message)
    except Exception:  # a connection of frames must not be ended by an answer of HTTP in the middle of them
        logger.exception("socket failed")
        socket.close(CloseCode.INTERNAL_ERROR, "Something went wrong here.")
