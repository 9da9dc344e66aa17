import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.formats.rtp_h265 import Unpacker, pack

VPS, SPS, PPS = b"\x40\x01vps", b"\x42\x01sps", b"\x44\x01pps"
SLICE = b"\x26\x01" + bytes(range(250))
"""IDR_W_RADL"""


def aggregate(*nals: bytes, first: bytes = b"", others: bytes = b"") -> bytes:
    parts = [struct.pack(">H", len(nal)) + nal for nal in nals]
    return b"\x60\x01" + first + others.join(parts)


def fragment(flags: int, data: bytes, kind: int = 19) -> bytes:
    return bytes((0x62, 0x01, flags | kind)) + data


def test_single_units_aggregates_and_fragments_become_nal_units() -> None:
    unpacker = Unpacker()
    assert unpacker.push(SLICE) == [SLICE]
    assert unpacker.push(aggregate(VPS, SPS, PPS)) == [VPS, SPS, PPS]
    assert unpacker.push(fragment(0x80, SLICE[2:100])) == []
    assert unpacker.push(fragment(0, SLICE[100:200])) == []
    assert unpacker.push(fragment(0x40, SLICE[200:])) == [SLICE]
    assert unpacker.orphans == 0


def test_order_numbers_are_skipped_where_the_description_announces_them() -> None:
    unpacker = Unpacker(has_order_numbers=True)
    assert unpacker.push(SLICE[:2] + b"\x12\x34" + SLICE[2:]) == [SLICE]
    assert unpacker.push(aggregate(VPS, SPS, PPS, first=b"\x12\x34", others=b"\x00")) == [VPS, SPS, PPS]
    assert unpacker.push(fragment(0x80, b"\x12\x34" + SLICE[2:100])) == []
    assert unpacker.push(fragment(0x40, SLICE[100:])) == [SLICE]


def test_layer_and_temporal_id_of_a_fragmented_unit_are_kept() -> None:
    nal = b"\x03\x0a" + bytes(50)  # type 1, layer 33, temporal id 1
    unpacker = Unpacker()
    assert [part for payload in pack([nal], 20) for part in unpacker.push(payload)] == [nal]


def test_the_type_of_the_first_fragment_holds() -> None:
    unpacker = Unpacker()
    assert unpacker.push(fragment(0x80, SLICE[2:100])) == []
    assert unpacker.push(fragment(0x40, SLICE[100:], kind=1)) == [SLICE]


def test_a_unit_whose_end_is_not_marked_ends_with_the_next_or_with_the_picture() -> None:
    for following, more in ((PPS, [PPS]), (aggregate(VPS, SPS), [VPS, SPS]), (fragment(0xC0, b"x"), [b"\x26\x01x"])):
        unpacker = Unpacker()
        unpacker.push(fragment(0x80, SLICE[2:]))
        assert unpacker.push(following) == [SLICE, *more]
    unpacker = Unpacker()
    unpacker.push(fragment(0x80, SLICE[2:]))
    assert unpacker.end() == [SLICE]
    assert unpacker.end() == []


def test_after_a_loss_what_had_begun_is_forgotten() -> None:
    unpacker = Unpacker()
    unpacker.push(fragment(0x80, SLICE[2:100]))
    unpacker.lose()
    assert unpacker.push(fragment(0, SLICE[100:200])) == []
    assert unpacker.push(fragment(0x40, SLICE[200:])) == []
    assert unpacker.orphans == 2
    assert unpacker.push(SLICE) == [SLICE]


@pytest.mark.parametrize(
    "payload", [b"", b"\x26", b"\x26\x01", b"\x62\x01", b"\x62\x01\x80", b"\x60\x01\x00", b"\x64\x01paci", b"\x7e\x01x"]
)
def test_what_is_too_short_or_unknown_is_ignored(payload: bytes) -> None:
    unpacker = Unpacker()
    assert unpacker.push(payload) == []
    assert unpacker.push(SLICE) == [SLICE]


def test_an_aggregate_that_is_cut_off_gives_what_is_whole() -> None:
    assert Unpacker().push(aggregate(VPS, SPS)[:-5]) == [VPS]


nal_units = st.tuples(st.integers(0, 47), st.binary(min_size=1, max_size=300)).map(
    lambda made: bytes((made[0] << 1, 1)) + made[1]
)


@given(st.lists(nal_units, max_size=8), st.integers(4, 100))
def test_payloads_are_read_back(nals: list[bytes], max_bytes: int) -> None:
    unpacker = Unpacker()
    payloads = pack(nals, max_bytes)
    assert all(len(payload) <= max_bytes for payload in payloads)
    assert [nal for payload in payloads for nal in unpacker.push(payload)] + unpacker.end() == nals


@given(st.lists(st.binary(max_size=40)), st.booleans())
def test_any_bytes_do_no_harm(payloads: list[bytes], has_order_numbers: bool) -> None:
    unpacker = Unpacker(has_order_numbers=has_order_numbers)
    for payload in payloads:
        assert all(len(nal) > 2 for nal in unpacker.push(payload))
    assert unpacker.push(b"\x26\x01\0\0x")[-1][:2] == b"\x26\x01"
