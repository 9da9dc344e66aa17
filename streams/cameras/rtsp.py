"""RtspReader: H.264 from a camera by RTSP over TCP, each picture as soon as its last byte is there."""

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import SplitResult, quote, unquote, urlsplit

from streams.access_unit import AccessUnit
from streams.cameras.decode_order import DecodeOrder
from streams.cameras.reader import Emit
from streams.cameras.rtsp_connection import RtspConnection
from streams.errors import FormatError, SourceGarbled, SourceRefused, SourceSilent, SourceUnreachable, SourceUnsupported
from streams.formats import sdp
from streams.formats.digest import Credentials
from streams.formats.h264 import sample
from streams.formats.parameter_sets import ParameterSets
from streams.formats.rtp import Depacketiser
from streams.formats.rtsp import Fields, Interleaved, Lost, Response, parameters

logger = logging.getLogger(__name__)

_MAX_REDIRECTS = 3
_DEFAULT_SESSION_TIMEOUT_S = 60.0  # RFC 2326 §12.37


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds."""

    connect_s: float = 5.0
    play_s: float = 10.0
    """From the connection to the answer to PLAY."""
    first_picture_s: float = 10.0
    parameters_s: float = 30.0
    """To the first picture that can be shown: groups of pictures of 20 s are seen."""
    silence_s: float = 5.0
    """Between pictures. Sound and reports don't count: cameras go on sending them when their picture has stopped."""
    keep_alive_s: float = 25.0
    """At most; half the session's own timeout when that is shorter."""


class RtspReader:
    """Reads one camera once (see ``reader.Reader``).

    Args:
        url: ``rtsp://host[:port]/path``; credentials in it are used when ``username`` is empty.
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
    ) -> None:
        self._url = url
        self._username = username
        self._password = password
        self._timeouts = timeouts or Timeouts()
        self._clock = clock

    async def run(self, emit: Emit) -> None:
        """See ``reader.Reader``.

        Raises:
            SourceUnreachable: no such host, refused, not connected in time.
            SourceRefused: wrong password, no such stream, too many sessions, a redirection to another host.
            SourceSilent: no answer, no first picture, or no picture for ``silence_s``.
            SourceGarbled: not RTSP, or RTSP too broken to follow.
            SourceUnsupported: no H.264 video, or not over TCP.
            SourceEnded: the camera closed the connection.
        """
        url = self._url
        for _ in range(_MAX_REDIRECTS + 1):
            try:
                await self._play(url, emit)
            except _Redirected as redirected:
                url = _redirect(url, redirected.location)
        raise SourceRefused(f"The camera sends us on from address to address ({_MAX_REDIRECTS} times).")

    async def _play(self, url: str, emit: Emit) -> None:
        parts = _split(url)
        username, password = self._username, self._password
        if not username and parts.username:
            username, password = unquote(parts.username), unquote(parts.password or "")
        host, port = parts.hostname or "", parts.port or 554
        uri = _request_uri(parts)
        track = _Track(emit)
        connection = await RtspConnection.open(
            host,
            port,
            credentials=Credentials(username, password) if username else None,
            on_packet=track.take,
            clock=self._clock,
            timeout_s=self._timeouts.connect_s,
        )
        session = _Session(connection, track, uri)
        try:
            try:
                async with asyncio.timeout(self._timeouts.play_s):
                    await session.start()
            except TimeoutError as error:
                raise SourceSilent(
                    f"The camera accepted the connection but gave no answer to {session.step}"
                    f" within {self._timeouts.play_s:g} s."
                ) from error
            logger.info("camera plays: %s:%d", host, port)
            await self._watch(session)
        finally:
            track.close()
            await connection.close(session.uri)
            logger.info("camera left: %s:%d after %d pictures, %d dropped", host, port, track.shown, track.dropped)

    async def _watch(self, session: "_Session") -> None:
        """Keep the session alive and wait for its end."""
        loop, timeouts, track = asyncio.get_running_loop(), self._timeouts, session.track
        began = loop.time()
        keep_alive_s = min(timeouts.keep_alive_s, max(1.0, session.timeout_s / 2))
        next_keep_alive = began + keep_alive_s
        while not session.connection.ended.done():
            now = loop.time()
            if track.seen == 0:
                deadline = began + timeouts.first_picture_s
                reason = f"The camera plays, but no picture came within {timeouts.first_picture_s:g} s."
            else:
                deadline = track.seen_at + timeouts.silence_s
                reason = f"No picture for {timeouts.silence_s:g} s."
            if now >= deadline:
                raise SourceSilent(reason)
            if track.shown == 0:
                if now >= began + timeouts.parameters_s:
                    raise SourceUnsupported(
                        f"The camera sends pictures, but in {timeouts.parameters_s:g} s none that a decoder can start"
                        " with. Set a shorter interval of key frames (I-frames) in the camera."
                    )
                deadline = min(deadline, began + timeouts.parameters_s)
            if now >= next_keep_alive:
                session.keep_alive()
                next_keep_alive = now + keep_alive_s
            # Nobody wakes us for the first picture, after which another deadline holds.
            until = min(deadline, next_keep_alive, now + timeouts.silence_s)
            await asyncio.wait({session.connection.ended}, timeout=until - now)
        raise session.connection.ended.result()


class _Track:
    """The video of one session: packets in, access units out."""

    def __init__(self, emit: Emit) -> None:
        self.shown = 0
        self.seen = 0
        self.seen_at = 0.0
        """On the clock of the event loop."""
        self._emit = emit
        self._channel = -1
        self._depacketiser = Depacketiser(0)
        self._sets = ParameterSets()
        self._order = DecodeOrder()
        self._loop = asyncio.get_running_loop()

    @property
    def dropped(self) -> int:
        return self._depacketiser.dropped

    def describe(self, media: sdp.Media) -> None:
        self._depacketiser = Depacketiser(media.payload_type)
        self._sets.describe(media.parameter_sets)

    def open(self, channel: int) -> None:
        self._channel = channel

    def close(self) -> None:
        """Emit no more."""
        self._channel = -1

    def take(self, event: Interleaved | Lost, arrived_at: float) -> None:
        if isinstance(event, Lost):
            self._depacketiser.lose()
            return
        # Reports, and what some cameras send on channels that were never agreed on.
        if event.channel != self._channel:
            return
        depacketiser = self._depacketiser
        for picture in depacketiser.push(event.packet, arrived_at):
            self._sets.update(picture.nals)
            described = self._sets.parameters
            if described is None:
                continue
            data, is_key = sample(picture.nals)
            timestamp, offset = self._order.next(picture.timestamp)
            self.shown += 1
            self._emit(AccessUnit(described, data, is_key, picture.arrived_at, timestamp, offset))
        if depacketiser.seen != self.seen:
            self.seen = depacketiser.seen
            self.seen_at = self._loop.time()


class _Session:
    """The way from a fresh connection to a playing stream. One order, one try (DESCRIBE twice breaks some cameras)."""

    def __init__(self, connection: RtspConnection, track: _Track, uri: str) -> None:
        self.connection = connection
        self.track = track
        self.uri = uri
        """What PLAY, keep-alive and TEARDOWN are about."""
        self.step = "OPTIONS"
        self.timeout_s = _DEFAULT_SESSION_TIMEOUT_S
        self._keep_alive_method = "OPTIONS"

    async def start(self) -> None:
        options = await self.connection.request("OPTIONS", self.uri)
        offered = {method.strip().upper() for method in options.header("Public").split(",")}
        if "OPTIONS" not in offered and "GET_PARAMETER" in offered:
            self._keep_alive_method = "GET_PARAMETER"

        described = await self._request("DESCRIBE", self.uri, (("Accept", "application/sdp"),))
        try:
            description = sdp.parse(described.body)
        except FormatError as error:
            raise SourceGarbled(f"The camera described its stream, but {error}.") from error
        media = _choose(description)
        self.track.describe(media)
        bases = [described.header("Content-Base"), described.header("Content-Location"), self.uri]
        self.uri = _ascii(sdp.join_control(bases, description.control))

        asked = (("Transport", "RTP/AVP/TCP;unicast;interleaved=0-1"),)
        set_up = await self._request("SETUP", _ascii(sdp.join_control(bases, media.control)), asked)
        channel = _channel(set_up)
        self.connection.parser.channels = {channel, channel + 1}
        self.track.open(channel)
        self._take_session(set_up)

        self._take_session(await self._request("PLAY", self.uri, (("Range", "npt=0.000-"),)))

    def keep_alive(self) -> None:
        self.connection.keep_alive(self._keep_alive_method, self.uri)

    async def _request(self, method: str, uri: str, headers: Fields) -> Response:
        self.step = method
        response = await self.connection.request(method, uri, headers)
        _check(method, response)
        return response

    def _take_session(self, response: Response) -> None:
        value = response.header("Session")
        # The newest counts: some cameras change it with every answer.
        self.connection.session = value.partition(";")[0].strip() or self.connection.session
        timeout = parameters(value).get("timeout", "")
        if timeout.isascii() and timeout.isdigit() and int(timeout[:6]) > 0:
            self.timeout_s = float(timeout[:6])


class _Redirected(Exception):
    def __init__(self, location: str) -> None:
        self.location = location


def _check(method: str, response: Response) -> None:
    status = response.status
    if 200 <= status < 300:
        return
    if status in {301, 302, 303, 305, 307, 308} and response.header("Location"):
        raise _Redirected(response.header("Location"))
    # Only printable text of a limited length may reach the operator's screen.
    reason = "".join(character for character in response.reason[:60] if character.isprintable())
    answer = f"it answered {method} with {status} {reason}".rstrip()
    if status == 403:
        raise SourceRefused(f"The camera does not allow this user to watch: {answer}.")
    if status == 404:
        raise SourceRefused(f"The camera knows no stream at this path: {answer}. Check the address.")
    if status in {453, 503}:
        raise SourceRefused(f"The camera has no place for another viewer now: {answer}.")
    if status == 461:
        raise SourceUnsupported(
            f"The camera does not send over TCP: {answer}. Allow RTP over RTSP (TCP) in the camera."
        )
    raise SourceRefused(f"The camera refused: {answer}.")


def _choose(description: sdp.Session) -> sdp.Media:
    videos = [media for media in description.media if media.kind == "video"]
    for media in videos:
        if media.encoding == "H264":
            return media
    if not videos:
        raise SourceUnsupported("The camera offers no video at this address.")
    encoding = videos[0].encoding or f"payload type {videos[0].payload_type}"
    if encoding in {"H265", "HEVC"}:
        raise SourceUnsupported(
            "The camera sends H.265, which is not supported yet. Choose H.264 in the camera, or the address of its"
            " H.264 sub-stream."
        )
    if encoding in {"JPEG", "MJPEG"}:
        raise SourceUnsupported(
            "The camera sends MJPEG over RTSP, which is not supported. Choose H.264 in the camera, or use its http://"
            " address for MJPEG."
        )
    raise SourceUnsupported(f"The camera sends {encoding[:40]!r}, expected H.264. Choose H.264 in the camera.")


def _channel(response: Response) -> int:
    """Of the video packets: what the camera says, else what we asked for."""
    first = parameters(response.header("Transport")).get("interleaved", "").partition("-")[0].strip()
    return int(first) if first.isascii() and first.isdigit() and len(first) < 4 and int(first) < 256 else 0


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        is_usable = parts.scheme.lower() == "rtsp" and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_usable = False
        parts = urlsplit("")
    if not is_usable:
        raise SourceUnreachable("The address is none of RTSP: expected rtsp://host[:port]/path.")
    return parts


def _request_uri(parts: SplitResult) -> str:
    """The URL without credentials and fragment, in ASCII."""
    return _ascii(parts._replace(netloc=parts.netloc.rpartition("@")[2], fragment="").geturl())


def _ascii(uri: str) -> str:
    """With everything quoted that can't stand in a request line."""
    return quote(uri, safe="%/:=&?~#+!$,;'@()*[]")


def _redirect(url: str, location: str) -> str:
    before, after = _split(url), _split(location)
    if after.hostname != before.hostname:
        raise SourceRefused(
            f"The camera sends us on to another host ({after.hostname}), which is not followed."
            " Put that address in the configuration if it is right."
        )
    return location
