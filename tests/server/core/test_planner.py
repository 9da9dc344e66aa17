from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.core.alerts import AlertRecord
from server.core.audience import EVERYBODY, STAFF, Audience
from server.core.escalation import EN_ROUTE, Ladder
from server.core.people import Person
from server.core.planner import Planner
from server.core.policies import DEFAULTS, NOBODY_NEW, Policy, Reach, Step
from server.core.roster import Roster
from tests.server.core.test_roster import PEOPLE, ROSTER, at, ids
from tests.server.samples import NOW_MS, an_alert

POLICIES = {policy.priority: policy for policy in DEFAULTS}
ONLINE = frozenset(person.id for person in PEOPLE)


def a_record(priority: int = 1, source: str = "gunshot", **fields: Any) -> AlertRecord:
    record = AlertRecord.of(an_alert(), alert_id="a-1", number=1, source=source, priority=priority, received_ms=NOW_MS)
    return replace(record, **fields)


def a_planner(roster: Roster = ROSTER, online: frozenset[str] = ONLINE, policies: Any = POLICIES) -> Planner:
    return Planner(replace(roster, online=online), policies)


def climbed(planner: Planner, record: AlertRecord, steps: int) -> list[tuple[frozenset[str], str]]:
    """Whom each step added, and what it says."""
    plan = planner.plan(record, NOW_MS)
    assert plan.escalation
    assert plan.ladder
    audience, ladder, say = plan.audience, plan.ladder, plan.escalation.say
    found = [(audience.people, say)]
    for _ in range(steps - 1):
        climb = planner.climb(record, audience, ladder, ladder.due_ms or 0)
        found.append((climb.audience.people - audience.people, climb.escalation.say))
        audience, ladder = climb.audience, climb.ladder
    return found


def test_a_first_priority_climbs_from_the_nearest_to_the_commander_and_then_to_the_radio() -> None:
    roster = replace(ROSTER, positions={"officer-3": at(2_900), "officer-7": at(100), "officer-1": at(200)})
    policy = replace(DEFAULTS[0], steps=(Step(0, Reach(nearest_units=1)), *DEFAULTS[0].steps[1:]))
    assert climbed(a_planner(roster, policies={1: policy}), a_record(), 6) == [
        (ids(7), ""),
        (ids(), ""),
        (ids(1, 3, 5), ""),
        (ids(6), ""),
        (ids(), "Call by radio."),
        (ids(), "Call by radio."),
    ]


def test_the_plan_of_a_new_alert_is_its_first_step() -> None:
    plan = a_planner().plan(a_record(), NOW_MS)
    assert plan.audience == Audience.of_people(ids(1, 2, 3, 4))
    assert plan.escalation
    assert plan.escalation.to_wire() == {
        "policy": "P1",
        "step": 1,
        "steps": 5,
        "fired_ms": NOW_MS,
        "next_ms": NOW_MS + 10_000,
        "sound": True,
        "say": "",
        "reached": 4,
        "over": False,
    }
    assert plan.ladder == Ladder("a-1", 1, DEFAULTS[0], 1, NOW_MS, NOW_MS + 10_000)


@pytest.mark.parametrize("status", ["Actual", "Exercise", "Test"])
def test_a_drill_runs_as_the_real_thing(status: str) -> None:
    assert a_planner().plan(a_record(status=status), NOW_MS) == a_planner().plan(a_record(), NOW_MS)


@pytest.mark.parametrize(
    "record", [a_record(4), a_record(2, source="sightline"), a_record(1, status="Draft"), a_record(1, status="System")]
)
def test_the_lowest_priority_and_what_is_internal_are_for_the_staff(record: AlertRecord) -> None:
    plan = a_planner().plan(record, NOW_MS)
    assert (plan.audience, plan.escalation, plan.ladder) == (STAFF, None, None)


@pytest.mark.parametrize(
    ("roster", "point"),
    [
        (ROSTER, None),
        (replace(ROSTER, positions={}, beats={}), a_record().point),
        (replace(ROSTER, people=tuple(replace(each, beat="") for each in PEOPLE), positions={}, directory=None), None),
    ],
)
def test_when_nobody_can_say_who_is_near_it_is_for_every_officer(roster: Roster, point: Any) -> None:
    plan = a_planner(roster).plan(a_record(point=point), NOW_MS)
    assert plan.audience == EVERYBODY
    assert plan.escalation
    assert plan.escalation.reached == 7


def test_a_first_step_that_names_people_needs_no_place() -> None:
    policy = Policy("P1", 1, 1, (Step(0, Reach(units=("a",))),))
    plan = a_planner(policies={1: policy}).plan(a_record(point=None), NOW_MS)
    assert plan.audience == Audience.of_people(ids(1, 2))


def test_a_first_step_that_reaches_nobody_reaches_every_officer() -> None:
    policy = Policy("P1", 1, 1, (Step(0, Reach(units=("gone",))), Step(10, Reach(units=("gone",)))))
    assert a_planner(policies={1: policy}).plan(a_record(), NOW_MS).audience == EVERYBODY


def test_steps_at_which_nobody_is_connected_are_skipped_at_once() -> None:
    """Those behind them come as much earlier."""
    roster = replace(ROSTER, positions={"officer-1": at(100)})
    plan = a_planner(roster, online=ids(6) | {"operator"}).plan(a_record(), NOW_MS)
    assert plan.escalation
    assert (plan.escalation.step, plan.escalation.next_ms) == (4, NOW_MS + 30_000)
    assert plan.audience == Audience.of_people(ids(1, 2, 3, 4, 5, 6))


def test_with_nobody_connected_the_last_step_comes_at_once_and_then_in_its_time() -> None:
    planner = a_planner(online=frozenset({"operator"}))
    plan = planner.plan(a_record(), NOW_MS)
    assert plan.ladder
    assert plan.escalation
    assert (plan.escalation.step, plan.escalation.say, plan.escalation.next_ms) == (
        5,
        "Call by radio.",
        NOW_MS + 60_000,
    )
    climb = planner.climb(a_record(), plan.audience, plan.ladder, NOW_MS + 60_000)
    assert (climb.fired, climb.ladder.due_ms) == ((5,), NOW_MS + 120_000)


def test_while_nobody_knows_who_is_connected_nothing_is_skipped() -> None:
    roster = replace(ROSTER, online=frozenset(), knows_online=False)
    plan = Planner(roster, POLICIES).plan(a_record(), NOW_MS)
    assert plan.escalation
    assert plan.escalation.step == 1


def test_with_nobody_on_the_way_the_ladder_begins_anew_and_nobody_is_left_out() -> None:
    planner = a_planner()
    plan = planner.plan(a_record(), NOW_MS)
    assert plan.ladder
    had = plan.audience | Audience.of_people(ids(6))
    climb = planner.climb(a_record(), had, plan.ladder.acknowledged(NOW_MS), NOW_MS + 120_000)
    assert (climb.fired, climb.escalation.step, climb.ladder.due_ms) == ((1,), 1, NOW_MS + 130_000)
    assert climb.audience == Audience.of_people(ids(1, 2, 3, 4, 6))
    assert plan.ladder.acknowledged(NOW_MS).step == EN_ROUTE


def test_without_policies_everything_concerns_everybody_and_nothing_climbs() -> None:
    plan = Planner(ROSTER).plan(a_record(), NOW_MS)
    assert (plan.audience, plan.escalation, plan.ladder) == (EVERYBODY, None, None)


def test_a_policy_without_a_loop_is_over_after_its_last_step() -> None:
    policy = Policy("P3", 1, 3, (Step(0, Reach(everybody=True)),), en_route_s=60)
    plan = a_planner(policies={3: policy}).plan(a_record(3), NOW_MS)
    assert plan.escalation
    assert plan.escalation.over
    assert plan.ladder
    assert plan.ladder.due_ms is None


reaches = st.sampled_from([NOBODY_NEW, Reach(nearest_units=2), Reach(beat=True), Reach(duties=("supervisor",))])


@given(st.lists(reaches, min_size=1, max_size=6), st.frozensets(st.sampled_from(PEOPLE)), st.integers(1, 12))
def test_an_audience_never_shrinks_and_every_step_comes_in_order(
    reaches: list[Reach], online: frozenset[Person], climbs: int
) -> None:
    steps = tuple(Step(10 * i, reach) for i, reach in enumerate(reaches))
    planner = a_planner(
        online=frozenset(each.id for each in online), policies={1: Policy("P1", 1, 1, steps, loop_s=15)}
    )
    plan = planner.plan(a_record(), NOW_MS)
    if plan.ladder is None:
        assert all(reach == NOBODY_NEW for reach in reaches)
        return
    audience, ladder, last = plan.audience, plan.ladder, plan.ladder.step
    for _ in range(climbs):
        assert ladder.due_ms is not None
        climb = planner.climb(a_record(), audience, ladder, ladder.due_ms)
        assert list(climb.fired) == [min(last + i + 1, len(steps)) for i in range(len(climb.fired))]
        assert audience | climb.audience == climb.audience
        last += len(climb.fired)
        audience, ladder = climb.audience, climb.ladder
        assert ladder.step == last
