from dataclasses import replace
from typing import Any

import pytest

from server.core.alerts import AlertRecord, AlertState
from server.core.flood import Group, has_own_ladder
from streams.geo import Circle, Point
from tests.server.samples import NOW_MS, an_alert


def an_alert_at(lat: float | None = 41.76, *, source: str = "gunshot", priority: int = 2) -> AlertRecord:
    circle = None if lat is None else Circle(Point(lat, -72.67), 25)
    alert = an_alert(circle=circle)
    return AlertRecord.of(alert, alert_id="a-1", number=1, source=source, priority=priority, received_ms=NOW_MS)


GROUP = Group.of(an_alert_at(), "key", NOW_MS)


@pytest.mark.parametrize(
    ("record", "key", "after_ms", "takes"),
    [
        (an_alert_at(), "key", 60_000, True),
        (an_alert_at(), "key", 60_001, False),
        (an_alert_at(), "key", -60_000, True),
        (an_alert_at(), "key", -60_001, False),
        (an_alert_at(41.7617), "key", 0, True),
        (an_alert_at(41.7619), "key", 0, False),
        (an_alert_at(None), "key", 0, False),
        (an_alert_at(source="cad"), "key", 0, False),
        (an_alert_at(), "another", 0, False),
    ],
)
def test_near_in_time_and_place_and_of_one_source(record: Any, key: str, after_ms: int, takes: bool) -> None:
    assert GROUP.takes(record, key, NOW_MS + after_ms) is takes


def test_alerts_without_a_place_belong_together() -> None:
    assert Group.of(an_alert_at(None), "key", NOW_MS).takes(an_alert_at(None), "key", NOW_MS)


def test_a_group_moves_with_the_last_one() -> None:
    grown = GROUP.with_one_more(an_alert_at(41.7615), NOW_MS + 50_000)
    assert grown.takes(an_alert_at(41.763), "key", NOW_MS + 100_000)
    assert (grown.head_id, grown.count) == ("a-1", 2)


def test_the_most_urgent_climbs_by_itself_unless_the_first_does_so_for_it() -> None:
    urgent, head = an_alert_at(priority=1), an_alert_at(priority=1)
    assert not has_own_ladder(urgent, head)
    assert has_own_ladder(urgent, replace(head, priority=2))
    assert has_own_ladder(urgent, replace(head, state=AlertState.CLOSED))
    assert not has_own_ladder(an_alert_at(priority=2), replace(head, priority=3))
