"""Configuration files of a test."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from streams.config import CameraConfig, StreamsConfig, load
from streams.errors import ConfigError

WHOLE_CAMERA = CameraConfig(
    id="main-4th",
    number=4,
    name="Main St / 4th Ave",
    url="rtsp://192.0.2.1/stream",
    username="viewer",
    password="pa ss",
    lat=41.76,
    lon=-72.67,
    heading_deg=0,
    fov_deg=60,
    district="Downtown",
    always_on=True,
)
"""One of which everything is said; with its heading of 360 degrees as it is kept."""


def read(folder: Path, text: str, environ: Mapping[str, str] | None = None) -> StreamsConfig:
    file = folder / "sightline.toml"
    file.write_text(text)
    return load(file, environ or {})


def refusal(folder: Path, text: str, environ: Mapping[str, str] | None = None) -> str:
    with pytest.raises(ConfigError) as caught:
        read(folder, text, environ)
    return str(caught.value)


def camera(lines: str = "", url: str = "rtsp://192.0.2.1/stream") -> str:
    return f'[[camera]]\nid = "main-4th"\nurl = "{url}"\n{lines}\n'
