"""Escalation: the ladder of one alert, step by step (docs/wire.md §6.6)."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from server.core.policies import Policy


@dataclass(frozen=True, slots=True)
class Escalation:
    """How far the ladder of an alert has come; docs/wire.md §3."""

    policy: str
    step: int
    """The step that was fired last, from 1; a loop's repetitions are the last step again."""
    steps: int
    fired_ms: int
    next_ms: int | None
    sound: bool
    """Whether this step sounds again at those who have the alert already."""
    say: str
    reached: int
    """How many people who are no staff the alert concerns."""
    over: bool = False

    def to_wire(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> "Escalation":
        return cls(**wire)


@dataclass(frozen=True, slots=True)
class Ladder:
    """What is kept of a ladder: what comes next."""

    alert_id: str
    revision: int
    policy: Policy
    """As it was when the ladder began."""
    step: int
    """The step that comes next, from 0."""
    started_ms: int
    due_ms: int | None
    """None when it has stopped."""
