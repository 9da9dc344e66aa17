"""PictureDecoder: a camera's access units become pictures, with the capture time of each."""

import logging
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction

import av
from av.video.reformatter import ColorRange

from streams.access_unit import CLOCK_HZ, Codec
from streams.errors import SourceGarbled
from streams.formats.h264 import split_avcc

logger = logging.getLogger(__name__)

_DECODERS: dict[Codec, str] = {"h264": "h264", "h265": "hevc", "mjpeg": "mjpeg"}
_START_CODE = b"\0\0\0\1"
_MAX_BARREN = 250
"""Pictures in without any out, after which it is given up."""
_MAX_WAITING = 64
"""Pictures on which a decoder sits (B-frames); the standards allow 16."""
_MAX_REORDER_S = 1.0
_MAX_SIDE = 8192


@dataclass(frozen=True, slots=True)
class Picture:
    frame: av.VideoFrame
    """yuv420p in limited range, with even sides. It may belong to the decoder, which still needs it: not to be painted
    on."""
    captured_at: float
    timestamp: int
    """Presentation, 1/90000 s."""


class PictureDecoder:
    """Decodes one camera, through losses and changes of size and codec. Blocks."""

    def __init__(self) -> None:
        self._codec: Codec | None = None
        self._decoder: av.VideoCodecContext | None = None
        self._sets = b""
        self._needs_key = True
        self._count = 0
        self._barren = 0
        self._captured_at = 0.0
        self._waiting: dict[int, tuple[float, int]] = {}
        """Capture time and timestamp by the number of the picture that went in."""

    def describe(self, codec: Codec, nals: list[bytes]) -> None:
        """Parameter sets for the pictures that follow."""
        if codec != self._codec:
            self._codec = codec
            self._decoder = None
        self._sets = _annex_b(nals)
        self._needs_key = True

    def decode(self, data: bytes, *, is_key: bool, captured_at: float, timestamp: int) -> Iterator[Picture]:
        """Pictures that are complete now, in the order in which they are shown: usually the one that went in. None
        before a key frame, nor from a broken picture up to the next key frame.

        Raises:
            SourceGarbled: nothing of what comes can be decoded.
            FormatError: ``data`` is no access unit.
        """
        if self._codec is None or (self._needs_key and not is_key):
            return
        self._barren += 1
        if self._barren > _MAX_BARREN:
            raise SourceGarbled(f"Of {_MAX_BARREN} pictures none could be decoded.")
        if self._codec != "mjpeg":
            data = (self._sets if is_key else b"") + _annex_b(split_avcc(data))
        packet = av.Packet(data)
        packet.pts = packet.dts = self._count
        packet.time_base = Fraction(1, CLOCK_HZ)
        self._remember(captured_at, timestamp)
        try:
            frames = self._open(self._codec).decode(packet)
        except av.FFmpegError as error:
            logger.debug("a picture can't be decoded: %s", error.strerror)
            self._needs_key = True
            return
        self._needs_key = False
        yield from self._shown(frames)

    def finish(self) -> Iterator[Picture]:
        """Those on which the decoder still sits: nothing more comes. It can't be used after that."""
        if self._decoder is not None:
            with suppress(av.FFmpegError):
                yield from self._shown(self._decoder.decode(None))

    def _shown(self, frames: Iterable[av.VideoFrame]) -> Iterator[Picture]:
        for frame in frames:
            if (found := self._waiting.pop(frame.pts, None) if frame.pts is not None else None) is None:
                continue
            if frame.is_corrupt or max(frame.width, frame.height) > _MAX_SIDE or min(frame.width, frame.height) < 2:
                self._needs_key = True
                continue
            self._barren = 0
            yield Picture(_plain(frame), self._in_order(found[0]), found[1])

    def _in_order(self, captured_at: float) -> float:
        # Reordered pictures came later than some that are shown after them; a clock that was set back is another thing.
        if 0 < self._captured_at - captured_at < _MAX_REORDER_S:
            return self._captured_at
        self._captured_at = captured_at
        return captured_at

    def _remember(self, captured_at: float, timestamp: int) -> None:
        self._waiting[self._count] = captured_at, timestamp
        self._waiting.pop(self._count - _MAX_WAITING, None)
        self._count += 1

    def _open(self, codec: Codec) -> av.VideoCodecContext:
        if self._decoder is None:
            decoder = av.CodecContext.create(_DECODERS[codec], "r")
            assert isinstance(decoder, av.VideoCodecContext)
            # Threads of frames would hold each picture back; the cameras are the ones that run side by side.
            decoder.thread_count = 1
            self._decoder = decoder
        return self._decoder


def _annex_b(nals: list[bytes]) -> bytes:
    return b"".join(part for nal in nals for part in (_START_CODE, nal))


def _plain(frame: av.VideoFrame) -> av.VideoFrame:
    width, height = frame.width & ~1, frame.height & ~1
    is_full = frame.color_range == ColorRange.JPEG or frame.format.name.startswith("yuvj")
    if frame.format.name == "yuv420p" and not is_full and (width, height) == (frame.width, frame.height):
        return frame
    return frame.reformat(
        width,
        height,
        "yuv420p",
        src_color_range=ColorRange.JPEG if is_full else None,
        dst_color_range=ColorRange.MPEG,
        threads=1,
    )
