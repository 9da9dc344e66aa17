import pytest

from clients.cli.items import find
from tests.clients.cli.wire_examples import EVENTS

MESSAGE = EVENTS["server"]["snapshot"]
KNOWN = {"alert": MESSAGE["alerts"], "push": MESSAGE["pushes"], "bulletin": MESSAGE["bulletins"]}


@pytest.mark.parametrize(
    ("name", "kind", "number"),
    [
        ("alert:17", "alert", 17),
        ("alert:18", "alert", 18),
        ("push:3", "push", 3),
        ("bulletin:5", "bulletin", 5),
        ("a-0197a4c2e1d07b3f", "alert", 17),
        ("0c6a3d1e-6d0d-4c3c-9d43-6b8b1d0f5a01", "push", 3),
        ("5b0e1c7a-3f4d-4a8e-9a35-70f2f1c6be01", "bulletin", 5),
    ],
)
def test_an_item_is_found_by_number_and_by_id(name: str, kind: str, number: int) -> None:
    found = find(KNOWN, name)
    assert found is not None
    assert (found[0], found[1]["number"]) == (kind, number)


@pytest.mark.parametrize("name", ["17", "alert:3", "push:17", "bulletin:3", "alert:", "tip:3", ""])
def test_what_is_not_there_is_not_found(name: str) -> None:
    assert find(KNOWN, name) is None
