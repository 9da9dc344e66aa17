import pytest

from streams.errors import FormatError
from streams.formats import jpeg
from tests.streams.formats import jpegs

KINDS = {
    "baseline": jpegs.picture(),
    "progressive": jpegs.progressive(),
    "restarts": jpegs.with_restarts(),
    "thumbnail": jpegs.with_thumbnail(),
    "fill bytes": jpegs.picture().replace(b"\xff\xda", b"\xff\xff\xff\xda", 1),
}


@pytest.mark.parametrize("kind", KINDS)
def test_the_size_is_that_of_the_picture_itself(kind: str) -> None:
    assert jpeg.size(KINDS[kind]) == (64, 48)


@pytest.mark.parametrize("data", [b"", b"\xff\xd8", b"\xff\xd8\xff\xda\x00\x08", b"GIF89a......", jpegs.picture()[:20]])
def test_what_is_no_picture_has_no_size(data: bytes) -> None:
    with pytest.raises(FormatError, match="expected a JPEG picture"):
        jpeg.size(data)


def test_a_picture_of_no_size_is_refused() -> None:
    flat = jpegs.picture().replace((48).to_bytes(2, "big") + (64).to_bytes(2, "big"), b"\0\0\0\0", 1)

    with pytest.raises(FormatError, match="0x0"):
        jpeg.size(flat)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("step", [1, 7, 100_000])
def test_the_end_is_found_in_pieces_of_any_size(kind: str, step: int) -> None:
    whole = b"junk" + KINDS[kind] + b"\r\n--more\xff\xd9"
    scanner = jpeg.Scanner(4)
    grown = bytearray()
    found = None
    for begin in range(0, len(whole), step):
        grown += whole[begin : begin + step]
        found = scanner.find_end(grown)
        if found is not None:
            break

    assert found == 4 + len(KINDS[kind])


def test_another_picture_before_the_end_is_an_error() -> None:
    cut = KINDS["baseline"][:-100]

    with pytest.raises(FormatError, match="breaks off"):
        jpeg.Scanner(0).find_end(cut + b"\r\n--b\r\n\r\n" + KINDS["baseline"])


def test_something_else_than_a_marker_is_an_error() -> None:
    with pytest.raises(FormatError, match="expected a JPEG marker, got 41 42"):
        jpeg.Scanner(0).find_end(b"\xff\xd8\xff\xe0\x00\x02AB")


def test_a_picture_of_nothing_but_markers_is_an_error() -> None:
    endless = b"\xff\xd8" + b"\xff\xe0\0\2" * 20_000
    with pytest.raises(FormatError, match="more than 10000 markers"):
        jpeg.Scanner(0).find_end(endless)
    with pytest.raises(FormatError, match="without a frame header"):
        jpeg.size(endless + KINDS["baseline"][2:])


def test_fill_bytes_before_a_marker_in_a_scan_belong_to_it() -> None:
    picture = KINDS["baseline"][:-2] + b"\xff" * 5000 + b"\xff\xd9"
    assert jpeg.Scanner(0).find_end(picture) == len(picture)
