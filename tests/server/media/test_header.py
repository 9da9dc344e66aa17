import struct
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.errors import PhotoDamaged, PhotoNotAPicture, PhotoTooLarge, PhotoTooManyPixels
from server.media.header import MAX_BYTES, Header, read_header
from tests.vectors.photos import make, picture


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("plain.jpg", Header("jpeg", 64, 48)),
        ("progressive.jpg", Header("jpeg", 64, 48)),
        ("phone.jpg", Header("jpeg", 64, 48)),
        ("cmyk.jpg", Header("jpeg", 8, 8)),
        ("plain.png", Header("png", 64, 48)),
        ("dot.png", Header("png", 1, 1)),
        ("bomb.png", Header("png", 7000, 7000)),
        ("phone.heic", Header("heic", 640, 480)),
        ("libheif_grid.heic", Header("heic", 640, 480)),
        ("see_through.png", Header("png", 64, 48, is_transparent=True)),
        ("plain.webp", Header("webp", 64, 48)),
        ("lossless.webp", Header("webp", 64, 48)),
        ("see_through.webp", Header("webp", 64, 48, is_transparent=True)),
    ],
)
def test_a_picture_says_what_it_is_and_how_large(name: str, header: Header) -> None:
    assert read_header(picture(name)) == header


def test_a_colour_that_stands_for_nothing_makes_a_png_transparent() -> None:
    data = make.png(1, 1, b"\0\x80", more=make.chunk(b"tRNS", b"\0\x80"))
    assert read_header(data).is_transparent


def test_the_canvas_is_the_size_of_an_extended_webp() -> None:
    body = b"VP8X" + struct.pack("<II", 10, 0x10) + (639).to_bytes(3, "little") + (479).to_bytes(3, "little")
    data = b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body
    assert read_header(data) == Header("webp", 640, 480, is_transparent=True)


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (picture("page.html"), "HTML"),
        (picture("drawing.svg"), "SVG"),
        (picture("script.gif"), "GIF"),
        (b"\n\n  <svg/>", "SVG"),
        (b"", "nothing"),
        (b"%PDF-1.7", "PDF"),
        (b"alert(1)", "something else"),
        (b"RIFF\0\0\0\0WAVE", "something else"),
    ],
)
def test_what_is_no_picture_is_refused_by_its_first_bytes(data: bytes, word: str) -> None:
    with pytest.raises(PhotoNotAPicture, match=word):
        read_header(data)


def test_whoever_sends_a_heif_of_another_kind_is_told_what_to_do() -> None:
    for data, word in (
        (b"\0\0\0\x18ftypavif\0\0\0\0avifmiaf", "AVIF"),
        (b"\0\0\0\x18ftypavif\0\0\0\0mif1avif" + picture("phone.heic").replace(b"hvc1", b"av01")[24:], "av01"),
        (picture("phone.heic").replace(b"hvc1", b"j2k1"), "j2k1"),
    ):
        with pytest.raises(PhotoNotAPicture, match=rf"{word}.*Save it as JPEG"):
            read_header(data)


def test_a_picture_of_900_megapixels_is_refused_although_its_file_is_tiny() -> None:
    with pytest.raises(PhotoTooManyPixels, match="30000 x 30000, 900 megapixels"):
        read_header(picture("gigantic.png"))


def test_the_limits_are_within() -> None:
    assert read_header(make.png(50_000, 1000, b"")).width == 50_000
    with pytest.raises(PhotoTooManyPixels):
        read_header(make.png(50_000, 1001, b""))
    whole = picture("plain.jpg")
    assert read_header(whole + bytes(MAX_BYTES - len(whole))).width == 64
    with pytest.raises(PhotoTooLarge, match="at most 20"):
        read_header(whole + bytes(MAX_BYTES - len(whole) + 1))


@pytest.mark.parametrize("name", ["truncated.jpg", "truncated.png", "truncated.webp", "truncated.heic"])
def test_what_is_cut_off_is_damaged(name: str) -> None:
    with pytest.raises(PhotoDamaged):
        read_header(picture(name))


@pytest.mark.parametrize("name", ["plain.jpg", "progressive.jpg", "cmyk.jpg", "plain.png", "plain.webp"])
def test_what_is_cut_off_anywhere_is_never_taken_for_whole(name: str) -> None:
    whole = picture(name)
    for length in range(len(whole)):
        with pytest.raises((PhotoDamaged, PhotoNotAPicture)):
            read_header(whole[:length])


def test_a_picture_with_two_sizes_is_damaged() -> None:
    whole = picture("plain.jpg")
    size = make.segment(0xC0, struct.pack("!BHHB", 8, 8, 8, 1) + b"\1\x11\0")
    with pytest.raises(PhotoDamaged, match="two sizes"):
        read_header(whole[:2] + size + whole[2:])


@pytest.mark.parametrize(
    "data",
    [
        make.png(0, 5, b""),
        picture("plain.png").replace(b"IDAT", b"IDAU"),
        b"\x89PNG\r\n\x1a\n" + make.chunk(b"IDAT", b"") + make.chunk(b"IEND", b""),
        b"\xff\xd8\xff\xe0" * 10_000 + b"\xff\xd9",
        b"\xff\xd8" + b"\xff\xfe\0\2" * 10_000 + b"\xff\xd9",
        picture("plain.png")[:33] + make.chunk(b"tEXt", b"") * 70_000 + picture("plain.png")[33:],
        b"RIFF\x0c\0\0\0WEBPVP8 \0\0\0\0",
    ],
)
def test_what_does_not_hold_together_is_damaged(data: bytes) -> None:
    with pytest.raises(PhotoDamaged):
        read_header(data)


GOOD = [
    picture(name) for name in ("plain.jpg", "phone.jpg", "plain.png", "see_through.png", "plain.webp", "phone.heic")
]


@given(st.sampled_from(GOOD), st.integers(0, 4000), st.binary(max_size=8))
def test_whatever_comes_there_is_a_header_or_one_of_our_errors(data: bytes, at: int, change: bytes) -> None:
    header = None
    with suppress(PhotoDamaged, PhotoNotAPicture, PhotoTooManyPixels):
        header = read_header(data[:at] + change + data[at + len(change) :])
    assert header is None or 0 < header.width * header.height <= 50_000_000
