from pathlib import Path

import av
import pytest

from streams.errors import FormatError
from streams.formats.aspect_ratio import SQUARE, sample_aspect_ratio
from streams.formats.bits import BitReader, BitWriter
from streams.formats.fmp4 import init_segment
from streams.formats.h264 import NalType, nal_type, parse_sps, split_annex_b, video_parameters

VECTORS = Path(__file__).parents[2] / "vectors" / "h264"
BARE_SPS = bytes.fromhex("6742c01ef40501ec80")  # 640x480, no VUI
PPS = bytes.fromhex("68ee3c80")


def sps_of(known: int, width: int = 0, height: int = 0) -> bytes:
    begins = parse_sps(BARE_SPS).vui_begins
    bits = BitWriter()
    bits.u(begins, BitReader(BARE_SPS[4:]).u(begins))
    bits.u(2, 0b11)
    bits.u(8, known)
    if known == 255:
        bits.u(16, width)
        bits.u(16, height)
    bits.u(8, 0)  # overscan, signal type, chroma place, timing, two HRDs, picture structure, restriction
    return BARE_SPS[:4] + bits.end()


@pytest.mark.parametrize(
    ("sps", "ratio"),
    [
        (BARE_SPS, SQUARE),
        (sps_of(0), SQUARE),
        (sps_of(1), SQUARE),
        (sps_of(2), (12, 11)),
        (sps_of(5), (40, 33)),
        (sps_of(14), (4, 3)),
        (sps_of(16), (2, 1)),
        (sps_of(17), SQUARE),
        (sps_of(254), SQUARE),
        (sps_of(255, 8, 6), (4, 3)),
        (sps_of(255, 1, 8), (1, 8)),
        (sps_of(255, 1, 9), SQUARE),
        (sps_of(255, 65535, 1), SQUARE),
        (sps_of(255, 0, 4), SQUARE),
        (sps_of(255, 4, 0), SQUARE),
        (sps_of(255, 8, 6)[:9], SQUARE),
    ],
)
def test_the_shape_is_as_the_stream_says_or_square(sps: bytes, ratio: tuple[int, int]) -> None:
    assert sample_aspect_ratio(sps) == ratio


def test_what_is_no_sps_is_refused() -> None:
    with pytest.raises(FormatError):
        sample_aspect_ratio(PPS)


@pytest.mark.parametrize("known", [1, 5, 14])
def test_a_stranger_finds_the_shape_in_the_init_segment(tmp_path: Path, known: int) -> None:
    path = tmp_path / "init.mp4"
    body = init_segment(video_parameters([sps_of(known)], [PPS]))
    assert (b"pasp" in body) is (known != 1)
    path.write_bytes(body)
    with av.open(path) as container:
        (stream,) = container.streams
        assert isinstance(stream, av.VideoStream)
        ratio = stream.sample_aspect_ratio  # None without a box
        assert (ratio.as_integer_ratio() if ratio else SQUARE) == sample_aspect_ratio(sps_of(known))
        assert (stream.width, stream.height) == (640, 480)


def test_the_shape_of_a_real_stream_is_what_a_stranger_reads() -> None:
    source = VECTORS / "SarVui.264"
    sps = next(nal for nal in split_annex_b(source.read_bytes()) if nal_type(nal) == NalType.SPS)
    with av.open(source) as container:
        next(container.decode(video=0))
        ratio = container.streams.video[0].codec_context.sample_aspect_ratio
    assert ratio is not None
    assert sample_aspect_ratio(sps) == ratio.as_integer_ratio()
