import pytest

from clients.cli import recipients
from clients.cli.errors import Refused


def test_people_and_groups_are_sorted_into_parts() -> None:
    names = ["officer-12", "unit:7", "unit:9", "beat:north", "role:officer", "duty:supervisor", "agency:pd"]
    assert recipients.of(names, [41.76, -72.67, 800.0]) == {
        "people": ["officer-12"],
        "units": ["7", "9"],
        "beats": ["north"],
        "roles": ["officer"],
        "duties": ["supervisor"],
        "agencies": ["pd"],
        "near": {"lat": 41.76, "lon": -72.67, "radius_m": 800.0},
    }
    assert recipients.of([]) == {}


@pytest.mark.parametrize("name", ["city:all", "unit:", ":7"])
def test_a_kind_that_there_is_not_is_refused(name: str) -> None:
    with pytest.raises(Refused, match="is nobody"):
        recipients.of([name])
