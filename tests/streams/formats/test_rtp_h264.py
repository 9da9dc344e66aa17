import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.formats.rtp_h264 import Unpacker, pack

SPS, PPS = bytes.fromhex("674d001e95a82d0f69b808080810"), bytes.fromhex("68ee3c80")
IDR = b"\x65\x88" + bytes(range(250))


def fragment(flags: int, data: bytes, kind: int = 5) -> bytes:
    return bytes((0x7C, flags | kind)) + data


def test_single_units_aggregates_and_fragments_become_nal_units() -> None:
    unpacker = Unpacker()
    aggregate = b"\x78" + b"".join(struct.pack(">H", len(nal)) + nal for nal in (SPS, PPS))
    assert unpacker.push(IDR) == [IDR]
    assert unpacker.push(aggregate) == [SPS, PPS]
    assert unpacker.push(fragment(0x80, IDR[1:100])) == []
    assert unpacker.push(fragment(0, IDR[100:200])) == []
    assert unpacker.push(fragment(0x40, IDR[200:])) == [IDR]
    assert unpacker.orphans == 0


def test_only_a_fragment_that_neither_begins_nor_ends_is_taken_as_a_whole_packet() -> None:
    unpacker = Unpacker()
    unpacker.push(fragment(0x80, b"\x88a"))
    header = bytes(12)
    assert unpacker.extend(header + fragment(0, b"b"))
    for other in (IDR, fragment(0x80, b"c"), fragment(0x40, b"c"), b"\x7c"):
        assert not unpacker.extend(header + other)
    assert unpacker.end() == [b"\x65\x88ab"]


def test_after_a_loss_what_had_begun_is_forgotten() -> None:
    unpacker = Unpacker()
    unpacker.push(fragment(0x80, IDR[1:]))
    unpacker.lose()
    assert unpacker.push(fragment(0x40, b"x")) == []
    assert unpacker.orphans == 1
    assert unpacker.end() == []


@pytest.mark.parametrize(
    ("payload", "begins"),
    [
        (IDR, True),
        (b"\x65\x08", False),
        (b"\x41\x9a", True),
        (SPS, True),
        (b"\x78\0\1\x65", True),
        (fragment(0x80, b"\x88"), True),
        (fragment(0x80, b"\x08"), False),
        (fragment(0, b"\x88"), False),
        (b"\x7c\x85", False),
        (b"\x01", False),
    ],
)
def test_what_can_begin_a_picture_is_told(payload: bytes, begins: bool) -> None:
    assert Unpacker().begins_picture(payload) is begins


nal_units = st.tuples(st.integers(1, 23), st.binary(max_size=300)).map(lambda made: bytes((0x60 | made[0],)) + made[1])


@given(st.lists(nal_units, max_size=8), st.integers(3, 100))
def test_payloads_are_read_back(nals: list[bytes], max_bytes: int) -> None:
    unpacker = Unpacker()
    payloads = pack(nals, max_bytes)
    assert all(len(payload) <= max_bytes for payload in payloads)
    assert [nal for payload in payloads for nal in unpacker.push(payload)] + unpacker.end() == nals


@given(st.lists(st.binary(min_size=1, max_size=40)))
def test_any_bytes_do_no_harm(payloads: list[bytes]) -> None:
    unpacker = Unpacker()
    for payload in payloads:
        assert all(part for nal in unpacker.push(payload) if nal for part in unpacker.parts(nal))
        unpacker.begins_picture(payload)
    assert unpacker.push(IDR)[-1] == IDR
