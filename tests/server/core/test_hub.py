from hypothesis import given
from hypothesis import strategies as st

from server.core.audience import EVERYBODY, NOBODY, STAFF, Audience
from server.core.hub import Hub
from server.core.people import Actor, Person, Role
from server.core.session import Session


def session(person: str, device: str, role: Role = Role.OFFICER) -> Session:
    return Session(Actor(Person(person, "", role), device=device), now=0)


def test_the_newer_session_of_a_device_wins() -> None:
    hub = Hub[Session]()
    older, newer = session("officer-12", "tablet-1"), session("officer-12", "tablet-1")
    assert hub.join(older) is None
    hub.go_live(older)
    assert hub.join(newer) is older
    assert hub.concerned(EVERYBODY) == []
    hub.go_live(older)
    assert hub.concerned(EVERYBODY) == [], "who was replaced is not live again"
    hub.leave(older)
    assert list(hub) == [newer]
    assert hub.find("officer-12", "tablet-1") is newer
    hub.leave(newer)
    assert not list(hub)


def test_nobody_is_thrown_out_by_a_device_of_somebody_else_with_the_same_name() -> None:
    hub = Hub[Session]()
    assert hub.join(session("officer-12", "tablet-1")) is None
    assert hub.join(session("officer-14", "tablet-1")) is None
    assert len(hub) == 2


def test_a_person_is_here_while_one_of_his_devices_is() -> None:
    hub = Hub[Session]()
    tablet, phone = session("officer-12", "tablet"), session("officer-12", "phone")
    hub.join(tablet)
    hub.join(phone)
    hub.leave(tablet)
    assert hub.people() == {"officer-12"}
    hub.leave(phone)
    assert hub.people() == frozenset()


def test_who_is_meant_by_role_and_by_name_is_told_once() -> None:
    hub = Hub[Session]()
    console = session("operator", "console", Role.OPERATOR)
    hub.join(console)
    hub.go_live(console)
    assert hub.concerned(Audience.of_people(["operator"])) == [console]


PEOPLE = [("officer-1", Role.OFFICER), ("officer-2", Role.OFFICER), ("operator", Role.OPERATOR), ("admin", Role.ADMIN)]
audiences = st.one_of(
    st.just(EVERYBODY),
    st.just(STAFF),
    st.just(NOBODY),
    st.builds(
        Audience,
        roles=st.frozensets(st.sampled_from(Role)),
        people=st.frozensets(st.sampled_from([person for person, _ in PEOPLE] + ["nobody here"])),
    ),
)


@given(st.lists(st.tuples(st.sampled_from(["join", "live", "rest", "leave"]), st.integers(0, 7))), audiences)
def test_an_entry_finds_just_the_live_sessions_that_it_concerns_whatever_has_happened(
    steps: list[tuple[str, int]], audience: Audience
) -> None:
    hub = Hub[Session]()
    sessions = [session(person, device, role) for person, role in PEOPLE for device in ("a", "b")]
    joined, live = set[int](), set[int]()
    for step, number in steps:
        match step:
            case "join" if number not in joined:
                hub.join(sessions[number])
                joined.add(number)
            case "live":
                hub.go_live(sessions[number])
                live |= {number} & joined
            case "rest":
                hub.rest(sessions[number])
                live.discard(number)
            case "leave":
                hub.leave(sessions[number])
                joined.discard(number)
                live.discard(number)
            case _:
                pass
    found = hub.concerned(audience)
    assert len(found) == len(set(found)), "each once"
    assert set(found) == {sessions[number] for number in live if audience.concerns(sessions[number].person)}
    assert set(hub.staff()) == {sessions[number] for number in live if sessions[number].person.is_staff}
    assert set(hub.live_of(["operator"])) == {sessions[number] for number in live if number in (4, 5)}
