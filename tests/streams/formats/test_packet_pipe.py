import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.errors import FormatError
from streams.formats import h265, packet_pipe
from streams.formats.h264 import video_parameters
from streams.formats.packet_pipe import HEADER, MAX_BODY_BYTES, Kind

SPS, PPS = bytes.fromhex("674d001e95a82d0f69b808080810"), bytes.fromhex("68ee3c80")
VPS_265 = bytes.fromhex("40010c01ffff01600000030090000003000003005d959409")
SPS_265 = bytes.fromhex("42010101600000030090000003000003005da00280802d16595952930b9a020000030002000003003210")
PPS_265 = bytes.fromhex("4401c073c189")


def test_a_picture_comes_through() -> None:
    message = packet_pipe.picture(b"data", is_key=True, timestamp=-3600, composition_offset=-7200)

    assert packet_pipe.unpack_header(message[: HEADER.size]) == (Kind.PICTURE, True, 4, -3600, -7200)
    assert message[HEADER.size :] == b"data"


def test_parameters_and_failures_come_through() -> None:
    for described in (
        video_parameters([SPS], [PPS, PPS + b"\1"]),
        h265.video_parameters([VPS_265], [SPS_265], [PPS_265]),
    ):
        assert packet_pipe.unpack_parameters(packet_pipe.parameters(described)[HEADER.size :]) == described
    assert packet_pipe.unpack_failure(packet_pipe.failure("source.ended", "Ä")[HEADER.size :]) == ("source.ended", "Ä")


def test_a_picture_too_large_is_not_sent_and_not_taken() -> None:
    with pytest.raises(FormatError, match="8388609 bytes"):
        packet_pipe.picture(bytes(MAX_BODY_BYTES + 1), is_key=True, timestamp=0, composition_offset=0)
    with pytest.raises(FormatError, match="kind 1 and 8388609 bytes"):
        packet_pipe.unpack_header(HEADER.pack(1, 0, MAX_BODY_BYTES + 1, 0, 0))
    with pytest.raises(FormatError, match="kind 3"):
        packet_pipe.unpack_header(HEADER.pack(3, 0, 0, 0, 0))


@given(st.binary(max_size=60))
def test_whatever_a_worker_sends_is_read_or_refused(body: bytes) -> None:
    for unpack in (packet_pipe.unpack_parameters, packet_pipe.unpack_failure):
        try:
            unpack(body)
        except FormatError:
            continue


@pytest.mark.parametrize("codec", ["mjpeg", "", None, 7])
def test_parameters_of_another_codec_are_refused(codec: object) -> None:
    body = json.dumps({"codec": codec, "vps": [], "sps": [SPS.hex()], "pps": [PPS.hex()]}).encode()
    with pytest.raises(FormatError, match="neither h264 nor h265"):
        packet_pipe.unpack_parameters(body)


def test_what_is_nested_too_deeply_is_refused() -> None:
    for unpack in (packet_pipe.unpack_parameters, packet_pipe.unpack_failure):
        with pytest.raises(FormatError, match="can't be read"):
            unpack(b"[" * 100_000)


@pytest.mark.parametrize("kind", [0, 2])
def test_only_pictures_may_be_large(kind: int) -> None:
    with pytest.raises(FormatError, match=r"262145 bytes, expected kinds 0\.\.2 and 262144 bytes"):
        packet_pipe.unpack_header(HEADER.pack(kind, 0, packet_pipe.MAX_JSON_BYTES + 1, 0, 0))
