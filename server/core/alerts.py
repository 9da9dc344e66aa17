"""Alerts: what the server keeps of an alert, how urgent it is, and what is odd about it."""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from typing import Any, Literal

from server.core.alert_text import said_in
from server.core.body import storable
from server.core.escalation import Escalation
from streams.alert import Alert
from streams.geo import Point

LOWEST_PRIORITY = 4
MAX_SOURCE_ID_CHARACTERS = 200
INTERNAL_STATUSES = ("Draft", "System")
"""CAP 1.2 §3.2.1: what is not to be acted upon yet, and what the network says to itself. For the eyes of the staff."""


def priority_of(alert: Alert) -> int:
    """1 (at once) to 4 (when there is time), for an alert whose source did not say; docs/wire.md §7."""
    if alert.urgency == "Immediate" and alert.severity in ("Extreme", "Severe"):
        return 1
    if alert.urgency in ("Immediate", "Expected"):
        return 2
    if alert.urgency == "Future" or alert.severity == "Minor":
        return LOWEST_PRIORITY
    return 3


def source_key(source_id: str) -> str:
    """The source's own id as it is kept and compared. A very long one is cut, and stays unlike every other."""
    clean = storable(source_id)
    if len(clean) <= MAX_SOURCE_ID_CHARACTERS and clean == source_id:
        return source_id
    digest = hashlib.sha256(source_id.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    return f"{clean[: MAX_SOURCE_ID_CHARACTERS - 17]}~{digest}"


class AlertState(StrEnum):
    NEW = "new"
    ACKNOWLEDGED = "acknowledged"
    EN_ROUTE = "en_route"
    ON_SCENE = "on_scene"
    CLOSED = "closed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"

    @property
    def is_over(self) -> bool:
        return self in (AlertState.CLOSED, AlertState.CANCELLED, AlertState.EXPIRED)


@dataclass(frozen=True, slots=True)
class Progress:
    """Who has brought an alert how far."""

    state: AlertState
    person: str
    via: Literal["device", "radio"]
    by: str
    """Who said it for him by radio; else empty."""
    revision: int
    at_ms: int
    note: str = ""


@dataclass(frozen=True, slots=True)
class Shelved:
    until_ms: int
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class Change:
    """What a revision says otherwise than the one before it."""

    field: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class AlertRecord:
    """An alert as it stands; docs/wire.md §3."""

    id: str
    number: int
    revision: int
    source: str
    source_id: str
    status: str
    msg_type: str
    category: str
    event: str
    urgency: str
    severity: str
    certainty: str
    priority: int
    headline: str
    description: str
    instruction: str
    received_ms: int
    sent_ms: int | None
    onset_ms: int | None
    expires_ms: int | None
    area_desc: str
    point: Point | None
    radius_m: float | None
    parameters: Mapping[str, str]
    problems: tuple[str, ...]
    state: AlertState = AlertState.NEW
    progress: tuple[Progress, ...] = ()
    outcome: str = ""
    shelved: Shelved | None = None
    group_id: str | None = None
    revised_ms: int = 0
    revised_by: str = ""
    reason: str = ""
    changes: tuple[Change, ...] = ()
    escalation: Escalation | None = None

    @classmethod
    def of(
        cls,
        alert: Alert,
        *,
        alert_id: str,
        number: int,
        source: str,
        priority: int | None,
        received_ms: int,
        by: str = "",
    ) -> "AlertRecord":
        """The first revision.

        Args:
            priority: as the source said; None takes ``priority_of``.
            by: who has raised it by hand; else it is the source's own word.
        """
        circle = alert.circle
        return cls(
            id=alert_id,
            number=number,
            revision=1,
            source=source,
            source_id=source_key(alert.source_id),
            status=alert.status or "Actual",
            msg_type=alert.msg_type,
            category=alert.category,
            urgency=alert.urgency,
            severity=alert.severity,
            certainty=alert.certainty,
            priority=priority_of(alert) if priority is None else priority,
            received_ms=received_ms,
            point=circle.center if circle else None,
            # A circle of radius 0 is a point whose uncertainty nobody told us.
            radius_m=(circle.radius_m or None) if circle else None,
            revised_ms=received_ms,
            revised_by=by or f"source:{source}",
            **said_in(alert, received_ms),
        )

    @property
    def is_internal(self) -> bool:
        """Nobody is called for it and nothing sounds."""
        return self.status in INTERNAL_STATUSES

    def to_wire(self) -> dict[str, Any]:
        wire: dict[str, Any] = {field.name: getattr(self, field.name) for field in fields(self)}
        wire["point"] = {"lat": self.point.lat, "lon": self.point.lon} if self.point else None
        wire["parameters"] = dict(self.parameters)
        wire["problems"] = list(self.problems)
        wire["state"] = self.state.value
        wire["progress"] = [asdict(progress) for progress in self.progress]
        wire["shelved"] = asdict(self.shelved) if self.shelved else None
        wire["changes"] = [asdict(change) for change in self.changes]
        wire["escalation"] = self.escalation.to_wire() if self.escalation else None
        return wire

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> "AlertRecord":
        """Read what ``to_wire`` wrote."""
        point = wire["point"]
        values = {**wire, "point": Point(**point) if point else None, "problems": tuple(wire["problems"])}
        if "state" in wire:  # alerts of the first release have no life cycle
            shelved, escalation = wire["shelved"], wire["escalation"]
            values |= {
                "state": AlertState(wire["state"]),
                "progress": tuple(
                    Progress(**{**progress, "state": AlertState(progress["state"])}) for progress in wire["progress"]
                ),
                "shelved": Shelved(**shelved) if shelved else None,
                "changes": tuple(Change(**change) for change in wire["changes"]),
                "escalation": Escalation.from_wire(escalation) if escalation else None,
            }
        return cls(**values)
