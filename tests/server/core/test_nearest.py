from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from server.core.camera_states import STATES, CameraState
from server.core.nearest import SIGHT_M, Candidate, Fault, Nearest, Sight, View, nearest
from streams.config import CameraConfig
from streams.geo import Circle, Point

PLACE = Circle(Point(41.76, -72.67), 25)
METRE_DEG = 1 / 111_195
"""Of latitude."""


def south(distance_m: float, number: int = 1, **fields: Any) -> CameraConfig:
    """A camera that has the place straight to the north."""
    lat = PLACE.center.lat - distance_m * METRE_DEG
    return CameraConfig(f"c{number}", number, f"c{number}", "rtsp://192.0.2.1/", lat=lat, lon=-72.67, **fields)


def ranked(*cameras: CameraConfig, down: str = "", place: Circle = PLACE, faults: Any = None) -> Nearest:
    states = {camera.id: CameraState("down" if camera.id == down else "idle", 0) for camera in cameras}
    return nearest(cameras, states, place, faults=faults)


def only(camera: CameraConfig, place: Circle = PLACE, **options: Any) -> Candidate:
    (candidate,) = ranked(camera, place=place, **options).candidates
    return candidate


def names(found: Nearest) -> list[str]:
    return [one.camera.id for one in found.candidates]


def test_a_camera_that_looks_at_the_whole_circle_sees_it() -> None:
    found = ranked(south(100, heading_deg=0, fov_deg=60))
    (candidate,) = found.candidates
    assert (candidate.sight, candidate.is_working) == (Sight.SEES, True)
    assert candidate.share == pytest.approx(1)
    assert candidate.distance_m == pytest.approx(100, abs=0.1)
    assert (found.view, found.message) == (View.SEEN, "")


@pytest.mark.parametrize("heading_deg", [331, 345, 0, 15, 29])
def test_north_is_on_both_sides_of_zero(heading_deg: float) -> None:
    assert only(south(100, heading_deg=heading_deg, fov_deg=60)).sight is Sight.SEES


@pytest.mark.parametrize("heading_deg", [90, 180, 270])
def test_a_camera_that_looks_elsewhere_is_no_view(heading_deg: float) -> None:
    found = ranked(south(100, heading_deg=heading_deg, fov_deg=60))
    assert found.candidates[0].sight is Sight.AWAY
    assert (found.view, found.message) == (View.NONE, "No working view of this point.")


def test_a_wedge_beside_the_point_may_still_see_some_of_the_circle() -> None:
    """The circle of 25 m is 29 degrees wide, 100 m away."""
    found = ranked(south(100, heading_deg=40, fov_deg=60))
    (candidate,) = found.candidates
    assert candidate.sight is Sight.PART
    assert 0 < candidate.share < 0.5
    assert (found.view, bool(found.message)) == (View.PERHAPS, True)
    assert only(south(100, heading_deg=40, fov_deg=60), Circle(PLACE.center, 0)).sight is Sight.AWAY


def test_without_a_heading_a_camera_may_see_it() -> None:
    found = ranked(south(100))
    assert (found.candidates[0].sight, found.view) == (Sight.PERHAPS, View.PERHAPS)


def test_a_camera_that_sees_all_round_needs_no_heading() -> None:
    assert only(south(100, fov_deg=360)).sight is Sight.SEES


def test_beyond_sight_nothing_is_seen_but_a_circle_may_reach_into_it() -> None:
    assert only(south(SIGHT_M + 50, heading_deg=0)).sight is Sight.AWAY
    assert only(south(SIGHT_M + 50)).sight is Sight.AWAY
    assert only(south(SIGHT_M + 50, heading_deg=0), Circle(PLACE.center, 100)).sight is Sight.PART


def test_a_camera_at_the_very_point_is_not_said_to_look_away() -> None:
    assert only(south(0, heading_deg=180, fov_deg=60), Circle(PLACE.center, 0)).sight is not Sight.AWAY


def test_a_camera_that_is_down_comes_after_all_that_work_and_is_no_view() -> None:
    seeing, elsewhere = south(50, 1, heading_deg=0), south(400, 2, heading_deg=180)
    found = ranked(seeing, elsewhere, down="c1")
    assert names(found) == ["c2", "c1"]
    assert found.view is View.NONE
    assert names(ranked(seeing, elsewhere)) == ["c1", "c2"]


@pytest.mark.parametrize("state", STATES)
def test_idle_starting_and_live_are_working(state: str) -> None:
    (candidate,) = nearest([south(50)], {"c1": CameraState(state, 0)}, PLACE).candidates
    assert candidate.is_working is (state in {"idle", "starting", "live"})


@pytest.mark.parametrize("fault", [Fault.BLACK, Fault.COVERED, Fault.FROZEN, Fault.SILENT])
def test_a_camera_without_a_usable_picture_is_no_view(fault: Fault) -> None:
    found = ranked(south(50, heading_deg=0), faults={"c1": fault})
    assert (found.view, found.candidates[0].is_working, found.candidates[0].fault) == (View.NONE, False, fault)


def test_the_heading_of_a_camera_that_was_moved_is_not_trusted() -> None:
    assert only(south(50, heading_deg=0), faults={"c1": Fault.MOVED}).sight is Sight.PERHAPS
    assert only(south(50, heading_deg=180), faults={"c1": Fault.MOVED}).sight is Sight.PERHAPS


def test_a_clear_picture_goes_before_a_blurred_one() -> None:
    cameras = south(50, 1, heading_deg=0), south(70, 2, heading_deg=0)
    assert names(ranked(*cameras)) == ["c1", "c2"]
    assert names(ranked(*cameras, faults={"c1": Fault.BLURRED})) == ["c2", "c1"]
    assert names(ranked(*cameras, faults={"c1": Fault.OBSTRUCTED})) == ["c2", "c1"]


def test_cameras_without_a_position_are_counted() -> None:
    found = ranked(CameraConfig("c9", 9, "c9", "rtsp://192.0.2.1/"))
    assert (found.candidates, found.unplaced, found.view) == ((), 1, View.NONE)


distances = st.floats(0, 2000)
fields = st.fixed_dictionaries(
    {"heading_deg": st.none() | st.floats(0, 360, exclude_max=True), "fov_deg": st.none() | st.floats(1, 360)}
)
circles = st.builds(Circle, st.just(PLACE.center), st.floats(0, 2000))


@given(st.floats(0, SIGHT_M - 1), fields, st.floats(1, 360), st.floats(-0.49, 0.49), circles)
def test_at_equal_distance_a_camera_that_sees_goes_before_one_that_does_not(
    distance_m: float, view: dict[str, Any], fov_deg: float, off: float, place: Circle
) -> None:
    other, seeing = south(distance_m, 1, **view), south(distance_m, 2, heading_deg=off * fov_deg % 360, fov_deg=fov_deg)
    # On the very spot nothing is straight to the north.
    assume(distance_m > 1)
    assert only(seeing, place).sight is Sight.SEES
    assume(only(other, place).sight is not Sight.SEES)
    assert names(ranked(other, seeing, place=place)) == ["c2", "c1"]


@given(distances, st.floats(0.02, 500), fields, circles)
def test_of_two_that_see_all_of_it_the_nearer_goes_first(
    near_m: float, farther_m: float, view: dict[str, Any], place: Circle
) -> None:
    near, far = south(near_m, 2, **view), south(near_m + farther_m, 1, **view)
    assume(only(near, place).share >= only(far, place).share and only(near, place).sight is only(far, place).sight)
    assert names(ranked(far, near, place=place)) == ["c2", "c1"]


@given(st.lists(st.tuples(distances, fields), max_size=8), st.randoms())
def test_the_order_does_not_depend_on_the_order_of_the_configuration(
    given_ones: list[tuple[float, dict[str, Any]]], random: Any
) -> None:
    cameras = [south(distance_m, number, **view) for number, (distance_m, view) in enumerate(given_ones, 1)]
    shuffled = random.sample(cameras, len(cameras))
    assert names(ranked(*shuffled)) == names(ranked(*cameras))


@given(
    st.lists(st.tuples(distances, fields, st.booleans(), st.none() | st.sampled_from(Fault)), max_size=12),
    circles,
    st.integers(1, 12),
)
def test_those_that_were_asked_for_are_the_first_of_all(
    given_ones: list[tuple[float, dict[str, Any], bool, Fault | None]], place: Circle, count: int
) -> None:
    cameras = [south(distance_m, number, **view) for number, (distance_m, view, _, _) in enumerate(given_ones, 1)]
    states = {f"c{n}": CameraState("idle" if works else "down", 0) for n, (_, _, works, _) in enumerate(given_ones, 1)}
    faults = {f"c{n}": fault for n, (_, _, _, fault) in enumerate(given_ones, 1) if fault is not None}
    each = [nearest([camera], states, place, faults=faults) for camera in cameras]
    best_first = sorted(
        (found.candidates[0] for found in each), key=lambda one: (not one.is_working, one.cost_m, one.camera.number)
    )
    found = nearest(cameras, states, place, faults=faults, count=count)
    assert list(found.candidates) == best_first[:count]
    views = {one.view for one in each}
    assert found.view is next((view for view in (View.SEEN, View.PERHAPS) if view in views), View.NONE)


def test_near_the_poles_and_beyond_the_date_line_a_camera_is_as_near_as_it_is() -> None:
    for center in (Point(-16.8, 179.9999), Point(89.9999, 0), Point(-90, 10)):
        on_the_spot = CameraConfig("c2", 2, "c2", "rtsp://192.0.2.1/", lat=center.lat, lon=-179.9999)
        away = CameraConfig(
            "c1", 1, "c1", "rtsp://192.0.2.1/", lat=center.lat + (0.1 if center.lat < 0 else -0.1), lon=0
        )
        assert names(ranked(away, on_the_spot, place=Circle(center, 25))) == ["c2", "c1"]


@given(distances, st.floats(0, 360, exclude_max=True), st.floats(1, 360), circles)
def test_whichever_way_it_looks_the_share_is_one_of_a_circle(
    distance_m: float, heading_deg: float, fov_deg: float, place: Circle
) -> None:
    candidate = only(south(distance_m, heading_deg=heading_deg, fov_deg=fov_deg), place)
    assert 0 <= candidate.share <= 1 + 1e-9
    assert (candidate.sight is Sight.AWAY) == (candidate.share == 0)


@given(distances, st.floats(0, 180), st.floats(1, 360), circles)
def test_left_and_right_are_alike(distance_m: float, off_deg: float, fov_deg: float, place: Circle) -> None:
    left = only(south(distance_m, heading_deg=360 - off_deg, fov_deg=fov_deg), place)
    right = only(south(distance_m, heading_deg=off_deg, fov_deg=fov_deg), place)
    assert left.share == pytest.approx(right.share, abs=1e-6)
