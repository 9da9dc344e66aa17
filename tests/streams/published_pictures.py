"""Pictures that were published, or are in a clip, as a stranger's decoder shows them: the brightness of each."""

from collections.abc import Sequence

import av
import cv2
import numpy as np
import numpy.typing as npt

from streams.cameras.clips import Clip
from streams.formats import fmp4
from streams.formats.h264 import split_avcc
from streams.fragment import Fragment, Kind

Plane = npt.NDArray[np.uint8]


def decoded(fragments: Sequence[Fragment]) -> list[Plane]:
    """Every picture of a stream."""
    shown: list[Plane] = []
    decoder: av.VideoCodecContext | None = None
    sets: list[bytes] = []
    for fragment in fragments:
        if fragment.kind is Kind.INIT:
            parameters = fmp4.read_init(fragment.body)
            assert parameters.codec == "h264"
            sets = [*parameters.sps, *parameters.pps]
        elif fragment.kind is Kind.JPEG:
            grey = cv2.imdecode(np.frombuffer(fragment.body, np.uint8), cv2.IMREAD_GRAYSCALE)
            assert grey is not None
            shown.append(grey.astype(np.uint8, copy=False))
        elif fragment.kind is Kind.FRAME:
            if fragment.is_key:
                # Anew with each group, as for one who joins there.
                shown += _planes(decoder, None) if decoder else []
                decoder = _decoder()
            assert decoder is not None, "begins with a key frame"
            nals = (*(sets if fragment.is_key else ()), *split_avcc(fragment.body[fmp4.SAMPLE_OFFSET :]))
            shown += _planes(decoder, b"".join(b"\0\0\0\1" + nal for nal in nals))
    return shown + (_planes(decoder, None) if decoder else [])


def decoded_clip(clip: Clip) -> list[Plane]:
    decoder = _decoder()
    shown = []
    for number in range(len(clip)):
        sets = (*clip.parameters.sps, *clip.parameters.pps) if clip.is_key(number) else ()
        shown += _planes(decoder, b"".join(b"\0\0\0\1" + nal for nal in (*sets, *split_avcc(clip[number]))))
    return shown + _planes(decoder, None)


def _decoder() -> av.VideoCodecContext:
    decoder = av.CodecContext.create("h264", "r")
    assert isinstance(decoder, av.VideoCodecContext)
    decoder.thread_count = 1
    return decoder


def _planes(decoder: av.VideoCodecContext, unit: bytes | None) -> list[Plane]:
    return [
        frame.to_ndarray()[: frame.height].astype(np.uint8, copy=False)
        for frame in decoder.decode(None if unit is None else av.Packet(unit))
    ]
