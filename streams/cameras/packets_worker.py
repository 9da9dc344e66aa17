"""The process behind ``PacketsReader``: demuxes with FFmpeg, at the pace of the pictures, and decodes nothing.

    python -m streams.cameras.packets_worker PID_OF_PARENT

An order comes on stdin as a line of JSON, messages of ``formats.packet_pipe`` go to stdout.
"""

import errno
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import av
from av.bitstream import BitStreamFilterContext
from av.stream import Discard

from streams import child
from streams.access_unit import CLOCK_HZ
from streams.cameras import sandbox, worker_end
from streams.cameras.packets_source import Source, file_of, port_of
from streams.cameras.process_limits import ProcessLimits
from streams.cameras.worker_end import Send
from streams.errors import (
    SourceEnded,
    SourceError,
    SourceGarbled,
    SourceRefused,
    SourceSilent,
    SourceUnreachable,
    SourceUnsupported,
)
from streams.formats import packet_pipe
from streams.formats.h264 import split_annex_b
from streams.formats.video_codec import H264, H265, VideoCodec
from streams.networks import Networks

LIMITS = ProcessLimits(memory_bytes=1024 * 1024 * 1024, open_files=32, cpu_s=30)

_CODECS = {"h264": ("h264_mp4toannexb", H264), "hevc": ("hevc_mp4toannexb", H265)}
"""By FFmpeg's name: what gives Annex B, and how to read it."""
_LATE_S, _JUMP_S = 1.0, 10.0
_USUAL_RATE = 25


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
    codec, sets = H264, H264.new_sets()
    pacer = Pacer()
    sent = None
    offset = 0
    last = 0
    step = CLOCK_HZ // _USUAL_RATE
    armed_at = 0.0
    while True:
        count = 0
        for found, dts, composition, duration, data in _packets(source):
            if found is not codec:
                codec, sets = found, found.new_sets()
            nals = split_annex_b(data)
            sets.update(nals)
            unit, is_key = codec.sample(nals)
            if sets.parameters is None or not unit:
                continue
            if sent != sets.parameters:
                sent = sets.parameters
                send(packet_pipe.parameters(sent))
            last, step = dts + offset, duration or step
            if not source.is_live:
                pacer.wait(last / CLOCK_HZ)
            send(packet_pipe.picture(unit, is_key=is_key, timestamp=last, composition_offset=composition))
            count += 1
            if time.monotonic() - armed_at > 5:
                armed_at = time.monotonic()
                LIMITS.allow_cpu()
        if not source.repeats and not _is_to_renew(source, count):
            raise SourceEnded("The stream has ended.")
        if count == 0:
            raise SourceEnded("The file holds no pictures.")
        offset = last + step


def _packets(source: Source) -> Iterator[tuple[VideoCodec, int, int, int, bytes]]:
    """Codec, decode time from 0 on, composition offset and duration in 1/90000 s, and the access unit in Annex B."""
    first: int | None = None
    try:
        with av.open(
            source.address, "r", format=source.format, options=source.options, io_open=source.door
        ) as container:
            stream = _choose(container)
            filter_name, codec = _CODECS[stream.codec_context.name]
            to_annex_b = BitStreamFilterContext(filter_name, stream)
            base = stream.time_base
            scale = (base.numerator * CLOCK_HZ, base.denominator) if base else (1, 1)
            rate = float(stream.average_rate or _USUAL_RATE)
            counted = 0
            is_damaged = skips = False
            for demuxed in container.demux(stream):
                if source.is_live and demuxed.is_corrupt:
                    is_damaged = True
                elif demuxed.is_keyframe:
                    # What looks back behind the first key frame after a damage can't be decoded.
                    skips, is_damaged = is_damaged, False
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
                    data = bytes(packet)
                    if not (skips and any(map(codec.is_skipped, split_annex_b(data)))):
                        yield codec, dts - first, composition, duration, data
    except (av.FFmpegError, OSError) as error:  # the latter where a broken file sends FFmpeg to places before its start
        if source.door is None:
            raise _rtmp(error, has_begun=first is not None, is_tls=source.is_tls) from error
        if first is not None and _is_to_renew(source, 1):
            return
        raise source.door.failure or _translated(error) from error


def _is_to_renew(source: Source, count: int) -> bool:
    """Whether it ended because what it had named is refused by now, and pictures came before that."""
    return source.renews and count > 0 and source.door is not None and isinstance(source.door.failure, SourceRefused)


def _choose(container: "av.container.InputContainer") -> "av.VideoStream":
    found = container.streams.best("video")
    if not isinstance(found, av.VideoStream):
        raise SourceUnsupported("There is no video in it.")
    name = found.codec_context.name
    if name not in _CODECS:
        spoken = {"mjpeg": "MJPEG", "mpeg4": "MPEG-4 Part 2", "av1": "AV1", "vp9": "VP9"}.get(name, name)
        raise SourceUnsupported(f"The video is in {spoken}, which is not supported here. Convert it to H.264 or H.265.")
    for stream in container.streams:
        if stream.index != found.index:
            stream.discard = Discard.all  # HLS would fetch every rendition else
    return found


def _rtmp(error: av.FFmpegError | OSError, *, has_begun: bool, is_tls: bool) -> SourceError:
    """FFmpeg has one error for a connection that is refused, and another for a stream; it does not say why."""
    if is_tls and not has_begun and error.errno == errno.EIO:
        return SourceUnreachable(
            "The certificate of the server is not trusted, or it speaks no TLS. Let this machine trust whoever issued"
            " it, or set tls_verify = false for this camera."
        )
    if not isinstance(error, av.error.UnknownError | PermissionError):
        return _translated(error)
    if has_begun:
        return SourceEnded("The server has ended the stream.")
    if isinstance(error, PermissionError):
        return SourceRefused("The server gives no such stream: check the last part of the path. Is it being sent?")
    return SourceRefused(
        "The server refused the connection: check the first part of the path, the user name and the password."
    )


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


def main() -> None:
    child.die_with_parent(int(sys.argv[1]))
    order: dict[str, Any] = json.loads(sys.stdin.readline())
    LIMITS.set()
    sandbox.lock_reader(file=file_of(order["url"]), port=port_of(order["url"]))

    def work(send: Send) -> None:
        networks = Networks.of(order["networks"])
        _stay_in(networks)
        source = Source.of(
            order["url"],
            username=order["username"],
            password=order["password"],
            networks=networks,
            tls_verify=order["tls_verify"],
            user_agent=order["user_agent"],
        )
        play(source, send)

    worker_end.run(work, packet_pipe.failure, memory_bytes=LIMITS.memory_bytes)


if __name__ == "__main__":
    main()
