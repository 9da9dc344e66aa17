import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.errors import FormatError
from streams.formats import failure


def test_code_and_sentence_come_through() -> None:
    assert failure.unpack(failure.pack("source.ended", "Ä")) == ("source.ended", "Ä")


def test_a_sentence_without_end_is_cut() -> None:
    assert failure.unpack(failure.pack("source.ended", "x" * 10_000)) == ("source.ended", "x" * 500)


@pytest.mark.parametrize("body", [b"", b"null", b"[]", b"{}", b'{"code": "x"}', b"[" * 100_000, b"\xff", b"9" * 5000])
def test_what_is_none_is_refused(body: bytes) -> None:
    with pytest.raises(FormatError, match="a failure that can't be read"):
        failure.unpack(body)


@given(st.binary(max_size=60))
def test_any_bytes_are_a_failure_or_refused(body: bytes) -> None:
    try:
        code, sentence = failure.unpack(body)
    except FormatError:
        return
    assert isinstance(code + sentence, str)
