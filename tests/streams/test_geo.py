import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.errors import FormatError
from streams.geo import Point, Polygon

SQUARE = Polygon((Point(0, 0), Point(0, 2), Point(2, 2), Point(2, 0)))
HORSESHOE = Polygon(
    tuple(Point(lat, lon) for lat, lon in ((0, 0), (0, 3), (3, 3), (3, 2), (1, 2), (1, 1), (3, 1), (3, 0)))
)


@pytest.mark.parametrize(("lat", "lon"), [(1, 1), (0.001, 0.001), (1.999, 1.0)])
def test_what_lies_in_a_polygon_is_in_it(lat: float, lon: float) -> None:
    assert SQUARE.contains(Point(lat, lon))


@pytest.mark.parametrize(("lat", "lon"), [(0, 0), (2, 2), (0, 1), (1, 0), (2, 1), (1, 2)])
def test_corners_and_edges_belong_to_it(lat: float, lon: float) -> None:
    assert SQUARE.contains(Point(lat, lon))


@pytest.mark.parametrize(("lat", "lon"), [(-0.001, 1), (2.001, 1), (1, 2.001), (0, -1), (2, 5), (-80, 170)])
def test_what_lies_beside_it_is_not_in_it(lat: float, lon: float) -> None:
    """Also on the line that an edge would make if it went on."""
    assert not SQUARE.contains(Point(lat, lon))


@pytest.mark.parametrize(
    ("lat", "lon", "is_in"), [(2, 1.5, False), (2, 0.5, True), (2, 2.5, True), (0.5, 1.5, True), (1, 1.5, True)]
)
def test_a_hollow_is_outside(lat: float, lon: float, is_in: bool) -> None:
    assert HORSESHOE.contains(Point(lat, lon)) is is_in


@given(st.floats(0, 2), st.floats(0, 2), st.floats(0.1, 1.9))
def test_two_neighbours_leave_no_gap(lat: float, lon: float, cut: float) -> None:
    """Whatever lies in the square lies in one of the two parts that a line cuts it into."""
    west = Polygon((Point(0, 0), Point(0, cut), Point(2, 2 - cut), Point(2, 0)))
    east = Polygon((Point(0, cut), Point(0, 2), Point(2, 2), Point(2, 2 - cut)))
    assert west.contains(Point(lat, lon)) or east.contains(Point(lat, lon))


def test_a_ring_may_repeat_its_first_corner() -> None:
    closed = Polygon((*SQUARE.ring, SQUARE.ring[0]))
    assert closed.contains(Point(1, 1))
    assert not closed.contains(Point(3, 1))


@pytest.mark.parametrize(
    "ring", [(), (Point(0, 0),), (Point(0, 0), Point(1, 1)), (Point(0, 0), Point(1, 1), Point(0, 0))]
)
def test_less_than_three_corners_are_no_area(ring: tuple[Point, ...]) -> None:
    with pytest.raises(FormatError, match="corners"):
        Polygon(ring)
