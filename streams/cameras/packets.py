"""PacketsReader: H.264 and H.265 from files, HLS, HTTP-FLV, RTMP and MPEG-TS by UDP, by FFmpeg in a process of its own.

FFmpeg blocks, and what strangers send can crash it or make it eat memory: the process that does it has no secrets, has
limits, and is killed when it is of no more use.
"""

import asyncio
import json
import logging
import signal
import time
from asyncio.subprocess import Process
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from streams.access_unit import AccessUnit, VideoParameters
from streams.cameras.address import Address
from streams.cameras.allowance import Allowance
from streams.cameras.packets_source import SCHEMES, is_live
from streams.cameras.reader import USER_AGENT, Emit
from streams.cameras.worker import worker
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
from streams.formats import packet_pipe
from streams.formats.packet_pipe import Kind
from streams.networks import ANYWHERE, Networks
from streams.pace import Pace

logger = logging.getLogger(__name__)

_EXPECTED = "file:///path, http://host/….m3u8, http://host/….flv, rtmp://host/app/stream (or rtmps://) or udp://IP:PORT"
_WORKER = "streams.cameras.packets_worker"
_ERRORS: dict[str, type[SourceError]] = {
    kind.code: kind
    for kind in (SourceUnreachable, SourceRefused, SourceSilent, SourceGarbled, SourceUnsupported, SourceEnded)
}


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds."""

    first_picture_s: float = 15.0
    """From the start of the process; a playlist and a segment must come first."""
    silence_s: float = 20.0
    """Between pictures, or three times as long as usual. HLS comes in segments of several seconds, and late."""


LIVE = Timeouts(silence_s=5.0)
"""For what comes picture by picture."""


class PacketsReader:
    """Reads one source once (see ``reader.Reader``). A file is played in real time, over and over.

    Args:
        url: of ``packets_source.SCHEMES``; credentials in it are used when ``username`` is empty.
        tls_verify: of ``https://`` and ``rtmps://``: refuse a certificate that this machine does not trust.
        user_agent: for HTTP.
        clock: seconds since the epoch, UTC; gives ``captured_at``.
        module: what the process runs: tests put bad ones there.
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
        module: str = _WORKER,
    ) -> None:
        self._url = url
        self._username = username
        self._password = password
        self._tls_verify = tls_verify
        self._user_agent = user_agent
        self._timeouts = timeouts
        self._clock = clock
        self._networks = networks
        self._module = module

    async def run(self, emit: Emit) -> None:
        """See ``reader.Reader``.

        Raises:
            SourceUnreachable: no such file, host or playlist.
            SourceRefused: wrong password; the playlist points to another host; outside of the networks.
            SourceSilent: no first picture, or no picture for ``silence_s``.
            SourceGarbled: it can't be read, or sends more than any camera does.
            SourceUnsupported: no video, or neither in H.264 nor in H.265.
            SourceEnded: the stream has ended.
            SourceError: the process crashed or broke its limits.
        """
        address = Address.of(self._url, SCHEMES, expected=_EXPECTED, username=self._username, password=self._password)
        pictures = _Pictures(emit, self._clock)
        timeouts = self._timeouts or (LIVE if is_live(address.url) else Timeouts())
        loop = asyncio.get_running_loop()
        pace = Pace()
        try:
            async with asyncio.timeout(timeouts.first_picture_s) as deadline, worker(self._module) as process:
                await _order(process, self._request(address))
                logger.info("packets reader started", extra={"pid": process.pid})
                while True:
                    if await _take(process, pictures):
                        pace.picture(loop.time())
                        deadline.reschedule(loop.time() + pace.first_patience_s(timeouts.silence_s))
        except TimeoutError as error:
            if pictures.shown:
                raise SourceSilent(f"No picture for {pace.first_patience_s(timeouts.silence_s):g} s.") from error
            raise SourceSilent(f"No picture came within {timeouts.first_picture_s:g} s.") from error
        except FormatError as error:
            raise SourceGarbled(f"The source can't be read: {error}.") from error
        except OSError as error:
            raise SourceError(f"The process that reads this source could not be started: {error.strerror}.") from error
        finally:
            logger.info("packets reader ended after %d pictures", pictures.shown)

    def _request(self, address: Address) -> dict[str, Any]:
        return {
            "url": address.url,
            "username": address.username,
            "password": address.password,
            "networks": self._networks.texts,
            "tls_verify": self._tls_verify,
            "user_agent": self._user_agent,
        }


class _Pictures:
    """Messages of the worker in, access units out."""

    def __init__(self, emit: Emit, clock: Callable[[], float]) -> None:
        self.shown = 0
        self.allowance = Allowance()
        self._emit = emit
        self._clock = clock
        self._parameters: VideoParameters | None = None

    def describe(self, body: bytes) -> None:
        self._parameters = packet_pipe.unpack_parameters(body)

    def take(self, data: bytes, *, is_key: bool, timestamp: int, composition_offset: int) -> None:
        if self._parameters is None:
            raise FormatError("a picture without parameter sets")
        self.shown += 1
        unit = AccessUnit(
            self._parameters, data, is_key, self._clock(), timestamp % 2**32, composition_offset=composition_offset
        )
        self._emit(unit)


async def _order(process: Process, order: dict[str, Any]) -> None:
    """Say what to read. Not by arguments or environment, where others could see the password."""
    assert process.stdin is not None, "it was asked for"
    process.stdin.write(json.dumps(order).encode() + b"\n")
    try:
        await process.stdin.drain()
    except ConnectionError:
        logger.debug("packets worker did not take its order")  # Its end is told by the other pipe.


async def _take(process: Process, pictures: _Pictures) -> bool:
    """One message; whether it was a picture. Raises what a message of failure says, or how the process ended."""
    assert process.stdout is not None, "it was asked for"
    try:
        header = await process.stdout.readexactly(packet_pipe.HEADER.size)
        kind, is_key, length, timestamp, offset = packet_pipe.unpack_header(header)
        body = await process.stdout.readexactly(length)
    except asyncio.IncompleteReadError as error:
        raise _crash(await process.wait()) from error
    pictures.allowance.take(length, asyncio.get_running_loop().time(), pictures=1)
    if kind is Kind.FAILURE:
        code, sentence = packet_pipe.unpack_failure(body)
        raise _ERRORS.get(code, SourceError)(sentence)
    if kind is Kind.PARAMETERS:
        pictures.describe(body)
        return False
    pictures.take(body, is_key=is_key, timestamp=timestamp, composition_offset=offset)
    return True


def _crash(code: int) -> SourceError:
    if code == -signal.SIGXCPU:
        return SourceError("The process that reads this source used all its time without giving a picture.")
    how = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with code {code}"
    return SourceError(f"The process that reads this source {how}.")
