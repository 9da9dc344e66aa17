from typing import Any

import pytest

from server.core.audience import EVERYBODY, STAFF, Audience
from server.core.media import Picture, Use, may_open, opened_by
from server.core.people import Person
from tests.server.samples import ADMIN, DISPATCHER, NOW_MS, OKAFOR, OPERATOR, REYES


def a_use(**fields: Any) -> Use:
    given: dict[str, Any] = {
        "item": "push",
        "item_id": "push-1",
        "is_live": True,
        "audience": Audience.of_people([REYES.id]),
    }
    return Use(**given | fields)


STAFF_PEOPLE = [OPERATOR, DISPATCHER, ADMIN]


@pytest.mark.parametrize("person", STAFF_PEOPLE)
def test_staff_open_what_is_not_sent_yet_and_what_is_live(person: Person) -> None:
    assert may_open(person, [])
    assert may_open(person, [a_use()])
    assert may_open(person, [a_use(audience=Audience(people=frozenset({REYES.id})))])


def test_an_officer_opens_what_is_live_and_concerns_him() -> None:
    assert may_open(REYES, [a_use()])
    assert may_open(OKAFOR, [a_use(audience=EVERYBODY)])
    assert not may_open(OKAFOR, [a_use()])
    assert not may_open(REYES, [a_use(audience=STAFF)])
    assert not may_open(REYES, [])


@pytest.mark.parametrize("person", [*STAFF_PEOPLE, REYES])
def test_nobody_opens_what_has_ended(person: Person) -> None:
    assert not may_open(person, [a_use(is_live=False)])
    assert not may_open(person, [a_use(is_live=False), a_use(item="bulletin", is_live=False, audience=EVERYBODY)])


def test_one_live_item_is_enough_and_is_what_is_told() -> None:
    ended, live = a_use(is_live=False, audience=EVERYBODY), a_use(item="bulletin", item_id="b-1")
    not_his = a_use(item_id="push-2", audience=STAFF)
    assert may_open(REYES, [ended, live, not_his])
    assert [use.subject for use in opened_by(REYES, [ended, live, not_his])] == ["bulletin:b-1"]


def test_a_picture_has_the_fields_of_the_protocol() -> None:
    picture = Picture("ab" * 32, 1200, 1600, 180_000, b"\xff\xd8", "operator", NOW_MS)
    assert picture.to_wire() == {
        "id": "ab" * 32,
        "width": 1200,
        "height": 1600,
        "bytes": 180_000,
        "thumbnail": "/9g=",
    }
