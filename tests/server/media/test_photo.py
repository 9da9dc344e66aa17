import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.errors import PhotoDamaged, PhotoUnavailable, ServerError
from server.media import photo
from server.media.photo import Photo
from tests.vectors.photos import make, picture

JPEG = picture("plain.jpg")
OTHER = picture("cmyk.jpg")


def test_a_photo_comes_through_the_pipe() -> None:
    assert photo.unpack(photo.pack(JPEG, OTHER)) == Photo(JPEG, OTHER, 64, 48)


def test_the_id_of_a_photo_is_the_hash_of_its_bytes() -> None:
    assert Photo(b"", b"", 1, 1).id == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def test_a_worker_can_say_that_a_picture_is_damaged() -> None:
    with pytest.raises(PhotoDamaged):
        photo.unpack(photo.DAMAGED)


def test_a_worker_can_say_what_it_failed_with_but_no_sentences() -> None:
    with pytest.raises(PhotoUnavailable, match="MemoryError"):
        photo.unpack(photo.FAILED + b"MemoryError")
    with pytest.raises(PhotoUnavailable, match="no answer that can be used"):
        photo.unpack(photo.FAILED + b"Go to http://example.org")


LARGE = JPEG + bytes(200_001 - len(JPEG))
WIDE = make.encode(".jpg", make.scene()[:1].repeat(26, axis=1))


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"X",
        photo.pack(JPEG, OTHER)[:-1],
        photo.pack(JPEG, OTHER) + b"!",
        photo.pack(b"<script>", OTHER),
        photo.pack(JPEG, picture("plain.png")),
        photo.pack(LARGE, OTHER),
        photo.pack(JPEG, JPEG + bytes(8_001 - len(JPEG))),
        photo.pack(WIDE, OTHER),
        photo.pack(JPEG, make.encode(".jpg", make.scene()[:1].repeat(4, axis=1))),
        struct.pack("!cII", b"P", 2**32 - 1, 2**32 - 1),
    ],
)
def test_what_is_no_photo_within_the_limits_is_not_taken_from_a_worker(message: bytes) -> None:
    with pytest.raises(PhotoUnavailable):
        photo.unpack(message)


@given(st.binary(max_size=64))
def test_a_worker_that_was_taken_over_can_not_raise_anything_else(message: bytes) -> None:
    with pytest.raises(ServerError) as caught:
        photo.unpack(message)
    assert caught.value.code in {"photo.damaged", "photo.unavailable"}
