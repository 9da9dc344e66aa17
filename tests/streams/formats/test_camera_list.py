import json
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.config import CameraConfig
from streams.errors import FormatError
from streams.formats.camera_finding import CameraTrouble
from streams.formats.camera_list import CameraList, parse
from tests.streams.config_files import WHOLE_CAMERA

SAMPLE = (Path(__file__).parents[2] / "vectors" / "cameras" / "open_traffic_cam_map.json").read_bytes()


def read(*entries: object) -> CameraList:
    return parse(json.dumps(entries).encode())


def entry(url: str = "rtsp://192.0.2.1/", **fields: Any) -> dict[str, object]:
    return {"name": "Main St", "url": url, "lat": 41.76, "lon": -72.67, **fields}


def troubles(found: CameraList) -> list[CameraTrouble]:
    return [finding.trouble for finding in found.findings]


def camera(**fields: Any) -> CameraConfig:
    (listed,) = read(entry(**fields)).cameras
    return listed.camera


def test_a_list_of_real_cameras() -> None:
    found = parse(SAMPLE)
    assert found.entries == 13
    assert [listed.camera.id for listed in found.cameras] == [
        "i-10-mcdonald-rd",
        "i-10-i-10-mp-11-7-eb",
        "nb-sr-99-before-milgeo-avenue-oc",
        "t250n-sr-123-40th-street-looking-north",
        "gdot-1398-i-16-e-at-abercornst-mm-165-chatham",
    ]
    assert found.cameras[0].camera == CameraConfig(
        id="i-10-mcdonald-rd",
        number=1,
        name="I-10 McDonald Rd",
        url="https://cdn3.wowza.com/5/eEFlQ3ltMitMdTdk/mobile-fastly/mob-cam-c095.stream/playlist.m3u8",
        lat=30.53555,
        lon=-88.23918,
        heading_deg=90,
        district="Mobile",
    )
    assert [(finding.where, finding.trouble) for finding in found.findings] == [
        ("Alabama/Jefferson[0]", CameraTrouble.UNPLAYABLE),
        ("Alaska/other[0]", CameraTrouble.UNPLAYABLE),
        ("Alaska/other[1]", CameraTrouble.UNPLAYABLE),
        ("California/Lassen[0]", CameraTrouble.UNPLAYABLE),
        ("California/Fresno[0]", CameraTrouble.CREDENTIALS),
        ("California/Fresno[1]", CameraTrouble.UNPLAYABLE),
        ("California/San Joaquin[1]", CameraTrouble.DUPLICATE),
        ("Kentucky/Jefferson[0]", CameraTrouble.UNPLAYABLE),
    ]
    assert found.cameras[-1].camera.district == "Georgia", "'other' says nothing"


@pytest.mark.parametrize(
    ("url", "trouble"),
    [
        ("", CameraTrouble.NO_ADDRESS),
        ("ftp://192.0.2.1/", CameraTrouble.UNKNOWN_SCHEME),
        ("192.0.2.1", CameraTrouble.UNKNOWN_SCHEME),
        ("rtsp://[192.0.2.1/", CameraTrouble.BAD_ADDRESS),
        ("rtsp://192.0.2.1:port/", CameraTrouble.BAD_ADDRESS),
        ("rtsp:///stream", CameraTrouble.BAD_ADDRESS),
        ("http://192.0.2.1/a b", CameraTrouble.BAD_ADDRESS),
        ("http://192.0.2.1/" + "x" * 2000, CameraTrouble.BAD_ADDRESS),
        ("rtsp://admin:hunter2@192.0.2.1/", CameraTrouble.CREDENTIALS),
        ("http://192.0.2.1/snapshot.JPG?width=640", CameraTrouble.UNPLAYABLE),
    ],
)
def test_an_address_that_nobody_can_play_is_left_out_and_named_without_it(url: str, trouble: CameraTrouble) -> None:
    found = read(entry(url), entry("rtsp://192.0.2.9/"))
    assert troubles(found) == [trouble]
    assert [listed.where for listed in found.cameras] == ["[1]"]
    assert "hunter2" not in repr(found.findings)


def test_two_of_one_address_or_id_are_one_camera() -> None:
    found = read(entry(id="a"), entry(), entry("rtsp://192.0.2.2/", id="a"))
    assert [(finding.where, finding.sentence) for finding in found.left_out] == [
        ("[1]", "its address is that of [0] too"),
        ("[2]", "its id is that of [0] too"),
    ]
    assert len(found.cameras) == 1


def test_what_is_no_entry_is_left_out() -> None:
    assert troubles(read(entry(), None, "rtsp://192.0.2.2/")) == [CameraTrouble.BROKEN] * 2


@pytest.mark.parametrize(
    ("fields", "trouble"),
    [
        ({"lat": 0, "lon": 0.0}, CameraTrouble.ZERO_POSITION),
        ({"lat": 91}, CameraTrouble.BAD_POSITION),
        ({"lat": None}, CameraTrouble.BAD_POSITION),
        ({"lat": "41,76"}, CameraTrouble.BAD_POSITION),
        ({"lon": float("nan")}, CameraTrouble.BAD_POSITION),
        ({"lat": None, "lon": None}, CameraTrouble.NO_POSITION),
    ],
)
def test_a_camera_without_a_place_is_taken_and_remarked(fields: dict[str, Any], trouble: CameraTrouble) -> None:
    found = read(entry(**fields))
    assert (troubles(found), found.left_out) == ([trouble], ())
    assert (found.cameras[0].camera.lat, found.cameras[0].camera.lon) == (None, None)


@pytest.mark.parametrize(
    ("fields", "trouble"),
    [
        ({"direction": "Eastbound"}, CameraTrouble.NO_HEADING),
        ({"fov": 0}, CameraTrouble.BAD_FOV),
        ({"id": "a b"}, CameraTrouble.BAD_ID),
        ({"number": 70000}, CameraTrouble.BAD_NUMBER),
        ({"number": 1.5}, CameraTrouble.BAD_NUMBER),
        ({"password": "hunter2"}, CameraTrouble.IN_CLEAR),
    ],
)
def test_what_can_not_be_used_is_remarked_and_the_rest_is_taken(fields: dict[str, Any], trouble: CameraTrouble) -> None:
    found = read(entry(**fields))
    assert troubles(found) == [trouble]
    assert found.cameras[0].camera == CameraConfig("main-st", 1, "Main St", "rtsp://192.0.2.1/", lat=41.76, lon=-72.67)
    assert "hunter2" not in repr(found)


def test_everything_that_a_camera_may_say() -> None:
    given_one = entry(
        id="main-4th",
        number=4,
        username="viewer",
        password_env="MAIN_4TH",
        heading_deg=360,
        fov_deg=60,
        district="Downtown",
        always_on=True,
    )
    (listed,) = read(given_one).cameras
    assert listed.password_env == "MAIN_4TH"
    assert listed.camera == replace(WHOLE_CAMERA, name="Main St", url="rtsp://192.0.2.1/", password="")


def test_numbers_that_are_given_stay_and_the_others_get_free_ones() -> None:
    found = read(
        entry("rtsp://a/"), entry("rtsp://b/", number=1), entry("rtsp://c/", number=1), entry("rtsp://d/", number=3)
    )
    assert [listed.camera.number for listed in found.cameras] == [2, 1, 4, 3]
    assert [(finding.where, finding.trouble) for finding in found.findings] == [("[2]", CameraTrouble.BAD_NUMBER)]


def test_cameras_of_one_name_get_ids_that_do_not_depend_on_their_order() -> None:
    there = {listed.camera.url: listed.camera.id for listed in read(entry("rtsp://a/"), entry("rtsp://b/")).cameras}
    back = {listed.camera.url: listed.camera.id for listed in read(entry("rtsp://b/"), entry("rtsp://a/")).cameras}
    assert there == back
    assert len(set(there.values())) == 2


def test_an_id_made_of_a_name_gives_way_to_one_that_was_given() -> None:
    first, second = (listed.camera.id for listed in read(entry("rtsp://a/"), entry("rtsp://b/", id="main-st")).cameras)
    assert second == "main-st"
    assert first.startswith("main-st-")


def test_a_camera_without_a_name_is_called_by_its_id() -> None:
    assert camera(name="", id="c7").name == "c7"
    assert (camera(name="").id, camera(name="").name) == ("camera", "camera")
    assert camera(name="交差点").id == "camera"


values = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
urls = st.sampled_from(["rtsp://a/", "rtsp://b/", "http://c/d.jpg", "x", ""])
keys = st.sampled_from(["id", "number", "name", "lat", "lon", "heading_deg", "fov_deg", "always_on", "district"])
listed_ones = st.builds(lambda fields, url: {**fields, "url": url}, st.dictionaries(keys, values), urls)


@given(st.lists(listed_ones | values, max_size=6))
def test_every_entry_is_a_camera_or_named(given_ones: list[object]) -> None:
    found = read(*given_ones)
    assert found.entries == len(given_ones) == len(found.cameras) + len(found.left_out)
    assert len({listed.camera.id for listed in found.cameras}) == len(found.cameras)
    assert len({listed.camera.number for listed in found.cameras}) == len(found.cameras)


@given(st.binary(max_size=200))
def test_nothing_but_a_format_error_comes_of_garbage(body: bytes) -> None:
    with suppress(FormatError):
        parse(body)
