"""Gunshot alerts as XML documents, in the manner of vendor pushes.

No vendor publishes its document, so the names are data: a field map says under which element or attribute names each
field may come. Case, namespaces, nesting and punctuation in names do not matter; ``location/lat`` asks for a parent.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import Final

from streams.alert import Alert, Certainty, MsgType, Severity, Status, Urgency
from streams.errors import FormatError
from streams.formats.local_time import epoch_of
from streams.formats.xml_document import MAX_BYTES, NotXml, XmlDocument, plain
from streams.geo import Circle, Point

__all__ = ["DEFAULT_FIELDS", "MAX_BYTES", "MIN_RADIUS_M", "NotXml", "build", "parse"]

MIN_RADIUS_M = 25.0
"""Acoustic detection is called accurate within 25 m: a card must never show a point only."""

DEFAULT_FIELDS: Final[Mapping[str, tuple[str, ...]]] = {
    "id": ("IncidentId", "AlertId", "RespondId", "FlexId", "UniqueId", "EventId", "Identifier", "Id"),
    "type": ("IncidentType", "IncidentTypeDescription", "EventType", "AlertType", "Classification", "Type"),
    "rounds": ("Rounds", "RoundCount", "NumRounds", "NumberOfRounds", "Rnds", "ShotCount", "Shots"),
    "lat": ("Latitude", "Lat"),
    "lon": ("Longitude", "Lon", "Lng", "Long"),
    "point": ("Point", "Pos", "LatLon", "Coordinates"),
    "radius": ("RadiusM", "Radius", "Uncertainty", "Accuracy", "ErrorRadius"),
    "onset": ("DischargeTime", "IncidentTime", "EventTime", "DetectionTime", "Onset", "DateTime", "Timestamp"),
    "date": ("Date",),
    "time": ("Time",),
    "sent": ("Sent", "SentTime", "PublishTime", "PublishedTime", "NotificationTime"),
    "address": ("Address", "StreetAddress", "ReturnedAddress", "Location", "Block"),
    "zone": ("Zone", "ZoneName", "CoverageArea", "District", "Beat"),
    "status": ("Status", "ReviewStatus", "WorkflowStatus", "Disposition", "Dispo"),
    "cad_id": ("CadId", "CadNumber", "Cad"),
    "audio": ("Audio", "AudioUrl", "AudioUri", "MediaUri"),
    "comment": ("Comment", "Comments", "Remarks", "Notes", "Description"),
}
"""Name of the field → element or attribute names, the first that is there and not empty counts."""


@dataclass(frozen=True, slots=True)
class _Kind:
    event: str
    urgency: Urgency
    severity: Severity
    certainty: Certainty


_MULTIPLE = _Kind("Multiple gunshots", "Immediate", "Severe", "Likely")
_SINGLE = _Kind("Single gunshot", "Immediate", "Severe", "Likely")
_PROBABLE = _Kind("Probable gunfire", "Immediate", "Moderate", "Possible")
_UNCLEAR = _Kind("Gunshot or firecracker", "Immediate", "Moderate", "Possible")
_FIREWORKS = _Kind("Fireworks", "Past", "Minor", "Likely")
_NOISE = _Kind("Other loud noise", "Past", "Minor", "Unlikely")
_KINDS: Mapping[str, _Kind] = {
    "multiplegunshots": _MULTIPLE,
    "multiplegunshot": _MULTIPLE,
    "multiplerounds": _MULTIPLE,
    "msst": _MULTIPLE,
    "singlegunshot": _SINGLE,
    "gunshot": _SINGLE,
    "singleround": _SINGLE,
    "sst": _SINGLE,
    "gunfire": _Kind("Gunfire", "Immediate", "Severe", "Likely"),
    "gunshots": _MULTIPLE,
    "probablegunfire": _PROBABLE,
    "possiblegunfire": _PROBABLE,
    "possiblegunshot": _PROBABLE,
    "psst": _PROBABLE,
    "gunshotorfirecracker": _UNCLEAR,
    "fireworks": _FIREWORKS,
    "firework": _FIREWORKS,
    "firecracker": _FIREWORKS,
    "firecrackers": _FIREWORKS,
    "other": _NOISE,
    "noise": _NOISE,
    "impulsivenoise": _NOISE,
    "notgunfire": _NOISE,
}
_STATUSES: Mapping[str, Status] = {
    **dict.fromkeys(("actual", "real", "live"), "Actual"),
    "test": "Test",
    **dict.fromkeys(("exercise", "drill", "training"), "Exercise"),
}
"""Any other word says nothing of it: a test that is reviewed stays a test."""
_MSG_TYPES: Mapping[str, MsgType] = {
    **dict.fromkeys(("update", "updated", "revised", "reclassified"), "Update"),
    **dict.fromkeys(("cancel", "canceled", "cancelled", "dismissed", "retracted", "falsealarm"), "Cancel"),
}
_NOT_REVIEWED = frozenset({"raw", "unreviewed", "notreviewed", "machine", "pending", "preliminary"})


def parse(body: bytes, *, fields: Mapping[str, tuple[str, ...]], timezone: str) -> Alert:
    """Read one alert.

    Args:
        fields: replaces entries of ``DEFAULT_FIELDS``; a field that is not there becomes a parameter of that name.
        timezone: IANA name for times that come without an offset. Its data is read from disk when a zone is used for
            the first time in a process.

    Raises:
        NotXml: not well-formed, has a DTD, or is larger than ``MAX_BYTES``.
        FormatError: no incident id.
    """
    document = XmlDocument(body)
    found = {name: document.take(names) for name, names in {**DEFAULT_FIELDS, **fields}.items()}
    source_id = found.pop("id")
    if not source_id:
        names = ", ".join({**DEFAULT_FIELDS, **fields}["id"])
        raise FormatError(f"the document has no incident id; expected one of the elements or attributes {names}")
    if len(source_id) > 200:
        raise FormatError(f"the incident id has {len(source_id)} characters, expected at most 200")
    problems: list[str] = []
    circle = _circle(found, problems)
    onset_at, sent_at = _times(found, timezone, problems)
    kind = _kind(found["type"], problems)
    rounds = _rounds(found["rounds"], problems)
    word = plain(found["status"])
    address, zone = found["address"], found["zone"]
    parameters = {name: found[name] for name in ("type", "zone", "status", "cad_id", "audio") if found[name]}
    if rounds:
        parameters["rounds"] = str(rounds)
    parameters |= {name: value for name, value in found.items() if name not in DEFAULT_FIELDS and value}
    parameters |= document.rest(taken=parameters.keys(), problems=problems)
    return Alert(
        source_id=source_id,
        event=kind.event,
        status=_STATUSES.get(word),
        msg_type=_MSG_TYPES.get(word, "Alert"),
        urgency=kind.urgency,
        severity=kind.severity,
        certainty="Possible" if word in _NOT_REVIEWED and kind.certainty == "Likely" else kind.certainty,
        headline=", ".join(part for part in (kind.event, _rounds_text(rounds), address or zone) if part),
        description=found["comment"],
        sent_at=sent_at,
        onset_at=onset_at,
        area_desc=", ".join(part for part in (address, zone) if part),
        circle=circle,
        parameters=parameters,
        problems=tuple(problems),
    )


def build(
    *,
    source_id: str,
    kind: str,
    rounds: int,
    point: Point,
    onset: str,
    sent: str,
    radius_m: float = MIN_RADIUS_M,
    address: str = "",
    zone: str = "",
    status: str = "Reviewed",
) -> bytes:
    """A document as a sensor's service would push it; ``parse`` reads it with the default fields.

    Args:
        onset: and ``sent``: RFC 3339 with an offset.
    """
    elements = (
        ("IncidentId", source_id),
        ("IncidentType", kind),
        ("Rounds", str(rounds)),
        ("Latitude", f"{point.lat:.6f}"),
        ("Longitude", f"{point.lon:.6f}"),
        ("Radius", f"{radius_m:g}"),
        ("DischargeTime", onset),
        ("PublishTime", sent),
        ("Address", address),
        ("Zone", zone),
        ("ReviewStatus", status),
    )
    lines = [f"  <{name}>{escape(value)}</{name}>" for name, value in elements if value]
    return "\n".join(('<?xml version="1.0" encoding="UTF-8"?>', "<GunshotAlert>", *lines, "</GunshotAlert>\n")).encode()


def _circle(found: Mapping[str, str], problems: list[str]) -> Circle | None:
    lat, lon = found["lat"], found["lon"]
    if not (lat or lon) and found["point"]:
        lat, _, lon = re.sub(r"[,;\s]+", " ", found["point"]).partition(" ")
    if not lat and not lon:
        problems.append("no position was sent")
        return None
    try:
        point = Point(float(lat), float(lon))
    except ValueError:
        problems.append(f"the position '{lat[:40]}', '{lon[:40]}' is not two numbers; it was left out")
        return None
    except FormatError as error:
        problems.append(f"{error}; the position was left out")
        return None
    if abs(point.lat) < 0.01 and abs(point.lon) < 0.01:
        problems.append(f"the position {point.lat}, {point.lon} is in the Gulf of Guinea; it was left out")
        return None
    return Circle(point, _radius_m(found["radius"], problems))


def _radius_m(text: str, problems: list[str]) -> float:
    try:
        radius_m = float(re.sub(r"\s*m(et(er|re)s?)?$", "", text.strip(), flags=re.IGNORECASE)) if text else 0.0
        if not 0 <= radius_m <= 20_000:
            raise ValueError
    except ValueError:
        problems.append(f"the radius '{text[:40]}' is no number of metres up to 20000; {MIN_RADIUS_M:g} m was taken")
        return MIN_RADIUS_M
    return max(radius_m, MIN_RADIUS_M)


def _times(found: Mapping[str, str], timezone: str, problems: list[str]) -> tuple[float | None, float | None]:
    onset = found["onset"]
    if not onset:
        # Date and time of day in two elements, or all of it in one that is called Date or Time.
        onset = " ".join(part for part in (found["date"], found["time"]) if part)
    return (
        epoch_of(onset, timezone=timezone, what="time of the discharge", problems=problems),
        epoch_of(found["sent"], timezone=timezone, what="time of sending", problems=problems),
    )


def _kind(text: str, problems: list[str]) -> _Kind:
    if not text:
        problems.append("no type was sent; it is shown as possible gunfire")
        return _Kind("Possible gunfire", "Immediate", "Moderate", "Possible")
    known = _KINDS.get(plain(text))
    if known is None:
        problems.append(f"the type '{text[:40]}' is not known; it is shown as it came")
        return _Kind(text[:100], "Immediate", "Unknown", "Unknown")
    return known


def _rounds(text: str, problems: list[str]) -> int:
    if not text:
        return 0
    if not re.fullmatch(r"\d{1,4}", text):
        problems.append(f"the number of rounds '{text[:40]}' is not a number up to 9999; it was left out")
        return 0
    return int(text)


def _rounds_text(rounds: int) -> str:
    return "" if rounds == 0 else "1 round" if rounds == 1 else f"{rounds} rounds"
