"""Photos made by the real process, and by one that goes wrong on demand."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import cv2
import numpy as np
import pytest

from server.errors import PhotoDamaged, PhotoNotAPicture, PhotoTooManyPixels, PhotoUnavailable
from server.media import heif
from server.media.darkroom import MAX_PLACES, Darkroom
from server.media.photo import MAX_FULL_BYTES, MAX_THUMBNAIL_BYTES, Photo
from tests.vectors.photos import make, picture
from tests.vectors.photos.profiles import MIXED_UP, P3

MOODY = "tests.server.media.workers.moody"
RED, GREEN, BLUE, WHITE = "red", "green", "blue", "white"
COLOURS = {(0, 0, 255): RED, (0, 255, 0): GREEN, (255, 0, 0): BLUE, (255, 255, 255): WHITE}
UPRIGHT = [RED, GREEN, RED, BLUE]
"""Top left, top right, bottom left, bottom right."""
TURNED = [RED, RED, BLUE, GREEN]


async def develop(data: bytes, darkroom: Darkroom | None = None) -> Photo:
    async with (darkroom or Darkroom()).place() as place:
        return await place.develop(data)


def corners(jpeg: bytes) -> list[str]:
    pixels = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert pixels is not None
    height, width = pixels.shape[:2]
    found = []
    for row, column in ((0.1, 0.1), (0.1, 0.9), (0.9, 0.1), (0.9, 0.9)):
        pixel = pixels[int(height * row), int(width * column)].astype(int)
        found.append(next(name for colour, name in COLOURS.items() if np.abs(pixel - colour).max() < 12))
    return found


def segments(jpeg: bytes) -> set[int]:
    """The markers before the picture."""
    markers, at = set(), 2
    while jpeg[at + 1] != 0xDA:
        markers.add(jpeg[at + 1])
        at += 2 + int.from_bytes(jpeg[at + 2 : at + 4])
    return markers


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("plain.jpg", UPRIGHT),
        ("progressive.jpg", UPRIGHT),
        ("padded.jpg", UPRIGHT),
        ("plain.png", UPRIGHT),
        ("plain.webp", UPRIGHT),
        ("lossless.webp", UPRIGHT),
        ("sixteen_bit.png", UPRIGHT),
        ("cmyk.jpg", [RED] * 4),
        ("phone.jpg", TURNED),
        ("libheif_grid.heic", UPRIGHT),
        ("libheif_cut.heic", UPRIGHT),
        ("phone.heic", TURNED),
        ("mirrored.heic", [BLUE, GREEN, RED, RED]),
        ("see_through.png", [RED, WHITE, RED, WHITE]),
        ("see_through.webp", [RED, WHITE, RED, WHITE]),
        ("see_through_turned.png", [RED, RED, WHITE, WHITE]),
    ],
)
async def test_a_photo_shows_what_the_picture_shows(name: str, expected: list[str]) -> None:
    photo = await develop(picture(name))
    assert corners(photo.full) == expected
    assert corners(photo.thumbnail) == expected
    assert (photo.width < photo.height) == (expected == TURNED or "turned" in name or name == "mirrored.heic")


def in_display_p3(kind: str, channels: int = 3) -> bytes:
    """The scene as phones tell of its colours; held upright, so lying on its side, but for PNG."""
    pixels = make.scene()
    for colour, told in (((0, 0, 255), (35, 51, 234)), ((0, 255, 0), (76, 251, 117)), ((255, 0, 0), (245, 0, 0))):
        pixels[(make.scene() == colour).all(axis=2)] = told
    if channels == 4:
        pixels = np.concatenate([pixels, np.full((48, 64, 1), 255, np.uint8)], axis=2)
    metadata = [np.frombuffer(make.exif(6), np.uint8), np.frombuffer(P3, np.uint8)]
    kinds = [cv2.IMAGE_METADATA_EXIF, cv2.IMAGE_METADATA_ICCP]
    return cv2.imencodeWithMetadata(kind, pixels, kinds, metadata)[1].tobytes()


@pytest.mark.parametrize(("kind", "channels"), [(".jpg", 3), (".webp", 3), (".png", 3), (".png", 4), (".webp", 4)])
async def test_colours_are_those_that_the_profile_of_the_picture_means(kind: str, channels: int) -> None:
    sent = in_display_p3(kind, channels)
    assert b"acsp" in sent or b"iCCP" in sent
    photo = await develop(sent)
    assert corners(photo.full) == TURNED
    assert corners(photo.thumbnail) == TURNED
    assert segments(photo.full) <= {0xE0, 0xDB, 0xC0, 0xC4}


async def test_a_heic_with_a_profile_shows_its_colours() -> None:
    tiles = heif.read(picture("libheif_grid.heic"))
    photo = await develop(make.heic(tiles, ((b"colr", b"prof" + MIXED_UP), (b"irot", b"\3"))))
    assert corners(photo.full) == [BLUE, BLUE, RED, GREEN]


@pytest.mark.parametrize("profile", [b"no profile" * 20, P3[:300]])
async def test_a_broken_profile_does_not_cost_the_photo(profile: bytes) -> None:
    plain = picture("plain.jpg")
    photo = await develop(plain[:2] + make.segment(0xE2, b"ICC_PROFILE\0\1\1" + profile) + plain[2:])
    assert corners(photo.full) == UPRIGHT


@pytest.mark.parametrize(("name", "places"), [("phone.jpg", 4), ("phone.heic", 1), ("see_through_turned.png", 1)])
async def test_nothing_is_left_of_place_maker_and_preview(name: str, places: int) -> None:
    sent = picture(name)
    assert sent.count(make.PLACE) == places
    photo = await develop(sent)
    for jpeg in (photo.full, photo.thumbnail):
        assert make.PLACE not in jpeg
        assert b"Exif" not in jpeg
        # JFIF, tables, size: no other segment, and nothing behind the end.
        assert segments(jpeg) <= {0xE0, 0xDB, 0xC0, 0xC4}
        assert jpeg.index(b"\xff\xd9", 200) == len(jpeg) - 2


async def test_a_picture_of_one_pixel_is_a_photo() -> None:
    photo = await develop(picture("dot.png"))
    assert (photo.width, photo.height) == (1, 1)


async def test_the_same_picture_is_the_same_photo() -> None:
    assert (await develop(picture("phone.jpg"))).id == (await develop(picture("phone.jpg"))).id


async def test_a_small_file_of_many_pixels_is_a_photo_of_fewer() -> None:
    photo = await develop(picture("bomb.png"))
    assert (photo.width, photo.height) == (1600, 1600)


async def test_a_very_long_picture_keeps_a_pixel_of_its_height() -> None:
    photo = await develop(make.png(30_000, 1, b"\0" * 30_001))
    assert (photo.width, photo.height) == (1600, 1)


async def test_what_can_hardly_be_compressed_fits_all_the_same() -> None:
    noise = np.random.default_rng(1).integers(0, 256, (1200, 1600, 3), dtype=np.uint8)
    photo = await develop(make.encode(".jpg", noise))
    assert photo.width / photo.height == pytest.approx(4 / 3, rel=0.01)
    assert photo.width >= 640
    assert len(photo.full) <= MAX_FULL_BYTES
    assert len(photo.thumbnail) <= MAX_THUMBNAIL_BYTES


async def test_more_data_than_a_picture_has_pixels_is_not_decoded() -> None:
    photo = await develop(make.png(1, 1, bytes(50_000_000)))
    assert (photo.width, photo.height) == (1, 1)


@pytest.mark.parametrize(
    "name", ["truncated.jpg", "truncated_and_closed.jpg", "garbled.jpg", "truncated.png", "truncated.heic"]
)
async def test_a_picture_that_is_not_whole_is_refused(name: str) -> None:
    with pytest.raises(PhotoDamaged):
        await develop(picture(name))


@pytest.mark.parametrize("rows", [b"", b"\0", b"\x09" + bytes(65 * 48 - 1)])
async def test_a_picture_whose_pixels_can_not_be_decoded_is_refused(rows: bytes) -> None:
    with pytest.raises(PhotoDamaged):
        await develop(make.png(64, 48, rows))


async def test_what_is_no_picture_never_reaches_a_decoder() -> None:
    # This one would answer with a photo, whatever comes.
    darkroom = Darkroom(MOODY)
    for name in ("page.html", "drawing.svg", "script.gif"):
        with pytest.raises(PhotoNotAPicture):
            await develop(picture(name), darkroom)
    with pytest.raises(PhotoTooManyPixels):
        await develop(picture("gigantic.png"), darkroom)


@pytest.mark.parametrize(
    ("mood", "why"),
    [
        (b"crash", r"ended \(-11\)"),
        (b"eat", r"ended \(1\)"),
        (b"fail", r"failed \(MemoryError\)"),
        (b"babble", "no answer that can be used"),
        (b"page", "no answer that can be used"),
        (b"half", "no answer that can be used"),
    ],
)
async def test_a_decoder_that_goes_wrong_costs_one_photo(mood: bytes, why: str) -> None:
    darkroom = Darkroom(MOODY)
    with pytest.raises(PhotoUnavailable, match=why):
        await develop(picture("plain.jpg") + mood, darkroom)
    assert (await develop(picture("plain.jpg"), darkroom)).width == 64


async def test_a_decoder_that_hangs_is_killed_and_costs_one_photo() -> None:
    darkroom = Darkroom(MOODY, deadline_s=3)
    async with darkroom.place() as place:
        with pytest.raises(PhotoUnavailable, match="not decoded within"):
            await place.develop(picture("plain.jpg") + b"hang")
        with pytest.raises(ProcessLookupError):
            os.kill(place.pid, 0)
    assert (await develop(picture("plain.jpg"), darkroom)).width == 64


async def test_a_decoder_that_ends_before_it_has_its_picture_costs_one_photo() -> None:
    large = picture("plain.jpg") + bytes(10_000_000)
    with pytest.raises(PhotoUnavailable, match=r"ended \(0\)"):
        await develop(large, Darkroom("tests.server.media.workers"))


async def test_whoever_gives_up_leaves_no_process() -> None:
    began = asyncio.Event()
    pids = []

    async def give_up() -> None:
        async with Darkroom(MOODY).place() as place:
            pids.append(place.pid)
            began.set()
            await place.develop(picture("plain.jpg") + b"hang")

    task = asyncio.create_task(give_up())
    await began.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    with pytest.raises(ProcessLookupError):
        os.kill(pids[0], 0)


@pytest.fixture
async def full_darkroom() -> AsyncIterator[tuple[Darkroom, AsyncExitStack]]:
    darkroom = Darkroom()
    async with AsyncExitStack() as places:
        for _ in range(MAX_PLACES):
            await places.enter_async_context(darkroom.place())
        yield darkroom, places


async def test_one_photo_too_many_is_refused_until_a_place_is_free(
    full_darkroom: tuple[Darkroom, AsyncExitStack],
) -> None:
    darkroom, places = full_darkroom
    with pytest.raises(PhotoUnavailable, match="Try again"):
        await develop(picture("plain.jpg"), darkroom)
    await places.aclose()
    assert (await develop(picture("plain.jpg"), darkroom)).width == 64


async def test_photos_that_come_together_are_all_made() -> None:
    darkroom = Darkroom()
    names = ["plain.jpg", "plain.png", "phone.jpg", "plain.webp"]
    photos = await asyncio.gather(*(develop(picture(name), darkroom) for name in names))
    assert [corners(photo.full) for photo in photos] == [UPRIGHT, UPRIGHT, TURNED, UPRIGHT]
