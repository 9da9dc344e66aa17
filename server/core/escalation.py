"""Escalation: the ladder of one alert, step by step (docs/wire.md §6.6)."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from server.core.policies import Policy, Step

LATE_MS = 5_000
"""A step that comes later than this moves those behind it: people get the time that the policy gives them."""
EN_ROUTE = -1
"""In place of a step: somebody has acknowledged and has to be on the way by then."""


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

    def stopped(self) -> "Escalation":
        """Nothing comes any more."""
        return replace(self, next_ms=None, over=True)

    def acknowledged(self, en_route_by_ms: int | None) -> "Escalation":
        """Nothing comes any more, or the ladder begins anew then when nobody is on the way."""
        return replace(self, next_ms=en_route_by_ms, over=en_route_by_ms is None)

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
    """The step that comes next, from 0; those beyond the last are its repetitions. Or ``EN_ROUTE``."""
    started_ms: int
    due_ms: int | None
    """None when it has stopped."""

    @classmethod
    def begun(cls, alert_id: str, revision: int, policy: Policy, now_ms: int) -> "Ladder":
        """At the foot: the first step is due."""
        return cls(alert_id, revision, policy, 0, now_ms, now_ms)

    @property
    def delay_ms(self) -> int:
        """How long it is at most until the step that comes next."""
        if self.step == EN_ROUTE:
            return 1000 * (self.policy.en_route_s or 0)
        return self.policy.delay_ms(self.step)

    @property
    def rung(self) -> Step:
        """What comes next. The last step again in a loop."""
        return self.policy.steps[min(self.step, len(self.policy.steps) - 1)]

    @property
    def is_last(self) -> bool:
        return self.step >= len(self.policy.steps) - 1

    def fired(self, now_ms: int, late_ms: int = 0) -> "Ladder":
        """After the step that was due has come.

        Args:
            late_ms: how long ago it was due. A little does not move the steps behind it; more does.
        """
        at_ms = now_ms - late_ms if late_ms <= LATE_MS else now_ms
        following = replace(self, step=self.step + 1)
        if following.step >= len(self.policy.steps) and self.policy.loop_s is None:
            return replace(following, due_ms=None)
        # With a step that was skipped, or came late, the start moves along.
        climbed_ms = 1000 * self.rung.after_s
        return replace(following, started_ms=at_ms - climbed_ms, due_ms=at_ms + following.delay_ms)

    def acknowledged(self, now_ms: int) -> "Ladder":
        """Somebody has it; he has to be on the way in time, if the policy says so."""
        if self.policy.en_route_s is None:
            return replace(self, due_ms=None)
        return replace(self, step=EN_ROUTE, due_ms=now_ms + 1000 * self.policy.en_route_s)

    def begun_anew(self, now_ms: int) -> "Ladder":
        return Ladder.begun(self.alert_id, self.revision, self.policy, now_ms)
