"""Intake: an alert out of the JSON that a source sends (docs/wire.md §7).

Only ``identifier`` and ``event`` are required. Whatever else can't be used is left out and named in ``problems``;
whatever is unknown is kept in ``parameters``. An alert is never lost for an optional field.
"""

import json
import math
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from server.core.alerts import LOWEST_PRIORITY
from server.core.body import json_kind
from server.errors import AlertInvalid
from streams.alert import CATEGORIES, CERTAINTIES, MSG_TYPES, SEVERITIES, STATUSES, URGENCIES, Alert
from streams.errors import FormatError
from streams.geo import Circle, Point

_WORDS: Mapping[str, tuple[str, ...]] = {
    "status": STATUSES,
    "msg_type": MSG_TYPES,
    "category": CATEGORIES,
    "urgency": URGENCIES,
    "severity": SEVERITIES,
    "certainty": CERTAINTIES,
}
MAX_REFERENCES = 100
_TEXTS = ("headline", "description", "instruction")
_TIMES = ("sent", "onset", "expires")
# A source that follows CAP's XML writes camel case; one that follows our own answers, snake case.
_ALIASES = {"msgType": "msg_type", "areaDesc": "area_desc"}


def alert_from_json(body: object, *, identifier: str = "") -> tuple[Alert, int | None]:
    """The alert and, when the source gave one, its priority.

    Args:
        body: the parsed JSON.
        identifier: taken when the body has none (an alert raised by hand); empty: the body must have one.

    Raises:
        AlertInvalid: no object, no ``identifier``, or no ``event``.
    """
    if not isinstance(body, Mapping):
        raise AlertInvalid(f"An alert must be a JSON object, not {json_kind(body)}.")
    reading = _Reading(body)
    fields: dict[str, Any] = {
        "source_id": reading.required("identifier", default=identifier),
        "event": reading.required("event"),
    }
    fields |= {name: word for name, allowed in _WORDS.items() if (word := reading.word(name, allowed))}
    fields |= {name: reading.text(name) for name in _TEXTS}
    fields |= {f"{name}_at": reading.time(name) for name in _TIMES}
    fields["area_desc"], fields["circle"] = reading.area()
    fields["references"] = reading.references()
    priority = reading.priority()
    fields["parameters"] = reading.parameters()
    return Alert(**fields, problems=tuple(reading.problems)), priority


class _Reading:
    """Takes known fields out of a body one by one; what is left at the end is unknown and kept."""

    def __init__(self, body: Mapping[str, object]) -> None:
        self._rest = _renamed(body)
        self.problems: list[str] = []

    def required(self, name: str, *, default: str = "") -> str:
        value = self._rest.pop(name, None)
        # A number is a good enough identifier.
        if isinstance(value, int | float) and not isinstance(value, bool):
            value = str(value)
        if value is None or (isinstance(value, str) and not value.strip()):
            value = default
        if not isinstance(value, str):
            raise AlertInvalid(f"'{name}' must be text, not {json_kind(value)}.", path=name)
        if not value:
            raise AlertInvalid(f"An alert needs '{name}'.", path=name)
        return value.strip()

    def text(self, name: str) -> str:
        return self._text(self._rest.pop(name, None), name)

    def _text(self, value: object, name: str) -> str:
        match value:
            case None:
                return ""
            case str():
                return value
            case bool() | int() | float():
                return _as_text(value)
            case _:
                self._left_out(name, f"must be text, not {json_kind(value)}")
                return ""

    def word(self, name: str, allowed: tuple[str, ...]) -> str | None:
        """One of CAP's words, however it is capitalised."""
        value = self._rest.pop(name, None)
        # CAP allows several categories; we show the first.
        if isinstance(value, list) and value:
            value, others = value[0], value[1:]
            if others:
                self._rest[name] = others
        if value is None:
            return None
        for word in allowed:
            if isinstance(value, str) and value.strip().lower() == word.lower():
                return word
        self._left_out(name, f"{_quoted(value)} is not one of {', '.join(allowed)}")
        return None

    def time(self, name: str) -> float | None:
        """Seconds since the epoch of an RFC 3339 time."""
        value = self._rest.pop(name, None)
        if value is None:
            return None
        if not isinstance(value, str):
            self._left_out(name, f"must be an RFC 3339 time as text, not {json_kind(value)}")
            return None
        try:
            moment = datetime.fromisoformat(value.strip().upper())
            if moment.tzinfo is None:
                self._left_out(name, f"{_quoted(value)} has no offset from UTC")
                return None
            return moment.timestamp()
        except (ValueError, OverflowError):
            self._left_out(name, f"{_quoted(value)} is not an RFC 3339 time")
            return None

    def priority(self) -> int | None:
        value = self._rest.pop("priority", None)
        if value is None:
            return None
        number = _number(value)
        if number is None or number != int(number) or not 1 <= number <= LOWEST_PRIORITY:
            self._left_out("priority", f"{_quoted(value)} is not a whole number from 1 to {LOWEST_PRIORITY}")
            return None
        return int(number)

    def references(self) -> tuple[str, ...]:
        """Ids of earlier messages: a list of them, or CAP 1.2's ``sender,identifier,sent`` with blanks between."""
        value = self._rest.pop("references", None)
        match value:
            case None:
                return ()
            case str():
                named = [part.split(",") for part in value.split()]
                ids = [part[1] if len(part) == 3 else ",".join(part) for part in named]
            case list() if all(isinstance(item, str | int) and not isinstance(item, bool) for item in value):
                ids = [str(item) for item in value]
            case _:
                self._left_out("references", "must be a list of ids, or CAP's text")
                return ()
        if len(ids) > MAX_REFERENCES:
            self.problems.append(f"references holds {len(ids)} ids; the last {MAX_REFERENCES} are read.")
        # The last ones: CAP's senders add what is newest at the end.
        return tuple(name for name in ids[-MAX_REFERENCES:] if name)

    def area(self) -> tuple[str, Circle | None]:
        """The description of the area, and where it is. A point without a radius has radius 0: not known."""
        value = self._rest.pop("area", None)
        if isinstance(value, list) and value:
            # CAP allows several areas; we show the first.
            value, others = value[0], value[1:]
            if others:
                self._rest["area"] = others
        if value is None:
            return "", None
        if not isinstance(value, Mapping):
            self._left_out("area", f"must be an object, not {json_kind(value)}")
            return "", None
        area = _renamed(value)
        description = self._text(area.pop("area_desc", None), "area.areaDesc")
        point, radius_m, circle = (area.pop(name, None) for name in ("point", "radius_m", "circle"))
        self._rest |= {f"area.{name}": rest for name, rest in area.items()}
        if point is not None and (place := self._point(point, radius_m)):
            return description, place
        if circle is not None:
            return description, self._circle(circle)
        return description, None

    def _point(self, value: object, radius: object) -> Circle | None:
        if not isinstance(value, Mapping):
            self._left_out("area.point", f"must be an object with lat and lon, not {json_kind(value)}")
            return None
        lat, lon = _number(value.get("lat")), _number(value.get("lon"))
        if lat is None or lon is None:
            self._left_out("area.point", "needs lat and lon as numbers")
            return None
        try:
            center = Point(lat, lon)
        except FormatError as error:
            self._left_out("area.point", str(error))
            return None
        if radius is None:
            return Circle(center, 0)
        try:
            return Circle(center, math.nan if (number := _number(radius)) is None else number)
        except FormatError:
            self._left_out("area.radius_m", f"{_quoted(radius)} is not a distance in metres")
            return Circle(center, 0)

    def _circle(self, value: object) -> Circle | None:
        """CAP 1.2: ``lat,lon radius`` with the radius in kilometres."""
        if isinstance(value, list) and value:
            value = value[0]
        try:
            center, radius_km = str(value).split()
            lat, lon = center.split(",")
            return Circle(Point(float(lat), float(lon)), float(radius_km) * 1000)
        except (ValueError, FormatError) as error:
            reason = f" ({error})" if isinstance(error, FormatError) else ""
            self._left_out("area.circle", f'{_quoted(value)} is not "lat,lon radius-in-km"{reason}')
            return None

    def parameters(self) -> dict[str, str]:
        """The parameters, and every field that nobody asked for. To be called last."""
        value = self._rest.pop("parameters", None)
        kept: dict[str, str] = {}
        match value:
            case None:
                pass
            case Mapping():
                kept = {str(name): _as_text(item) for name, item in value.items()}
            case list() if all(isinstance(item, Mapping) and "valueName" in item for item in value):
                # CAP's own form: [{"valueName": …, "value": …}]
                kept = {_as_text(item["valueName"]): _as_text(item.get("value")) for item in value}
            case _:
                self._left_out("parameters", f"must be an object, not {json_kind(value)}")
        for name, item in self._rest.items():
            free = name
            while free in kept:
                free = f"_{free}"
            kept[free] = _as_text(item)
        return kept

    def _left_out(self, name: str, reason: str) -> None:
        self.problems.append(f"{name}: {reason}; it is left out.")


def _renamed(body: Mapping[str, object]) -> dict[str, Any]:
    return {_ALIASES.get(str(key), str(key)): value for key, value in body.items()}


def _number(value: object) -> float | None:
    """A finite number, also one written as text; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _as_text(value: object) -> str:
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    try:
        return json.dumps(value, ensure_ascii=False)
    except RecursionError:
        return "(nested too deeply)"


def _quoted(value: object) -> str:
    text = _as_text(value)
    return f'"{text[:60]}{"…" if text[60:] else ""}"'
