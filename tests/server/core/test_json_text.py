import pytest

from server.core.json_text import parse_json
from server.errors import RequestNotJson


def test_json_is_read_from_text_and_bytes() -> None:
    assert parse_json('{"a": [1, 2.5, null, true, "é"]}') == {"a": [1, 2.5, None, True, "é"]}
    assert parse_json(b'"\xc3\xa9"') == "é"
    assert parse_json(b"\xef\xbb\xbf[]") == []


@pytest.mark.parametrize("data", [b"", b"{", b"\xff\xfe\xfd", b"NaN", b'{"lat": -Infinity}', "[" * 100_000, "9" * 5000])
def test_what_is_no_json_is_refused(data: str | bytes) -> None:
    with pytest.raises(RequestNotJson):
        parse_json(data)


def test_a_number_too_large_is_kept_as_text_so_that_no_alert_is_lost_for_it() -> None:
    assert parse_json('{"lat": 1e999}') == {"lat": "1e999"}
