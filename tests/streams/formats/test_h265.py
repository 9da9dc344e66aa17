import contextlib
from fractions import Fraction

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.errors import FormatError
from streams.formats.h264 import split_annex_b, split_avcc
from streams.formats.h265 import (
    NalType,
    SequenceParameters,
    is_first_slice,
    is_key,
    is_vcl,
    nal_type,
    parse_sps,
    pps_ids,
    sample,
    vps_id,
)


def encoded(width: int, height: int, pixel_format: str, options: str = "", count: int = 1) -> list[list[bytes]]:
    """NAL units of each picture, from libx265, which has nothing to do with our reading."""
    encoder = av.CodecContext.create("libx265", "w")
    assert isinstance(encoder, av.VideoCodecContext)
    encoder.width, encoder.height, encoder.pix_fmt = width, height, pixel_format
    encoder.time_base = Fraction(1, 25)
    encoder.options = {"preset": "ultrafast", "x265-params": f"log-level=none:pools=1:frame-threads=1:{options}"}
    noise = np.random.default_rng(1).integers(0, 255, (height, width, 3), np.uint8)
    packets = []
    for number in range(count):
        frame = av.VideoFrame.from_ndarray(np.roll(noise, number * 5, axis=1), "rgb24").reformat(format=pixel_format)
        packets += encoder.encode(frame)
    return [split_annex_b(bytes(packet)) for packet in (*packets, *encoder.encode())]


def one(nals: list[bytes], kind: NalType) -> bytes:
    return next(nal for nal in nals if nal_type(nal) == kind)


@pytest.mark.parametrize(
    ("width", "height", "pixel_format", "options", "chroma", "bits", "codec"),
    [
        (1280, 720, "yuv420p", "level-idc=3.1", 1, 8, "hvc1.1.6.L93.90"),
        (322, 182, "yuv420p", "level-idc=2.1", 1, 8, "hvc1.1.6.L63.90"),
        (322, 182, "yuv420p10le", "level-idc=4.1:vbv-maxrate=30000:vbv-bufsize=30000", 1, 10, "hvc1.2.4.H123.90"),
        (322, 182, "yuv422p10le", "level-idc=2.1", 2, 10, None),
        (321, 181, "yuv444p", "level-idc=2.1", 3, 8, None),
        (322, 182, "yuv420p", "level-idc=2.1:temporal-layers=1:bframes=2", 1, 8, "hvc1.1.6.L63.90"),
    ],
)  # fmt: skip
def test_the_size_and_codec_in_an_sps_are_what_the_encoder_was_told(
    width: int, height: int, pixel_format: str, options: str, chroma: int, bits: int, codec: str | None
) -> None:
    nals = encoded(width, height, pixel_format, options)[0]
    sps = parse_sps(one(nals, NalType.SPS))
    assert (sps.width, sps.height) == (width, height)
    assert (sps.chroma_format_idc, sps.bit_depth_luma, sps.bit_depth_chroma) == (chroma, bits, bits)
    assert codec in {None, sps.codec_string}
    assert (vps_id(one(nals, NalType.VPS)), sps.vps_id, sps.sps_id) == (0, 0, 0)
    assert pps_ids(one(nals, NalType.PPS)) == (0, 0)


def parameters(profile: str) -> SequenceParameters:
    return SequenceParameters(0, 0, bytes.fromhex(profile), 1, True, 1, 8, 8, 64, 64, 0)


@pytest.mark.parametrize(
    ("profile", "codec"),
    [
        ("01 60000000 b00000000000 5d", "hvc1.1.6.L93.B0"),
        ("22 20000000 b00000000000 96", "hvc1.2.4.H150.B0"),
        ("41 60000000 000000000000 5a", "hvc1.A1.6.L90"),
        ("c4 08000000 9f0800000001 1e", "hvc1.C4.10.L30.9F.8.0.0.0.1"),
    ],
)
def test_the_codec_string_is_as_the_standard_writes_it(profile: str, codec: str) -> None:
    assert parameters(profile.replace(" ", "")).codec_string == codec


def test_key_frames_are_those_that_a_decoder_can_start_at() -> None:
    assert [kind for kind in range(64) if is_key(bytes((kind << 1, 1)))] == list(range(16, 22))
    assert [kind for kind in range(64) if is_vcl(bytes((kind << 1, 1)))] == list(range(32))
    assert is_first_slice(b"\x02\x01\x80")
    assert not is_first_slice(b"\x02\x01\x7f")
    assert not is_first_slice(b"\x02\x01")
    assert not is_first_slice(b"\x42\x01\x80")


def test_a_sample_has_neither_parameter_sets_nor_delimiters_nor_filler() -> None:
    def nal(kind: int) -> bytes:
        return bytes((kind << 1, 1, 0x80))

    data, starts = sample([nal(kind) for kind in (35, 32, 33, 34, 39, 19, 19, 40, 38, 36, 37, 50)])
    assert [nal_type(part) for part in split_avcc(data)] == [39, 19, 19, 40]
    assert starts
    assert sample([nal(35), nal(1)]) == (b"\0\0\0\3" + nal(1), False)


def test_an_sps_of_several_sub_layers_is_read() -> None:
    sps = one(encoded(322, 182, "yuv420p", "temporal-layers=3:bframes=3:b-adapt=0:level-idc=2.1")[0], NalType.SPS)
    found = parse_sps(sps)
    assert found.sub_layers > 1
    assert (found.width, found.height) == (322, 182)


@pytest.mark.parametrize(
    ("nal", "words"),
    [
        (b"", "expected a SPS, got a NAL unit beginning with nothing"),
        (b"\x44\x01\x00", "expected a SPS, got a NAL unit beginning 44 01 00"),
        (b"\x42\x01\x01\x01\x60", "ends too early"),
    ],
)
def test_what_is_no_sps_is_refused_in_words(nal: bytes, words: str) -> None:
    with pytest.raises(FormatError, match=words):
        parse_sps(nal)


@given(st.binary(max_size=80))
def test_any_bytes_are_a_parameter_set_or_a_format_error(data: bytes) -> None:
    for nal in (data, b"\x40\x01" + data, b"\x42\x01\x01" + data, b"\x44\x01" + data):
        for read in (parse_sps, pps_ids, vps_id):
            with contextlib.suppress(FormatError):
                read(nal)
