"""Pictures that a test makes, encoded without loss, and what a workshop makes of them, decoded again."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

import av
import cv2
import numpy as np
import numpy.typing as npt

from streams.access_unit import Codec
from streams.cameras.encoder_worker import Workshop
from streams.formats import encoder_pipe
from streams.formats.encoder_pipe import HEADER, Kind
from streams.formats.h264 import join_avcc, split_annex_b, split_avcc
from streams.rendition import RUNGS, Rendition

Planes = npt.NDArray[np.uint8]
"""I420, (height * 3 / 2, width)."""
EVERY = frozenset(RUNGS)
START_S = 1_700_000_000.0


@dataclass(frozen=True, slots=True)
class Coded:
    codec: Codec
    sets: tuple[bytes, ...]
    units: tuple[bytes, ...]
    keys: frozenset[int]


@dataclass(frozen=True, slots=True)
class Made:
    """One picture of a rendition."""

    data: bytes
    is_key: bool
    captured_at: float
    timestamp: int
    sets: tuple[bytes, ...]
    codec: Codec


def coded(
    pictures: Sequence[Planes], codec: Literal["h264", "h265"] = "h264", *, every: int = 10, reordered: bool = False
) -> Coded:
    """Without loss: what is decoded of it is what went in.

    Args:
        every: pictures to a key frame.
        reordered: with B-frames.
    """
    encoder = av.CodecContext.create("libx264" if codec == "h264" else "libx265", "w")
    assert isinstance(encoder, av.VideoCodecContext)
    encoder.height, encoder.width = pictures[0].shape[0] * 2 // 3, pictures[0].shape[1]
    encoder.pix_fmt = "yuv420p"
    encoder.framerate, encoder.time_base = Fraction(25), Fraction(1, 25)
    encoder.gop_size = every
    encoder.max_b_frames = 2 if reordered else 0
    encoder.flags |= av.codec.context.Flags.global_header
    if codec == "h264":
        encoder.options = {"preset": "ultrafast", "qp": "0", "x264-params": f"bframes={2 * reordered}:scenecut=0"}
    else:
        encoder.options = {"preset": "ultrafast", "x265-params": "lossless=1:bframes=0:log-level=none"}
    packets = []
    for number, planes in enumerate(pictures):
        frame = av.VideoFrame.from_ndarray(planes, "yuv420p")
        frame.pts = number
        packets += encoder.encode(frame)
    packets += encoder.encode(None)
    sets = (7, 8) if codec == "h264" else (32, 33, 34)
    kind: Callable[[bytes], int] = (lambda nal: nal[0] & 31) if codec == "h264" else (lambda nal: nal[0] >> 1 & 63)
    return Coded(
        codec,
        tuple(nal for nal in split_annex_b(bytes(encoder.extradata or b"")) if kind(nal) in sets),
        tuple(join_avcc(nal for nal in split_annex_b(bytes(packet)) if kind(nal) not in sets) for packet in packets),
        frozenset(number for number, packet in enumerate(packets) if packet.is_keyframe),
    )


class Bench:
    """A workshop and all that it has made."""

    def __init__(self, renditions: Iterable[Rendition] = EVERY, masks: Iterable[encoder_pipe.Points] = ()) -> None:
        self.made: dict[Rendition, list[Made]] = defaultdict(list)
        self.taken = 0
        self._sets: dict[Rendition, tuple[bytes, ...]] = {}
        self._workshop = Workshop(self._take)
        self._number = 0
        self.order(renditions, masks)

    def order(self, renditions: Iterable[Rendition], masks: Iterable[encoder_pipe.Points] = ()) -> None:
        self._give(encoder_pipe.order(renditions, masks))

    def play(self, clip: Coded, *, missing: Iterable[int] = ()) -> None:
        """25 pictures a second, going on where the last clip ended."""
        self._give(encoder_pipe.parameters(clip.codec, clip.sets))
        for index, unit in enumerate(clip.units):
            if index not in missing:
                self.give(unit, codec=clip.codec, is_key=index in clip.keys)
            self._number += 1

    def give(self, data: bytes, *, codec: Codec, is_key: bool) -> None:
        captured_at, timestamp = START_S + self._number / 25, self._number * 3600
        self._give(encoder_pipe.picture(data, codec=codec, is_key=is_key, captured_at=captured_at, timestamp=timestamp))

    def describe(self, codec: Codec) -> None:
        self._give(encoder_pipe.parameters(codec, ()))

    def step(self) -> None:
        self._number += 1

    def _give(self, message: bytes) -> None:
        self._workshop.take(encoder_pipe.unpack_header(message[: HEADER.size]), message[HEADER.size :])

    def _take(self, message: bytes) -> None:
        head, body = encoder_pipe.unpack_header(message[: HEADER.size]), message[HEADER.size :]
        assert head.length == len(body)
        if head.kind is Kind.TAKEN:
            self.taken += 1
        elif head.kind is Kind.PARAMETERS:
            self._sets[head.rendition] = tuple(encoder_pipe.unpack_parameters(body))
        else:
            assert head.kind is Kind.PICTURE
            assert head.codec is not None
            sets = self._sets.get(head.rendition, ())
            made = Made(body, head.is_key, head.captured_at, head.timestamp, sets, head.codec)
            self.made[head.rendition].append(made)


def luma(pictures: Sequence[Made]) -> list[Planes]:
    """The brightness of each picture, (height, width), as a stranger's decoder shows it."""
    if pictures[0].codec == "mjpeg":
        grey = [cv2.imdecode(np.frombuffer(each.data, np.uint8), cv2.IMREAD_GRAYSCALE) for each in pictures]
        # Full range to limited.
        return [np.round(each * (219 / 255) + 16).astype(np.uint8) for each in grey if each is not None]
    decoder = av.CodecContext.create("h264", "r")
    assert isinstance(decoder, av.VideoCodecContext)
    decoder.thread_count = 1
    shown = []
    for each in pictures:
        nals = (*(each.sets if each.is_key else ()), *split_avcc(each.data))
        shown += decoder.decode(av.Packet(b"".join(b"\0\0\0\1" + nal for nal in nals)))
    shown += decoder.decode(None)
    return [frame.to_ndarray()[: frame.height].astype(np.uint8, copy=False) for frame in shown]
