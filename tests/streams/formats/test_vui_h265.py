"""What this reader finds in an SPS of H.265, and what FFmpeg finds there."""

import re
import subprocess
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import av
import imageio_ffmpeg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.errors import FormatError
from streams.formats import sdp
from streams.formats.aspect_ratio import SQUARE, sample_aspect_ratio_h265
from streams.formats.bits import BitReader, BitWriter
from streams.formats.fmp4 import init_segment
from streams.formats.h264 import split_annex_b
from streams.formats.h265 import HEADER_BYTES, nal_type, parse_sps, video_parameters
from streams.formats.vui_h265 import vui

VECTORS = Path(__file__).parents[2] / "vectors" / "rtsp"
VPS = bytes.fromhex("40010c01ffff01600000030090000003000003005d959409")
SPS = bytes.fromhex("42010101600000030090000003000003005da00280802d16595952930b9a020000030002000003003210")
PPS = bytes.fromhex("4401c073c189")


class Whole(NamedTuple):
    """Distances of past and of future pictures, each from the one before."""

    past: list[int]
    future: list[int]


class Difference(NamedTuple):
    """From the set before: two flags for each of its pictures, and for one more."""

    shift: int
    flags: list[tuple[int, int]]


Set = Whole | Difference


def sps_of(sets: list[Set], *, shape: tuple[int, int] | None = (40, 33), scaling: bool = False, long: int = 0) -> bytes:
    begins = parse_sps(SPS).coding_begins
    bits = BitWriter()
    bits.u(begins, BitReader(SPS[HEADER_BYTES:]).u(begins))
    bits.ue(4)
    bits.u(1, 1)
    for value in (4, 2, 0, 0, 3, 0, 3, 1, 1):
        bits.ue(value)
    bits.u(1, scaling)
    if scaling:
        bits.u(1, 1)
        for size in range(4):
            for matrix in range(2 if size == 3 else 6):
                bits.u(1, matrix % 2)
                if matrix % 2 == 0:
                    bits.ue(0)
                    continue
                for _ in range(min(64, 16 << 2 * size) + (size > 1)):
                    bits.ue(3)
    bits.u(2, 0b11)
    bits.u(1, 1)
    bits.u(8, 0x77)
    bits.ue(0)
    bits.ue(1)
    bits.u(1, 0)
    bits.ue(len(sets))
    for index, each in enumerate(sets):
        write_set(bits, index, each)
    bits.u(1, 1 if long else 0)
    if long:
        bits.ue(long)
        for number in range(long):
            bits.u(9, number)
    bits.u(2, 0b11)
    bits.u(1, 1 if shape else 0)
    if shape:
        bits.u(1, 1)
        bits.u(8, 255)
        bits.u(16, shape[0])
        bits.u(16, shape[1])
        for _ in range(3):  # overscan, signal type, chroma place
            bits.u(1, 0)
        bits.u(3, 0)
        bits.u(1, 0)  # default display window
        bits.u(1, 0)  # timing
        bits.u(1, 0)  # restriction
    bits.u(1, 0)  # extension
    return SPS[:HEADER_BYTES] + bits.end()


def write_set(bits: BitWriter, index: int, each: Set) -> None:
    match each:
        case Difference(shift, flags):
            bits.u(2, 0b10 | (shift < 0))
            bits.ue(abs(shift) - 1)
            for used, kept in flags:
                bits.u(1, used)
                if not used:
                    bits.u(1, kept)
        case Whole(past, future):
            bits.u(1 if index else 0, 0)
            bits.ue(len(past))
            bits.ue(len(future))
            for distance in (*past, *future):
                bits.ue(distance - 1)
                bits.u(1, 1)


def of_a_stranger(folder: Path, *nals: bytes) -> tuple[int, int]:
    """The shape that FFmpeg reads."""
    path = folder / "sets.265"
    path.write_bytes(b"".join(b"\0\0\0\1" + nal for nal in (*nals, b"\x26\x01\xaf" + b"i" * 300)))
    tracing = ("-c", "copy", "-bsf:v", "trace_headers", "-f", "null", "-")
    told = subprocess.run(
        [imageio_ffmpeg.get_ffmpeg_exe(), "-f", "hevc", "-i", path, *tracing],
        check=False,
        capture_output=True,
        text=True,
        timeout=30,
    ).stderr
    found = dict(re.findall(r"(vui_parameters_present_flag|aspect_ratio\w*|sar_\w+) .* = (\d+)", told))
    assert "vui_parameters_present_flag" in found, "it has read the SPS"
    if found.get("aspect_ratio_idc") == "255":
        return int(found["sar_width"]), int(found["sar_height"])
    assert found.get("aspect_ratio_idc", "1") == "1"
    return SQUARE


TWO_BACK = Whole([1, 1], [])
KEPT, LEFT_OUT, UNUSED = (1, 0), (0, 0), (0, 1)
SETS: list[list[Set]] = [
    [],
    [TWO_BACK],
    [Whole([1, 2, 1], [1, 3]), Whole([], []), Whole([], [2])],
    [TWO_BACK, Difference(-1, [KEPT, UNUSED, LEFT_OUT])],
    [
        Whole([2, 2], [2]),
        Difference(-1, [KEPT] * 4),
        Difference(-2, [KEPT, LEFT_OUT, KEPT, UNUSED, KEPT]),
        Difference(8, [UNUSED] * 5),
    ],
    [
        Whole([1], [1]),
        Difference(2, [KEPT] * 3),
        Difference(-4, [KEPT] * 4),
        Difference(1, [LEFT_OUT] * 5),
        Difference(3, [KEPT]),
        Whole([4], [1]),
    ],
]


@pytest.mark.parametrize("sets", SETS)
@pytest.mark.parametrize(("scaling", "long"), [(False, 0), (True, 3)])
def test_the_shape_is_the_one_that_a_stranger_finds(sets: list[Set], scaling: bool, long: int, tmp_path: Path) -> None:
    sps = sps_of(sets, scaling=scaling, long=long)
    assert sample_aspect_ratio_h265(sps) == (40, 33)
    assert of_a_stranger(tmp_path, VPS, sps, PPS) == (40, 33)


@pytest.mark.parametrize("name", ["tplink_sdp", "anjvision_describe", "dahua_describe_h265_pcma"])
def test_the_shape_of_real_cameras_is_the_one_that_a_stranger_finds(name: str, tmp_path: Path) -> None:
    body = (VECTORS / f"{name}.txt").read_bytes().rpartition(b"\r\n\r\n")[2]
    (media,) = (each for each in sdp.parse(body).media if each.is_h265)
    vps, sps, pps = media.parameter_sets
    assert vui(sps) is not None
    assert sample_aspect_ratio_h265(sps) == of_a_stranger(tmp_path, vps, sps, pps)


@pytest.mark.parametrize("options", ["sar=14", "sar=4:ref=4:bframes=3:b-pyramid=1", ""])
def test_the_shape_that_an_encoder_was_told_is_found(options: str) -> None:
    encoder = av.CodecContext.create("libx265", "w")
    assert isinstance(encoder, av.VideoCodecContext)
    encoder.width, encoder.height, encoder.pix_fmt, encoder.time_base = 128, 96, "yuv420p", Fraction(1, 25)
    encoder.options = {"preset": "ultrafast", "x265-params": f"log-level=none:{options}"}
    encoder.flags |= av.codec.context.Flags.global_header
    encoder.open()
    (sps,) = (nal for nal in split_annex_b(bytes(encoder.extradata or b"")) if nal_type(nal) == 33)
    told = {"sar=14": (4, 3), "": SQUARE}.get(options, (16, 11))
    assert sample_aspect_ratio_h265(sps) == told


def test_the_shape_stands_in_the_init_segment() -> None:
    for shape, has_box in (((4, 3), True), ((1, 1), False), (None, False)):
        body = init_segment(video_parameters([VPS], [sps_of([TWO_BACK], shape=shape)], [PPS]))
        assert (b"pasp" in body) is has_box
    assert vui(sps_of([], shape=None)) is None


def test_what_can_not_be_is_refused_and_counts_as_square() -> None:
    many = Whole([1] * 17, [])
    for sps in (sps_of([many]), sps_of([TWO_BACK] * 65), sps_of([], long=33), sps_of([TWO_BACK])[:-12], PPS, b""):
        with pytest.raises(FormatError):
            vui(sps)
        assert sample_aspect_ratio_h265(sps) == SQUARE


@settings(max_examples=300)
@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    begins = parse_sps(SPS).coding_begins // 8
    for sps in (data, SPS[: HEADER_BYTES + begins] + data):
        width, height = sample_aspect_ratio_h265(sps)
        assert 1 / 8 <= width / height <= 8
