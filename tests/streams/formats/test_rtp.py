import struct
from collections.abc import Iterable, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.errors import FormatError
from streams.formats.h264 import is_key
from streams.formats.rtp import MAX_PICTURE_BYTES, Depacketiser, Picture
from streams.formats.rtp_h264 import Unpacker, pack
from streams.formats.rtp_packetiser import Packetiser

SPS = bytes.fromhex("674d001e95a82d0f69b808080810")
PPS = bytes.fromhex("68ee3c80")
SEI = bytes.fromhex("0605010080")
AUD = bytes.fromhex("09f0")
# The first bit of a slice header tells whether it is the first slice of its picture.
IDR = b"\x65\x88" + b"i" * 30
IDR_2 = b"\x65\x08" + b"j" * 30
SLICE = b"\x41\x9a" + b"p" * 30
SLICE_2 = b"\x41\x1a" + b"q" * 30


def whole(nals: list[bytes], timestamp: int, arrived_at: float) -> Picture:
    return Picture(nals, timestamp, arrived_at, any(map(is_key, nals)))


class Camera:
    """Makes packets by hand, so that they can be wrong."""

    def __init__(self, sequence: int = 65_500) -> None:
        self.sequence = sequence

    def packet(self, payload: bytes, timestamp: int, *, marker: bool = False, kind: int = 96) -> bytes:
        header = struct.pack(">BBHII", 0x80, kind | marker << 7, self.sequence & 0xFFFF, timestamp, 7)
        self.sequence += 1
        return header + payload


def push_all(depacketiser: Depacketiser, packets: Iterable[bytes]) -> list[Picture]:
    return [picture for packet in packets for picture in depacketiser.push(packet, 1.0)]


def nals(pictures: Iterable[Picture]) -> list[list[bytes]]:
    return [picture.nals for picture in pictures]


def in_order(camera: Camera, count: int = 40) -> list[bytes]:
    """Pictures enough for the sequence numbers to be trusted, ending at timestamp 0."""
    return [camera.packet(IDR, 2**32 - count + n, marker=True) for n in range(count)]


def test_a_picture_comes_with_its_marker() -> None:
    camera, depacketiser = Camera(), Depacketiser(96, Unpacker())
    assert depacketiser.push(camera.packet(SPS, 5), 1.0) == []
    assert depacketiser.push(camera.packet(PPS, 5), 1.1) == []
    assert depacketiser.push(camera.packet(IDR, 5, marker=True), 1.2) == [whole([SPS, PPS, IDR], 5, 1.2)]
    assert depacketiser.push(camera.packet(SLICE, 3605, marker=True), 1.3) == [whole([SLICE], 3605, 1.3)]
    assert depacketiser.seen == 2


@pytest.mark.parametrize("late", [[SEI], [SPS, PPS], [AUD, SEI]])
def test_a_marker_on_what_is_no_picture_does_not_end_one(late: list[bytes]) -> None:
    camera = Camera()
    packets = [camera.packet(nal, 5, marker=True) for nal in late] + [camera.packet(IDR, 5, marker=True)]
    assert nals(push_all(Depacketiser(96, Unpacker()), packets)) == [[*late, IDR]]


def test_parameter_sets_with_a_timestamp_of_their_own_go_to_the_next_picture() -> None:
    camera = Camera()
    packets = [
        camera.packet(SPS, 4, marker=True),
        camera.packet(PPS, 4, marker=True),
        camera.packet(IDR, 5, marker=True),
    ]
    assert nals(push_all(Depacketiser(96, Unpacker()), packets)) == [[SPS, PPS, IDR]]


def test_without_markers_a_new_timestamp_ends_a_picture() -> None:
    camera, depacketiser = Camera(), Depacketiser(96, Unpacker())
    assert depacketiser.push(camera.packet(IDR, 5), 1.0) == []
    assert depacketiser.push(camera.packet(IDR_2, 5), 1.1) == []
    # The picture had arrived with its last packet, not with the one that shows that it was the last.
    assert depacketiser.push(camera.packet(SLICE, 6), 2.0) == [whole([IDR, IDR_2], 5, 1.1)]
    assert depacketiser.push(camera.packet(SLICE, 7), 3.0) == [whole([SLICE], 6, 2.0)]


def test_one_packet_can_complete_two_pictures() -> None:
    camera = Camera()
    first, second = camera.packet(IDR, 5), camera.packet(SLICE, 6, marker=True)
    assert nals(push_all(Depacketiser(96, Unpacker()), [first, second])) == [[IDR], [SLICE]]


def test_a_picture_of_several_slices_is_one() -> None:
    camera = Camera()
    packets = [camera.packet(IDR, 5), camera.packet(IDR_2, 5), camera.packet(IDR_2, 5, marker=True)]
    assert nals(push_all(Depacketiser(96, Unpacker()), packets)) == [[IDR, IDR_2, IDR_2]]


def test_markers_on_each_slice_are_no_longer_believed() -> None:
    camera, depacketiser = Camera(), Depacketiser(96, Unpacker())
    packets = []
    for stamp in range(4):
        first, second = (IDR, IDR_2) if stamp == 2 else (SLICE, SLICE_2)
        packets += [camera.packet(first, stamp, marker=True), camera.packet(second, stamp, marker=True)]
    packets.append(camera.packet(SLICE, 9))
    # The first picture was cut; then nothing before a key frame.
    assert nals(push_all(depacketiser, packets)) == [[SLICE], [IDR, IDR_2], [SLICE, SLICE_2]]


def test_a_piece_in_the_middle_is_taken_as_carefully_as_the_others() -> None:
    first, second, third, last = fragments(IDR, 8)
    camera, depacketiser = Camera(), Depacketiser(96, Unpacker())
    # Padding is taken away,
    depacketiser.push(camera.packet(first, 5), 1.0)
    padded = camera.packet(second + b"\0\0\3", 5)
    depacketiser.push(bytes((0xA0,)) + padded[1:], 1.1)
    depacketiser.push(camera.packet(third, 5), 1.2)
    assert depacketiser.push(camera.packet(last, 5, marker=True), 1.3) == [whole([IDR], 5, 1.3)]
    # the picture has arrived with it when it was the last one,
    depacketiser.push(camera.packet(first, 6), 2.0)
    depacketiser.push(camera.packet(second, 6), 2.1)
    (cut,) = depacketiser.push(camera.packet(third, 7), 2.2)
    assert (cut.timestamp, cut.arrived_at) == (6, 2.1)
    # and one with another timestamp belongs to none before it.
    assert cut.nals == [IDR[:17]]


def test_aggregates_are_taken_apart() -> None:
    aggregate = b"\x78" + b"".join(struct.pack(">H", len(nal)) + nal for nal in (SPS, b"", PPS, IDR))
    camera = Camera()
    assert nals(push_all(Depacketiser(96, Unpacker()), [camera.packet(aggregate, 5, marker=True)])) == [[SPS, PPS, IDR]]
    # A length beyond the end, and half a length.
    for broken in (b"\x78\x00\xff" + IDR, b"\x78\x00"):
        push_all(Depacketiser(96, Unpacker()), [camera.packet(broken, 6, marker=True)])


def fragments(nal: bytes, size: int, kinds: Sequence[int] = ()) -> list[bytes]:
    pieces = [nal[at : at + size] for at in range(1, len(nal), size)]
    made = []
    for index, piece in enumerate(pieces):
        flags = (0x80 if index == 0 else 0) | (0x40 if index == len(pieces) - 1 else 0)
        kind = kinds[index % len(kinds)] if kinds and index else nal[0] & 0x1F
        made.append(bytes((nal[0] & 0xE0 | 28, flags | kind)) + piece)
    return made


@pytest.mark.parametrize("size", [1, 5, 30, 100])
def test_fragments_are_put_together(size: int) -> None:
    camera = Camera()
    pieces = fragments(IDR, size)
    packets = [camera.packet(piece, 5, marker=piece is pieces[-1]) for piece in pieces]
    assert nals(push_all(Depacketiser(96, Unpacker()), packets)) == [[IDR]]


def test_the_type_of_the_first_fragment_holds_and_empty_ones_are_skipped() -> None:
    camera = Camera()
    first, *others = fragments(IDR, 10, kinds=(1, 0, 7))
    packets = [camera.packet(piece, 5) for piece in (first, b"\x7c\x05", *others)]
    packets.append(camera.packet(SLICE, 6))
    assert nals(push_all(Depacketiser(96, Unpacker()), packets)) == [[IDR]]


def test_fragments_without_an_end_are_ended_by_what_follows() -> None:
    camera = Camera()
    endless = [bytes((piece[0], piece[1] & 0xBF)) + piece[2:] for piece in fragments(IDR, 10)]
    packets = [*(camera.packet(piece, 5) for piece in endless), camera.packet(IDR_2, 5, marker=True)]
    packets += [camera.packet(piece, 6, marker=piece is endless[-1]) for piece in endless]
    assert nals(push_all(Depacketiser(96, Unpacker()), packets)) == [[IDR, IDR_2], [IDR]]


@pytest.mark.parametrize("code", [b"\0\0\1", b"\0\0\0\1"])
def test_units_glued_with_start_codes_are_taken_apart(code: bytes) -> None:
    camera = Camera()
    for glued in (code.join((SPS, PPS, IDR)), code + code.join((SPS, PPS, IDR))):
        packets = [camera.packet(glued, 5, marker=True)]
        assert nals(push_all(Depacketiser(96, Unpacker()), packets)) == [[SPS, PPS, IDR]]
        packets = [camera.packet(piece, 6) for piece in fragments(glued, 20)] + [camera.packet(SLICE, 7)]
        if glued.startswith(SPS):
            assert nals(push_all(Depacketiser(96, Unpacker()), packets)) == [[SPS, PPS, IDR]]


def test_other_payload_types_and_what_is_no_rtp_are_ignored() -> None:
    camera, depacketiser = Camera(), Depacketiser(96, Unpacker())
    strange = [b"", b"\x80", bytes(12), bytes(40), camera.packet(IDR, 5, marker=True, kind=50)]
    assert push_all(depacketiser, [*strange, camera.packet(IDR, 5, marker=True)]) == [whole([IDR], 5, 1.0)]


def test_contributors_extension_and_padding_are_taken_away() -> None:
    plain = Camera().packet(b"", 5, marker=True)
    head = bytes((0x80 | 0x20 | 0x10 | 2,)) + plain[1:12] + bytes(8)
    extension = struct.pack(">HH", 0xBEDE, 1) + bytes(4)
    assert push_all(Depacketiser(96, Unpacker()), [head + extension + IDR + b"\0\0\3"]) == [whole([IDR], 5, 1.0)]
    for broken in (head, head + b"\xbe\xde\xff\xff" + IDR, head + extension + b"\xff"):
        assert push_all(Depacketiser(96, Unpacker()), [broken]) == []


def test_types_that_are_not_used_here_are_ignored() -> None:
    camera = Camera()
    packets = [camera.packet(bytes((kind,)) + b"xyz", 5, marker=True) for kind in (0, 25, 26, 27, 29, 30, 31)]
    assert push_all(Depacketiser(96, Unpacker()), packets) == []


def test_after_a_loss_nothing_comes_before_a_key_frame() -> None:
    camera, depacketiser = Camera(), Depacketiser(96, Unpacker())
    assert len(push_all(depacketiser, in_order(camera))) == 40
    camera.sequence += 1
    packets = [camera.packet(SLICE, n, marker=True) for n in range(3)]
    assert push_all(depacketiser, packets) == []
    assert depacketiser.dropped == 3
    packets = [camera.packet(IDR, 7, marker=True), camera.packet(SLICE, 8, marker=True)]
    assert nals(push_all(depacketiser, packets)) == [[IDR], [SLICE]]
    assert depacketiser.seen == 45


def test_a_key_frame_that_lost_a_piece_is_dropped_too() -> None:
    camera, depacketiser = Camera(), Depacketiser(96, Unpacker())
    push_all(depacketiser, in_order(camera))
    pieces = [camera.packet(piece, 5, marker=index == 3) for index, piece in enumerate(fragments(IDR, 8))]
    assert push_all(depacketiser, [pieces[0], *pieces[2:]]) == []
    pieces = [camera.packet(piece, 6, marker=index == 3) for index, piece in enumerate(fragments(IDR, 8))]
    assert nals(push_all(depacketiser, pieces)) == [[IDR]]
    # The beginning lost.
    pieces = [camera.packet(piece, 7, marker=index == 3) for index, piece in enumerate(fragments(IDR, 8))]
    assert push_all(depacketiser, pieces[1:]) == []
    # The end lost: what follows is whole.
    pieces = [camera.packet(piece, 8, marker=index == 3) for index, piece in enumerate(fragments(IDR, 8))]
    assert nals(push_all(depacketiser, [*pieces[:-1], camera.packet(IDR, 9, marker=True)])) == [[IDR]]


def test_a_key_frame_right_after_the_loss_is_whole() -> None:
    for first in (IDR, SPS, fragments(IDR, 100)[0]):
        camera, depacketiser = Camera(), Depacketiser(96, Unpacker())
        push_all(depacketiser, in_order(camera))
        camera.sequence += 5
        packets = [camera.packet(first, 5), camera.packet(IDR_2, 5, marker=True)]
        assert len(push_all(depacketiser, packets)) == 1


@pytest.mark.parametrize("step", [0, 2, -1])
def test_cameras_that_do_not_count_are_believed_nevertheless(step: int) -> None:
    camera, depacketiser = Camera(), Depacketiser(96, Unpacker())
    packets = []
    for stamp in range(50):
        for index, piece in enumerate(fragments(IDR, 8)):
            packets.append(camera.packet(piece, stamp, marker=index == 3))
            camera.sequence += step - 1
    assert nals(push_all(depacketiser, packets)) == [[IDR]] * 50


def test_a_camera_that_stops_counting_is_believed_after_a_while() -> None:
    camera, depacketiser = Camera(), Depacketiser(96, Unpacker())
    push_all(depacketiser, in_order(camera))
    packets = []
    for stamp in range(50):
        packets.append(camera.packet(IDR if stamp % 10 == 0 else SLICE, stamp, marker=True))
        camera.sequence += 1
    assert len(push_all(depacketiser, packets)) >= 40


def test_a_loss_seen_by_the_transport_counts() -> None:
    camera, depacketiser = Camera(), Depacketiser(96, Unpacker())
    push_all(depacketiser, [camera.packet(IDR, 5, marker=True), camera.packet(SLICE, 6)])
    depacketiser.lose()
    packets = [camera.packet(SLICE_2, 6, marker=True), camera.packet(SLICE, 7, marker=True)]
    assert push_all(depacketiser, packets) == []
    assert nals(push_all(depacketiser, [camera.packet(IDR, 8, marker=True)])) == [[IDR]]


def test_a_picture_without_end_is_refused() -> None:
    camera, depacketiser = Camera(), Depacketiser(96, Unpacker())
    start, middle = fragments(b"\x65" + bytes(60_000), 30_000)[0], b"\x7c\x05" + bytes(60_000)
    packets = [camera.packet(start, 5), *(camera.packet(middle, 5) for _ in range(MAX_PICTURE_BYTES // 60_000 + 1))]
    with pytest.raises(FormatError, match="a picture of more than 8388608 bytes"):
        push_all(depacketiser, packets)


@pytest.mark.parametrize("nal", [SEI, SPS, b"\x7c\x87" + bytes(2000)])
def test_what_never_becomes_a_picture_is_bounded_too(nal: bytes) -> None:
    camera, depacketiser = Camera(), Depacketiser(96, Unpacker())
    packet = camera.packet(nal, 0, marker=True)

    def flood() -> None:
        for stamp in range(MAX_PICTURE_BYTES // 64):
            depacketiser.push(packet[:4] + struct.pack(">I", stamp) + packet[8:], 1.0)

    with pytest.raises(FormatError, match="a picture of more than"):
        flood()


def test_packets_are_of_the_size_that_was_asked() -> None:
    packetiser = Packetiser(pack, payload_type=97, ssrc=0x01020304, sequence=0xFFFF, max_packet_bytes=100)
    packets = packetiser.packets([SPS, b"\x65" + bytes(200)], 2**32 + 3)
    assert [len(packet) for packet in packets] == [12 + len(SPS), 100, 100, 12 + 2 + 200 - 2 * 86]
    assert [packet[1] for packet in packets] == [97, 97, 97, 97 | 0x80]
    assert [struct.unpack_from(">H", packet, 2)[0] for packet in packets] == [0xFFFF, 0, 1, 2]
    assert {packet[4:12] for packet in packets} == {bytes.fromhex("00000003 01020304")}


VCL = st.builds(lambda kind, body: bytes((kind, 0x88)) + body, st.sampled_from([0x65, 0x41]), st.binary(max_size=400))
PICTURES = st.lists(st.tuples(st.lists(st.sampled_from([SPS, PPS, SEI])), VCL, st.lists(VCL, max_size=2)), max_size=6)


@given(PICTURES, st.integers(20, 200), st.integers(0, 65535))
def test_pictures_go_through_packets_unchanged(
    made: list[tuple[list[bytes], bytes, list[bytes]]], size: int, sequence: int
) -> None:
    packetiser = Packetiser(pack, payload_type=96, ssrc=1, sequence=sequence, max_packet_bytes=size)
    depacketiser = Depacketiser(96, Unpacker())
    for number, (before, first, others) in enumerate(made):
        sent = [*before, first, *others]
        pictures = push_all(depacketiser, packetiser.packets(sent, number * 3600))
        assert pictures == [whole(sent, number * 3600, 1.0)]


@settings(max_examples=200)
@given(st.lists(st.tuples(st.binary(max_size=40), st.booleans(), st.integers(0, 3), st.integers(0, 2)), max_size=40))
def test_any_packets_are_taken_without_an_error(packets: list[tuple[bytes, bool, int, int]]) -> None:
    camera, depacketiser = Camera(), Depacketiser(96, Unpacker())
    for payload, marker, timestamp, skipped in packets:
        camera.sequence += skipped
        for picture in (
            *depacketiser.push(camera.packet(payload, timestamp, marker=marker), 1.0),
            *depacketiser.push(payload, 1.0),
            *depacketiser.push(b"\x80\x60" + payload, 1.0),
            *depacketiser.push(b"\xbf\xe0" + payload, 1.0),
        ):
            assert all(picture.nals)


def test_units_of_one_picture_are_bounded_however_few_packets_bring_them() -> None:
    camera, depacketiser = Camera(), Depacketiser(96, Unpacker())
    aggregate = b"\x18" + b"\0\1\6" * 20_000
    with pytest.raises(FormatError, match="more than"):
        push_all(depacketiser, [camera.packet(aggregate, 5)])
    glued = [b"\x7c\x86", *[b"\x7c\x06"] * 3, b"\x7c\x46"]
    with pytest.raises(FormatError, match="more than"):
        push_all(Depacketiser(96, Unpacker()), [camera.packet(part + b"\0\0\1\6" * 12_000, 5) for part in glued])
