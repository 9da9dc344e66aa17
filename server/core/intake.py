"""Intake: an alert out of the JSON that a source sends (docs/wire.md §7).

Only ``identifier`` and ``event`` are required. Whatever else can't be used is left out and named in ``problems``;
whatever is unknown is kept in ``parameters``. An alert is never lost for an optional field.
"""

import math
from collections.abc import Mapping
from typing import Any

from server.core.alerts import LOWEST_PRIORITY
from server.core.body import json_kind
from server.core.fields import Fields, as_text, finite, quoted, renamed
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
    reading = _AlertFields(body)
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


class _AlertFields(Fields):
    """Those of an alert that are more than a word, a text or a time."""

    def priority(self) -> int | None:
        value = self.rest.pop("priority", None)
        if value is None:
            return None
        number = finite(value)
        if number is None or number != int(number) or not 1 <= number <= LOWEST_PRIORITY:
            self.left_out("priority", f"{quoted(value)} is not a whole number from 1 to {LOWEST_PRIORITY}")
            return None
        return int(number)

    def references(self) -> tuple[str, ...]:
        """Ids of earlier messages: a list of them, or CAP 1.2's ``sender,identifier,sent`` with blanks between."""
        value = self.rest.pop("references", None)
        match value:
            case None:
                return ()
            case str():
                named = [part.split(",") for part in value.split()]
                ids = [part[1] if len(part) == 3 else ",".join(part) for part in named]
            case list() if all(isinstance(item, str | int) and not isinstance(item, bool) for item in value):
                ids = [str(item) for item in value]
            case _:
                self.left_out("references", "must be a list of ids, or CAP's text")
                return ()
        if len(ids) > MAX_REFERENCES:
            self.problems.append(f"references holds {len(ids)} ids; the last {MAX_REFERENCES} are read.")
        # The last ones: CAP's senders add what is newest at the end.
        return tuple(name for name in ids[-MAX_REFERENCES:] if name)

    def area(self) -> tuple[str, Circle | None]:
        """The description of the area, and where it is. A point without a radius has radius 0: not known."""
        value = self.rest.pop("area", None)
        if isinstance(value, list) and value:
            # CAP allows several areas; we show the first.
            value, others = value[0], value[1:]
            if others:
                self.rest["area"] = others
        if value is None:
            return "", None
        if not isinstance(value, Mapping):
            self.left_out("area", f"must be an object, not {json_kind(value)}")
            return "", None
        area = renamed(value)
        description = self.text_of(area.pop("area_desc", None), "area.areaDesc")
        point, radius_m, circle = (area.pop(name, None) for name in ("point", "radius_m", "circle"))
        self.rest |= {f"area.{name}": rest for name, rest in area.items()}
        if point is not None and (place := self._point(point, radius_m)):
            return description, place
        if circle is not None:
            return description, self._circle(circle)
        return description, None

    def _point(self, value: object, radius: object) -> Circle | None:
        if not isinstance(value, Mapping):
            self.left_out("area.point", f"must be an object with lat and lon, not {json_kind(value)}")
            return None
        lat, lon = finite(value.get("lat")), finite(value.get("lon"))
        if lat is None or lon is None:
            self.left_out("area.point", "needs lat and lon as numbers")
            return None
        try:
            center = Point(lat, lon)
        except FormatError as error:
            self.left_out("area.point", str(error))
            return None
        if radius is None:
            return Circle(center, 0)
        try:
            return Circle(center, math.nan if (number := finite(radius)) is None else number)
        except FormatError:
            self.left_out("area.radius_m", f"{quoted(radius)} is not a distance in metres")
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
            self.left_out("area.circle", f'{quoted(value)} is not "lat,lon radius-in-km"{reason}')
            return None

    def parameters(self) -> dict[str, str]:
        """The parameters, and every field that nobody asked for. To be called last."""
        value = self.rest.pop("parameters", None)
        kept: dict[str, str] = {}
        match value:
            case None:
                pass
            case Mapping():
                kept = {str(name): as_text(item) for name, item in value.items()}
            case list() if all(isinstance(item, Mapping) and "valueName" in item for item in value):
                # CAP's own form: [{"valueName": …, "value": …}]
                kept = {as_text(item["valueName"]): as_text(item.get("value")) for item in value}
            case _:
                self.left_out("parameters", f"must be an object, not {json_kind(value)}")
        for name, item in self.rest.items():
            free = name
            while free in kept:
                free = f"_{free}"
            kept[free] = as_text(item)
        return kept
