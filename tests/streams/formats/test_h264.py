import contextlib
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.errors import FormatError
from streams.formats import sdp
from streams.formats.h264 import (
    NalType,
    join_avcc,
    nal_type,
    parse_sps,
    pps_ids,
    sample,
    split_annex_b,
    split_avcc,
    video_parameters,
)

VECTORS = Path(__file__).parents[2] / "vectors"
SPS = bytes.fromhex("674d001e95a82d0f69b808080810")
PPS = bytes.fromhex("68ee3c80")


def encoded_sps(width: int, height: int, pixel_format: str, options: dict[str, str]) -> bytes:
    """From libx264, which has nothing to do with our reading."""
    encoder = av.CodecContext.create("libx264", "w")
    assert isinstance(encoder, av.VideoCodecContext)
    encoder.width, encoder.height, encoder.pix_fmt = width, height, pixel_format
    encoder.time_base = Fraction(1, 25)
    encoder.options = options
    frame = av.VideoFrame.from_ndarray(np.zeros((height, width, 3), np.uint8), "rgb24").reformat(format=pixel_format)
    data = b"".join(bytes(packet) for packet in (*encoder.encode(frame), *encoder.encode()))
    return next(nal for nal in split_annex_b(data) if nal_type(nal) == NalType.SPS)


@pytest.mark.parametrize(
    ("width", "height", "pixel_format", "options", "chroma", "bits"),
    [
        (1280, 720, "yuv420p", {"profile": "baseline"}, 1, 8),
        (1920, 1080, "yuv420p", {"profile": "main"}, 1, 8),
        (322, 182, "yuv420p", {"profile": "high"}, 1, 8),
        (322, 180, "yuv420p", {"flags": "+ildct+ilme", "x264opts": "interlaced"}, 1, 8),
        (322, 182, "yuv420p", {"x264opts": "cqm=jvt"}, 1, 8),
        (322, 182, "yuv422p10le", {}, 2, 10),
        (321, 181, "yuv444p", {}, 3, 8),
        (322, 182, "gray", {}, 0, 8),
    ],
)
def test_the_size_in_an_sps_is_what_the_encoder_was_told(
    width: int, height: int, pixel_format: str, options: dict[str, str], chroma: int, bits: int
) -> None:
    sps = parse_sps(encoded_sps(width, height, pixel_format, options))
    assert (sps.width, sps.height) == (width, height)
    assert (sps.chroma_format_idc, sps.bit_depth_luma, sps.bit_depth_chroma) == (chroma, bits, bits)


@pytest.mark.parametrize(
    ("camera", "size", "codec"),
    [
        ("hikvision_describe", (1920, 1080), "avc1.4D0029"),
        ("reolink_describe", (2560, 1440), "avc1.640033"),
        ("geovision_sdp", (2688, 1520), "avc1.4D4032"),
        ("ipcam_describe", (1280, 960), "avc1.4D0020"),
        ("bunny_describe", (240, 160), "avc1.42C01E"),
        ("macrovideo_describe", (1280, 720), "avc1.4DE028"),
    ],
)
def test_the_parameter_sets_of_real_cameras_are_read(camera: str, size: tuple[int, int], codec: str) -> None:
    body = (VECTORS / "rtsp" / f"{camera}.txt").read_bytes()
    media = next(media for media in sdp.parse(body).media if media.kind == "video")
    sps, pps = media.parameter_sets
    parameters = video_parameters([sps], [pps])
    assert (parameters.width, parameters.height) == size
    assert parameters.codec_string == codec
    assert (parameters.sps, parameters.pps) == ((sps,), (pps,))


@pytest.mark.parametrize(("name", "size"), [("SarVui", (176, 144)), ("jm_1080p_allslice", (1920, 1080))])
def test_cropping_and_aspect_ratio_do_not_confuse_the_size(name: str, size: tuple[int, int]) -> None:
    data = (VECTORS / "h264" / f"{name}.264").read_bytes()
    sps = parse_sps(next(nal for nal in split_annex_b(data) if nal_type(nal) == NalType.SPS))
    assert (sps.width, sps.height) == size


def test_stray_bytes_after_an_sps_are_ignored() -> None:
    assert parse_sps(SPS + b"\x00\x12\x34") == parse_sps(SPS)


@pytest.mark.parametrize(
    ("nal", "words"),
    [
        (b"", "got a NAL unit beginning with nothing"),
        (PPS, "expected an SPS, got a NAL unit beginning 68 ee 3c 80"),
        (SPS[:4], "SPS of 4 bytes"),
        (SPS[:7], "ends too early"),
        (b"\x67\x4d\x00\x1e" + bytes(40), "more than 32 bits"),
    ],
)
def test_what_is_no_sps_is_refused_in_words(nal: bytes, words: str) -> None:
    with pytest.raises(FormatError, match=words):
        parse_sps(nal)


@pytest.mark.parametrize(("mbs", "crop"), [(1100, 0), (2, 16), (2, 400)])
def test_an_impossible_size_is_refused(mbs: int, crop: int) -> None:
    fields = [ue(0), ue(0), ue(2), ue(1), "0", ue(mbs - 1), ue(mbs - 1), "11", "1", ue(crop), ue(0), ue(0), ue(0), "01"]
    with pytest.raises(FormatError, match=r"expected sides of 1\.\.16384"):
        parse_sps(b"\x67\x42\x00\x1e" + pack_bits(fields))


def ue(number: int) -> str:
    """Exp-Golomb code (§9.1)."""
    digits = f"{number + 1:b}"
    return "0" * (len(digits) - 1) + digits


def pack_bits(fields: list[str]) -> bytes:
    bits = "".join(fields)
    bits += "1" + "0" * (-len(bits) % 8)
    return int(bits[: len(bits) // 8 * 8], 2).to_bytes(len(bits) // 8, "big")


def test_parameters_need_both_sets() -> None:
    with pytest.raises(FormatError, match="1 SPS and 0 PPS"):
        video_parameters([SPS], [])


def test_a_pps_names_itself_and_its_sps() -> None:
    assert pps_ids(PPS) == (0, 0)
    # ue(1) = 010, ue(2) = 011
    assert pps_ids(bytes([0x68, 0b01001100])) == (1, 2)
    with pytest.raises(FormatError, match="expected a PPS"):
        pps_ids(SPS)


def test_start_codes_and_the_zeros_before_them_are_taken_away() -> None:
    assert split_annex_b(b"\0\0\0\1\x67a\0\0\1\x68b\0\0\0\0\1\x65c\0\0") == [b"\x67a", b"\x68b", b"\x65c"]
    assert split_annex_b(b"\x67a\0\0\1\x68b") == [b"\x67a", b"\x68b"]
    assert split_annex_b(b"\0\0\1\0\0\1") == []


def test_a_sample_has_neither_parameter_sets_nor_delimiters_nor_filler() -> None:
    delimiter, filler, sei, idr, slice_ = (
        b"\x09\xf0",
        b"\x0c\xff\x80",
        b"\x06\x05\x01\x00\x80",
        b"\x65\x88",
        b"\x41\x9a",
    )
    data, is_key = sample([delimiter, SPS, PPS, sei, idr, idr, filler])
    assert split_avcc(data) == [sei, idr, idr]
    assert is_key
    assert sample([delimiter, slice_]) == (b"\0\0\0\2" + slice_, False)


def test_a_length_beyond_the_end_is_refused() -> None:
    with pytest.raises(FormatError, match="ends at byte 9 of a sample of 6 bytes"):
        split_avcc(b"\0\0\0\5ab")


@given(st.lists(st.binary(min_size=1, max_size=40)))
def test_lengths_are_read_back(nals: list[bytes]) -> None:
    assert split_avcc(join_avcc(nals)) == nals


@given(st.lists(st.binary(min_size=1, max_size=40).map(lambda nal: nal.replace(b"\0", b"\3") + b"\x80")))
def test_start_codes_are_read_back(nals: list[bytes]) -> None:
    assert split_annex_b(b"".join(b"\0\0\0\1" + nal for nal in nals)) == nals


@given(st.binary(max_size=80))
def test_any_bytes_are_a_parameter_set_or_a_format_error(data: bytes) -> None:
    for nal in (data, b"\x67\x64\x00\x1e" + data, b"\x67\x42\x00\x1e" + data, b"\x68" + data):
        for read in (parse_sps, pps_ids):
            try:
                read(nal)
            except FormatError:
                continue
    with contextlib.suppress(FormatError):
        assert all(split_avcc(data))
