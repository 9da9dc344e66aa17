"""JPEG over RTP, against the decoder of a stranger."""

import cv2
import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.errors import FormatError
from streams.formats import jpeg
from streams.formats.jpeg_tables import quantisation
from streams.formats.rtp import Depacketiser
from streams.formats.rtp_jpeg import Unpacker, pack
from streams.formats.rtp_packetiser import Packetiser

TYPE = 26


def picture(
    width: int = 64, height: int = 48, *, quality: int = 75, sampling: int = 0x221111, restart: int = 0
) -> bytes:
    ramp = numpy.add.outer(numpy.arange(height), numpy.arange(width)) % 256
    pixels = numpy.stack([ramp, ramp[::-1], 255 - ramp], axis=-1).astype(numpy.uint8)
    options = [
        *(cv2.IMWRITE_JPEG_QUALITY, quality),
        *(cv2.IMWRITE_JPEG_SAMPLING_FACTOR, sampling),
        *(cv2.IMWRITE_JPEG_RST_INTERVAL, restart),
    ]
    return bytes(cv2.imencode(".jpg", pixels, options)[1])


def pixels(data: bytes) -> bytes:
    decoded = cv2.imdecode(numpy.frombuffer(data, numpy.uint8), cv2.IMREAD_COLOR)
    assert decoded is not None
    return bytes(decoded.tobytes())


def scan(data: bytes) -> bytes:
    """What stands behind the tables."""
    begin = data.index(b"\xff\xda")
    return data[begin + 2 + int.from_bytes(data[begin + 2 : begin + 4]) :]


@pytest.mark.parametrize("sampling", [0x221111, 0x211111], ids=["4:2:0", "4:2:2"])
@pytest.mark.parametrize("restart", [0, 2])
@pytest.mark.parametrize("max_bytes", [200, 1400, 60_000])
def test_a_picture_comes_out_as_it_went_in(sampling: int, restart: int, max_bytes: int) -> None:
    sent = picture(320, 240, sampling=sampling, restart=restart)
    packetiser = Packetiser(pack, payload_type=TYPE, ssrc=1, max_packet_bytes=max_bytes)
    depacketiser = Depacketiser(TYPE, Unpacker())
    (came,) = [one for packet in packetiser.packets([sent], 90) for one in depacketiser.push(packet, 1.0)]
    (nal,) = came.nals
    assert came.is_key
    assert jpeg.size(nal) == (320, 240)
    assert pixels(nal) == pixels(sent)


@pytest.mark.parametrize("quality", [1, 30, 50, 80, 99])
def test_the_tables_of_a_quality_are_those_that_everybody_has(quality: int) -> None:
    sent = picture(quality=quality)
    payload = bytes((0, 0, 0, 0, 1, quality, 8, 6)) + scan(sent)
    unpacker = Unpacker()
    unpacker.push(payload)
    (nal,) = unpacker.end()
    assert pixels(nal) == pixels(sent)


@pytest.mark.parametrize("quality", [0, 100, 127])
def test_there_are_no_tables_of_other_qualities(quality: int) -> None:
    assert quantisation(quality) == b""
    unpacker = Unpacker()
    unpacker.push(bytes((0, 0, 0, 0, 1, quality, 8, 6)) + b"data")
    assert (unpacker.end(), unpacker.orphans) == ([], 1)


def test_tables_that_were_sent_once_hold_for_their_quality() -> None:
    sent = picture(quality=42)
    tables = quantisation(42)
    unpacker = Unpacker()
    head = bytes((0, 0, 0, 0, 1, 200, 8, 6))
    unpacker.push(head + bytes((0, 0, 0, 128)) + tables + scan(sent))
    assert pixels(unpacker.end()[0]) == pixels(sent)
    unpacker.push(head + bytes(4) + scan(sent))
    assert pixels(unpacker.end()[0]) == pixels(sent)
    unpacker.push(bytes((0, 0, 0, 0, 1, 201, 8, 6)) + bytes(4) + scan(sent))
    assert unpacker.end() == []


def test_a_picture_larger_than_the_header_can_say_has_the_size_of_the_description() -> None:
    sent = picture(2560, 48, quality=50)
    unpacker = Unpacker((2560, 48))
    unpacker.push(bytes((0, 0, 0, 0, 1, 50, 0, 6)) + scan(sent))
    (nal,) = unpacker.end()
    assert jpeg.size(nal) == (2560, 48)
    assert pixels(nal) == pixels(sent)


def test_of_a_picture_that_lost_a_packet_nothing_is_given_and_the_next_one_is_whole() -> None:
    sent = picture(320, 240)
    packetiser = Packetiser(pack, payload_type=TYPE, ssrc=1, max_packet_bytes=600)
    depacketiser = Depacketiser(TYPE, Unpacker())
    came = []
    for number in range(20):
        packets = packetiser.packets([sent], 3600 * number)
        del packets[2 if number == 15 else len(packets) :]
        came += [one.timestamp for packet in packets for one in depacketiser.push(packet, 1.0)]
    assert came == [3600 * number for number in range(20) if number != 15]


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        bytes(8),
        bytes((0, 0, 0, 0, 2, 50, 8, 6)) + b"data",  # a sampling that nobody has defined
        bytes((0, 0, 0, 0, 130, 50, 8, 6)) + b"data",
        bytes((0, 0, 0, 0, 1, 50, 0, 0)) + b"data",  # no size anywhere
        bytes((0, 0, 0, 0, 1, 255, 8, 6)) + bytes(4),
        bytes((0, 0, 0, 0, 1, 255, 8, 6)) + bytes((0, 0, 0, 128)) + bytes(20),
        bytes((0, 0, 0, 0, 1, 255, 8, 6)) + bytes((0, 1, 1, 0)) + bytes(300),  # tables of 16 bits
        bytes((0, 0, 0, 0, 65, 50, 8, 6)) + b"d",
        bytes((0, 0, 0, 9, 1, 50, 8, 6)) + b"data",  # the middle of nothing
    ],
)
def test_what_is_no_picture_is_none(payload: bytes) -> None:
    unpacker = Unpacker()
    assert list(unpacker.push(payload)) == []
    assert unpacker.end() == []
    with pytest.raises(FormatError):
        jpeg.size(b"")


@given(st.lists(st.binary(max_size=80) | st.binary(max_size=80).map(lambda data: bytes(4) + data), max_size=8))
def test_nothing_that_a_stranger_sends_makes_it_fail(payloads: list[bytes]) -> None:
    unpacker = Unpacker()
    for payload in payloads:
        for nal in (*unpacker.push(payload), *unpacker.end()):
            assert nal.startswith(b"\xff\xd8")
            assert all(jpeg.size(nal))
