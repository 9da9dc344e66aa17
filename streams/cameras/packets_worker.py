"""The process behind ``PacketsReader``: demuxes with FFmpeg, at the pace of the pictures, and decodes nothing.

    python -m streams.cameras.packets_worker PID_OF_PARENT

An order comes on stdin as a line of JSON, messages of ``formats.packet_pipe`` go to stdout.
"""

import json
import logging
import resource
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import av
from av.bitstream import BitStreamFilterContext
from av.stream import Discard

from streams import child
from streams.access_unit import CLOCK_HZ
from streams.cameras.packets_source import Source
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
from streams.formats.h264 import sample, split_annex_b
from streams.formats.parameter_sets import ParameterSets
from streams.networks import Networks

logger = logging.getLogger(__name__)

_MEMORY_BYTES = 1024 * 1024 * 1024
_OPEN_FILES = 32
_CPU_S = 30
"""Of one go without a picture."""
_LATE_S, _JUMP_S = 1.0, 10.0
_USUAL_RATE = 25

Send = Callable[[bytes], object]


@dataclass(slots=True)
class Pacer:
    """Lets pictures go when their time has come."""

    _began_at: float | None = None
    _began_s: float = 0.0

    def wait(self, decode_s: float) -> None:
        now = time.monotonic()
        early_s = 0.0 if self._began_at is None else decode_s - self._began_s - (now - self._began_at)
        if self._began_at is None or not -_LATE_S < early_s < _JUMP_S:
            # The first one, the source was late itself, or its clock jumped: from here on anew.
            self._began_at, self._began_s = now, decode_s
        elif early_s > 0:
            time.sleep(early_s)


def play(source: Source, send: Send) -> None:
    """Send what comes until it ends.

    Raises:
        SourceError: always in the end.
    """
    sets = ParameterSets()
    pacer = Pacer()
    sent = None
    offset = 0
    last = 0
    step = CLOCK_HZ // _USUAL_RATE
    armed_at = 0.0
    while True:
        count = 0
        for dts, composition, duration, data in _packets(source):
            nals = split_annex_b(data)
            sets.update(nals)
            unit, is_key = sample(nals)
            if sets.parameters is None or not unit:
                continue
            if sent != sets.parameters:
                sent = sets.parameters
                send(packet_pipe.parameters(sent.sps, sent.pps))
            last, step = dts + offset, duration or step
            if not source.is_live:
                pacer.wait(last / CLOCK_HZ)
            send(packet_pipe.picture(unit, is_key=is_key, timestamp=last, composition_offset=composition))
            count += 1
            if time.monotonic() - armed_at > 5:
                armed_at = time.monotonic()
                _allow_cpu()
        if not source.repeats:
            raise SourceEnded("The stream has ended.")
        if count == 0:
            raise SourceEnded("The file holds no pictures.")
        offset = last + step


def _packets(source: Source) -> Iterator[tuple[int, int, int, bytes]]:
    """Decode time from 0 on, composition offset and duration in 1/90000 s, and the access unit in Annex B."""
    try:
        with av.open(
            source.address, "r", format=source.format, options=source.options, io_open=source.door
        ) as container:
            stream = _choose(container)
            to_annex_b = BitStreamFilterContext("h264_mp4toannexb", stream)
            base = stream.time_base
            scale = (base.numerator * CLOCK_HZ, base.denominator) if base else (1, 1)
            rate = float(stream.average_rate or _USUAL_RATE)
            first: int | None = None
            counted = 0
            is_damaged = False
            for demuxed in container.demux(stream):
                is_damaged = source.is_live and (demuxed.is_corrupt or (is_damaged and not demuxed.is_keyframe))
                if is_damaged:
                    continue
                for packet in to_annex_b.filter(demuxed if demuxed.size else None):
                    if packet.dts is None:  # A bare stream of pictures has no clock.
                        dts = round(counted * CLOCK_HZ / rate)
                        composition = 0
                    else:
                        dts = packet.dts * scale[0] // scale[1]
                        composition = 0 if packet.pts is None else packet.pts * scale[0] // scale[1] - dts
                    counted += 1
                    first = dts if first is None else first
                    duration = (packet.duration or 0) * scale[0] // scale[1]
                    yield dts - first, composition, duration, bytes(packet)
    except (av.FFmpegError, OSError) as error:  # the latter where a broken file sends FFmpeg to places before its start
        raise (source.door.failure if source.door else None) or _translated(error) from error


def _choose(container: "av.container.InputContainer") -> "av.VideoStream":
    found = container.streams.best("video")
    if not isinstance(found, av.VideoStream):
        raise SourceUnsupported("There is no video in it.")
    name = found.codec_context.name
    if name != "h264":
        spoken = {"hevc": "H.265", "mjpeg": "MJPEG", "mpeg4": "MPEG-4 Part 2", "av1": "AV1", "vp9": "VP9"}.get(
            name, name
        )
        raise SourceUnsupported(f"The video is in {spoken}, which is not supported here. Convert it to H.264.")
    for stream in container.streams:
        if stream.index != found.index:
            stream.discard = Discard.all  # HLS would fetch every rendition else
    return found


def _translated(error: av.FFmpegError | OSError) -> SourceError:
    if isinstance(error, FileNotFoundError):
        return SourceUnreachable("There is no such file.")
    if isinstance(error, PermissionError):
        return SourceRefused("The file may not be read by this user.")
    if isinstance(error, ConnectionRefusedError):
        return SourceUnreachable("The server refused the connection. Is it on, and is that its port?")
    if isinstance(error, TimeoutError):
        return SourceSilent("The server gave no answer in time.")
    if isinstance(error, av.EOFError | ConnectionError):
        return SourceEnded("The stream has ended.")
    return SourceGarbled(f"It is no video that can be read: {error.strerror}.")


def _stay_in(networks: Networks) -> None:
    """Every connection that Python makes from now on is checked, whatever name or redirection it comes from."""

    def watch(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "socket.connect":
            networks.check(str(arguments[1][0]))

    sys.addaudithook(watch)


def _limit() -> None:
    for kind, most in (
        (resource.RLIMIT_AS, _MEMORY_BYTES),
        (resource.RLIMIT_NOFILE, _OPEN_FILES),
        (resource.RLIMIT_CORE, 0),
    ):
        try:
            resource.setrlimit(kind, (most, most))
        except (ValueError, OSError):  # macOS has no limit of address space, and a user may have a lower one already
            logger.debug("a limit could not be set", extra={"kind": kind})
    _allow_cpu()


def _allow_cpu() -> None:
    """Some seconds more from now on: a process that only spins is stopped, one that works lives on."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (int(used.ru_utime + used.ru_stime) + _CPU_S, hard))


def main() -> None:
    child.die_with_parent(int(sys.argv[1]))
    order: dict[str, Any] = json.loads(sys.stdin.readline())
    _limit()
    pipe = sys.stdout.buffer

    def send(message: bytes) -> None:
        pipe.write(message)
        pipe.flush()

    try:
        try:
            networks = Networks.of(order["networks"])
            _stay_in(networks)
            source = Source.of(order["url"], username=order["username"], password=order["password"], networks=networks)
            play(source, send)
        except SourceError as error:
            send(packet_pipe.failure(error.code, str(error)))
        except FormatError as error:
            send(packet_pipe.failure(SourceGarbled.code, f"It can't be read: {error}."))
        except MemoryError:
            send(packet_pipe.failure(SourceError.code, f"It needs more than {_MEMORY_BYTES} bytes of memory."))
        except BrokenPipeError:
            raise
        except Exception as error:
            logger.exception("packets worker failed")
            send(packet_pipe.failure(SourceError.code, f"The reader failed with {type(error).__name__}."))
    except BrokenPipeError:
        sys.stderr.close()  # Nobody is there to be told.


if __name__ == "__main__":
    main()
