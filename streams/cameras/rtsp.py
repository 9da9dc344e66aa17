"""RtspReader: pictures of a camera by RTSP over TCP, TLS or HTTP, each as soon as its last byte is there."""

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import SplitResult, urlunsplit

from streams.cameras.address import Address
from streams.cameras.certificates import client_tls
from streams.cameras.line import Line
from streams.cameras.reader import USER_AGENT, Emit
from streams.cameras.rtsp_connection import RtspConnection
from streams.cameras.rtsp_session import Redirected, RtspSession, ascii_uri
from streams.cameras.rtsp_track import RtspTrack
from streams.errors import SourceRefused, SourceSilent, SourceUnsupported
from streams.formats.digest import Credentials
from streams.networks import ANYWHERE, Networks

logger = logging.getLogger(__name__)

_MAX_REDIRECTS = 3
_PORTS = {"rtsp": 554, "rtsps": 322}
_TUNNEL_PORTS = {"rtsp": 80, "rtsps": 443}
"""By scheme."""
_EXPECTED = "rtsp://host[:port]/path or rtsps://host[:port]/path"


class _NothingByTcp(Exception):
    """The camera has agreed to send over TCP, and sends nothing."""


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds."""

    connect_s: float = 5.0
    play_s: float = 10.0
    """From the connection to the answer to PLAY."""
    first_picture_s: float = 15.0
    """Some send one picture in 10 s."""
    parameters_s: float = 30.0
    """To the first picture that can be shown: groups of pictures of 20 s are seen."""
    silence_s: float = 5.0
    """Between pictures, or three times as long as usual. Sound and reports don't count: cameras go on sending them when
    their picture has stopped."""
    keep_alive_s: float = 25.0
    """At most; half the session's own timeout when that is shorter."""


class RtspReader:
    """Reads one camera once (see ``reader.Reader``).

    Args:
        url: ``rtsp://host[:port]/path``, or ``rtsps://``; credentials in it are used when ``username`` is empty.
        tls_verify: of ``rtsps://``: refuse a certificate that this machine does not trust.
        udp: of ``rtsp://``: let a camera that does not send over TCP send by UDP.
        http_tunnel: carry it by HTTP, or with ``rtsps://`` by HTTPS; ``udp`` is of no use then.
        clock: seconds since the epoch, UTC; gives ``captured_at``.
    """

    def __init__(
        self,
        url: str,
        *,
        username: str = "",
        password: str = "",
        tls_verify: bool = True,
        udp: bool = False,
        http_tunnel: bool = False,
        user_agent: str = USER_AGENT,
        timeouts: Timeouts | None = None,
        clock: Callable[[], float] = time.time,
        networks: Networks = ANYWHERE,
    ) -> None:
        self._url = url
        self._username = username
        self._password = password
        self._tls_verify = tls_verify
        self._udp = udp and not http_tunnel
        self._http_tunnel = http_tunnel
        self._user_agent = user_agent
        self._timeouts = timeouts or Timeouts()
        self._clock = clock
        self._networks = networks

    async def run(self, emit: Emit) -> None:
        """See ``reader.Reader``.

        Raises:
            SourceUnreachable: no such host, refused, not connected in time, an untrusted certificate.
            SourceRefused: wrong password, no such stream, too many sessions, a redirection to another host or out
                of TLS.
            SourceSilent: no answer, no first picture, or no picture for ``silence_s``.
            SourceGarbled: not RTSP, or RTSP too broken to follow.
            SourceUnsupported: no video in H.264, H.265 or JPEG, or not over TCP.
            SourceEnded: the camera closed the connection.
        """
        url = self._url
        for _ in range(_MAX_REDIRECTS + 1):
            try:
                try:
                    await self._play(url, emit)
                except _NothingByTcp:
                    await self._play(url, emit, shuns_tcp=True)
            except Redirected as redirected:
                url = _redirect(url, redirected.location)
        raise SourceRefused(f"The camera sends us on from address to address ({_MAX_REDIRECTS} times).")

    async def _play(self, url: str, emit: Emit, *, shuns_tcp: bool = False) -> None:
        address = Address.of(url, _PORTS, expected=_EXPECTED, username=self._username, password=self._password)
        scheme, host = address.parts.scheme, address.parts.hostname or ""
        port = address.parts.port or (_TUNNEL_PORTS if self._http_tunnel else _PORTS)[scheme]
        # RTSP has no fragments, and is ASCII.
        uri = ascii_uri(address.parts._replace(fragment="").geturl())
        track = RtspTrack(emit)
        tls = client_tls(is_verified=self._tls_verify) if scheme == "rtsps" else None
        connection = await RtspConnection.open(
            Line(host, port, self._timeouts.connect_s, self._networks, tls),
            credentials=Credentials(address.username, address.password) if address.username else None,
            on_packets=track.take,
            clock=self._clock,
            user_agent=self._user_agent,
            tunnel=ascii_uri(_path(address.parts)) if self._http_tunnel else "",
        )
        may_use_udp = self._udp and scheme == "rtsp"
        session = RtspSession(connection, track, uri, may_use_udp=may_use_udp, shuns_tcp=shuns_tcp)
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
            await self._watch(session, may_use_udp=may_use_udp)
        finally:
            track.close()
            session.close()
            await connection.close(session.uri)
            logger.info("camera left: %s:%d after %d pictures, %d dropped", host, port, track.shown, track.dropped)

    async def _watch(self, session: RtspSession, *, may_use_udp: bool) -> None:
        """Keep the session alive and wait for its end."""
        loop, timeouts, track = asyncio.get_running_loop(), self._timeouts, session.track
        began = loop.time()
        hint = " It sends by UDP: does the firewall let that in?" if session.is_by_udp else ""
        keep_alive_s = min(timeouts.keep_alive_s, max(1.0, session.timeout_s / 2))
        next_keep_alive = began + keep_alive_s
        while not session.connection.ended.done():
            now = loop.time()
            if track.seen == 0:
                deadline = began + timeouts.first_picture_s
                reason = f"The camera plays, but no picture came within {timeouts.first_picture_s:g} s.{hint}"
            else:
                patience_s = track.pace.first_patience_s(timeouts.silence_s)
                deadline = track.seen_at + patience_s
                reason = f"No picture for {patience_s:g} s."
            if now >= deadline:
                if track.seen == 0 and may_use_udp and not session.is_by_udp:
                    raise _NothingByTcp
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


def _path(parts: SplitResult) -> str:
    return urlunsplit(("", "", parts.path or "/", parts.query, ""))


def _redirect(url: str, location: str) -> str:
    before, after = (Address.of(one, _PORTS, expected=_EXPECTED).parts for one in (url, location))
    if after.hostname != before.hostname:
        raise SourceRefused(
            f"The camera sends us on to another host ({after.hostname}), which is not followed."
            " Put that address in the configuration if it is right."
        )
    if (before.scheme, after.scheme) == ("rtsps", "rtsp"):
        raise SourceRefused("The camera sends us on from rtsps to rtsp, which is not followed.")
    return location
