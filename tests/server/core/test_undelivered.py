from server.core.people import Actor, Person, Role
from server.core.session import Session
from server.core.undelivered import MAX_ALERTS, Undelivered


def session(person: str) -> Session:
    return Session(Actor(Person(person, "", Role.OFFICER), device="tablet"), now=0)


REYES, OKAFOR, LEE = session("officer-12"), session("officer-7"), session("officer-9")


def test_who_was_sent_an_alert_is_waited_for_until_he_has_it() -> None:
    undelivered = Undelivered[Session]()
    undelivered.sent("a", 1, [REYES, OKAFOR])
    assert set(undelivered.waiting()) == {REYES, OKAFOR}
    undelivered.delivered(REYES, "a", 1)
    undelivered.delivered(OKAFOR, "another", 1)
    undelivered.delivered(OKAFOR, "a", 2)
    assert set(undelivered.waiting()) == {OKAFOR}
    undelivered.left(OKAFOR)
    assert set(undelivered.waiting()) == set()


def test_the_same_revision_again_makes_only_those_hurry_who_are_new() -> None:
    undelivered = Undelivered[Session]()
    undelivered.sent("a", 1, [REYES])
    undelivered.delivered(REYES, "a", 1)
    undelivered.sent("a", 1, [REYES, OKAFOR])
    assert set(undelivered.waiting()) == {OKAFOR}


def test_a_new_revision_takes_the_place_of_the_old_one() -> None:
    undelivered = Undelivered[Session]()
    undelivered.sent("a", 1, [REYES, LEE])
    undelivered.sent("a", 2, [REYES])
    undelivered.delivered(REYES, "a", 1)
    assert set(undelivered.waiting()) == {REYES}


def test_nobody_hurries_for_what_is_over_or_long_ago() -> None:
    undelivered = Undelivered[Session]()
    undelivered.sent("a", 1, [REYES])
    undelivered.over("a")
    assert set(undelivered.waiting()) == set()
    undelivered.sent("old", 1, [REYES])
    for number in range(MAX_ALERTS):
        undelivered.sent(f"alert-{number}", 1, [OKAFOR])
    assert set(undelivered.waiting()) == {OKAFOR}
