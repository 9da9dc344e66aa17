"""RtspSession: from a fresh connection to a playing stream, and in words why not."""

from urllib.parse import quote

from streams.cameras.rtsp_connection import RtspConnection
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
    """The way from a fresh connection to a playing stream. One order, one try (DESCRIBE twice breaks some cameras)."""

    def __init__(self, connection: RtspConnection, track: RtspTrack, uri: str) -> None:
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

        asked = (("Transport", "RTP/AVP/TCP;unicast;interleaved=0-1"),)
        set_up = await self._request("SETUP", ascii_uri(sdp.join_control(bases, media.control)), asked)
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
        if response.status in {453, 503}:
            raise _full(method, response, self._announced_s)
        _check(method, response)
        return response

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
            f"The camera does not send over TCP: {answer}. Allow RTP over RTSP (TCP) in the camera."
        )
    raise SourceRefused(f"The camera refused: {answer}.")


def _answer(method: str, response: Response) -> str:
    """Only printable text of a limited length may reach the operator's screen."""
    reason = "".join(character for character in response.reason[:60] if character.isprintable())
    return f"it answered {method} with {response.status} {reason}".rstrip()


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
