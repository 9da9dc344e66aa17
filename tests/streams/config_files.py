"""Configuration files of a test."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from streams.config import StreamsConfig, load
from streams.errors import ConfigError


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
