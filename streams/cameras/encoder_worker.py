"""The process behind ``Encoder``: decodes a camera once, paints its masks, and encodes the renditions asked for.

    python -m streams.cameras.encoder_worker PID_OF_PARENT

Messages of ``formats.encoder_pipe`` come on stdin and go to stdout.
"""

import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import BinaryIO

import av
import cv2
import numpy as np

from streams import child
from streams.cameras import sandbox, worker_end
from streams.cameras.cover import Cover
from streams.cameras.picture_decoder import Picture, PictureDecoder
from streams.cameras.process_limits import ProcessLimits
from streams.cameras.rung_encoder import RungEncoder
from streams.errors import FormatError
from streams.formats import encoder_pipe
from streams.formats.encoder_pipe import Head, Kind
from streams.mask import Mask
from streams.rendition import Rendition

_LIMITS = ProcessLimits(memory_bytes=2 * 1024 * 1024 * 1024, open_files=32, cpu_s=30)

Send = Callable[[bytes], object]


class Workshop:
    """Messages in, messages out. Nothing is sent before an order has said which masks there are. Blocks."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._decoder = PictureDecoder()
        self._rungs: dict[Rendition, RungEncoder] = {}
        self._masks: Sequence[Mask] = ()
        self._cover: tuple[tuple[int, int], Cover] | None = None
        """With the size that it is for."""

    def take(self, head: Head, body: bytes) -> None:
        """One message.

        Raises:
            SourceError: what the camera sends can't be decoded.
            FormatError: no such message.
        """
        if head.kind is Kind.ORDER:
            self._obey(*encoder_pipe.unpack_order(body))
        elif head.codec is None:
            raise FormatError(f"a message of kind {head.kind:d} without codec")
        elif head.kind is Kind.PARAMETERS:
            self._decoder.describe(head.codec, encoder_pipe.unpack_parameters(body))
        elif head.kind is Kind.PICTURE:
            pictures = self._decoder.decode(
                body, is_key=head.is_key, captured_at=head.captured_at, timestamp=head.timestamp
            )
            for picture in pictures:
                self._show(picture)
            self._send(encoder_pipe.taken())
        else:
            raise FormatError(f"a message of kind {head.kind:d}, which is none for an encoder")

    def _obey(self, renditions: frozenset[Rendition], masks: Sequence[Sequence[tuple[float, float]]]) -> None:
        try:
            wanted = [Mask.of(points) for points in masks]
        except ValueError as error:
            raise FormatError(str(error)) from error
        if wanted != self._masks:
            self._masks, self._cover = wanted, None
            for rung in self._rungs.values():
                rung.ask_for_key()
        if not renditions:
            self._decoder = PictureDecoder()
        self._rungs = {each: self._rungs.get(each) or RungEncoder(each) for each in sorted(renditions)}

    def _show(self, picture: Picture) -> None:
        # All are asked: each counts the pictures that it leaves out.
        rungs = [rung for rung in self._rungs.values() if rung.takes(picture)]
        if rungs and self._masks:
            picture = self._masked(picture)
        for rung in rungs:
            for message in rung.encode(picture):
                self._send(message)

    def _masked(self, picture: Picture) -> Picture:
        size = picture.frame.width, picture.frame.height
        if self._cover is None or self._cover[0] != size:
            self._cover = size, Cover(self._masks, *size)
        # A copy: the decoder builds its next pictures on this one, and must not see the masks.
        planes = picture.frame.to_ndarray().astype(np.uint8, copy=False)
        self._cover[1].paint(planes)
        frame = av.VideoFrame.from_ndarray(planes, "yuv420p")
        frame.colorspace, frame.color_range = picture.frame.colorspace, picture.frame.color_range
        return replace(picture, frame=frame)


def work(source: BinaryIO, send: Send) -> None:
    """Until ``source`` ends.

    Raises:
        SourceError, FormatError: see ``Workshop.take``.
    """
    workshop = Workshop(send)
    send(encoder_pipe.taken())
    armed_at = 0.0
    while len(header := source.read(encoder_pipe.HEADER.size)) == encoder_pipe.HEADER.size:
        head = encoder_pipe.unpack_header(header)
        workshop.take(head, source.read(head.length))
        if time.monotonic() - armed_at > 5:
            armed_at = time.monotonic()
            _LIMITS.allow_cpu()


def main() -> None:
    child.die_with_parent(int(sys.argv[1]))
    cv2.setNumThreads(1)
    _LIMITS.set()
    sandbox.lock_encoder()
    worker_end.run(partial(work, sys.stdin.buffer), encoder_pipe.failure, memory_bytes=_LIMITS.memory_bytes)


if __name__ == "__main__":
    main()
