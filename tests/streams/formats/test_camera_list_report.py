import json

from streams.formats.camera_list import parse
from streams.formats.camera_list_report import report, to_json

LIST = parse(
    json.dumps(
        [
            {"name": "Main St", "url": "rtsp://192.0.2.1/", "direction": "N", "password_env": "MAIN"},
            {"name": "Park", "url": "gopher://192.0.2.2/", "lat": 41.7, "lon": -72.6},
            7,
        ]
    ).encode()
)


def test_every_finding_is_a_line_and_the_sums_are_the_last() -> None:
    first, second, third, sums = report(LIST).splitlines()
    assert first == "[0] (Main St): taken: no position: without a position it is never among the nearest"
    assert second.startswith("[1] (Park): left out: unknown scheme: the address is gopher://, expected one of rtsp://")
    assert third.startswith("[2]: left out: no camera: ")
    assert sums == "3 entries: 1 cameras, 2 left out (1 unknown scheme, 1 no camera), 1 remarks (1 no position)."


def test_a_list_without_trouble_is_one_line() -> None:
    assert report(parse(b"url,lat,lon\nrtsp://192.0.2.1/,1,2\n")) == "1 entries: 1 cameras, 0 left out, 0 remarks.\n"


def test_cameras_are_written_with_the_keys_of_the_configuration() -> None:
    assert json.loads(to_json(LIST)) == [
        {
            "id": "main-st",
            "number": 1,
            "name": "Main St",
            "url": "rtsp://192.0.2.1/",
            "heading_deg": 0.0,
            "password_env": "MAIN",
        }
    ]


def test_what_was_written_is_read_again_as_the_same() -> None:
    again = parse(to_json(LIST).encode())
    assert [listed.camera for listed in again.cameras] == [listed.camera for listed in LIST.cameras]
    assert again.cameras[0].password_env == "MAIN"
