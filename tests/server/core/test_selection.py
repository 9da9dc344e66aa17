import math
from typing import Any

import pytest

from server.core.selection import Near, Selection
from server.errors import RequestInvalid
from streams.geo import Point

NEAR = {"lat": 41.76, "lon": -72.67, "radius_m": 800}


def test_a_selection_is_read_and_told_again() -> None:
    body = {"people": ["officer-12"], "units": ["7"], "duties": ["supervisor"], "near": NEAR}
    selection = Selection.parse(body)
    assert selection == Selection(
        people=("officer-12",), units=("7",), duties=("supervisor",), near=Near(Point(41.76, -72.67), 800.0)
    )
    assert selection.to_json() == body
    assert Selection.parse(selection.to_json()) == selection


@pytest.mark.parametrize("radius_m", [0, -1, 9.99, 50_001, 10_000_000, math.nan, math.inf, "800", None, True, 10**400])
def test_a_radius_out_of_range_is_refused(radius_m: Any) -> None:
    with pytest.raises(RequestInvalid) as refused:
        Selection.parse({"near": {**NEAR, "radius_m": radius_m}})
    assert refused.value.path == "to.near.radius_m"


@pytest.mark.parametrize(
    ("body", "path"),
    [
        (None, "to"),
        (["officer-12"], "to"),
        ({"people": "officer-12"}, "to.people"),
        ({"units": ["7", 7]}, "to.units[1]"),
        ({"beats": [""]}, "to.beats[0]"),
        ({"near": "here"}, "to.near"),
        ({"near": {**NEAR, "lat": 91}}, "to.near"),
        ({"near": {**NEAR, "lon": None}}, "to.near.lon"),
        ({"people": ["x"] * 1001}, "to.people"),
        ({"people": ["officer-12"], "beets": ["north"]}, "to.beets"),
    ],
)
def test_what_is_no_selection_is_refused(body: Any, path: str) -> None:
    with pytest.raises(RequestInvalid) as refused:
        Selection.parse(body)
    assert refused.value.path == path
