from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from sqlalchemy import Connection, select

from server.core import corrections, life_cycle
from server.core.alerts import AlertRecord, AlertState
from server.core.audience import STAFF, Audience
from server.core.planner import Planner
from server.core.policies import DEFAULTS
from server.core.roster import Roster
from server.store import alerts, audit, escalations, intake, log, revisions, tables
from server.store.db import Database
from server.store.intake import Raised
from streams.geo import Circle, Point
from tests.server.samples import (
    AT_THE_DESK,
    EVERYBODY,
    HOUR_MS,
    NOW_MS,
    OKAFOR,
    OPERATOR,
    REYES,
    SENSOR,
    TELLING_EVERYBODY,
    an_alert,
    of_the_sensor,
)

ROSTER = Roster(EVERYBODY, online=frozenset(person.id for person in EVERYBODY))
PLANNER = Planner(ROSTER, {policy.priority: policy for policy in DEFAULTS})
FLOOD = [(number, 2) for number in range(12)] + [(12, 1)]
"""Numbers and priorities."""


def raising(source_id: str = "53-348", **changes: Any) -> Callable[[Connection], Raised]:
    """Raises an alert; ``changes`` are of its words, and of how it is raised."""
    given = of_the_sensor(raw=b"{}")
    words = {name: changes.pop(name) for name in list(changes) if name not in given}
    alert = an_alert(source_id, **words)
    return lambda conn: intake.raise_alert(conn, alert, **given | changes)


async def test_an_alert_is_an_entry_a_row_and_an_audit_entry(database: Database) -> None:
    raised = await database.write(raising())
    assert not raised.duplicate
    assert raised.entry is not None
    assert raised.entry.payload == {"alert": raised.record.to_wire()}
    assert await database.read(lambda conn: log.entries_after(conn, 0)) == [raised.entry]
    assert await database.read(lambda conn: alerts.find(conn, raised.record.id)) == raised.record
    (entry,) = await database.read(audit.page)
    assert (entry.actor, entry.address, entry.action) == ("source:gunshot", "10.9.0.1", "alert.raised")
    assert entry.subject == f"alert:{raised.record.id}"
    assert "rounds" not in entry.details


async def test_the_same_again_is_the_alert_as_it_is(database: Database) -> None:
    first = await database.write(raising())
    again = await database.write(raising(now_ms=NOW_MS + 60_000))
    assert again == Raised(first.record, None, duplicate=True)
    assert await database.read(log.head) == 1
    assert len(await database.read(audit.page)) == 1


async def test_the_same_id_of_another_source_is_another_alert(database: Database) -> None:
    first = await database.write(raising())
    second = await database.write(raising(source="cad"))
    assert not second.duplicate
    assert (first.record.number, second.record.number) == (1, 2)


async def test_what_the_source_sent_is_kept_byte_for_byte(database: Database) -> None:
    raw = bytes(range(256))
    raised = await database.write(raising(raw=raw))
    query = select(tables.alerts.c.raw).where(tables.alerts.c.id == raised.record.id)
    assert bytes(await database.read(lambda conn: conn.scalars(query).one())) == raw


async def test_nothing_a_source_can_send_makes_the_database_refuse(database: Database) -> None:
    nasty = "\0\ud800'\"; DROP TABLE alerts; -- \U0001f52b" * 300
    alert = an_alert(nasty, event=nasty, headline=nasty, parameters={nasty: nasty}, problems=(nasty,))
    for duplicate in (False, True):
        raised = await database.write(
            lambda conn: intake.raise_alert(
                conn,
                alert,
                source="gunshot",
                priority=None,
                actor=SENSOR,
                now_ms=NOW_MS,
                raw=b"",
                planner=TELLING_EVERYBODY,
            )
        )
        assert raised.duplicate is duplicate


async def test_recent_alerts_come_newest_first(database: Database) -> None:
    for number in range(4):
        await database.write(raising(f"{number}", now_ms=NOW_MS + number * HOUR_MS))
    found = await database.read(lambda conn: alerts.recent(conn, since_ms=NOW_MS + HOUR_MS))
    assert [record.source_id for record in found] == ["3", "2", "1"]
    found = await database.read(lambda conn: alerts.recent(conn, since_ms=0, limit=2))
    assert [record.source_id for record in found] == ["3", "2"]


async def test_what_does_not_exist_is_not_found(database: Database) -> None:
    for alert_id in ("none", "\0", "\ud800"):
        assert await database.read(lambda conn, wanted=alert_id: alerts.find(conn, wanted)) is None  # type: ignore[misc]


async def test_what_is_said_otherwise_is_the_next_revision_for_all_who_had_it(database: Database) -> None:
    first = await database.write(raising(planner=PLANNER))
    assert first.entry is not None
    again = await database.write(raising(event="Probable gunfire", priority=3, planner=PLANNER, now_ms=NOW_MS + 9))
    assert again.entry is not None
    assert (again.record.revision, again.record.id, again.duplicate) == (2, first.record.id, False)
    assert again.entry.audience | first.entry.audience == again.entry.audience
    kept = await database.read(lambda conn: revisions.of_alert(conn, first.record.id))
    assert [(one.revision, one.event) for one in kept] == [(1, "Multiple gunshots"), (2, "Probable gunfire")]
    assert (await database.read(audit.page))[-1].action == "alert.downgraded"


async def test_a_new_priority_begins_the_ladder_that_fits_it(database: Database) -> None:
    raised = await database.write(raising(planner=PLANNER, priority=3))
    assert await ladder(database, raised) == ("P3", 1, True)
    await database.write(raising(planner=PLANNER, priority=1))
    assert await ladder(database, raised) == ("P1", 2, True)
    await database.write(raising(planner=PLANNER, priority=1, event="Single gunshot"))
    assert await ladder(database, raised) == ("P1", 2, True), "the same priority leaves it alone"
    cancelled = await database.write(raising(planner=PLANNER, msg_type="Cancel"))
    assert await ladder(database, raised) == ("P1", 2, False)
    assert cancelled.record.escalation is not None
    assert cancelled.record.escalation.over


@pytest.mark.parametrize("status", ["Draft", "System"])
async def test_what_is_internal_does_not_climb_until_it_is_meant_for_the_street(
    database: Database, status: str
) -> None:
    raised = await database.write(raising(planner=PLANNER, priority=1, status=status))
    assert raised.entry is not None
    assert (raised.entry.audience, raised.record.escalation) == (STAFF, None)
    assert await database.read(escalations.waiting) == []
    moved = await database.write(raising(planner=PLANNER, priority=1, status=status, circle=Circle(Point(41, -72), 9)))
    assert moved.entry is not None
    assert moved.entry.audience == STAFF
    meant = await database.write(raising(planner=PLANNER, priority=1, status="Actual"))
    assert meant.entry is not None
    assert meant.entry.audience != STAFF
    assert await ladder(database, meant) == ("P1", 3, True)
    back = await database.write(raising(planner=PLANNER, priority=1, status=status))
    assert back.entry is not None
    assert back.entry.audience == meant.entry.audience, "who was told must see that it was nothing"
    assert await database.read(escalations.waiting) == []
    assert back.record.escalation is not None
    assert back.record.escalation.over


async def test_who_has_acknowledged_a_draft_by_mistake_is_not_reminded_of_it(database: Database) -> None:
    raised = await database.write(raising(planner=PLANNER, priority=1))
    has = life_cycle.acknowledged(raised.record, "officer-12", now_ms=NOW_MS)
    await database.write(lambda conn: alerts.keep_done(conn, raised.record, has, STAFF, now_ms=NOW_MS))
    assert await ladder(database, raised) == ("P1", 1, True), "he has to be on the way in time"
    await database.write(raising(planner=PLANNER, priority=1, status="Draft"))
    assert await ladder(database, raised) == ("P1", 1, False)


async def test_what_people_say_is_said_in_their_name_and_the_same_again_undoes_nothing(database: Database) -> None:
    by_hand: dict[str, Any] = {"source": "manual", "actor": AT_THE_DESK}
    raised = await database.write(raising(**by_hand))
    again = await database.write(raising(**by_hand, event="Probable gunfire"))
    assert [one.record.revised_by for one in (raised, again)] == ["operator", "operator"]
    lowered = corrections.corrected(again.record, {"priority": 3}, by="dispatcher", reason="Seen", now_ms=NOW_MS)
    assert lowered is not None
    keep = partial(alerts.keep_said, before=again.record, after=lowered, audience=STAFF, actor=AT_THE_DESK)
    await database.write(partial(keep, planner=TELLING_EVERYBODY, now_ms=NOW_MS))
    assert (await database.write(raising(**by_hand, event="Probable gunfire"))).record.priority == 3


async def test_when_the_first_of_a_flood_is_cancelled_the_next_one_climbs_in_its_place(database: Database) -> None:
    def flood(conn: Connection) -> list[Raised]:
        return [raising(f"{number}", planner=PLANNER, priority=2)(conn) for number in range(14)]

    raised = await database.write(flood)
    *_, head, acknowledged, second, third = raised
    assert [one.record.group_id for one in raised[-3:]] == [head.record.id] * 3
    has = life_cycle.acknowledged(acknowledged.record, "officer-12", now_ms=NOW_MS)
    await database.write(lambda conn: alerts.keep_done(conn, acknowledged.record, has, STAFF, now_ms=NOW_MS))
    climbing = [*raised[:11], second, third]
    # One before them in the flood that has a ladder of its own passes nothing on.
    for cancelled, is_new_there in ((raised[0], None), (head, second), (second, third), (third, None)):
        before = await database.read(log.head)
        await database.write(raising(cancelled.record.source_id, planner=PLANNER, msg_type="Cancel", now_ms=NOW_MS + 9))
        told = [entry.payload["alert"] for entry in await database.read(partial(log.entries_after, position=before))]
        assert [one["id"] for one in told] == [one.record.id for one in (is_new_there, cancelled) if one is not None]
        assert told[-1]["state"] == "cancelled"
        if is_new_there is not None:
            assert (told[0]["escalation"]["step"], told[0]["escalation"]["sound"], told[0]["revision"]) == (1, True, 1)
            assert await ladder(database, is_new_there) == ("P2", 1, True)
            assert (await database.read(audit.page))[-2].action == "alert.climbs_for_group"
        climbing.remove(cancelled)
    assert len(await database.read(escalations.waiting)) == len(climbing) == 9


async def test_when_the_first_of_a_flood_is_closed_nobody_is_called_for_the_others(database: Database) -> None:
    def flood(conn: Connection) -> list[Raised]:
        return [raising(f"{number}", planner=PLANNER, priority=2)(conn) for number in range(12)]

    *_, head, member = await database.write(flood)
    closed = life_cycle.closed(head.record, "officer-12", outcome="fireworks", now_ms=NOW_MS)
    await database.write(lambda conn: alerts.keep_done(conn, head.record, closed, STAFF, now_ms=NOW_MS))
    assert await database.read(lambda conn: escalations.find(conn, member.record.id)) is None


async def ladder(database: Database, raised: Raised) -> tuple[str, int, bool]:
    """Its policy, the revision that began it, and whether anything comes."""
    found = await database.read(lambda conn: escalations.find(conn, raised.record.id))
    assert found is not None
    return found.policy.name, found.revision, found.due_ms is not None


async def test_an_update_may_have_a_name_of_its_own_and_the_next_only_that_one(database: Database) -> None:
    first = await database.write(raising("a"))
    update: dict[str, Any] = {"msg_type": "Update", "references": ("a",), "event": "Probable gunfire"}
    second = await database.write(raising("u-1", **update))
    assert (second.record.id, second.record.source_id, second.record.revision) == (first.record.id, "a", 2)
    assert (await database.write(raising("u-1", **update))).duplicate
    third = await database.write(raising("c-1", msg_type="Cancel", references=("u-1",)))
    assert (third.record.id, third.record.state) == (first.record.id, AlertState.CANCELLED)


async def test_a_cancellation_that_comes_first_is_for_the_staff_until_its_alert_comes(database: Database) -> None:
    words = {"msg_type": "Cancel", "references": ("a",), "event": "Cancelled"}
    alone = await database.write(raising("c-1", planner=PLANNER, **words))
    assert alone.entry is not None
    assert (alone.record.state, alone.entry.audience) == (AlertState.CANCELLED, STAFF)
    came = await database.write(raising("a", planner=PLANNER))
    assert came.entry is not None
    assert (came.record.id, came.record.state, came.record.revision) == (alone.record.id, AlertState.CANCELLED, 2)
    assert came.entry.audience == STAFF
    assert await database.read(lambda conn: escalations.find(conn, alone.record.id)) is None


async def test_alerts_expire_when_their_time_is_up(database: Database) -> None:
    await database.write(raising("1", expires_at=NOW_MS / 1000 + 60))
    await database.write(raising("2", expires_at=NOW_MS / 1000 + 90))
    await database.write(raising("3"))
    assert await database.read(alerts.next_expiry) == NOW_MS + 60_000
    assert await database.write(lambda conn: alerts.expire_due(conn, NOW_MS + 59_999)) == []
    (entry,) = await database.write(lambda conn: alerts.expire_due(conn, NOW_MS + 60_000))
    assert entry.payload["alert"]["state"] == "expired"
    assert await database.read(alerts.next_expiry) == NOW_MS + 90_000
    assert (await database.read(audit.page))[-1].action == "alert.expired"


async def test_recent_alerts_are_those_that_concern_somebody(database: Database) -> None:
    raised = [await database.write(raising(f"{number}")) for number in range(4)]

    def narrow(conn: Connection) -> None:
        for each in raised[1:3]:
            alerts.keep(conn, each.record, Audience.of_people({"officer-7"}), now_ms=NOW_MS)

    await database.write(narrow)
    for person, expected in ((REYES, ["3", "0"]), (OKAFOR, ["3", "2", "1", "0"]), (OPERATOR, ["3", "2", "1", "0"])):
        read = partial(alerts.recent, since_ms=0, person=person)
        assert [record.source_id for record in await database.read(read)] == expected
    assert len(await database.read(partial(alerts.recent, since_ms=0, person=REYES, limit=1))) == 1


async def test_ten_thousand_alerts_in_a_minute_are_kept_and_shown_as_few(database: Database) -> None:
    """Of two sources at twenty corners."""
    corners = [Circle(Point(41.7 + number / 100, -72.6), 25) for number in range(20)]

    def many(conn: Connection, first: int) -> None:
        for number in range(first, first + 500):
            alert = an_alert(f"{number}", circle=corners[number % 20])
            source = ("gunshot", "cad")[number // 20 % 2]
            at_ms = NOW_MS + number * 6
            given: dict[str, Any] = {"source": source, "priority": 2, "actor": SENSOR, "now_ms": at_ms, "raw": b""}
            intake.raise_alert(conn, alert, planner=TELLING_EVERYBODY, **given)

    for first in range(0, 10_000, 500):
        await database.write(partial(many, first=first))
    assert await database.read(log.head) == 10_000
    groups = await database.read(lambda conn: conn.execute(select(tables.alert_groups)).all())
    assert len(groups) == 40
    assert sum(row._mapping["count"] for row in groups) == 9_990
    heads = {row.head_id for row in groups}
    newest = await database.read(partial(alerts.recent, since_ms=0))
    assert {record.group_id for record in newest} <= heads
    assert (await database.read(partial(audit.verify, after=9_900))).is_whole


@pytest.mark.parametrize(("apart_s", "is_grouped"), [(55, True), (61, False)])
async def test_a_flood_is_more_than_ten_within_ten_minutes(
    database: Database, apart_s: int, *, is_grouped: bool
) -> None:
    """Eleven on the way there, then two at once."""
    times_ms = [NOW_MS + 1000 * apart_s * number for number in range(11)]
    raised = [
        await database.write(raising(f"{number}", planner=PLANNER, priority=2, now_ms=at_ms))
        for number, at_ms in enumerate((*times_ms, times_ms[-1]))
    ]
    assert (raised[-1].record.group_id is not None) is is_grouped


async def test_what_comes_after_the_first_of_a_group_is_over_is_not_hidden_behind_it(database: Database) -> None:
    def flood(conn: Connection) -> list[Raised]:
        return [raising(f"{number}", planner=PLANNER, priority=2)(conn) for number in range(12)]

    def close(conn: Connection, record: AlertRecord) -> None:
        closed = life_cycle.closed(record, "officer-12", outcome="fireworks", now_ms=NOW_MS)
        alerts.keep_done(conn, record, closed, STAFF, now_ms=NOW_MS)

    *_, head, member = await database.write(flood)
    assert member.record.group_id == head.record.id
    await database.write(lambda conn: close(conn, head.record))
    fresh, follower = [await database.write(raising(f"{n}", planner=PLANNER, priority=2)) for n in (12, 13)]
    assert fresh.record.group_id is None
    assert fresh.record.escalation is not None
    assert follower.record.group_id == fresh.record.id

    def at_once(conn: Connection) -> Raised:
        close(conn, fresh.record)
        return raising("14", planner=PLANNER, priority=2)(conn)

    assert (await database.write(at_once)).record.group_id is None


async def test_in_a_flood_only_the_first_climbs_and_whatever_is_more_urgent(database: Database) -> None:
    def flood(conn: Connection) -> list[Raised]:
        return [raising(f"{number}", planner=PLANNER, priority=priority)(conn) for number, priority in FLOOD]

    raised = await database.write(flood)
    *_, head, member, urgent = raised
    assert [one.record.group_id for one in raised] == [None] * 11 + [head.record.id] * 2
    assert [one.record.escalation is not None for one in (head, member, urgent)] == [True, False, True]
    found = await database.read(lambda conn: [escalations.find(conn, one.record.id) for one in (head, member, urgent)])
    assert [one is not None for one in found] == [True, False, True]
