import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.errors import FormatError
from streams.formats import encoder_pipe
from streams.formats.encoder_pipe import HEADER, MAX_BODY_BYTES, Head, Kind
from streams.rendition import Rendition


def _split(message: bytes) -> tuple[Head, bytes]:
    return encoder_pipe.unpack_header(message[: HEADER.size]), message[HEADER.size :]


def test_a_picture_comes_through() -> None:
    message = encoder_pipe.picture(
        b"data", codec="h265", is_key=True, captured_at=1.25, timestamp=-3600, rendition=Rendition.P240
    )

    assert _split(message) == (Head(Kind.PICTURE, Rendition.P240, "h265", True, 4, 1.25, -3600), b"data")


def test_orders_parameters_and_failures_come_through() -> None:
    masks = [[(0.0, 0.0), (1.0, 0.0), (0.5, 0.25)]]
    _, order = _split(encoder_pipe.order([Rendition.STILLS, Rendition.SOURCE], masks))
    head, sets = _split(encoder_pipe.parameters("h264", [b"\x67\x01", b"\x68\x02"], Rendition.P480))
    _, failure = _split(encoder_pipe.failure("source.garbled", "Ä"))
    taken, nothing = _split(encoder_pipe.taken())

    assert encoder_pipe.unpack_order(order) == (frozenset({Rendition.SOURCE, Rendition.STILLS}), masks)
    assert (head.kind, head.codec, head.rendition) == (Kind.PARAMETERS, "h264", Rendition.P480)
    assert encoder_pipe.unpack_parameters(sets) == [b"\x67\x01", b"\x68\x02"]
    assert encoder_pipe.unpack_failure(failure) == ("source.garbled", "Ä")
    assert (taken.kind, taken.length, nothing) == (Kind.TAKEN, 0, b"")


def test_a_picture_too_large_is_not_sent_and_not_taken() -> None:
    with pytest.raises(FormatError, match="8388609 bytes"):
        encoder_pipe.picture(bytes(MAX_BODY_BYTES + 1), codec="h264", is_key=True, captured_at=0, timestamp=0)
    with pytest.raises(FormatError, match="8388609 bytes"):
        encoder_pipe.unpack_header(HEADER.pack(2, 0, 1, 0, MAX_BODY_BYTES + 1, 0, 0))


@pytest.mark.parametrize("numbers", [(5, 0, 0), (0, 4, 0), (0, 0, 4)])
def test_unknown_numbers_are_refused(numbers: tuple[int, int, int]) -> None:
    with pytest.raises(FormatError, match=r"expected at most 4, 3, 3"):
        encoder_pipe.unpack_header(HEADER.pack(*numbers, 0, 0, 0, 0))


@pytest.mark.parametrize(
    "order",
    [{}, {"renditions": [9], "masks": []}, {"renditions": [], "masks": [[1, 2]]}, {"renditions": 1, "masks": []}],
)
def test_an_order_that_is_none_is_refused(order: dict[str, object]) -> None:
    with pytest.raises(FormatError, match="an order that can't be read"):
        encoder_pipe.unpack_order(json.dumps(order).encode())


@given(st.binary(max_size=60))
def test_whatever_a_process_sends_is_read_or_refused(body: bytes) -> None:
    for unpack in (encoder_pipe.unpack_order, encoder_pipe.unpack_parameters, encoder_pipe.unpack_failure):
        try:
            unpack(body)
        except FormatError:
            continue


@pytest.mark.parametrize("body", [b"[" * 100_000, b'{"masks": [[[' + b"9" * 400 + b', 1]]], "renditions": []}'])
def test_what_is_nested_too_deeply_or_too_large_a_number_is_refused(body: bytes) -> None:
    for unpack in (encoder_pipe.unpack_order, encoder_pipe.unpack_failure):
        with pytest.raises(FormatError, match="can't be read"):
            unpack(body)


def test_only_pictures_and_parameters_may_be_large() -> None:
    for kind in (encoder_pipe.Kind.ORDER, encoder_pipe.Kind.FAILURE):
        header = encoder_pipe.HEADER.pack(kind, 0, 0, 0, encoder_pipe.MAX_JSON_BYTES + 1, 0.0, 0)
        with pytest.raises(FormatError, match="262145 bytes"):
            encoder_pipe.unpack_header(header)
