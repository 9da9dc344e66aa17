"""The intake's part of the configuration."""

import json
from pathlib import Path

import pytest

from streams.config import BusConfig, CameraConfig, IntakeConfig, StreamsConfig, load
from streams.errors import ConfigError
from streams.formats import camera_list
from streams.formats.camera_list_report import to_json
from streams.networks import Networks
from tests.streams.config_files import WHOLE_CAMERA, camera, read, refusal


def test_an_empty_file_is_a_city_without_cameras(tmp_path: Path) -> None:
    assert read(tmp_path, "") == StreamsConfig((), BusConfig(""), tmp_path / "var")


def test_a_camera_needs_an_id_and_an_address(tmp_path: Path) -> None:
    config = read(tmp_path, camera())
    assert config.cameras == (CameraConfig("main-4th", 1, "main-4th", "rtsp://192.0.2.1/stream"),)


def test_how_much_the_intake_may_take(tmp_path: Path) -> None:
    lines = "[streams]\nmax_encoders = 2\npast_s = 30\npast_mib = 16\npast_total_mib = 512\nprocesses = 3\n"
    assert read(tmp_path, lines).intake == IntakeConfig(
        max_encoders=2, past_s=30, past_mib=16, past_total_mib=512, processes=3
    )
    assert "streams.past_s: 601 is outside 0..600" in refusal(tmp_path, "[streams]\npast_s = 601")


def test_a_camera_with_everything(tmp_path: Path) -> None:
    lines = """
number = 4
name = "Main St / 4th Ave"
username = "viewer"
password_env = "MAIN_4TH"
lat = 41.76
lon = -72.67
heading_deg = 360
fov_deg = 60
district = "Downtown"
always_on = true
"""
    (read_camera,) = read(tmp_path, camera(lines), {"MAIN_4TH": "pa ss"}).cameras
    assert read_camera == WHOLE_CAMERA
    assert "pa ss" not in repr(read_camera)


def test_certificates_are_verified_unless_a_camera_says_otherwise(tmp_path: Path) -> None:
    (verified,) = read(tmp_path, camera(url="rtsps://192.0.2.1/stream")).cameras
    (other,) = read(tmp_path, camera("tls_verify = false", url="rtsps://192.0.2.1/stream")).cameras
    assert (verified.tls_verify, other.tls_verify) == (True, False)


def test_camera_networks_say_where_cameras_may_be(tmp_path: Path) -> None:
    assert read(tmp_path, "").networks == Networks()
    assert read(tmp_path, 'camera_networks = ["10.20.0.0/16"]').networks == Networks.of(["10.20.0.0/16"])
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, 'camera_networks = ["10.20.0.7/16"]')
    assert str(caught.value) == "camera_networks: 10.20.0.7/16 has host bits set; expected for example 10.20.0.0/16"


def test_rtsp_through_http_is_asked_for_by_a_key_and_leaves_no_place_for_udp(tmp_path: Path) -> None:
    (plain,) = read(tmp_path, camera()).cameras
    (tunnel,) = read(tmp_path, camera("http_tunnel = true", url="rtsps://192.0.2.1/stream")).cameras
    assert (plain.http_tunnel, tunnel.http_tunnel) == (False, True)
    words = refusal(tmp_path, camera("http_tunnel = true", url="http://192.0.2.1/mjpg"))
    assert words == "camera[0].http_tunnel: is for addresses that begin with rtsp:// or rtsps:// only"
    assert "choose one" in refusal(tmp_path, camera("http_tunnel = true\nudp = true"))


def test_a_camera_may_want_another_word_for_who_asks(tmp_path: Path) -> None:
    (usual,) = read(tmp_path, camera()).cameras
    (other,) = read(tmp_path, camera('user_agent = "LibVLC/3.0"')).cameras
    assert (usual.user_agent, other.user_agent) == ("", "LibVLC/3.0")
    for words in ("a\\r\\nb", "\u00fc"):
        assert "camera[0].user_agent" in refusal(tmp_path, camera(f'user_agent = "{words}"'))
    assert "begin with" in refusal(tmp_path, camera('user_agent = "x"', url="rtmp://192.0.2.1/live"))


def test_udp_is_allowed_where_a_camera_says_so_and_never_beside_tls(tmp_path: Path) -> None:
    (tcp,) = read(tmp_path, camera()).cameras
    (udp,) = read(tmp_path, camera("udp = true")).cameras
    assert (tcp.udp, udp.udp) == (False, True)
    words = refusal(tmp_path, camera("udp = true", url="rtsps://192.0.2.1/stream"))
    assert words == "camera[0].udp: is for addresses that begin with rtsp:// only"


def test_cameras_without_a_number_get_the_free_ones_in_order(tmp_path: Path) -> None:
    text = "".join(
        f'[[camera]]\nid = "c{index}"\nurl = "rtsp://192.0.2.1/"\n{number}\n'
        for index, number in enumerate(["", "number = 1", "", "number = 3", ""])
    )
    assert [camera.number for camera in read(tmp_path, text).cameras] == [2, 1, 4, 3, 5]


def test_a_password_file_may_end_in_a_newline(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("hunter2hunter2\n")
    (read_camera,) = read(tmp_path, camera('password_file = "secret"')).cameras
    assert read_camera.password == "hunter2hunter2"


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ("hedding_deg = 3", "camera[0].hedding_deg: unknown key; did you mean heading_deg?"),
        ("zzz = 3", "camera[0].zzz: unknown key; known here: always_on, district,"),
        ("number = 0", "camera[0].number: 0 is outside 1..65535"),
        ("number = true", "camera[0].number: expected a whole number, got true or false"),
        ("lat = 999\nlon = 0", "camera[0].lat: 999 is outside -90..90"),
        ("lat = nan\nlon = 0", "camera[0].lat: expected a number, got nan"),
        ("lat = 41", "camera[0].lon: is missing; a position has lat and lon"),
        ("heading_deg = 'north'", "camera[0].heading_deg: expected a number, got text"),
        ("name = ''", "camera[0].name: is empty"),
        ("name = 4", "camera[0].name: expected text in quotes, got a number"),
        ("always_on = 1", "camera[0].always_on: expected true or false, got a number"),
        (
            "tls_verify = false",
            "camera[0].tls_verify: is for addresses that begin with rtsps:// or https:// or rtmps:// only",
        ),
        ('udp = "yes"', "camera[0].udp: expected true or false"),
        ("password = 'x'", "camera[0].password: secrets do not belong into this file; name an environment variable"),
        ("password_env = 'NO_SUCH'", "camera[0].password_env: the environment variable NO_SUCH is not set or empty"),
        ("password_file = 'none'", "camera[0].password_file: cannot read"),
        ("password_env = 'A'\npassword_file = 'b'", "camera[0].password_file: password_env is there too"),
    ],
)
def test_a_wrong_key_of_a_camera_is_named_with_its_path(tmp_path: Path, lines: str, message: str) -> None:
    assert refusal(tmp_path, camera(lines)).startswith(message)


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("rtsp://me:secret@192.0.2.1/", "holds a user name or password; put them into username and password_env"),
        ("rtsp://me@192.0.2.1/", "holds a user name or password"),
        (
            "gopher://192.0.2.1/",
            "expected an address that begins with rtsp:// or rtsps:// or http:// or https:// or file://",
        ),
        ("192.0.2.1", "expected an address that begins with"),
        ("rtsp:///stream", "names no host"),
        ("rtsp://host:99999/", "is no address: Port out of range 0-65535"),
        ("rtsp://[::1/", "is no address: Invalid IPv6 URL"),
    ],
)
def test_a_wrong_address_is_refused_without_repeating_it(tmp_path: Path, url: str, message: str) -> None:
    words = refusal(tmp_path, camera(url=url))
    assert words.startswith(f"camera[0].url: {message}")
    assert "secret" not in words


@pytest.mark.parametrize(
    ("second", "message"),
    [
        ('id = "main-4th"', "camera[1].id: 'main-4th' is the id of another camera too"),
        ('id = "other"\nnumber = 4', "camera[1].number: 4 is the number of another camera too"),
        ("", "camera[1].id: is missing"),
        ('idd = "other"', "camera[1].id: is missing; did you mean it by idd?"),
        ('id = "a b"', "camera[1].id: 'a b' is no id; expected 1 to 64 letters"),
    ],
)
def test_ids_and_numbers_are_unique(tmp_path: Path, second: str, message: str) -> None:
    text = f'{camera("number = 4")}[[camera]]\nurl = "rtsp://192.0.2.2/"\n{second}\n'
    assert refusal(tmp_path, text).startswith(message)


def test_the_bus_address_gets_its_password_from_outside_the_file(tmp_path: Path) -> None:
    text = '[bus]\nurl = "rediss://sightline@valkey:6380/0"\npassword_env = "BUS"\n'
    assert read(tmp_path, text, {"BUS": "p@ss/1"}).bus.url == "rediss://sightline:p%40ss%2F1@valkey:6380/0"
    text = '[bus]\nurl = "redis://valkey"\npassword_env = "BUS"\n'
    assert read(tmp_path, text, {"BUS": "p"}).bus.url == "redis://:p@valkey"
    text = '[bus]\nurl = "sentinel://one:26379,two:26379/city"\npassword_env = "BUS"\n'
    assert read(tmp_path, text, {"BUS": "p"}).bus.url == "sentinel://:p@one:26379,two:26379/city"


def test_a_variable_wins_over_the_file(tmp_path: Path) -> None:
    environ = {"SIGHTLINE_BUS_URL": "redis://:pw@other", "SIGHTLINE_DATA": str(tmp_path / "elsewhere")}
    config = read(tmp_path, 'data_folder = "here"\n[bus]\nurl = "redis://valkey"\npassword_env = "NO_SUCH"', environ)
    assert config == StreamsConfig((), BusConfig("redis://:pw@other"), tmp_path / "elsewhere")


def test_an_address_in_a_variable_takes_its_password_from_the_file(tmp_path: Path) -> None:
    environ = {"SIGHTLINE_BUS_URL": "redis://other", "BUS": "pw"}
    assert read(tmp_path, '[bus]\npassword_env = "BUS"', environ).bus.url == "redis://:pw@other"


def test_a_wrong_variable_is_named_instead_of_the_key(tmp_path: Path) -> None:
    words = refusal(tmp_path, "", {"SIGHTLINE_BUS_URL": "amqp://mq"})
    schemes = "redis:// or rediss:// or unix:// or sentinel:// or sentinels:// or cluster:// or clusters://"
    assert words == f"SIGHTLINE_BUS_URL: expected an address that begins with {schemes}"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[bus]\nurl = "redis://:secret@valkey"', "bus.url: holds a password; put it into password_env"),
        ("bus = 3", "bus: expected a table [bus], got a number"),
        ("[camera]\nid = 'x'", "camera: expected tables [[camera]], got a table"),
        ("[[cameras]]\nid = 'x'", "cameras: unknown key; did you mean camera?"),
        ("data_folder = ''", "data_folder: is empty"),
        ("a = ", "{file}: not valid TOML: Invalid value"),
    ],
)
def test_a_wrong_key_at_the_top_is_named(tmp_path: Path, text: str, message: str) -> None:
    assert refusal(tmp_path, text).startswith(message.format(file=tmp_path / "sightline.toml"))


def test_a_file_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.toml: cannot read the configuration: No such file or directory"):
        load(tmp_path / "none.toml", {})


def test_the_intake_does_not_read_the_servers_secrets(tmp_path: Path) -> None:
    text = '[web]\nport = 1\n[[person]]\nid = "operator"\nrole = "operator"\npassword_env = "NOT_SET_HERE"\n'
    assert read(tmp_path, text).cameras == ()


def listed(folder: Path, text: str, name: str = "cameras.json") -> str:
    """Writes a list of cameras; the line of the configuration that names it."""
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_text(text)
    return f'camera_files = ["{name}"]\n'


def test_cameras_may_stand_in_files_of_their_own(tmp_path: Path) -> None:
    line = listed(tmp_path, '[{"id": "park", "url": "rtsp://192.0.2.2/", "lat": 41, "lon": -72.5}]')
    config = read(tmp_path, line + camera())
    assert config.cameras == (
        CameraConfig("main-4th", 1, "main-4th", "rtsp://192.0.2.1/stream"),
        CameraConfig("park", 2, "park", "rtsp://192.0.2.2/", lat=41, lon=-72.5),
    )


def test_a_password_file_lies_beside_the_list_that_names_it(tmp_path: Path) -> None:
    line = listed(tmp_path, '[{"id": "a", "url": "rtsp://a/", "password_file": "word"}]', "lists/cameras.json")
    (tmp_path / "lists" / "word").write_text("pa ss\n")
    (read_camera,) = read(tmp_path, line).cameras
    assert read_camera.password == "pa ss"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('[{"id": "a", "url": "rtsp://a/"}, {"id": "b", "url": "x"}]', "cameras.json[1].url: expected an address"),
        ('[{"id": "main-4th", "url": "rtsp://a/"}]', "cameras.json[0].id: 'main-4th' is the id of another camera too"),
        ('[{"id": "a", "url": "rtsp://a/", "fov": 60}]', "cameras.json[0].fov: unknown key; did you mean fov_deg?"),
        ('[{"id": "a", "url": "rtsp://a/", "lat": 1%s, "lon": 0}]' % ("0" * 400), "cameras.json[0].lat: 1"),
        ('[{"id": "a", "url": "rtsp://a/", "lat": NaN, "lon": 0}]', "cameras.json[0].lat: expected a number"),
        ('[{"id": "a", "url": "rtsp://a/", "password": "x"}]', "cameras.json[0].password: secrets do not belong"),
        ("id,url\na,rtsp://a/\n", "camera_files: {folder}/cameras.json is no JSON list of objects"),
        ('{"id": "a"}', "camera_files: {folder}/cameras.json is no JSON list of objects"),
        ("[7]", "camera_files: {folder}/cameras.json is no JSON list of objects"),
        ("[" * 100_000, "camera_files: {folder}/cameras.json is no JSON list of objects"),
    ],
)
def test_a_list_is_read_as_strictly_as_the_configuration(tmp_path: Path, text: str, sentence: str) -> None:
    said = refusal(tmp_path, listed(tmp_path, text) + camera())
    assert said.startswith(sentence.format(folder=tmp_path))


def test_a_list_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    said = refusal(tmp_path, 'camera_files = "none.json"\n')
    assert said == f"camera_files: cannot read {tmp_path}/none.json: No such file or directory"


def test_what_the_import_writes_can_be_read(tmp_path: Path) -> None:
    sample = Path(__file__).parents[1] / "vectors" / "cameras" / "open_traffic_cam_map.json"
    found = camera_list.parse(sample.read_bytes())
    config = read(tmp_path, listed(tmp_path, to_json(found)))
    assert config.cameras == tuple(each.camera for each in found.cameras)


def test_more_cameras_than_there_are_numbers_are_a_sentence(tmp_path: Path) -> None:
    line = listed(tmp_path, json.dumps([{"id": f"c{n}", "url": "rtsp://a/"} for n in range(65536)]))
    assert refusal(tmp_path, line).startswith("cameras.json[65535].number: is missing, and none is free")
