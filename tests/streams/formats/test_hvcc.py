import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.errors import FormatError
from streams.formats import hvcc
from streams.formats.h265 import NalType, parse_sps

VPS = bytes.fromhex("40010c01ffff01600000030090000003000003005d959409")
SPS = bytes.fromhex("42010101600000030090000003000003005da00280802d16595952930b9a020000030002000003003210")
PPS = bytes.fromhex("4401c073c189")


def test_the_record_says_what_the_sps_says() -> None:
    record = hvcc.write([VPS], [SPS], [PPS])
    assert record[0] == 1
    assert record[1:13] == parse_sps(SPS).profile
    assert record[13:23].hex(" ") == "f0 00 fc fd f8 f8 00 00 0f 03"
    assert record[23:26] == bytes((0x80 | NalType.VPS, 0, 1))
    assert record[26:28] == struct.pack(">H", len(VPS))


def test_several_sets_are_read_back() -> None:
    pps = [PPS, PPS + b"\x01", PPS + b"\x02"]
    assert hvcc.read(hvcc.write([VPS], [SPS, SPS + b"\1"], pps)) == ([VPS], [SPS, SPS + b"\1"], pps)


@pytest.mark.parametrize(
    ("vps", "sps", "pps", "words"),
    [
        ([], [SPS], [PPS], "0 VPS, 1 SPS and 1 PPS"),
        ([VPS], [SPS], [PPS] * 65, "1 SPS and 65 PPS"),
        ([VPS], [SPS], [PPS + bytes(65536)], "more than 65535 bytes"),
        ([VPS], [PPS], [PPS], "expected a SPS"),
    ],
)
def test_sets_that_do_not_fit_are_refused(vps: list[bytes], sps: list[bytes], pps: list[bytes], words: str) -> None:
    with pytest.raises(FormatError, match=words):
        hvcc.write(vps, sps, pps)


@given(st.integers(0, 200))
def test_a_record_that_is_cut_off_is_refused(end: int) -> None:
    record = hvcc.write([VPS], [SPS], [PPS])
    if end < len(record):
        with pytest.raises(FormatError, match="ends too early"):
            hvcc.read(record[:end])
