"""MjpegReader: pictures from a camera that sends JPEG after JPEG over HTTP."""

import asyncio
import logging
import secrets
import socket
import ssl
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import lru_cache

import aiohttp
from aiohttp import AddrInfoType, ClientResponse, ClientSession, ClientTimeout
from yarl import URL

from streams.access_unit import AccessUnit, VideoParameters
from streams.cameras.address import Address
from streams.cameras.reader import Emit
from streams.errors import (
    FormatError,
    SourceEnded,
    SourceError,
    SourceGarbled,
    SourceRefused,
    SourceSilent,
    SourceUnreachable,
    SourceUnsupported,
)
from streams.formats import jpeg
from streams.formats.digest import Credentials, authorize, choose, parse_challenges
from streams.formats.multipart import MultipartParser
from streams.networks import ANYWHERE, Networks

logger = logging.getLogger(__name__)

USER_AGENT = "Sightline"
_SCHEMES = ("http", "https")
_EXPECTED = "http://host[:port]/path"
_MAX_REDIRECTS = 3
_MAX_UNREADABLE = 5
_TEXT_TYPES = ("text/", "application/json", "application/xml", "application/xhtml")


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds."""

    connect_s: float = 5.0
    first_picture_s: float = 10.0
    """From the first request on."""
    silence_s: float = 5.0
    """Between pictures."""


class MjpegReader:
    """Reads one camera once (see ``reader.Reader``).

    Args:
        url: ``http://`` or ``https://``; credentials in it are used when ``username`` is empty.
        clock: seconds since the epoch, UTC; gives ``captured_at``.
    """

    def __init__(
        self,
        url: str,
        *,
        username: str = "",
        password: str = "",
        timeouts: Timeouts | None = None,
        clock: Callable[[], float] = time.time,
        networks: Networks = ANYWHERE,
    ) -> None:
        self._url = url
        self._username = username
        self._password = password
        self._timeouts = timeouts or Timeouts()
        self._clock = clock
        self._networks = networks

    async def run(self, emit: Emit) -> None:
        """See ``reader.Reader``.

        Raises:
            SourceUnreachable: no such host, refused, not connected in time, an untrusted certificate.
            SourceRefused: wrong password, no such page, a redirection to another host, outside of the networks.
            SourceSilent: no answer, no first picture, or no picture for ``silence_s``.
            SourceGarbled: not HTTP, or no JPEG pictures in it.
            SourceUnsupported: a page or a single picture instead of a stream.
            SourceEnded: the camera closed the connection.
        """
        address = Address.of(self._url, _SCHEMES, expected=_EXPECTED, username=self._username, password=self._password)
        credentials = Credentials(address.username, address.password) if address.username else None
        url = _parse(address.url)
        pictures = _Pictures(emit, self._clock)
        timeouts = self._timeouts
        host = url.host
        # Nothing of the environment (proxies, .netrc) and no total: a stream lasts.
        limits = ClientTimeout(total=None, connect=timeouts.connect_s)
        try:
            async with asyncio.timeout(timeouts.first_picture_s) as deadline:
                async with (
                    ClientSession(
                        connector=self._connector(),
                        timeout=limits,
                        headers={"User-Agent": USER_AGENT},
                        auto_decompress=False,
                    ) as session,
                    _open(session, url, credentials) as response,
                ):
                    logger.info("camera plays: %s", host)
                    await self._watch(response, pictures, deadline)
        except aiohttp.ClientError as error:
            raise _translated(error, timeouts) from error
        except TimeoutError as error:
            if pictures.shown:
                raise SourceSilent(f"No picture for {timeouts.silence_s:g} s.") from error
            raise SourceSilent(
                f"The camera accepted the connection, but no picture came within {timeouts.first_picture_s:g} s."
            ) from error
        finally:
            logger.info("camera left: %s after %d pictures, %d dropped", host, pictures.shown, pictures.dropped)

    def _connector(self) -> aiohttp.BaseConnector:
        # Asked for every address that is connected to, one after the other.
        def opened(address: AddrInfoType) -> socket.socket:
            self._networks.check(str(address[4][0]))
            return socket.socket(*address[:3])

        return aiohttp.TCPConnector(socket_factory=opened, happy_eyeballs_delay=None)

    async def _watch(self, response: ClientResponse, pictures: "_Pictures", deadline: asyncio.Timeout) -> None:
        loop = asyncio.get_running_loop()
        try:
            async for data in response.content.iter_any():
                if pictures.take(data):
                    deadline.reschedule(loop.time() + self._timeouts.silence_s)
        except FormatError as error:
            raise SourceGarbled(f"The camera sends no pictures that can be read: {error}.") from error
        if response.content_type == "image/jpeg":
            raise SourceUnsupported(
                "The address gives a single picture. Use the address of the camera's MJPEG stream instead."
            )
        raise SourceEnded("The camera ended the stream.")


@asynccontextmanager
async def _open(session: ClientSession, url: URL, credentials: Credentials | None) -> AsyncIterator[ClientResponse]:
    """The answer that holds the stream, after signing in and following redirections on the same host."""
    authorization = ""
    for _ in range(_MAX_REDIRECTS + 2):
        headers = {"Authorization": authorization} if authorization else {}
        async with session.get(url, headers=headers, allow_redirects=False) as response:
            status = response.status
            if status == 401 and not authorization:
                authorization = _authorization(response, credentials)
            elif status in {301, 302, 303, 307, 308} and "Location" in response.headers:
                url, authorization = _redirect(url, response.headers["Location"]), ""
            else:
                _check(response)
                yield response
                return
    raise SourceRefused(f"The camera sends us on from address to address ({_MAX_REDIRECTS} times).")


def _authorization(response: ClientResponse, credentials: Credentials | None) -> str:
    # aiohttp has headers in UTF-8, digest has them in Latin-1, as they are on the wire.
    fields = response.headers.getall("WWW-Authenticate", [])
    challenge = choose(parse_challenges(f.encode("utf-8", "surrogateescape").decode("latin-1") for f in fields))
    if credentials is None:
        raise SourceRefused("The camera asks for a user name and a password. Put them into the configuration.")
    if challenge is None:
        raise SourceRefused("The camera asks for a way to sign in that is not known here (not Digest, not Basic).")
    uri = response.request_info.url.raw_path_qs
    signed = authorize(challenge, credentials, method="GET", uri=uri, cnonce=secrets.token_hex(8))
    return signed.encode("latin-1").decode("utf-8", "surrogateescape")


class _Pictures:
    """The body of one answer: bytes in, access units out."""

    def __init__(self, emit: Emit, clock: Callable[[], float]) -> None:
        self.shown = 0
        self._emit = emit
        self._clock = clock
        self._parser = MultipartParser()
        self._unreadable = 0

    @property
    def dropped(self) -> int:
        return self._parser.dropped + self._unreadable

    def take(self, data: bytes) -> bool:
        """Whether a picture was completed by it.

        Raises:
            FormatError: these are no JPEG pictures.
        """
        before = self.shown
        for picture in self._parser.feed(data):
            try:
                parameters = _parameters(*jpeg.size(picture))
            except FormatError:
                self._unreadable += 1
                if self._unreadable > _MAX_UNREADABLE and not self.shown:
                    raise
                continue
            self.shown += 1
            self._emit(AccessUnit(parameters, picture, True, self._clock()))
        return self.shown > before


@lru_cache(maxsize=256)
def _parameters(width: int, height: int) -> VideoParameters:
    return VideoParameters("mjpeg", width, height, "image/jpeg")


def _parse(url: str) -> URL:
    try:
        return URL(url)
    except ValueError as error:
        raise SourceUnreachable(f"The address can't be used: expected {_EXPECTED}.") from error


def _redirect(url: URL, location: str) -> URL:
    try:
        target = url.join(URL(location))
    except ValueError as error:
        raise SourceGarbled("The camera sends us on to an address that is none.") from error
    if target.host != url.host or target.scheme not in {"http", "https"}:
        raise SourceRefused(
            f"The camera sends us on to another host ({target.host}), which is not followed."
            " Put that address in the configuration if it is right."
        )
    if url.scheme == "https" and target.scheme == "http":
        raise SourceRefused("The camera sends us on from https to http, which is not followed.")
    return target


def _check(response: ClientResponse) -> None:
    status = response.status
    # Only printable text of a limited length may reach the operator's screen.
    reason = "".join(character for character in (response.reason or "")[:60] if character.isprintable())
    answer = f"it answered with {status} {reason}".rstrip()
    if status == 401:
        raise SourceRefused("The camera refused the user name or the password. Check both in the configuration.")
    if status == 403:
        raise SourceRefused(f"The camera does not allow this user to watch: {answer}.")
    if status == 404:
        raise SourceRefused(f"The camera has no stream at this address: {answer}. Check the path.")
    if status == 503:
        raise SourceRefused(f"The camera has no place for another viewer now: {answer}.")
    if status != 200:
        raise SourceRefused(f"The camera refused: {answer}.")
    if response.content_type.startswith(_TEXT_TYPES):
        raise SourceUnsupported(
            f"The address gives a page ({response.content_type[:60]}), not a stream of pictures. Check the path."
        )


def _translated(error: aiohttp.ClientError, timeouts: Timeouts) -> SourceError:
    """What a failure of aiohttp means to the operator."""
    if isinstance(error, aiohttp.ConnectionTimeoutError):
        return SourceUnreachable(
            f"The camera did not answer within {timeouts.connect_s:g} s. Is it on, and the address right?"
        )
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return SourceUnreachable(f"There is no host named {error.host!r}. Check the address of the camera.")
    if isinstance(error, aiohttp.ClientConnectorCertificateError | aiohttp.ClientSSLError):
        reason = error.__cause__ if isinstance(error.__cause__, ssl.SSLError) else None
        detail = f" ({reason.reason})" if reason is not None and reason.reason else ""
        return SourceUnreachable(f"The camera's certificate is not trusted, or it speaks no TLS{detail}.")
    if isinstance(error, aiohttp.ClientConnectorError):
        if isinstance(error.os_error, ConnectionRefusedError):
            return SourceUnreachable(
                f"{error.host} refused the connection on port {error.port}. Is HTTP switched on, and is that its port?"
            )
        reason_text = error.os_error.strerror or error.os_error
        return SourceUnreachable(f"{error.host} can't be reached on port {error.port}: {reason_text}.")
    if isinstance(error, aiohttp.ClientResponseError):
        return SourceGarbled("The camera answered, but not in HTTP. Is this the port of its web page?")
    return SourceEnded("The camera closed the connection.")
