"""An alert as a source gives it, in the words of CAP 1.2."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

from streams.geo import Circle

Status = Literal["Actual", "Exercise", "System", "Test", "Draft"]
MsgType = Literal["Alert", "Update", "Cancel"]
Category = Literal[
    "Geo", "Met", "Safety", "Security", "Rescue", "Fire", "Health", "Env", "Transport", "Infra", "CBRNE", "Other"
]
Urgency = Literal["Immediate", "Expected", "Future", "Past", "Unknown"]
Severity = Literal["Extreme", "Severe", "Moderate", "Minor", "Unknown"]
Certainty = Literal["Observed", "Likely", "Possible", "Unlikely", "Unknown"]

STATUSES: tuple[str, ...] = get_args(Status)
MSG_TYPES: tuple[str, ...] = get_args(MsgType)
CATEGORIES: tuple[str, ...] = get_args(Category)
URGENCIES: tuple[str, ...] = get_args(Urgency)
SEVERITIES: tuple[str, ...] = get_args(Severity)
CERTAINTIES: tuple[str, ...] = get_args(Certainty)


@dataclass(frozen=True, slots=True)
class Alert:
    """What a source says happened.

    Only ``source_id`` and ``event`` are always there: an alert is never lost for an optional field. What could not be
    understood stands in ``problems``, as sentences for the operator; what is unknown stays in ``parameters``.
    """

    source_id: str
    """CAP ``identifier``: the source's own id, the same again for a repetition."""
    event: str
    status: Status | None = None
    """None: the source does not say. Of what is new that is ``Actual``; of what is known it stays as it was."""
    msg_type: MsgType = "Alert"
    category: Category = "Safety"
    urgency: Urgency = "Unknown"
    severity: Severity = "Unknown"
    certainty: Certainty = "Unknown"
    headline: str = ""
    description: str = ""
    instruction: str = ""
    sent_at: float | None = None
    """Seconds since the epoch, UTC: when the source says it sent this."""
    onset_at: float | None = None
    """When it happened (for a gunshot: the discharge)."""
    expires_at: float | None = None
    area_desc: str = ""
    circle: Circle | None = None
    """Where, with its uncertainty; acoustic detection is never better than 25 m."""
    parameters: Mapping[str, str] = field(default_factory=dict)
    problems: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    """CAP: the ids of earlier messages that this one updates or cancels, of the same source."""
