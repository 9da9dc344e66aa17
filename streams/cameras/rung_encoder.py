"""RungEncoder: pictures become one rendition, H.264 or JPEG."""

from collections.abc import Iterator
from fractions import Fraction

import av
import cv2
from av.video.frame import PictureType

from streams.access_unit import Codec
from streams.cameras.cadence import Cadence
from streams.cameras.picture_decoder import Picture
from streams.formats import encoder_pipe
from streams.formats.h264 import NalType, nal_type, sample, split_annex_b
from streams.rendition import RUNGS, Rendition

_USUAL_RATE = 25
_BITS_PER_PIXEL = 0.1
_QUALITY = 70
"""Of JPEG, 0 to 100."""


class RungEncoder:
    """Encodes what its rung shows of a camera, from a key frame on, with one every two seconds. Blocks."""

    def __init__(self, rendition: Rendition) -> None:
        self._rendition = rendition
        self._rung = RUNGS[rendition]
        self._cadence = Cadence(self._rung.pictures_per_s)
        self._encoder: av.VideoCodecContext | None = None
        self._count = 0

    def ask_for_key(self) -> None:
        """What was shown before must not be built upon: the next picture is a key frame."""
        self._cadence.ask_for_key()

    def takes(self, picture: Picture) -> bool:
        """Whether it shows this picture; ask once for each, and give it those."""
        return self._cadence.takes(picture.captured_at)

    def encode(self, picture: Picture) -> Iterator[bytes]:
        """Messages of ``encoder_pipe``: the picture, with parameters before it where they are others."""
        width, height = self._rung.size(picture.frame.width, picture.frame.height)
        # swscale widens its filter when it makes pictures smaller. Its AREA takes three times as long.
        frame = picture.frame.reformat(width, height, "yuv420p", interpolation="BILINEAR", threads=1)
        codec: Codec
        if self._rendition is Rendition.STILLS:
            codec, data, is_key = "mjpeg", _jpeg(frame), True
        else:
            codec = "h264"
            if self._encoder is None or (self._encoder.width, self._encoder.height) != (width, height):
                self._encoder = self._open(frame)
                self._cadence.ask_for_key()
                yield encoder_pipe.parameters(codec, _sets(self._encoder), self._rendition)
            data, is_key = self._compress(self._encoder, frame, picture.captured_at)
        yield encoder_pipe.picture(
            data,
            codec=codec,
            is_key=is_key,
            captured_at=picture.captured_at,
            timestamp=picture.timestamp,
            rendition=self._rendition,
        )

    def _compress(self, encoder: av.VideoCodecContext, frame: av.VideoFrame, captured_at: float) -> tuple[bytes, bool]:
        frame.pts = self._count
        frame.time_base = encoder.time_base
        self._count += 1
        frame.pict_type = PictureType.I if self._cadence.is_key_due(captured_at) else PictureType.NONE
        packets = encoder.encode(frame)
        assert len(packets) == 1, "zerolatency gives each picture at once"
        # Without the SEI of the first picture, in which the encoder introduces itself.
        return sample(nal for nal in split_annex_b(bytes(packets[0])) if nal_type(nal) != NalType.SEI)

    def _open(self, frame: av.VideoFrame) -> av.VideoCodecContext:
        rate = round(self._rung.pictures_per_s or _USUAL_RATE)
        most = self._rung.bits_per_s or round(frame.width * frame.height * rate * _BITS_PER_PIXEL)
        encoder = av.CodecContext.create("libx264", "w")
        assert isinstance(encoder, av.VideoCodecContext)
        encoder.width, encoder.height, encoder.pix_fmt = frame.width, frame.height, "yuv420p"
        encoder.framerate, encoder.time_base = Fraction(rate), Fraction(1, rate)
        encoder.colorspace, encoder.color_range = frame.colorspace, 1
        encoder.max_b_frames = 0
        encoder.thread_count = 1
        encoder.flags |= av.codec.context.Flags.global_header
        encoder.options = {
            "preset": "superfast" if self._rung.short_side is None else "veryfast",
            "tune": "zerolatency",
            "profile": "main",
            "crf": "25",
            "maxrate": str(most),
            "bufsize": str(most * 2),
            "forced-idr": "1",
            # Key frames come when the cadence says so: the encoder has no clock.
            "x264-params": "keyint=infinite:scenecut=0:bframes=0:sliced-threads=0",
        }
        encoder.open()
        return encoder


def _sets(encoder: av.VideoCodecContext) -> list[bytes]:
    sets = split_annex_b(bytes(encoder.extradata or b""))
    return [nal for nal in sets if nal_type(nal) in {NalType.SPS, NalType.PPS}]


def _jpeg(frame: av.VideoFrame) -> bytes:
    pixels = cv2.cvtColor(frame.to_ndarray(), cv2.COLOR_YUV2BGR_I420)
    done, data = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
    assert done, "a picture in memory can be compressed"
    return data.tobytes()
