"""What `sightline check-config` prints."""

import tomllib
from pathlib import Path

import pytest

from server.config import load
from server.effective import redact, to_toml

SECRETS = {
    "CAMERA": "camera-secret-1",
    "GUNSHOT": "whsec_" + "QUJD" * 8,
    "PERSON": "person-secret-1",
    "METRICS": "monitoring-token-secret-1",
    "SIGHTLINE_BUS_URL": "redis://:bus-secret-1@valkey",
    "SIGHTLINE_DATABASE_URL": "postgresql://sightline:db-secret-1@postgres/sightline",
}
FILE = """
[web]
metrics_token_env = "METRICS"
[[camera]]
id = "main-4th"
url = "rtsp://192.0.2.1/a?user=me&pwd=query-secret-1&channel=1"
password_env = "CAMERA"
[[source]]
name = "gunshot"
kind = "gunshot"
secret_env = "GUNSHOT"
fields = { rounds = ["NumShots", "Shots"] }
[[person]]
id = "operator"
role = "operator"
password_env = "PERSON"
"""


def effective(folder: Path, text: str = FILE) -> str:
    file = folder / "sightline.toml"
    file.write_text(text)
    return to_toml(load(file, SECRETS))


def test_no_secret_is_printed(tmp_path: Path) -> None:
    text = effective(tmp_path)
    assert "-secret-1" not in text
    assert SECRETS["GUNSHOT"] not in text
    assert text.count("# password: is set") == 2
    assert "# metrics_token: is set" in text


def test_it_is_toml_with_the_defaults_filled_in(tmp_path: Path) -> None:
    values = tomllib.loads(effective(tmp_path))
    web = {"host": "127.0.0.1", "port": 8080, "public_origin": "", "behind_proxy": False, "processes": 1}
    assert values["web"] == web
    assert values["camera"][0]["url"] == "rtsp://192.0.2.1/a?user=me&pwd=…&channel=1"
    assert values["source"][0]["fields"] == {"rounds": ["NumShots", "Shots"]}
    assert values["bus"]["url"] == "redis://:…@valkey"


def test_masks_are_printed_so_that_they_are_read_the_same_again(tmp_path: Path) -> None:
    text = """
[[camera]]
id = "main-4th"
url = "rtsp://192.0.2.1/a"
masks = [[[0, 0], [0.1, 0], [0.1, 0.1]]]
[[camera.preset]]
name = "north"
masks = [[[0, 0], [0.5, 0], [0.5, 0.5]]]
[[camera.preset]]
name = "south"
masks = [[[0, 0], [0.7, 0], [0.7, 0.7]]]
[[camera]]
id = "garage"
url = "rtsp://192.0.2.2/a"
masks = [[[0, 0], [0.2, 0], [0.2, 0.2]]]
"""
    cameras = tomllib.loads(effective(tmp_path, text))["camera"]
    assert [{key: camera[key] for key in ("masks", "preset") if key in camera} for camera in cameras] == [
        {key: camera[key] for key in ("masks", "preset") if key in camera} for camera in tomllib.loads(text)["camera"]
    ]


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("sqlite:////var/lib/sightline.db", "sqlite:////var/lib/sightline.db"),
        ("unix:///run/valkey.sock", "unix:///run/valkey.sock"),
        ("postgresql://me:p%40ss@host:5432/db?sslmode=require", "postgresql://me:…@host:5432/db?sslmode=require"),
        ("redis://host/0?password=geheim", "redis://host/0?password=…"),
        ("http://host/video.cgi?usr=a&passwd=b&x=1", "http://host/video.cgi?usr=a&passwd=…&x=1"),
        ("", ""),
    ],
)
def test_an_address_keeps_everything_but_its_secret(url: str, shown: str) -> None:
    assert redact(url) == shown
