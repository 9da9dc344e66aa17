"""What the demo writes before anything is started."""

import json
import stat
from pathlib import Path

from server import demo
from server.config import load
from streams.geo import Point, Polygon, distance_m


def test_the_demo_has_a_configuration_like_any_other(tmp_path: Path) -> None:
    prepared = demo.prepare(tmp_path, port=8123)
    config = load(prepared.file, {})
    assert config.data_folder == tmp_path
    assert (config.web.host, config.web.port) == ("127.0.0.1", 8123)
    assert len(config.streams.cameras) == 12
    assert {person.id: person.role for person in config.people} == {
        "operator": "operator",
        "officer-7": "officer",
        "officer-12": "officer",
        "officer-3": "officer",
        "officer-1": "officer",
        "dispatcher": "dispatcher",
        "admin": "admin",
    }
    assert [source.kind for source in config.sources] == ["gunshot"]


def test_the_cameras_are_in_the_city_of_the_map(tmp_path: Path) -> None:
    config = load(demo.prepare(tmp_path, port=8123).file, {})
    assert config.city_file is not None
    streets = [f for f in json.loads(config.city_file.read_text())["features"] if f["properties"]["kind"] == "street"]
    crossings = [Point(lat, lon) for street in streets for lon, lat in street["geometry"]["coordinates"]]
    for camera in config.streams.cameras:
        assert camera.lat is not None
        assert camera.lon is not None
        place = Point(camera.lat, camera.lon)
        assert min(distance_m(place, crossing) for crossing in crossings) < 5


def test_an_alert_downtown_has_somebody_to_go_to_and_to_climb_to(tmp_path: Path) -> None:
    config = load(demo.prepare(tmp_path, port=8123).file, {})
    (downtown,) = (beat for beat in config.beats if beat.name == "Downtown")
    area = Polygon(tuple(Point(*corner) for corner in downtown.polygon))
    in_it = [camera for camera in config.streams.cameras if camera.district == "Downtown"]
    assert in_it
    assert all(area.contains(Point(camera.lat or 0, camera.lon or 0)) for camera in in_it)
    assert {person.id for person in config.people if person.beat == downtown.id} == {"officer-7", "officer-12"}
    assert {person.duty for person in config.people} == {"", "supervisor", "commander"}


def test_the_second_start_finds_the_secrets_of_the_first(tmp_path: Path) -> None:
    first = demo.prepare(tmp_path, port=8123)
    second = demo.prepare(tmp_path, port=8124)
    assert second.environ == first.environ
    other = demo.prepare(tmp_path / "other", port=8123)
    assert not set(other.environ.values()) & set(first.environ.values())


def test_only_we_can_read_the_secrets(tmp_path: Path) -> None:
    demo.prepare(tmp_path, port=8123)
    for name in ("camera_password", "gunshot_secret"):
        assert stat.S_IMODE((tmp_path / "demo" / name).stat().st_mode) == 0o600


def test_the_greeting_says_how_to_sign_in(tmp_path: Path) -> None:
    prepared = demo.prepare(tmp_path, port=8123)
    config = load(prepared.file, {})
    text = "\n".join(prepared.greeting)
    for person in config.people:
        assert f"{person.id:<13} {person.password}" in text
    camera = config.streams.cameras[0]
    assert camera.url.replace("rtsp://", f"rtsp://{camera.username}:{camera.password}@") in text
