from server.core.hub import Hub
from server.core.people import Actor, Person, Role
from server.core.session import Session


def session(person: str, device: str) -> Session:
    return Session(Actor(Person(person, "", Role.OFFICER), device=device), now=0)


def test_the_newer_session_of_a_device_wins() -> None:
    hub = Hub[Session]()
    older, newer = session("officer-12", "tablet-1"), session("officer-12", "tablet-1")
    assert hub.join(older) is None
    assert hub.join(newer) is older
    hub.leave(older)
    assert list(hub) == [newer]
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
