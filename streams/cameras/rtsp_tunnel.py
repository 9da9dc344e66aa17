"""RtspTunnel: RTSP inside of HTTP, where nobody lets the port of RTSP through (Apple, Tunneling RTSP over HTTP).

A GET whose answer never ends brings what the camera says, a POST whose body never ends takes what we say, in Base64; a
cookie tells the camera that they belong together.
"""

import asyncio
import base64
import secrets
from typing import Any, cast

from streams.cameras.line import Line
from streams.cameras.rtsp_sign_in import RtspSignIn
from streams.errors import SourceEnded, SourceError, SourceFull, SourceGarbled, SourceRefused, SourceSilent
from streams.formats.digest import Credentials
from streams.formats.rtsp_message import Response, parse_head

MAX_HEAD_BYTES = 16 * 1024
_MAX_EARLY_BYTES = 1024 * 1024
"""Before it was asked for anything a camera has nothing to say."""
_TYPE = "application/x-rtsp-tunnelled"
_LENGTH = 32767
"""Of the body of the POST, as everybody says who does this; it goes on behind it."""


class RtspTunnel(asyncio.Protocol):
    """The answer to the GET; and, for who speaks RTSP through it, the transport."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._post: _Post | None = None
        self._head = b""
        self._rest = b""
        """What came behind the head before somebody listened."""
        self._answer: asyncio.Future[Response] = asyncio.get_running_loop().create_future()
        self._listener: asyncio.Protocol | None = None

    @classmethod
    async def open(
        cls, line: Line, path: str, *, credentials: Credentials | None, user_agent: str, listener: asyncio.Protocol
    ) -> None:
        """Both connections; ``listener`` hears of them as of one.

        Raises:
            SourceUnreachable, SourceRefused: see ``Line.open``.
            SourceRefused: wrong password, or a web server that knows of no tunnel at this path.
            SourceSilent: no answer in time.
            SourceGarbled: it speaks no HTTP.
            SourceEnded: it hung up.
        """
        sign_in = RtspSignIn(credentials)
        cookie = secrets.token_hex(11)
        common = f"User-Agent: {user_agent}\r\nx-sessioncookie: {cookie}\r\nPragma: no-cache\r\n"
        common += "Cache-Control: no-cache\r\n"
        host = f"[{line.host}]" if ":" in line.host else line.host
        for _ in range(2):
            tunnel = await line.open(cls)
            try:
                head = f"Host: {host}:{line.port}\r\n{common}{_signed(sign_in, 'GET', path)}Accept: {_TYPE}\r\n"
                response = await tunnel.get(f"GET {path} HTTP/1.0\r\n{head}\r\n", line.timeout_s)
                if response.status == 401:
                    sign_in.take(response.all("WWW-Authenticate"))
                    tunnel.abort()
                    continue
                _check(response)
                post = await line.open(_Post)
                head = f"Host: {host}:{line.port}\r\n{common}{_signed(sign_in, 'POST', path)}"
                head += f"Content-Type: {_TYPE}\r\nContent-Length: {_LENGTH}\r\n"
                post.send(f"POST {path} HTTP/1.0\r\n{head}\r\n".encode("latin-1"))
            except BaseException:
                tunnel.abort()
                raise
            tunnel.listen(listener, post)
            return
        raise SourceRefused("The camera refused the user name or the password. Check both in the configuration.")

    # The transport of who speaks through it

    def write(self, data: bytes) -> None:
        if self._post is not None:
            self._post.send(base64.b64encode(data))

    def get_write_buffer_size(self) -> int:
        return 0 if self._post is None else self._post.waiting

    def get_extra_info(self, name: str) -> Any:
        return None if self._transport is None else self._transport.get_extra_info(name)

    def abort(self) -> None:
        if self._post is not None:
            self._post.abort()
        if self._transport is not None:
            self._transport.abort()

    # Called by the event loop.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        if self._listener is not None:
            self._listener.data_received(data)
        elif self._answer.done():
            self._rest += data
            if len(self._rest) > _MAX_EARLY_BYTES:
                self.abort()
        else:
            self._take_head(data)

    def connection_lost(self, error: Exception | None) -> None:
        if not self._answer.done():
            self._fail(SourceEnded("The camera closed the connection."))
        if self._post is not None:
            self._post.abort()
        if self._listener is not None:
            self._listener.connection_lost(error)

    async def get(self, request: str, timeout_s: float) -> Response:
        """The head of the answer to this head of a request."""
        assert self._transport is not None
        self._transport.write(request.encode("latin-1"))
        try:
            async with asyncio.timeout(timeout_s):
                return await self._answer
        except TimeoutError as error:
            raise SourceSilent(
                f"The camera accepted the connection but gave no answer to a tunnel by HTTP within {timeout_s:g} s."
            ) from error

    def _take_head(self, data: bytes) -> None:
        self._head += data
        head, end, rest = self._head.partition(b"\r\n\r\n")
        if not end and len(self._head) < MAX_HEAD_BYTES:
            return
        # But for the first word it is a head as those of RTSP are.
        response = parse_head(b"RTSP" + head[4:]) if end and head[:5] == b"HTTP/" else None
        if isinstance(response, Response):
            self._rest = rest
            self._answer.set_result(response)
        else:
            self._fail(SourceGarbled("The camera answered, but not in HTTP. Is this the port of its web page?"))

    def _fail(self, error: SourceError) -> None:
        self._answer.set_exception(error)
        # Somebody may have given up waiting.
        self._answer.exception()

    def listen(self, listener: asyncio.Protocol, post: "_Post") -> None:
        """It hears what comes from now on, and its words go through ``post``."""
        self._post, self._listener = post, listener
        listener.connection_made(cast("asyncio.Transport", self))
        if self._rest:
            listener.data_received(self._rest)
        assert self._transport is not None
        if self._transport.is_closing():
            listener.connection_lost(None)


class _Post(asyncio.Protocol):
    """What we say. An answer to it is none that anybody waits for."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    @property
    def waiting(self) -> int:
        return 0 if self._transport is None else self._transport.get_write_buffer_size()

    def send(self, data: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)

    def abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()


def _signed(sign_in: RtspSignIn, method: str, path: str) -> str:
    authorization = sign_in.authorization(method, path)
    return f"Authorization: {authorization}\r\n" if authorization else ""


def _check(response: Response) -> None:
    if response.status == 503:
        raise SourceFull("The camera has no place for another viewer now: it answered GET with 503.")
    if response.status != 200:
        raise SourceRefused(
            f"The camera opens no tunnel for RTSP at this path: it answered GET with {response.status}."
            " Check the path and the port, or leave out http_tunnel."
        )
    kind = response.header("Content-Type").lower()
    if kind and not kind.startswith(_TYPE):
        raise SourceRefused(
            f"The address gives something else ({kind[:60]!r}) than a tunnel for RTSP. Check the path and the port, or"
            " leave out http_tunnel."
        )
