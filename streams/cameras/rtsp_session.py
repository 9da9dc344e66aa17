"""RtspSession: from a fresh connection to a playing stream, and in words why not."""

from urllib.parse import quote

from streams.cameras.rtsp_connection import RtspConnection
from streams.cameras.rtsp_datagrams import CHANNEL, RtspDatagrams
from streams.cameras.rtsp_track import RtspTrack
from streams.errors import FormatError, SourceFull, SourceGarbled, SourceRefused, SourceUnsupported
from streams.formats import sdp
from streams.formats.rtsp_message import Fields, Response, parameters

_DEFAULT_TIMEOUT_S = 60.0  # RFC 2326 §12.37
_LONGEST_WAIT_S = 120.0
"""For a place at a camera: sessions that were left without a word are gone after their timeout, one minute mostly."""


class Redirected(Exception):
    def __init__(self, location: str) -> None:
        self.location = location


class RtspSession:
    """The way from a fresh connection to a playing stream. One order, one try (DESCRIBE twice breaks some cameras).

    Args:
        may_use_udp: where the camera does not send over TCP.
        shuns_tcp: ask for UDP at once: it has agreed to TCP before, and sent nothing.
    """

    def __init__(
        self,
        connection: RtspConnection,
        track: RtspTrack,
        uri: str,
        *,
        may_use_udp: bool = False,
        shuns_tcp: bool = False,
    ) -> None:
        self.connection = connection
        self.track = track
        self.uri = uri
        """What PLAY, keep-alive and TEARDOWN are about."""
        self.step = "OPTIONS"
        self.timeout_s = _DEFAULT_TIMEOUT_S
        """Seconds after which the camera forgets a client that says nothing."""
        self._announced_s = 0.0
        """The same, 0 as long as the camera has not said it."""
        self._keep_alive_method = "OPTIONS"
        self._may_use_udp = may_use_udp
        self._shuns_tcp = shuns_tcp
        self._datagrams: RtspDatagrams | None = None

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
        self.uri = ascii_uri(sdp.join_control(bases, description.control))

        await self._set_up(ascii_uri(sdp.join_control(bases, media.control)))
        self._take_session(await self._request("PLAY", self.uri, (("Range", "npt=0.000-"),)))

    def keep_alive(self) -> None:
        self.connection.keep_alive(self._keep_alive_method, self.uri)

    @property
    def is_by_udp(self) -> bool:
        return self._datagrams is not None

    def close(self) -> None:
        if self._datagrams is not None:
            self._datagrams.close()

    async def _set_up(self, uri: str) -> None:
        self.step = "SETUP"
        response = None if self._shuns_tcp else await self._ask_transport(uri, "RTP/AVP/TCP;unicast;interleaved=0-1")
        if response is None or (response.status == 461 and self._may_use_udp):
            self._datagrams = await RtspDatagrams.open(*self.connection.addresses(), self.connection.deliver)
            port = self._datagrams.port
            response = await self._ask_transport(uri, f"RTP/AVP;unicast;client_port={port}-{port + 1}")
        self._check(response)
        self._take_session(response)
        transport = parameters(response.header("Transport"))
        if self._datagrams is not None and "interleaved" not in transport:
            self.track.open(CHANNEL)
            port = _number(transport.get("server_port", ""), 65534)
            if port:
                self._datagrams.knock(port)
        else:
            channel = _number(transport.get("interleaved", ""), 255)
            self.connection.parser.channels = {channel, channel + 1}
            self.track.open(channel)

    async def _ask_transport(self, uri: str, transport: str) -> Response:
        return await self.connection.request("SETUP", uri, (("Transport", transport),))

    async def _request(self, method: str, uri: str, headers: Fields) -> Response:
        self.step = method
        response = await self.connection.request(method, uri, headers)
        self._check(response)
        return response

    def _check(self, response: Response) -> None:
        if response.status in {453, 503}:
            raise _full(self.step, response, self._announced_s)
        _check(self.step, response)

    def _take_session(self, response: Response) -> None:
        value = response.header("Session")
        # The newest counts: some cameras change it with every answer.
        self.connection.session = value.partition(";")[0].strip() or self.connection.session
        timeout = parameters(value).get("timeout", "")
        if timeout.isascii() and timeout.isdigit() and int(timeout[:6]) > 0:
            self.timeout_s = self._announced_s = float(timeout[:6])


def ascii_uri(uri: str) -> str:
    """With everything quoted that can't stand in a request line."""
    return quote(uri, safe="%/:=&?~#+!$,;'@()*[]")


def _full(method: str, response: Response, announced_s: float) -> SourceFull:
    """A place may be held by a session that nobody uses any more: ours, if we were killed. Trying helps only later."""
    asked = response.header("Retry-After").strip()
    wait_s = float(asked[:6]) if asked.isascii() and asked.isdigit() else announced_s
    return SourceFull(
        f"The camera has no place for another viewer now: {_answer(method, response)}.",
        wait_s=min(wait_s, _LONGEST_WAIT_S),
    )


def _check(method: str, response: Response) -> None:
    status = response.status
    if 200 <= status < 300:
        return
    if status in {301, 302, 303, 305, 307, 308} and response.header("Location"):
        raise Redirected(response.header("Location"))
    answer = _answer(method, response)
    if status == 403:
        raise SourceRefused(f"The camera does not allow this user to watch: {answer}.")
    if status == 404:
        raise SourceRefused(f"The camera knows no stream at this path: {answer}. Check the address.")
    if status == 461:
        raise SourceUnsupported(
            f"The camera does not send over TCP: {answer}. Allow RTP over RTSP (TCP) in the camera, or set udp = true"
            " for it here."
        )
    raise SourceRefused(f"The camera refused: {answer}.")


def _answer(method: str, response: Response) -> str:
    """Only printable text of a limited length may reach the operator's screen."""
    reason = "".join(character for character in response.reason[:60] if character.isprintable())
    return f"it answered {method} with {response.status} {reason}".rstrip()


def _choose(description: sdp.Session) -> sdp.Media:
    """H.264 first: every viewer can play it as it is."""
    videos = [media for media in description.media if media.kind == "video"]
    if not videos:
        raise SourceUnsupported("The camera offers no video at this address.")
    media = min(videos, key=lambda each: (not each.is_h264, not each.is_h265, not each.is_jpeg))
    if media.is_h264 or media.is_h265 or media.is_jpeg:
        return media
    encoding = videos[0].encoding or f"payload type {videos[0].payload_type}"
    raise SourceUnsupported(
        f"The camera sends {encoding[:40]!r}, expected H.264, H.265 or JPEG. Choose one in the camera."
    )


def _number(text: str, most: int) -> int:
    """The first of a pair like ``4-5``; 0 for what is none."""
    first = text.partition("-")[0].strip()
    return int(first) if first.isascii() and first.isdigit() and len(first) < 6 and int(first) <= most else 0
