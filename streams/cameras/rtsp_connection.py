"""RtspConnection: one TCP connection to an RTSP server: requests with sign-in, and what comes in between."""

import asyncio
import secrets
import socket
import ssl
from collections.abc import Callable
from typing import cast

from streams.errors import FormatError, SourceEnded, SourceError, SourceGarbled, SourceRefused, SourceUnreachable
from streams.formats.digest import Challenge, Credentials, authorize, choose, parse_challenges
from streams.formats.rtsp import Interleaved, Lost, Parser
from streams.formats.rtsp_message import Fields, Request, Response
from streams.networks import Networks

USER_AGENT = "Sightline"
"""Some cameras refuse a client that does not say who it is."""

_MAX_WAITING_BYTES = 64 * 1024
_TEARDOWN_TIMEOUT_S = 0.5

OnPackets = Callable[[Interleaved | Lost, float], None]
"""Takes packets, or that some were lost, and the time of arrival (seconds since the epoch, UTC). May raise
``FormatError``, which ends the connection."""


class RtspConnection(asyncio.Protocol):
    """Client side. Received bytes go through the parser as they arrive; no task runs for them.

    Args:
        credentials: None when nothing is configured.
        on_packets: called for interleaved packets as they come, on the event loop.
        clock: seconds since the epoch, UTC.
    """

    def __init__(self, credentials: Credentials | None, *, on_packets: OnPackets, clock: Callable[[], float]) -> None:
        self.session = ""
        """Sent with every request, once the server has given one."""
        self.ended: asyncio.Future[SourceError] = asyncio.get_running_loop().create_future()
        """Has the reason as soon as the connection is of no more use."""
        self.parser = Parser()
        self._sign_in = _SignIn(credentials)
        self._on_packets = on_packets
        self._clock = clock
        self._transport: asyncio.Transport | None = None
        self._sequence = 0
        self._waiting: dict[int, asyncio.Future[Response]] = {}

    @classmethod
    async def open(
        cls,
        host: str,
        port: int,
        *,
        credentials: Credentials | None,
        on_packets: OnPackets,
        clock: Callable[[], float],
        timeout_s: float,
        tls: ssl.SSLContext | None = None,
        networks: Networks,
    ) -> "RtspConnection":
        """Connect; with ``tls`` through it.

        Raises:
            SourceRefused: it is outside of ``networks``.
            SourceUnreachable: no such host, refused, no route, not connected after ``timeout_s``, no TLS, or a
                certificate that is not trusted.
        """
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(timeout_s):
                # One address after the other, as create_connection makes one nameless error of several.
                failure: OSError = socket.gaierror()
                for address in await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM):
                    networks.check(str(address[4][0]))
                    try:
                        _, connection = await loop.create_connection(
                            lambda: cls(credentials, on_packets=on_packets, clock=clock),
                            str(address[4][0]),
                            port,
                            ssl=tls,
                            server_hostname=host if tls else None,
                        )
                    except OSError as error:
                        failure = error
                    else:
                        return connection
                raise failure
        except TimeoutError as error:
            raise SourceUnreachable(
                f"{host} did not answer on port {port} within {timeout_s:g} s. Is the camera on, and the address right?"
            ) from error
        except (socket.gaierror, UnicodeError) as error:
            raise SourceUnreachable(f"There is no host named {host!r}. Check the address of the camera.") from error
        except ConnectionRefusedError as error:
            raise SourceUnreachable(
                f"{host} refused the connection on port {port}. Is RTSP switched on, and is that its port?"
            ) from error
        except ssl.SSLCertVerificationError as error:
            raise SourceUnreachable(
                f"The certificate of {host} is not trusted: {error.verify_message.rstrip('.')}."
                " Let this machine trust whoever issued it, or set tls_verify = false for this camera."
            ) from error
        except ssl.SSLError as error:
            raise SourceUnreachable(
                f"{host} speaks no TLS that we know on port {port} ({error.reason}). Is that its port for rtsps://?"
            ) from error
        except OSError as error:
            raise SourceUnreachable(
                f"{host} can't be reached on port {port}: {error.strerror or 'it hung up at once'}."
            ) from error

    async def request(self, method: str, uri: str, headers: Fields = ()) -> Response:
        """Ask and wait for the answer, signing in as asked. The caller sets the timeout.

        Raises:
            SourceRefused: the password is wrong or missing.
            SourceError: the connection ended meanwhile.
        """
        response = await self._ask(method, uri, headers)
        if response.status == 401:
            self._sign_in.take(response)
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

    def connection_lost(self, error: Exception | None) -> None:
        self._end(SourceEnded("The camera closed the connection."))

    def _ask_quietly(self, method: str, uri: str, *, tries: int) -> None:
        def answered(answer: asyncio.Future[Response]) -> None:
            if answer.cancelled() or answer.exception() is not None or answer.result().status != 401 or tries == 1:
                return
            try:
                self._sign_in.take(answer.result())
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
        fields: list[tuple[str, str]] = [("CSeq", str(self._sequence)), ("User-Agent", USER_AGENT), *headers]
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


class _SignIn:
    """Answers the newest challenge of a server."""

    def __init__(self, credentials: Credentials | None) -> None:
        self._credentials = credentials
        self._challenge: Challenge | None = None
        self._count = 0

    def take(self, response: Response) -> None:
        if self._credentials is None:
            raise SourceRefused("The camera asks for a user name and a password. Put them in the configuration.")
        self._challenge = choose(parse_challenges(response.all("WWW-Authenticate")))
        self._count = 0
        if self._challenge is None:
            raise SourceRefused("The camera asks for a kind of sign-in that is neither Digest nor Basic.")

    def authorization(self, method: str, uri: str) -> str:
        """Empty before the first challenge."""
        if self._credentials is None or self._challenge is None:
            return ""
        self._count += 1
        return authorize(
            self._challenge,
            self._credentials,
            method=method,
            uri=uri,
            cnonce=secrets.token_hex(8),
            nonce_count=self._count,
        )
