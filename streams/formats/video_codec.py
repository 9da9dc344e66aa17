"""VideoCodec: what is different between H.264, H.265 and JPEG for a reader."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from streams.access_unit import VideoParameters
from streams.errors import FormatError
from streams.formats import h264, h265, jpeg
from streams.formats.parameter_sets import ParameterSets
from streams.formats.parameter_sets_h265 import H265ParameterSets


class Sets(Protocol):
    """Keeps what a decoder must know. See ``ParameterSets``."""

    def describe(self, nals: Iterable[bytes]) -> None: ...

    def update(self, nals: Sequence[bytes]) -> None: ...

    @property
    def parameters(self) -> VideoParameters | None: ...


@dataclass(frozen=True, slots=True)
class VideoCodec:
    new_sets: Callable[[], Sets]
    sample: Callable[[Iterable[bytes]], tuple[bytes, bool]]
    """The sample of one picture from its NAL units, and whether a decoder can start at it."""
    is_skipped: Callable[[bytes], bool]
    """Whether a NAL unit is of a picture that a decoder can't have that has started at the last key frame."""


class _JpegSets:
    """A JPEG says all by itself."""

    def __init__(self) -> None:
        self._parameters: VideoParameters | None = None

    def describe(self, nals: Iterable[bytes]) -> None:
        """Nothing of the description counts."""

    def update(self, nals: Sequence[bytes]) -> None:
        try:
            width, height = jpeg.size(nals[0])
        except FormatError:
            return
        if self._parameters is None or (width, height) != (self._parameters.width, self._parameters.height):
            self._parameters = VideoParameters("mjpeg", width, height, "image/jpeg")

    @property
    def parameters(self) -> VideoParameters | None:
        return self._parameters


H264 = VideoCodec(ParameterSets, h264.sample, lambda nal: False)
H265 = VideoCodec(H265ParameterSets, h265.sample, h265.is_skipped)
JPEG = VideoCodec(_JpegSets, lambda nals: (b"".join(nals), True), lambda nal: False)
"""What is a NAL unit for the others is a whole picture."""
