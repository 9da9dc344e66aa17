"""SimulatedConnection: one client of the simulated cameras, spoken to in RTSP 1.0 (RFC 2326) over TCP."""

import asyncio
import logging
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast
from urllib.parse import urlsplit

from streams.cameras.simulated_camera import SimulatedCamera
from streams.errors import FormatError
from streams.formats.digest import Challenge, Credentials, verify
from streams.formats.rtsp import Interleaved, Parser
from streams.formats.rtsp_message import Fields, Request, Response, parameters

logger = logging.getLogger(__name__)

_METHODS = "OPTIONS, DESCRIBE, SETUP, PLAY, GET_PARAMETER, SET_PARAMETER, TEARDOWN"
_MAX_BACKLOG_BYTES = 2 * 1024 * 1024
_REALM = "Simulated camera"


@dataclass(frozen=True, slots=True)
class SignIn:
    """What a client must know, and how it may prove it."""

    credentials: Credentials
    schemes: Sequence[str] = ("MD5",)
    """Digest algorithms, or ``basic``; offered in this order."""


class SimulatedConnection(asyncio.Protocol):
    """Answers requests; the camera writes the pictures through it. Closed when nothing is heard for the timeout."""

    def __init__(
        self,
        cameras: Mapping[str, SimulatedCamera],
        *,
        sign_in: SignIn | None,
        session_timeout_s: float,
        connections: set["SimulatedConnection"],
    ) -> None:
        self.channels = (0, 1)
        self.waits_for_key = True
        self._cameras = cameras
        self._sign_in = sign_in
        self._challenges = _challenges(sign_in)
        self._session_timeout_s = session_timeout_s
        self._connections = connections
        self._parser = Parser()
        self._transport: asyncio.Transport | None = None
        self._camera: SimulatedCamera | None = None
        self._session = ""
        self._timer: asyncio.TimerHandle | None = None
        self._heard_at = 0.0

    # The camera's side

    @property
    def is_behind(self) -> bool:
        return self._transport is None or self._transport.get_write_buffer_size() > _MAX_BACKLOG_BYTES

    def write(self, data: bytes) -> None:
        if self._transport is not None:
            self._transport.write(data)

    def abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    # The network's side

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._connections.add(self)
        self._heard_at = asyncio.get_running_loop().time()
        self._watch()

    def connection_lost(self, error: Exception | None) -> None:
        self._connections.discard(self)
        self._transport = None
        if self._timer is not None:
            self._timer.cancel()
        if self._camera is not None:
            self._camera.remove(self)
            self._camera.connections.discard(self)

    def data_received(self, data: bytes) -> None:
        self._heard_at = asyncio.get_running_loop().time()
        try:
            for event in self._parser.feed(data):
                if isinstance(event, Request):
                    self._answer(event)
                elif not isinstance(event, Interleaved):
                    raise FormatError(f"expected a request, got {event}")
        except FormatError as error:
            logger.info("simulated camera hangs up: %s", error)
            self._respond(Response(400))
            if self._transport is not None:
                self._transport.close()

    def _watch(self) -> None:
        loop = asyncio.get_running_loop()
        left_s = self._heard_at + self._session_timeout_s - loop.time()
        if left_s <= 0:
            logger.info("simulated camera hangs up: nothing heard", extra={"after_s": self._session_timeout_s})
            self.abort()
        else:
            self._timer = loop.call_later(left_s, self._watch)

    # Requests

    def _answer(self, request: Request) -> None:
        camera = self._find(request)
        if camera is not None:
            if self._camera is not camera:
                self._leave()
                self._camera = camera
                camera.connections.add(self)
            if camera.is_dead:
                self.abort()
                return
            if camera.is_mute:
                return
        self._respond(self._response(request, camera), cseq=request.header("CSeq"))

    def _response(self, request: Request, camera: SimulatedCamera | None) -> Response:
        if request.method == "OPTIONS":
            return Response(200, (("Public", _METHODS),))
        if request.method not in _METHODS.split(", "):
            return Response(405, (("Allow", _METHODS),))
        if not self._is_signed_in(request):
            return Response(401, _ask(self._challenges))
        if camera is None:
            return Response(404)
        if camera.refuses_with:
            return Response(camera.refuses_with)
        if request.method == "DESCRIBE":
            return self._describe(request, camera)
        if request.method == "SETUP":
            return self._setup(request)
        if not self._session or request.header("Session").partition(";")[0].strip() not in {self._session, ""}:
            return Response(454)
        session = (("Session", self._session),)
        if request.method == "PLAY":
            # No RTP-Info: the first packet is that of the next key frame, whose number is not known yet.
            asyncio.get_running_loop().call_soon(camera.add, self)
            return Response(200, (*session, ("Range", "npt=now-")))
        if request.method == "TEARDOWN":
            self._leave()
            return Response(200, session)
        return Response(200, session)

    def _find(self, request: Request) -> SimulatedCamera | None:
        try:
            path = urlsplit(request.uri).path.strip("/")
        except ValueError:
            return None
        return self._cameras.get(path.removesuffix("/track1"))

    def _describe(self, request: Request, camera: SimulatedCamera) -> Response:
        assert self._transport is not None
        address = self._transport.get_extra_info("sockname")[0]
        base = request.uri.rstrip("/") + "/"
        headers = (("Content-Type", "application/sdp"), ("Content-Base", base))
        return Response(200, headers, camera.description(address))

    def _setup(self, request: Request) -> Response:
        for offer in request.header("Transport").split(","):
            wanted = parameters(offer)
            if "rtp/avp/tcp" not in wanted:
                continue
            first, _, second = wanted.get("interleaved", "0-1").partition("-")
            if not (first.isdecimal() and (second or first).isdecimal() and int(first) < 255 > int(second or first)):
                return Response(461)
            self.channels = int(first), int(second or int(first) + 1)
            self._session = self._session or secrets.token_hex(8)
            return Response(
                200,
                (
                    ("Transport", f"RTP/AVP/TCP;unicast;interleaved={self.channels[0]}-{self.channels[1]}"),
                    ("Session", f"{self._session};timeout={max(1, int(self._session_timeout_s))}"),
                ),
            )
        return Response(461)

    def _is_signed_in(self, request: Request) -> bool:
        return self._sign_in is None or verify(
            request.header("Authorization"),
            self._sign_in.credentials,
            method=request.method,
            challenges=self._challenges,
        )

    def _leave(self) -> None:
        self._session = ""
        if self._camera is not None:
            self._camera.remove(self)
            self._camera.connections.discard(self)
            self._camera = None

    def _respond(self, response: Response, cseq: str = "") -> None:
        headers: Fields = (("Server", "Sightline simulated camera"), *response.headers)
        if cseq:
            headers = (("CSeq", cseq), *headers)
        self.write(Response(response.status, headers, response.body).encode())


def _challenges(sign_in: SignIn | None) -> list[Challenge]:
    if sign_in is None:
        return []
    return [
        Challenge("basic", {"realm": _REALM})
        if scheme == "basic"
        else Challenge("digest", {"realm": _REALM, "nonce": secrets.token_hex(16), "algorithm": scheme})
        for scheme in sign_in.schemes
    ]


def _ask(challenges: Sequence[Challenge]) -> Fields:
    return tuple(
        (
            "WWW-Authenticate",
            f"{challenge.scheme.capitalize()} "
            + ", ".join(
                f"{name}={value}" if name == "algorithm" else f'{name}="{value}"'
                for name, value in challenge.parameters.items()
            ),
        )
        for challenge in challenges
    )
