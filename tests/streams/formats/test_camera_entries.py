from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.errors import FormatError
from streams.formats.camera_entries import MAX_BYTES, CameraEntry, entries


def read(text: str | bytes) -> list[CameraEntry]:
    return list(entries(text if isinstance(text, bytes) else text.encode()))


def test_columns_are_found_by_many_names() -> None:
    (entry,) = read("Camera ID,Description,Stream_URL,LATITUDE,Lng,Direction\n7,Main St,rtsp://192.0.2.1/,41.7,-72,N\n")
    assert entry.where == "line 2"
    given_ones = {name: value for name, value in entry.fields.items() if value}
    assert given_ones == {
        "id": "7",
        "name": "Main St",
        "url": "rtsp://192.0.2.1/",
        "lat": "41.7",
        "lon": "-72",
        "heading": "N",
    }


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_spreadsheets_save_with_other_delimiters_and_a_mark_in_front(delimiter: str) -> None:
    text = "\ufeffname,url,\r\nMain St,rtsp://192.0.2.1/,\r\n\r\n".replace(",", delimiter)
    (entry,) = read(text)
    assert (entry.fields["name"], entry.fields["url"]) == ("Main St", "rtsp://192.0.2.1/")


def test_a_line_with_more_values_than_columns_is_broken() -> None:
    first, second = read("name,url\nMain St, 4th Ave,rtsp://192.0.2.1/\nPark,rtsp://192.0.2.2/\n")
    assert (first.where, first.is_broken, second.is_broken) == ("line 2", True, False)


def test_json_is_a_list_or_lists_by_area() -> None:
    assert [entry.where for entry in read('[{"url": "a"}, {"url": "b"}]')] == ["[0]", "[1]"]
    text = '{"California": {"Fresno": [{"url": "a"}], "other": [{"url": "b", "area": "Hills"}, {"url": "c"}]}}'
    found = [(entry.where, entry.fields["district"]) for entry in read(text)]
    assert found == [
        ("California/Fresno[0]", "Fresno"),
        ("California/other[0]", "Hills"),
        ("California/other[1]", "California"),
    ]


def test_what_is_no_object_is_broken_and_not_lost() -> None:
    found = read('{"version": 1, "cameras": [null, 7, {"url": "a"}]}')
    assert [(entry.where, entry.is_broken) for entry in found] == [
        ("version", True),
        ("cameras[0]", True),
        ("cameras[1]", True),
        ("cameras[2]", False),
    ]
    assert found[3].fields["district"] == ""


def test_a_place_may_be_an_object_of_its_own() -> None:
    (entry,) = read('[{"location": {"description": "Main St", "latitude": 41.5}, "url": "a", "name": null}]')
    assert (entry.fields["name"], entry.fields["lat"]) == ("Main St", "41.5")


def test_texts_are_one_printable_line() -> None:
    (entry,) = read('[{"name": " Main\\u0007 \\n St \\u202e", "url": " a "}]')
    assert (entry.fields["name"], entry.fields["url"]) == ("Main St", "a")


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b"", "column names"),
        (b"Main St,rtsp://192.0.2.1/\n", "column names"),
        (b'[{"url": ', "not valid JSON"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"a":' * 50 + b"[]" + b"}" * 50, "nested too deeply"),
        (b"name,url\n\xe4,b\n", "not UTF-8"),
        (b"url\n" + b"x" * 200_000, "line"),
        (b" " * (MAX_BYTES + 1), "bytes"),
    ],
)
def test_what_is_no_list_is_refused(body: bytes, sentence: str) -> None:
    with pytest.raises(FormatError, match=sentence):
        read(body)


@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: f"url,{text}".encode()))
def test_nothing_but_a_format_error_comes_of_garbage(body: bytes) -> None:
    with suppress(FormatError):
        read(body)
