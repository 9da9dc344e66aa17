"""Planner: whom an alert concerns, and how its ladder goes on, with the people and policies of one moment."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from server.config import OWN_SOURCE
from server.core.alerts import AlertRecord
from server.core.audience import EVERYBODY, STAFF, Audience
from server.core.escalation import EN_ROUTE, Escalation, Ladder
from server.core.policies import NOBODY_NEW, Policy, Reach
from server.core.roster import Roster
from streams.geo import Point


@dataclass(frozen=True, slots=True)
class Plan:
    """For an alert that is new, or new again."""

    audience: Audience
    escalation: Escalation | None
    """None: no ladder, and nobody to be reminded."""
    ladder: Ladder | None
    """To be kept with the alert."""


@dataclass(frozen=True, slots=True)
class Climb:
    """What came of a step that was due; the steps behind it that reached nobody came with it."""

    audience: Audience
    escalation: Escalation
    ladder: Ladder
    fired: tuple[int, ...]
    """The steps that came, from 1, in order; all but the last were skipped: they reached nobody who is connected."""


@dataclass(frozen=True, slots=True)
class Planner:
    roster: Roster
    policies: Mapping[int, Policy] = field(default_factory=dict)
    """By priority. What has none concerns everybody, and does not climb."""

    def plan(self, record: AlertRecord, now_ms: int) -> Plan:
        """Whom a new alert concerns at first, and its ladder, with the first step taken."""
        policy = self.policies.get(record.priority)
        if record.source == OWN_SOURCE or record.is_internal or (policy and policy.is_for_staff):
            return Plan(STAFF, None, None)
        if policy is None:
            return Plan(EVERYBODY, None, None)
        climb = self.climb(record, STAFF, Ladder.begun(record.id, record.revision, policy, now_ms), now_ms)
        return Plan(climb.audience, climb.escalation, climb.ladder)

    def climb(self, record: AlertRecord, audience: Audience, ladder: Ladder, now_ms: int, *, late_ms: int = 0) -> Climb:
        """Take the step that is due, and at once those behind it while nobody who has the alert is connected.

        After ``EN_ROUTE`` the ladder begins anew. The last step is never passed over: it tells the staff what to do.
        """
        if ladder.step == EN_ROUTE:
            ladder = ladder.begun_anew(now_ms)
        fired: list[int] = []
        while True:
            step, number = ladder.rung, min(ladder.step + 1, len(ladder.policy.steps))
            reached = self._reached(step.reach, record.point, is_first=ladder.step == 0, now_ms=now_ms)
            audience = self._with(audience, reached)
            fired.append(number)
            is_last = ladder.is_last
            ladder = ladder.fired(now_ms, late_ms if len(fired) == 1 else 0)
            if is_last or self.roster.is_reachable(reached | self._officers(audience)):
                break
        escalation = Escalation(
            policy=ladder.policy.name,
            step=number,
            steps=len(ladder.policy.steps),
            fired_ms=now_ms,
            next_ms=ladder.due_ms,
            sound=step.sound,
            say=step.say,
            reached=len(self._officers(audience)),
            over=ladder.due_ms is None,
        )
        return Climb(audience, escalation, ladder, tuple(fired))

    def elsewhere(self, record: AlertRecord, audience: Audience, ladder: Ladder, now_ms: int) -> Audience:
        """Whom an alert concerns after its place was corrected: those too whom the steps that have come reach there.

        The ladder goes on as it was: a better known place must not put off the supervisor.
        """
        for i, step in enumerate(ladder.policy.steps[: max(0, ladder.step)]):
            if step.reach.needs_place:
                reached = self._reached(step.reach, record.point, is_first=i == 0, now_ms=now_ms)
                audience = self._with(audience, reached)
        return audience

    def counted(self, escalation: Escalation | None, audience: Audience) -> Escalation | None:
        """With the number of officers whom the alert has reached."""
        return escalation and replace(escalation, reached=len(self._officers(audience)))

    def _reached(self, reach: Reach, point: Point | None, *, is_first: bool, now_ms: int) -> frozenset[str]:
        """Fails open: when the first step should reach somebody and nobody can say whom, it reaches every officer."""
        found = self.roster.reach(reach, point, now_ms=now_ms)
        if is_first and reach != NOBODY_NEW and (not found or (reach.needs_place and point is None)):
            return found | self.roster.officers
        return found

    def _with(self, audience: Audience, reached: frozenset[str]) -> Audience:
        officers = self.roster.officers
        people = audience.people | (reached & officers)
        # Said in a word and not in thousands: it stands in every entry of the alert.
        if officers and officers <= people:
            return EVERYBODY
        return audience | Audience.of_people(people)

    def _officers(self, audience: Audience) -> frozenset[str]:
        """Those of the officers whom an audience has."""
        return self.roster.officers if audience.everybody else audience.people & self.roster.officers
