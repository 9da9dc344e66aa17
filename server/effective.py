"""The effective configuration as TOML, with secrets redacted: what `sightline check-config` prints."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from server.config import Config
from streams.config import CameraConfig

REDACTED = "…"
_SECRET_WORDS = ("pass", "pwd", "secret", "token", "key", "auth")


def to_toml(config: Config) -> str:
    """Every key with the value that is in force, defaults included. A secret is only said to be there or not."""
    lines = [_line("data_folder", config.data_folder), _line("city_file", config.city_file)]
    lines += _table("[web]", config.web)
    lines += _table("[database]", config.database)
    lines += _table("[bus]", config.streams.bus)
    lines += _table("[streams]", config.streams.intake)
    lines += _table("[notify]", config.notify)
    lines += _table("[clips]", config.clips)
    for heading, items in (
        ("[[source]]", config.sources),
        ("[[beat]]", config.beats),
        ("[[person]]", config.people),
    ):
        for item in items:
            lines += _table(heading, item)
    for camera in config.streams.cameras:
        lines += _camera(camera)
    return "\n".join(line for line in lines if line is not None) + "\n"


def redact(url: str) -> str:
    """An address without its password, also when that stands in the query."""
    parts = urlsplit(url)
    # By replacement: urlunsplit loses slashes of sqlite:////path.
    if parts.password:
        url = url.replace(f":{parts.password}@", f":{REDACTED}@", 1)
    for name, _ in parse_qsl(parts.query):
        if any(word in name.lower() for word in _SECRET_WORDS):
            url = re.sub(rf"([?&]{re.escape(name)}=)[^&#]*", rf"\g<1>{REDACTED}", url)
    return url


def _table(heading: str, value: Any) -> Iterable[str | None]:
    return ["", heading, *(_line(f.name, getattr(value, f.name)) for f in fields(value))]


def _camera(camera: CameraConfig) -> Iterator[str | None]:
    """What holds at every preset stands at the camera, the rest at each."""
    everywhere = tuple(mask for mask in camera.masks if all(mask in preset.masks for preset in camera.presets))
    yield from _table("[[camera]]", replace(camera, masks=everywhere, presets=()))
    for preset in camera.presets:
        own = tuple(mask for mask in preset.masks if mask not in everywhere)
        yield from _table("[[camera.preset]]", replace(preset, masks=own))


def _line(key: str, value: Any) -> str | None:
    """None for a key that has no value: TOML has no null."""
    if value is None or value in ((), {}):
        return None
    if key in {
        "password",
        "secret",
        "path_secret",
        "vapid_key",
        "metrics_token",
        "signing_key",
        "access_key",
        "secret_key",
    }:
        return f"# {key}: {'is set' if value else 'none'}"
    if key == "url":
        value = redact(value)
    return f"{key} = {_value(value)}"


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_key(key)} = {_value(item)}" for key, item in value.items()) + "}"
    if isinstance(value, Path):
        value = str(value)
    return json.dumps(value, ensure_ascii=False, default=lambda mask: mask.outline)


def _key(key: str) -> str:
    return key if key.replace("_", "").replace("-", "").isalnum() else json.dumps(key)
