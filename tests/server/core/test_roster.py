import math
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.core.people import Person, Role
from server.core.policies import Policy, Reach, Step
from server.core.positions import Position
from server.core.roster import Beat, Reached, Roster
from server.core.selection import Near, Selection
from server.errors import PolicyInvalid, PushNoRecipient, PushUnknownRecipient
from streams.geo import EARTH_RADIUS_M, Point, Polygon, distance_m
from tests.server.samples import ADMIN, DISPATCHER, NOW_MS, OPERATOR

HERE = Point(41.76, -72.67)


def officer(number: int, unit: str = "", **fields: Any) -> Person:
    return Person(f"officer-{number}", f"Officer {number}", Role.OFFICER, unit, **fields)


def at(metres_north: float, *, age_s: float = 5) -> Position:
    return Position(Point(HERE.lat + metres_north / 111_195, HERE.lon), None, NOW_MS - round(age_s * 1000))


def beat(name: str, south: float, north: float) -> Beat:
    corners = ((south, -73.0), (south, -72.0), (north, -72.0), (north, -73.0))
    return Beat(name, name.title(), Polygon(tuple(Point(lat, lon) for lat, lon in corners)))


PEOPLE = (
    OPERATOR,
    DISPATCHER,
    ADMIN,
    officer(1, "a", beat="south"),
    officer(2, "a", beat="south"),
    officer(3, "b", beat="north"),
    officer(4, "c", beat="north", agency="state"),
    officer(5, duty="supervisor"),
    officer(6, duty="commander"),
    officer(7),
)
ROSTER = Roster(
    PEOPLE,
    beats={"south": beat("south", 41.0, 41.76), "north": beat("north", 41.76, 42.0)},
    positions={
        "officer-1": at(100),
        "officer-3": at(200),
        "officer-4": at(300),
        "officer-7": at(400),
        "officer-5": at(2_000, age_s=601),
        "operator": at(1),
    },
    online=frozenset({"officer-1", "operator"}),
)


def ids(*numbers: int) -> frozenset[str]:
    return frozenset(f"officer-{number}" for number in numbers)


@pytest.mark.parametrize(
    ("reach", "reached"),
    [
        (Reach(), ids()),
        (Reach(nearest_units=1), ids(1, 2)),
        (Reach(nearest_units=2), ids(1, 2, 3)),
        (Reach(nearest_units=20), ids(1, 2, 3, 4, 7)),
        (Reach(radius_m=350), ids(1, 3, 4)),
        (Reach(radius_m=50_000), ids(1, 3, 4, 7)),
        (Reach(units=("a", "c")), ids(1, 2, 4)),
        (Reach(beats=("north",)), ids(3, 4)),
        (Reach(duties=("commander", "supervisor")), ids(5, 6)),
        (Reach(roles=("dispatcher",)), frozenset({"dispatcher"})),
        (Reach(people=("officer-7", "nobody")), ids(7)),
        (Reach(everybody=True), ids(1, 2, 3, 4, 5, 6, 7)),
        (Reach(nearest_units=1, duties=("commander",)), ids(1, 2, 6)),
    ],
)
def test_a_step_reaches_those_whom_it_says(reach: Reach, reached: frozenset[str]) -> None:
    assert ROSTER.reach(reach, HERE, now_ms=NOW_MS) == reached


@pytest.mark.parametrize(
    ("lat", "reached"), [(41.75, ids(1, 2)), (41.77, ids(3, 4)), (41.76, ids(1, 2, 3, 4)), (43.0, ids())]
)
def test_the_beat_is_the_one_in_which_it_happened_and_both_on_the_line(lat: float, reached: frozenset[str]) -> None:
    assert ROSTER.reach(Reach(beat=True), Point(lat, -72.67), now_ms=NOW_MS) == reached


def test_without_a_place_nobody_is_near_it() -> None:
    reach = Reach(nearest_units=3, beat=True, radius_m=3000, duties=("supervisor",))
    assert ROSTER.reach(reach, None, now_ms=NOW_MS) == ids(5)


@given(st.floats(-80, 80), st.floats(-180, 180), st.floats(0, 359), st.floats(10, 20_000))
def test_how_far_somebody_is_is_right_for_a_city_anywhere(
    lat: float, lon: float, bearing: float, away_m: float
) -> None:
    """Also where the date changes."""
    east, north = math.sin(math.radians(bearing)) * away_m, math.cos(math.radians(bearing)) * away_m
    there_lon = lon + math.degrees(east / (EARTH_RADIUS_M * math.cos(math.radians(lat))))
    there = Point(lat + math.degrees(north / EARTH_RADIUS_M), (there_lon + 180) % 360 - 180)
    roster = replace(ROSTER, positions={"officer-1": Position(there, None, NOW_MS)})
    true_m = distance_m(Point(lat, lon), there)
    assert roster.reach(Reach(radius_m=true_m * 1.03), Point(lat, lon), now_ms=NOW_MS) == ids(1)
    assert roster.reach(Reach(radius_m=true_m * 0.97), Point(lat, lon), now_ms=NOW_MS) == ids()


def test_a_unit_is_where_the_one_of_it_is_who_was_seen_last() -> None:
    roster = replace(ROSTER, positions={"officer-1": at(10, age_s=300), "officer-2": at(900), "officer-3": at(500)})
    assert roster.reach(Reach(nearest_units=1), HERE, now_ms=NOW_MS) == ids(3)


def test_who_was_seen_last_more_than_ten_minutes_ago_is_not_near() -> None:
    roster = replace(ROSTER, positions={"officer-1": at(10, age_s=601), "officer-3": at(500, age_s=599)})
    assert roster.reach(Reach(nearest_units=2), HERE, now_ms=NOW_MS) == ids(3)


def test_a_selection_means_everybody_whom_one_of_its_parts_names() -> None:
    selection = Selection(
        people=("officer-7",),
        units=("a",),
        beats=("south",),
        roles=("admin",),
        agencies=("state",),
        duties=("commander",),
    )
    reached = ROSTER.resolve(selection, now_ms=NOW_MS)
    assert [one.person_id for one in reached] == ["admin", *sorted(ids(1, 2, 4, 6, 7))]
    assert {one.position_age_ms for one in reached} == {None}


def test_near_means_everybody_within_the_circle_however_long_ago() -> None:
    reached = ROSTER.resolve(Selection(people=("officer-2",), near=Near(HERE, 2_500)), now_ms=NOW_MS)
    assert Reached("officer-5", 601_000) in reached
    assert Reached("officer-2", None) in reached
    assert Reached("operator", 5_000) in reached
    assert [one.person_id for one in reached] == sorted(one.person_id for one in reached)
    assert {one.person_id for one in reached} == ids(1, 2, 3, 4, 5, 7) | {"operator"}
    assert [one.person_id for one in ROSTER.resolve(Selection(near=Near(HERE, 150)), now_ms=NOW_MS)] == [
        "officer-1",
        "operator",
    ]


@pytest.mark.parametrize(
    ("selection", "path"),
    [
        (Selection(people=("officer-1", "nobody")), "to.people[1]"),
        (Selection(units=("a", "b", "zz")), "to.units[2]"),
        (Selection(beats=("east",)), "to.beats[0]"),
        (Selection(roles=("sheriff",)), "to.roles[0]"),
        (Selection(duties=("cook",)), "to.duties[0]"),
        (Selection(agencies=("fbi",)), "to.agencies[0]"),
    ],
)
def test_who_is_named_and_not_there_is_an_error_with_the_place(selection: Selection, path: str) -> None:
    with pytest.raises(PushUnknownRecipient) as refused:
        ROSTER.resolve(selection, now_ms=NOW_MS)
    assert refused.value.path == path


@pytest.mark.parametrize("selection", [Selection(), Selection(near=Near(Point(0, 0), 800))])
def test_a_selection_of_nobody_is_an_error(selection: Selection) -> None:
    with pytest.raises(PushNoRecipient):
        ROSTER.resolve(selection, now_ms=NOW_MS)


@pytest.mark.parametrize(
    ("reach", "path"),
    [
        (Reach(units=("a", "zz")), "steps[1].reach.units[1]"),
        (Reach(beats=("east",)), "steps[1].reach.beats[0]"),
        (Reach(people=("nobody",)), "steps[1].reach.people[0]"),
    ],
)
def test_a_policy_that_names_what_is_not_there_is_refused(reach: Reach, path: str) -> None:
    with pytest.raises(PolicyInvalid) as refused:
        ROSTER.check(Policy("P1", 1, 1, (Step(0, Reach(units=("a",), beats=("north",))), Step(10, reach))))
    assert refused.value.path == path


def test_somebody_is_reachable_when_he_is_connected_or_when_nobody_knows() -> None:
    assert ROSTER.is_reachable(ids(1, 2))
    assert not ROSTER.is_reachable(ids(2, 3))
    assert not ROSTER.is_reachable(ids())
    assert replace(ROSTER, knows_online=False).is_reachable(ids(2, 3))


def test_a_moment_later_the_people_are_the_same() -> None:
    later = ROSTER.now({}, ids(2), knows_online=True)
    assert later.directory is ROSTER.directory
    assert later.is_reachable(ids(2))
    assert later.reach(Reach(nearest_units=1), HERE, now_ms=NOW_MS) == ids()
