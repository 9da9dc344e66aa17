"""RtspConnection: one TCP connection to an RTSP server: requests with sign-in, and what comes in between."""

import asyncio
from collections.abc import Callable
from typing import cast

from streams.cameras.line import Line
from streams.cameras.reader import USER_AGENT
from streams.cameras.rtsp_sign_in import RtspSignIn
from streams.cameras.rtsp_tunnel import RtspTunnel
from streams.errors import FormatError, SourceEnded, SourceError, SourceGarbled, SourceRefused
from streams.formats.digest import Credentials
from streams.formats.rtsp import Interleaved, Lost, Parser
from streams.formats.rtsp_message import Fields, Request, Response

_MAX_WAITING_BYTES = 64 * 1024
_TEARDOWN_TIMEOUT_S = 0.5

OnPackets = Callable[[Interleaved | Lost, float], None]
"""Takes packets, or that some were lost, and the time of arrival (seconds since the epoch, UTC). May raise
``FormatError`` or ``SourceError``, which end the connection."""


class RtspConnection(asyncio.Protocol):
    """Client side. Received bytes go through the parser as they arrive; no task runs for them.

    Args:
        credentials: None when nothing is configured.
        on_packets: called for interleaved packets as they come, on the event loop.
        clock: seconds since the epoch, UTC.
    """

    def __init__(
        self,
        credentials: Credentials | None,
        *,
        on_packets: OnPackets,
        clock: Callable[[], float],
        user_agent: str = USER_AGENT,
    ) -> None:
        self.session = ""
        """Sent with every request, once the server has given one."""
        self.ended: asyncio.Future[SourceError] = asyncio.get_running_loop().create_future()
        """Has the reason as soon as the connection is of no more use."""
        self.parser = Parser()
        self._sign_in = RtspSignIn(credentials)
        self._user_agent = user_agent
        self._on_packets = on_packets
        self._clock = clock
        self._transport: asyncio.Transport | None = None
        self._sequence = 0
        self._waiting: dict[int, asyncio.Future[Response]] = {}

    @classmethod
    async def open(
        cls,
        line: Line,
        *,
        credentials: Credentials | None,
        on_packets: OnPackets,
        clock: Callable[[], float],
        user_agent: str = USER_AGENT,
        tunnel: str = "",
    ) -> "RtspConnection":
        """Connect; where ``tunnel`` is the path of one, through HTTP. Raises what ``Line`` and ``RtspTunnel`` do."""

        def new() -> "RtspConnection":
            return cls(credentials, on_packets=on_packets, clock=clock, user_agent=user_agent)

        if not tunnel:
            return await line.open(new)
        connection = new()
        await RtspTunnel.open(line, tunnel, credentials=credentials, user_agent=user_agent, listener=connection)
        return connection

    async def request(self, method: str, uri: str, headers: Fields = ()) -> Response:
        """Ask and wait for the answer, signing in as asked. The caller sets the timeout.

        Raises:
            SourceRefused: the password is wrong or missing.
            SourceError: the connection ended meanwhile.
        """
        response = await self._ask(method, uri, headers)
        if response.status == 401:
            self._sign_in.take(response.all("WWW-Authenticate"))
            response = await self._ask(method, uri, headers)
            if response.status == 401:
                raise SourceRefused(
                    "The camera refused the user name or the password. Check both in the configuration."
                )
        return response

    def keep_alive(self, method: str, uri: str) -> None:
        """Ask without waiting: some cameras never answer this."""
        # Nobody else asks meanwhile: what still waits is the one before, which was not answered.
        for answer in self._waiting.values():
            answer.cancel()
        self._waiting.clear()
        self._ask_quietly(method, uri, tries=2)

    async def close(self, teardown_uri: str = "") -> None:
        """End the session, so that the camera gives its place free at once, and close. Waits half a second at most."""
        assert self._transport is not None
        try:
            if self.session and teardown_uri and not self.ended.done():
                async with asyncio.timeout(_TEARDOWN_TIMEOUT_S):
                    await self.request("TEARDOWN", teardown_uri)
        except (TimeoutError, SourceError):
            pass
        finally:
            self._transport.abort()

    def deliver(self, packets: Interleaved | Lost) -> None:
        """Take packets that came beside the connection, by UDP."""
        try:
            self._on_packets(packets, self._clock())
        except FormatError as error:
            self._end(SourceGarbled(f"The camera sends what RTSP does not allow: {error}."))
        except SourceError as error:
            self._end(error)

    def addresses(self) -> tuple[str, str]:
        """Ours and the camera's, as numbers."""
        assert self._transport is not None
        ours, theirs = (self._transport.get_extra_info(name) for name in ("sockname", "peername"))
        if ours is None or theirs is None:
            raise SourceEnded("The camera closed the connection.")
        return ours[0], theirs[0]

    # Called by the event loop.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # Not isinstance: uvloop's transports are none of asyncio's classes.
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        now = self._clock()
        on_packets = self._on_packets
        try:
            for event in self.parser.feed(data):
                if isinstance(event, Response):
                    self._answer(event)
                elif isinstance(event, Request):
                    self._reply(event)
                else:
                    on_packets(event, now)
        except FormatError as error:
            question = "" if self.parser.has_begun else " Is this the port for RTSP?"
            self._end(SourceGarbled(f"The camera sends what RTSP does not allow: {error}.{question}"))
        except SourceError as error:
            self._end(error)

    def connection_lost(self, error: Exception | None) -> None:
        self._end(SourceEnded("The camera closed the connection."))

    def _ask_quietly(self, method: str, uri: str, *, tries: int) -> None:
        def answered(answer: asyncio.Future[Response]) -> None:
            if answer.cancelled() or answer.exception() is not None or answer.result().status != 401 or tries == 1:
                return
            try:
                self._sign_in.take(answer.result().all("WWW-Authenticate"))
            except SourceRefused:
                return
            self._ask_quietly(method, uri, tries=tries - 1)  # The nonce was too old.

        if not self.ended.done():
            self._send(method, uri, ()).add_done_callback(answered)

    async def _ask(self, method: str, uri: str, headers: Fields) -> Response:
        if self.ended.done():
            raise self.ended.result()
        return await self._send(method, uri, headers)

    def _send(self, method: str, uri: str, headers: Fields) -> asyncio.Future[Response]:
        self._sequence += 1
        fields: list[tuple[str, str]] = [("CSeq", str(self._sequence)), ("User-Agent", self._user_agent), *headers]
        if self.session:
            fields.append(("Session", self.session))
        if authorization := self._sign_in.authorization(method, uri):
            fields.append(("Authorization", authorization))
        answer: asyncio.Future[Response] = asyncio.get_running_loop().create_future()
        self._waiting[self._sequence] = answer
        self._write(Request(method, uri, tuple(fields)).encode())
        return answer

    def _answer(self, response: Response) -> None:
        number = response.header("CSeq")
        if number.isascii() and number.isdigit() and len(number) < 10:
            answer = self._waiting.pop(int(number), None)
        else:  # One request at a time is asked, so there is no doubt.
            answer = self._waiting.popitem()[1] if self._waiting else None
        if answer is not None and not answer.done():
            answer.set_result(response)

    def _reply(self, request: Request) -> None:
        status = 200 if request.method in {"OPTIONS", "GET_PARAMETER", "SET_PARAMETER"} else 501
        self._write(Response(status, (("CSeq", request.header("CSeq")),)).encode())

    def _write(self, data: bytes) -> None:
        assert self._transport is not None
        if self._transport.get_write_buffer_size() > _MAX_WAITING_BYTES:
            self._end(SourceGarbled("The camera asks for answers and does not read them."))
            return
        self._transport.write(data)

    def _end(self, reason: SourceError) -> None:
        assert self._transport is not None
        if self.ended.done():
            return
        self.ended.set_result(reason)
        self._transport.abort()
        for answer in self._waiting.values():
            if not answer.done():
                answer.set_exception(reason)
        self._waiting.clear()
