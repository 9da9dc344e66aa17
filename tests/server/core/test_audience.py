import json

from hypothesis import given
from hypothesis import strategies as st

from server.core.audience import EVERYBODY, NOBODY, STAFF, Audience
from server.core.people import Role
from tests.server.samples import ADMIN, DISPATCHER, LIND, OKAFOR, OPERATOR, REYES
from tests.server.samples import EVERYBODY as ALL_PEOPLE

audiences = st.builds(
    Audience,
    everybody=st.booleans(),
    roles=st.frozensets(st.sampled_from(Role)),
    people=st.frozensets(st.sampled_from([person.id for person in ALL_PEOPLE])),
)


def test_what_concerns_people_concerns_staff_too() -> None:
    audience = Audience.of_people([REYES.id])
    concerned = [person for person in ALL_PEOPLE if audience.concerns(person)]
    assert concerned == [person for person in ALL_PEOPLE if person.is_staff or person is REYES]


def test_staff_is_operators_dispatchers_and_admins() -> None:
    assert [STAFF.concerns(person) for person in (OPERATOR, DISPATCHER, ADMIN, LIND, OKAFOR)] == [True] * 3 + [
        False
    ] * 2
    assert not any(NOBODY.concerns(person) for person in ALL_PEOPLE)


@given(audiences, audiences)
def test_a_union_concerns_whom_either_concerns(one: Audience, other: Audience) -> None:
    for person in ALL_PEOPLE:
        assert (one | other).concerns(person) == (one.concerns(person) or other.concerns(person))


@given(audiences)
def test_an_audience_survives_json(audience: Audience) -> None:
    again = Audience.from_json(json.loads(json.dumps(audience.to_json())))
    assert [again.concerns(person) for person in ALL_PEOPLE] == [audience.concerns(person) for person in ALL_PEOPLE]
    assert again.key == audience.key


def test_audiences_of_other_people_have_other_keys() -> None:
    keys = {audience.key for audience in (EVERYBODY, NOBODY, STAFF, Audience.of_people(["a"]), Audience.of_people("b"))}
    assert len(keys) == 5
