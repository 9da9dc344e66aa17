import struct
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.errors import FormatError
from streams.formats.rtp import MAX_PICTURE_BYTES, Depacketiser
from streams.formats.rtp_h265 import Unpacker, pack
from streams.formats.rtp_packetiser import Packetiser

VPS, SPS, PPS = b"\x40\x01vps", b"\x42\x01sps", b"\x44\x01pps"
SLICE = b"\x26\x01" + bytes(range(250))
"""IDR_W_RADL"""
IDR = b"\x26\x01\xaf" + b"i" * 30
IDR_2 = b"\x26\x01\x2f" + b"j" * 30
CRA = b"\x2a\x01\xaf" + b"c" * 30
RASL = b"\x12\x01\xd0" + b"r" * 30
TRAIL = b"\x02\x01\xd0" + b"t" * 30
TRAIL_2 = b"\x02\x01\x50" + b"u" * 30
"""The first bit behind the header tells whether it is the first slice of its picture."""


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
    assert [part for nal in unpacker.push(payload) for part in unpacker.parts(nal)] == []
    assert unpacker.push(SLICE) == [SLICE]


def test_an_aggregate_that_is_cut_off_gives_what_is_whole() -> None:
    assert Unpacker().push(aggregate(VPS, SPS)[:-5]) == [VPS]


# Pictures


class Camera:
    """Packets by hand, so that some can be lost."""

    def __init__(self) -> None:
        self.depacketiser = Depacketiser(96, Unpacker())
        self._packetiser = Packetiser(pack, payload_type=96, ssrc=7, max_packet_bytes=12 + 20)
        self._timestamp = 0

    def packets(self, *nals: bytes) -> list[bytes]:
        """Of the next picture."""
        self._timestamp += 3600
        return self._packetiser.packets(nals, self._timestamp)

    def take(self, packets: Iterable[bytes]) -> list[list[bytes]]:
        return [picture.nals for packet in packets for picture in self.depacketiser.push(packet, 1.0)]

    def show(self, *nals: bytes) -> list[list[bytes]]:
        return self.take(self.packets(*nals))

    def settle(self) -> None:
        """Until its numbers are trusted."""
        for _ in range(20):
            assert self.show(IDR)


def test_a_picture_of_several_slices_is_one() -> None:
    camera = Camera()
    assert camera.show(VPS, SPS, PPS, IDR, IDR_2, IDR_2) == [[VPS, SPS, PPS, IDR, IDR_2, IDR_2]]
    assert camera.show(TRAIL, TRAIL_2) == [[TRAIL, TRAIL_2]]


def test_markers_on_each_slice_are_no_longer_believed() -> None:
    camera = Camera()
    packetiser = Packetiser(pack, payload_type=96, ssrc=7)
    packets = []
    for stamp in range(1, 5):
        for nal in (IDR, IDR_2) if stamp == 3 else (TRAIL, TRAIL_2):
            packets += packetiser.packets([nal], stamp)
    packets += packetiser.packets([TRAIL], 9)
    # The first picture was cut; then nothing before a key frame.
    assert camera.take(packets) == [[TRAIL], [IDR, IDR_2], [TRAIL, TRAIL_2]]


@pytest.mark.parametrize("code", [b"\0\0\1", b"\0\0\0\1"])
def test_units_glued_with_start_codes_are_taken_apart(code: bytes) -> None:
    for glued in (code.join((VPS, SPS, PPS, IDR)), code + code.join((VPS, SPS, PPS, IDR))):
        camera = Camera()
        packets = Packetiser(pack, payload_type=96, ssrc=7).packets([glued], 5)
        assert camera.take(packets) == [[VPS, SPS, PPS, IDR]]


@pytest.mark.parametrize("key", [IDR, CRA])
def test_after_a_loss_nothing_comes_before_a_key_frame(key: bytes) -> None:
    camera = Camera()
    camera.settle()
    del (packets := camera.packets(TRAIL, TRAIL))[1]
    assert camera.take(packets) == []
    assert camera.show(TRAIL) == []
    assert camera.show(key) == [[key]]
    assert camera.show(TRAIL) == [[TRAIL]]


def test_what_looks_back_behind_the_key_frame_after_a_loss_is_left_out() -> None:
    camera = Camera()
    camera.settle()
    assert camera.show(CRA) == [[CRA]]
    assert camera.show(RASL) == [[RASL]], "nothing was lost"
    del (packets := camera.packets(TRAIL, TRAIL))[1]
    camera.take(packets)
    assert camera.show(CRA) == [[CRA]]
    assert camera.show(RASL) == []
    assert camera.show(TRAIL) == [[TRAIL]]
    assert camera.show(CRA) == [[CRA]]
    assert camera.show(RASL) == [[RASL]]
    assert camera.depacketiser.dropped == 2


def test_a_key_frame_that_lost_a_piece_is_dropped_too() -> None:
    camera = Camera()
    camera.settle()
    for missing in (0, 1):
        packets = camera.packets(IDR)
        assert len(packets) == 2
        del packets[missing]
        assert camera.take(packets) == []
        # What lost its end is known to have lost it by the next one.
        camera.show(TRAIL)
        assert camera.show(IDR) == [[IDR]]


def test_a_key_frame_right_after_the_loss_is_whole() -> None:
    for first in (IDR, VPS, CRA):
        camera = Camera()
        camera.settle()
        camera.packets(TRAIL)
        assert camera.show(first, IDR_2) == [[first, IDR_2]]


@pytest.mark.parametrize("payload", [VPS, b"\x62\x01\x93" + bytes(2000), b"\x62\x01\x13" + bytes(2000)])
def test_what_never_becomes_a_picture_is_bounded(payload: bytes) -> None:
    depacketiser = Depacketiser(96, Unpacker())
    depacketiser.push(struct.pack(">BBHII", 0x80, 96, 0, 5, 7) + b"\x62\x01\x93abc", 1.0)

    def flood() -> None:
        for number in range(1, MAX_PICTURE_BYTES // 64):
            depacketiser.push(struct.pack(">BBHII", 0x80, 96, number & 0xFFFF, 5, 7) + payload, 1.0)

    with pytest.raises(FormatError, match="a picture of more than 8388608 bytes"):
        flood()
    assert sum(map(len, depacketiser._unpacker.fragments)) <= MAX_PICTURE_BYTES


def test_units_of_one_picture_are_bounded_however_few_packets_bring_them() -> None:
    many = b"\x60\x01" + b"\0\3\x4e\1\6" * 13_000
    glued = [b"\x62\x01\xa7", *[b"\x62\x01\x27"] * 3, b"\x62\x01\x67"]
    for payloads in ([many], [head + b"\0\0\1\x4e\1\6" * 10_000 for head in glued]):
        packets = [struct.pack(">BBHII", 0x80, 96, n, 5, 7) + payload for n, payload in enumerate(payloads * 3)]
        with pytest.raises(FormatError, match="a picture of more than"):
            Camera().take(packets)


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
        nals = unpacker.push(payload)
        assert all(len(part) > 2 for nal in nals for part in unpacker.parts(nal))
        unpacker.begins_picture(payload)
    assert unpacker.push(b"\x26\x01\0\0x")[-1][:2] == b"\x26\x01"
