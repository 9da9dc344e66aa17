import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.errors import FormatError
from streams.formats.multipart import MultipartParser
from tests.streams.formats import jpegs

PICTURES = [jpegs.picture(), jpegs.with_thumbnail(), jpegs.progressive(), jpegs.with_restarts()]

MANNERS = {
    "right": "--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {0}\r\n\r\n",
    "no length": "--frame\r\nContent-Type: image/jpeg\r\n\r\n",
    "length too large by 100": "--frame\r\nContent-Length: {2}\r\n\r\n",
    "length too small by 100": "--frame\r\nContent-Length: {1}\r\n\r\n",
    "length of 2 GB": "--frame\r\nContent-Length: 2147483648\r\n\r\n",
    "negative length": "--frame\r\nContent-Length: -5\r\n\r\n",
    "no dashes": "frame\r\nContent-Type: image/jpeg\r\nContent-Length: {0}\r\n\r\n",
    "boundary twice": "--frame\r\n\r\n--frame\r\ncontent-length:{0}\r\n\r\n",
    "line feeds only": "--frame\nCONTENT-LENGTH: {0}\n\n",
    "no parts at all": "",
    "two lengths": "--frame\r\nContent-Length: 3\r\nX: y\r\nContent-Length: {0}\r\n\r\n",
}


def _body(manner: str, after: bytes = b"\r\n") -> bytes:
    return b"".join(
        MANNERS[manner].format(len(p), len(p) - 100, len(p) + 100).encode() + p + after for p in PICTURES * 2
    )


@pytest.mark.parametrize("manner", MANNERS)
@pytest.mark.parametrize("step", [1, 1448, 1_000_000])
def test_pictures_come_out_whole_in_every_manner(manner: str, step: int) -> None:
    parser = MultipartParser()
    # A length that is too large is waited for once; another part gives it what it waits for.
    body = _body(manner) + _body("right")

    found = [p for begin in range(0, len(body), step) for p in parser.feed(body[begin : begin + step])]

    assert found == PICTURES * 4
    assert parser.dropped == 0


def test_a_right_length_gives_the_picture_with_its_last_byte() -> None:
    parser = MultipartParser()
    body = _body("right", after=b"")

    assert list(parser.feed(body[:-1])) == (PICTURES * 2)[:-1]
    assert list(parser.feed(body[-1:])) == [PICTURES[-1]]


def test_after_a_wrong_length_nothing_is_waited_for_again() -> None:
    parser = MultipartParser()
    wrong = MANNERS["length too large by 100"].format(0, 0, len(PICTURES[0]) + 100).encode() + PICTURES[0]

    assert list(parser.feed(wrong)) == []
    assert list(parser.feed(wrong)) == [PICTURES[0], PICTURES[0]]
    assert list(parser.feed(wrong)) == [PICTURES[0]]


def test_a_picture_that_breaks_off_is_dropped_and_the_next_one_comes() -> None:
    parser = MultipartParser()
    head = MANNERS["no length"].encode()
    body = head + PICTURES[0][:-200] + head + PICTURES[1]

    assert list(parser.feed(body)) == [PICTURES[1]]
    assert parser.dropped == 1


def test_nothing_but_broken_pictures_is_an_error() -> None:
    with pytest.raises(FormatError, match="6 JPEG pictures in a row were broken"):
        list(MultipartParser().feed(PICTURES[0][:-200] * 8))


def test_a_body_without_pictures_is_an_error() -> None:
    parser = MultipartParser()

    assert list(parser.feed(b"<html>" + b" " * 60_000)) == []
    with pytest.raises(FormatError, match="66006 bytes without a JPEG picture"):
        list(parser.feed(b" " * 6_000))


def test_a_picture_without_an_end_is_an_error() -> None:
    parser = MultipartParser()
    list(parser.feed(PICTURES[0][:-2]))
    list(parser.feed(b"\x11" * 10_000_000))

    with pytest.raises(FormatError, match="more than 10485760 bytes"):
        list(parser.feed(b"\x11" * 1_000_000))


@given(
    st.lists(
        st.sampled_from([*PICTURES, PICTURES[0][:80], b"\xff\xd8\xff", b"\xff", b"\xff\xd9", b"--b\r\n"])
        | st.binary(max_size=40),
        max_size=12,
    )
)
def test_whatever_comes_is_a_picture_or_not(pieces: list[bytes]) -> None:
    parser = MultipartParser()
    try:
        found = [picture for piece in pieces for picture in parser.feed(piece)]
    except FormatError:
        return

    assert all(picture.startswith(b"\xff\xd8\xff") and picture.endswith(b"\xff\xd9") for picture in found)
