"""Floods: more alerts than people can look at one by one, shown as one card with a count (docs/wire.md §6.7)."""

from dataclasses import dataclass, replace

from server.core.alerts import AlertRecord, AlertState
from streams.geo import Point, distance_m

WINDOW_MS = 10 * 60 * 1000
MAX_IN_WINDOW = 10
"""What the same people can take in one by one (EEMUA 191 calls more a flood)."""
GAP_MS = 60_000
NEAR_M = 200.0


@dataclass(frozen=True, slots=True)
class Group:
    """Alerts of one source for the same people, each near the one before in time and place."""

    head_id: str
    """The alert that came first."""
    source: str
    audience_key: str
    point: Point | None
    """Of the last one."""
    last_ms: int
    count: int

    @classmethod
    def of(cls, head: AlertRecord, audience_key: str, now_ms: int) -> "Group":
        return cls(head.id, head.source, audience_key, head.point, now_ms, 1)

    def takes(self, record: AlertRecord, audience_key: str, now_ms: int) -> bool:
        """Whether an alert belongs to it. Alerts without a place belong together."""
        if (self.source, self.audience_key) != (record.source, audience_key):
            return False
        if abs(now_ms - self.last_ms) > GAP_MS:  # the clocks of two servers differ a little
            return False
        if self.point is None or record.point is None:
            return self.point is record.point
        return distance_m(self.point, record.point) <= NEAR_M

    def with_one_more(self, record: AlertRecord, now_ms: int) -> "Group":
        return replace(self, point=record.point, last_ms=now_ms, count=self.count + 1)


def has_own_ladder(record: AlertRecord, head: AlertRecord) -> bool:
    """Whether an alert of a group climbs by itself: when the first of it does not do so for something as urgent."""
    return record.priority == 1 and (head.priority > 1 or head.state.is_over)


def was_nothing(before: AlertRecord, after: AlertRecord) -> bool:
    """Whether an alert that climbed, for all of its group, turned out to be no reason to."""
    was_something = before.escalation is not None and not (before.state.is_over or before.is_internal)
    return was_something and (after.state is AlertState.CANCELLED or after.is_internal)


def waits_unheard(record: AlertRecord, group_id: str, now_ms: int) -> bool:
    """Whether an alert is of that group, nobody has it, and it has counted on another one to climb."""
    is_shelved = record.shelved is not None and record.shelved.until_ms > now_ms
    counts_on_others = record.group_id == group_id and record.escalation is None
    return counts_on_others and record.state is AlertState.NEW and not (is_shelved or record.is_internal)
