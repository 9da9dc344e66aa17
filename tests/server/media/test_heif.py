"""Which tiles make the picture of a HEIC file. That they look right is seen in test_darkroom.py."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.media import heif
from server.media.heif import HeifBroken, HeifUnsupported
from tests.vectors.photos import make, picture

PHONE = picture("phone.heic")


@pytest.mark.parametrize("name", ["libheif_grid.heic", "phone.heic"])
def test_a_grid_is_read_with_its_tiles_row_by_row(name: str) -> None:
    read = heif.read(picture(name))
    assert (read.width, read.height, read.columns, len(read.tiles)) == (640, 480, 3, 6)
    assert all(tile.configuration[0] == 1 for tile in read.tiles)
    for tile in read.tiles:
        # Lengths and NAL units, to the end.
        at = 0
        while at < len(tile.data):
            at += 4 + int.from_bytes(tile.data[at : at + 4])
        assert at == len(tile.data)


def test_a_single_picture_is_one_tile() -> None:
    read = heif.read(picture("libheif_cut.heic"))
    assert (read.columns, len(read.tiles)) == (1, 1)
    assert [kind for kind, _ in read.transforms] == [b"clap"]


def test_transforms_keep_their_order() -> None:
    assert heif.read(picture("mirrored.heic")).transforms == ((b"imir", b"\1"), (b"irot", b"\3"))


def test_a_heif_is_known_by_any_of_its_brands() -> None:
    assert heif.is_heif(b"\0\0\0\x18ftypisom\0\0\0\0isomheic")
    assert not heif.is_heif(b"\0\0\0\x18ftypisom\0\0\0\0isommp42")
    assert not heif.is_heif(b"\0\0\0\x14ftypisom\0\0\0\0isom" + b"heic")
    assert not heif.is_heif(b"")


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (PHONE.replace(b"pitm", b"xxxx"), "ispe"),
        (PHONE.replace(b"dimg", b"xxxx"), "0 tiles"),
        (PHONE.replace(b"iloc", b"xxxx"), "nowhere"),
        (PHONE.replace(b"hvcC", b"xxxx"), "no hvcC"),
        (PHONE.replace(b"ispe", b"xxxx").replace(b"grid", b"hvc1"), "no ispe"),
        (PHONE.replace(b"mdat", b"mda"), "."),
        (make.box(b"ftyp", b"heic\0\0\0\0") + struct.pack("!I", 4) + b"free", "smaller than its head"),
        (make.box(b"ftyp", b"heic\0\0\0\0"), "meta box has 0 bytes"),
        (make.box(b"ftyp", b"heic\0\0\0\0") + make.box(b"meta", bytes(2**20 + 1)), "meta box has 1048577 bytes"),
        (make.box(b"free") * 2000 + PHONE, "meta box has 0 bytes"),
    ],
)
def test_what_does_not_hold_together_says_where(data: bytes, why: str) -> None:
    with pytest.raises(HeifBroken, match=why):
        heif.read(data)


def test_tiles_that_are_all_the_whole_file_are_not_taken() -> None:
    # A megabyte behind the end, and no item says how long it is.
    at = PHONE.index(b"iloc") + 12
    places = b"".join(struct.pack("!HHHHII", item, 0, 0, 1, 0, 0) for item in range(1, 7))
    data = PHONE[:at] + places + PHONE[at + len(places) :] + make.box(b"free", bytes(2**20))
    with pytest.raises(HeifBroken, match="again and again"):
        heif.read(data)


def test_a_picture_coded_in_another_way_says_in_which() -> None:
    with pytest.raises(HeifUnsupported, match="av01"):
        heif.read(PHONE.replace(b"hvc1", b"av01"))


def test_a_file_that_is_cut_off_is_never_taken_for_whole() -> None:
    for length in range(0, len(PHONE), 7):
        with pytest.raises((HeifBroken, HeifUnsupported)):
            heif.read(PHONE[:length])


@given(st.integers(0, len(PHONE)), st.binary(max_size=8))
def test_whatever_comes_there_is_a_picture_or_one_of_our_errors(at: int, change: bytes) -> None:
    try:
        read = heif.read(PHONE[:at] + change + PHONE[at + len(change) :])
    except (HeifBroken, HeifUnsupported):
        return
    assert len(read.tiles) <= 1024
