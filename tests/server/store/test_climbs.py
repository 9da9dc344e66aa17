from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from sqlalchemy import Connection

from server.core.alerts import AlertRecord, AlertState, Shelved
from server.core.audience import EVERYBODY, STAFF, Audience
from server.core.corrections import corrected
from server.core.entry import Entry
from server.core.escalation import EN_ROUTE
from server.core.planner import Planner
from server.core.policies import Policy, Reach, Step
from server.core.positions import Position
from server.core.roster import Roster
from server.core.timetable import Due
from server.store import alerts, audit, climbs, escalations, intake, log
from server.store.db import Database
from server.store.intake import Raised
from streams.geo import Point
from tests.server.samples import EVERYBODY as PEOPLE
from tests.server.samples import NOW_MS, SENSOR, TELLING_EVERYBODY, an_alert

POLICY = Policy(
    "P1",
    3,
    1,
    (
        Step(0, Reach(people=("officer-12",))),
        Step(10, Reach(people=("officer-7",))),
        Step(20, Reach(), say="Call by radio."),
    ),
    loop_s=60,
    en_route_s=120,
)
PLANNER = Planner(Roster(PEOPLE, online=frozenset(person.id for person in PEOPLE)), {1: POLICY})


def raising(planner: Planner = PLANNER) -> Callable[[Connection], Raised]:
    given: dict[str, Any] = {"source": "gunshot", "priority": 1, "actor": SENSOR, "now_ms": NOW_MS, "raw": b""}
    return partial(intake.raise_alert, alert=an_alert(), planner=planner, **given)


async def climb(
    database: Database, due: Iterable[tuple[str, int]], now_ms: int, planner: Planner = PLANNER
) -> list[Entry]:
    steps = [Due(alert_id, due_ms, 0) for alert_id, due_ms in due]
    return await database.write(lambda conn: climbs.climb(conn, steps, planner, now_ms))


async def told(database: Database, alert_id: str) -> tuple[AlertRecord, Audience]:
    found = await database.read(lambda conn: alerts.find_with_audience(conn, alert_id))
    assert found
    return found


async def keep(database: Database, record: AlertRecord) -> None:
    await database.write(lambda conn: alerts.keep(conn, record, STAFF, now_ms=NOW_MS))


async def test_a_step_is_an_entry_for_more_people_and_an_audit_entry(database: Database) -> None:
    record = (await database.write(raising())).record
    (entry,) = await climb(database, [(record.id, NOW_MS + 10_000)], NOW_MS + 10_004)
    assert entry.audience == Audience.of_people(["officer-7", "officer-12"])
    stored, audience = await told(database, record.id)
    assert entry.payload == {"alert": stored.to_wire()}
    assert audience == entry.audience
    assert stored.escalation
    assert (stored.escalation.step, stored.escalation.next_ms, stored.escalation.reached) == (2, NOW_MS + 20_004, 2)
    last = (await database.read(audit.page))[-1]
    assert (last.actor, last.action, last.subject) == ("server", "alert.escalated", f"alert:{record.id}")
    assert '"step":2' in last.details
    assert "officer" not in last.details


async def test_a_step_that_was_taken_is_not_taken_again(database: Database) -> None:
    record = (await database.write(raising())).record
    due = [(record.id, NOW_MS + 10_000)]
    assert len(await climb(database, due, NOW_MS + 10_000)) == 1
    head = await database.read(log.head)
    assert await climb(database, due, NOW_MS + 10_001) == []
    assert await climb(database, [("none", NOW_MS)], NOW_MS) == []
    assert await database.read(log.head) == head


async def test_steps_that_are_skipped_are_in_the_same_entry_and_each_on_record(database: Database) -> None:
    planner = replace(PLANNER, roster=replace(PLANNER.roster, online=frozenset({"operator"})))
    record = (await database.write(raising())).record
    (entry,) = await climb(database, [(record.id, NOW_MS + 10_000)], NOW_MS + 10_000, planner)
    assert entry.payload["alert"]["escalation"]["step"] == 3
    details = [each.details for each in await database.read(audit.page) if each.action == "alert.escalated"]
    assert ['"skipped":true' in each for each in details] == [True, False]


async def test_who_is_near_the_corrected_place_is_told_and_the_ladder_goes_on_as_it_was(database: Database) -> None:
    here, there = Point(41.76, -72.67), Point(41.79, -72.67)
    positions = {"officer-12": Position(here, None, NOW_MS), "officer-7": Position(there, None, NOW_MS)}
    roster = replace(PLANNER.roster, positions=positions)
    near = replace(POLICY, steps=(Step(0, Reach(radius_m=500.0)), *POLICY.steps[2:]))
    planner = Planner(roster, {1: near})
    before = (await database.write(raising(planner))).record
    _, audience = await told(database, before.id)
    assert audience == Audience.of_people(["officer-12"])
    words = {"point": {"lat": there.lat, "lon": there.lon}}
    after = corrected(before, words, by="operator", reason="", now_ms=NOW_MS + 5_000)
    assert after
    say: dict[str, Any] = {"actor": SENSOR, "planner": planner, "now_ms": NOW_MS + 5_000}
    _, entry = await database.write(lambda conn: alerts.keep_said(conn, before, after, audience, **say))
    assert entry.audience == Audience.of_people(["officer-12", "officer-7"])
    stored, _ = await told(database, before.id)
    assert stored.escalation
    assert before.escalation
    assert stored.escalation == replace(before.escalation, reached=2)


@pytest.mark.parametrize("state", ["acknowledged", "en_route", "on_scene", "closed", "cancelled", "expired"])
async def test_an_alert_that_somebody_has_or_that_is_over_climbs_no_further(
    sqlite_database: Database, state: str
) -> None:
    record = (await sqlite_database.write(raising())).record
    await keep(sqlite_database, replace(record, state=AlertState(state)))
    assert await climb(sqlite_database, [(record.id, NOW_MS + 10_000)], NOW_MS + 10_000) == []
    assert await sqlite_database.read(escalations.waiting) == []


async def test_with_nobody_on_the_way_it_is_new_again(database: Database) -> None:
    record = (await database.write(raising())).record
    waiting = await database.write(lambda conn: escalations.acknowledged(conn, record, NOW_MS + 5_000))
    assert waiting
    assert (waiting.next_ms, waiting.over) == (NOW_MS + 125_000, False)
    await keep(database, replace(record, state=AlertState.ACKNOWLEDGED, escalation=waiting))
    (entry,) = await climb(database, [(record.id, NOW_MS + 125_000)], NOW_MS + 125_000)
    alert = entry.payload["alert"]
    assert (alert["state"], alert["revision"]) == ("new", 1)
    assert (alert["escalation"]["step"], alert["escalation"]["next_ms"]) == (1, NOW_MS + 135_000)


async def test_what_is_shelved_rests_until_its_time(database: Database) -> None:
    record = (await database.write(raising())).record
    until_ms = NOW_MS + 300_000
    await keep(database, replace(record, shelved=Shelved(until_ms, "dispatcher", "drill")))
    (entry,) = await climb(database, [(record.id, NOW_MS + 10_000)], NOW_MS + 10_000)
    escalation = entry.payload["alert"]["escalation"]
    assert (escalation["step"], escalation["next_ms"]) == (1, until_ms)
    assert await climb(database, [(record.id, until_ms)], NOW_MS + 20_000) == []
    (entry,) = await climb(database, [(record.id, until_ms)], until_ms)
    assert entry.payload["alert"]["escalation"]["step"] == 2


async def test_an_acknowledgement_ends_the_ladder_when_nobody_has_to_be_on_the_way(database: Database) -> None:
    planner = replace(PLANNER, policies={1: replace(POLICY, en_route_s=None)})
    record = (await database.write(raising(planner))).record
    over = await database.write(lambda conn: escalations.acknowledged(conn, record, NOW_MS))
    assert over
    assert over.over
    assert await database.read(escalations.waiting) == []


async def test_a_ladder_is_kept_as_it_was_when_it_began(database: Database) -> None:
    record = (await database.write(raising())).record
    (ladder,) = await database.read(escalations.waiting)
    assert (ladder.alert_id, ladder.policy, ladder.step, ladder.due_ms) == (record.id, POLICY, 1, NOW_MS + 10_000)
    again = replace(ladder, revision=2, step=EN_ROUTE)
    await database.write(lambda conn: escalations.begin(conn, again))
    assert await database.read(lambda conn: escalations.find(conn, record.id)) == again
    await database.write(lambda conn: escalations.stop(conn, record.id))
    assert await database.read(escalations.waiting) == []
    assert await database.read(lambda conn: escalations.find(conn, "\0")) is None


async def test_who_begins_with_everybody_has_no_ladder(database: Database) -> None:
    record = (await database.write(raising(TELLING_EVERYBODY))).record
    assert record.escalation is None
    assert (await told(database, record.id))[1] == EVERYBODY
    assert await database.write(lambda conn: escalations.acknowledged(conn, record, NOW_MS)) is None
