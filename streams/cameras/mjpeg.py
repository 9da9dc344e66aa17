"""MjpegReader: pictures from a camera that sends JPEG after JPEG over HTTP."""

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from aiohttp import ClientResponse
from yarl import URL

from streams.access_unit import AccessUnit, VideoParameters
from streams.cameras.address import Address
from streams.cameras.allowance import Allowance
from streams.cameras.certificates import client_tls
from streams.cameras.reader import USER_AGENT, Emit
from streams.cameras.web_stream import WebStream
from streams.errors import (
    FormatError,
    SourceEnded,
    SourceGarbled,
    SourceSilent,
    SourceUnreachable,
    SourceUnsupported,
)
from streams.formats import jpeg
from streams.formats.digest import Credentials
from streams.formats.multipart import MultipartParser
from streams.networks import ANYWHERE, Networks
from streams.pace import Pace

logger = logging.getLogger(__name__)

_SCHEMES = ("http", "https")
_EXPECTED = "http://host[:port]/path"
_MAX_UNREADABLE = 5


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds."""

    connect_s: float = 5.0
    first_picture_s: float = 15.0
    """From the first request on; some send one picture in 10 s."""
    silence_s: float = 5.0
    """Between pictures, or three times as long as usual."""


class MjpegReader:
    """Reads one camera once (see ``reader.Reader``).

    Args:
        url: ``http://`` or ``https://``; credentials in it are used when ``username`` is empty.
        tls_verify: of ``https://``: refuse a certificate that this machine does not trust.
        clock: seconds since the epoch, UTC; gives ``captured_at``.
    """

    def __init__(
        self,
        url: str,
        *,
        username: str = "",
        password: str = "",
        tls_verify: bool = True,
        user_agent: str = USER_AGENT,
        timeouts: Timeouts | None = None,
        clock: Callable[[], float] = time.time,
        networks: Networks = ANYWHERE,
    ) -> None:
        self._url = url
        self._username = username
        self._password = password
        self._tls_verify = tls_verify
        self._user_agent = user_agent
        self._timeouts = timeouts or Timeouts()
        self._clock = clock
        self._networks = networks

    async def run(self, emit: Emit) -> None:
        """See ``reader.Reader``.

        Raises:
            SourceUnreachable: no such host, refused, not connected in time, an untrusted certificate.
            SourceRefused: wrong password, no such page, a redirection to another host, outside of the networks.
            SourceFull: no place for another viewer.
            SourceSilent: no answer, no first picture, or no picture for ``silence_s``.
            SourceGarbled: not HTTP, no JPEG pictures in it, or more than any camera sends.
            SourceUnsupported: a page or a single picture instead of a stream.
            SourceEnded: the camera closed the connection.
        """
        address = Address.of(self._url, _SCHEMES, expected=_EXPECTED, username=self._username, password=self._password)
        timeouts = self._timeouts
        stream = WebStream(
            _parse(address.url),
            Credentials(address.username, address.password) if address.username else None,
            self._networks,
            client_tls(is_verified=self._tls_verify),
            self._user_agent,
            timeouts.connect_s,
        )
        pictures = _Pictures(emit, self._clock)
        host = stream.url.host
        try:
            async with asyncio.timeout(timeouts.first_picture_s) as deadline, stream.open() as response:
                logger.info("camera plays: %s", host)
                await self._watch(response, pictures, deadline)
        except TimeoutError as error:
            if pictures.shown:
                patience_s = pictures.pace.first_patience_s(timeouts.silence_s)
                raise SourceSilent(f"No picture for {patience_s:g} s.") from error
            raise SourceSilent(
                f"The camera accepted the connection, but no picture came within {timeouts.first_picture_s:g} s."
            ) from error
        finally:
            logger.info("camera left: %s after %d pictures, %d dropped", host, pictures.shown, pictures.dropped)

    async def _watch(self, response: ClientResponse, pictures: "_Pictures", deadline: asyncio.Timeout) -> None:
        loop = asyncio.get_running_loop()
        try:
            async for data in response.content.iter_any():
                now = loop.time()
                if pictures.take(data, now):
                    deadline.reschedule(now + pictures.pace.first_patience_s(self._timeouts.silence_s))
        except FormatError as error:
            raise SourceGarbled(f"The camera sends no pictures that can be read: {error}.") from error
        if response.content_type == "image/jpeg":
            raise SourceUnsupported(
                "The address gives a single picture. Use the address of the camera's MJPEG stream instead."
            )
        raise SourceEnded("The camera ended the stream.")


class _Pictures:
    """The body of one answer: bytes in, access units out."""

    def __init__(self, emit: Emit, clock: Callable[[], float]) -> None:
        self.shown = 0
        self.pace = Pace()
        self._allowance = Allowance()
        self._emit = emit
        self._clock = clock
        self._parser = MultipartParser()
        self._unreadable = 0

    @property
    def dropped(self) -> int:
        return self._parser.dropped + self._unreadable

    def take(self, data: bytes, now_s: float) -> bool:
        """Whether a picture was completed by it.

        Raises:
            FormatError: these are no JPEG pictures.
            SourceGarbled: more comes than any camera sends.
        """
        before = self.shown
        self._allowance.take(len(data), now_s)
        for picture in self._parser.feed(data):
            try:
                parameters = _parameters(*jpeg.size(picture))
            except FormatError:
                self._unreadable += 1
                if self._unreadable > _MAX_UNREADABLE and not self.shown:
                    raise
                continue
            self._allowance.take(0, now_s, pictures=1)
            self.pace.picture(now_s)
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
