"""The entries of a list of cameras, as CSV or JSON, whatever its columns are called and however it is nested."""

import csv
import io
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from streams.errors import FormatError

MAX_BYTES = 32 * 1024 * 1024
_MAX_DEPTH = 8
_NOWHERE = ("", "other", "all", "unknown")
"""Names of areas that say nothing."""

FIELDS: Final[Mapping[str, tuple[str, ...]]] = {
    "id": ("id", "cameraid", "guid"),
    "number": ("number", "cameranumber"),
    "name": ("name", "description", "title", "cameraname", "label"),
    "url": ("url", "address", "uri", "stream", "streamurl", "videourl", "rtspurl", "rtsp"),
    "username": ("username", "user", "login"),
    "password": ("password", "pass", "pwd"),
    "password_env": ("passwordenv",),
    "password_file": ("passwordfile",),
    "lat": ("lat", "latitude"),
    "lon": ("lon", "lng", "long", "longitude"),
    "heading": ("headingdeg", "heading", "azimuth", "bearing", "direction"),
    "fov": ("fovdeg", "fov", "fieldofview"),
    "district": ("district", "area", "zone", "city", "region"),
    "always_on": ("alwayson",),
    "format": ("format",),
}
"""Name of the field → names of columns or keys, the first that is there and not empty counts. Case and punctuation
do not matter."""


@dataclass(frozen=True, slots=True)
class CameraEntry:
    """``where`` it stands, for people; its ``fields`` by the names of ``FIELDS``, "" where there is none; ``is_broken``
    when it is no object, or a line with more values than there are columns."""

    where: str
    fields: Mapping[str, str]
    is_broken: bool = False


def entries(body: bytes) -> Iterator[CameraEntry]:
    """The entries in their order.

    JSON is a list of objects, or objects of such lists, whose keys are areas (``{"California": {"Fresno": [{…}]}}``).

    Raises:
        FormatError: it is neither JSON nor CSV with a line of column names, is not UTF-8, or is too large.
    """
    if len(body) > MAX_BYTES:
        raise FormatError(f"the list has {len(body)} bytes, expected at most {MAX_BYTES}")
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FormatError(f"the list is not UTF-8 text (byte {error.start}); save it as UTF-8") from None
    return _of_json(text) if text.lstrip()[:1] in ("[", "{") else _of_csv(text)


def _of_json(text: str) -> Iterator[CameraEntry]:
    try:
        top = json.loads(text)
    except RecursionError:
        raise FormatError("the list is nested too deeply") from None
    except ValueError as error:
        raise FormatError(f"the list is not valid JSON: {error}") from None
    yield from _walk(top, "", ())


def _walk(value: Any, where: str, areas: tuple[str, ...]) -> Iterator[CameraEntry]:
    if len(areas) > _MAX_DEPTH:
        raise FormatError("the list is nested too deeply")
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _walk(inner, f"{where}/{key}" if where else key, (*areas, key))
    elif isinstance(value, list):
        area = next((name for name in reversed(areas) if name.lower() not in _NOWHERE and name != "cameras"), "")
        for index, item in enumerate(value):
            yield _entry(f"{where}[{index}]", item, area)
    else:
        yield CameraEntry(where or "the file", {}, is_broken=True)


def _of_csv(text: str) -> Iterator[CameraEntry]:
    header = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=header.count)
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter, restval="")
    try:
        names = {_plain(name) for name in reader.fieldnames or ()}
        if not names.intersection(FIELDS["url"]):
            raise FormatError(f"expected a first line of column names with one of {', '.join(FIELDS['url'])}")
        for row in reader:
            yield _entry(f"line {reader.line_num}", row, "")
    except csv.Error as error:
        raise FormatError(f"line {reader.line_num}: not valid CSV: {error}") from None


def _entry(where: str, item: object, area: str) -> CameraEntry:
    # DictReader puts what is too much under None.
    if not isinstance(item, dict) or None in item:
        return CameraEntry(where, {}, is_broken=True)
    values: dict[str, str] = {}
    for key, value in item.items():
        # Some lists keep the place in an object of its own.
        inner = value.items() if isinstance(value, dict) else ((key, value),)
        values.update((_plain(name), _text(each)) for name, each in inner)
    fields = {field: next((values[name] for name in names if values.get(name)), "") for field, names in FIELDS.items()}
    return CameraEntry(where, {**fields, "district": fields["district"] or area})


def _text(value: object) -> str:
    """One line of printable text; "" for null."""
    if value is None:
        return ""
    text = value if isinstance(value, str) else json.dumps(value)
    return " ".join("".join(character if character.isprintable() else " " for character in text).split())


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())
