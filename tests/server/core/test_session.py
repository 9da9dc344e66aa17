from server.core.client_messages import AskSnapshot, Resume
from server.core.people import Actor, Person, Role
from server.core.session import MAX_REPLAY, Replay, Session, Snapshot, opening

OFFICER = Person("officer-12", "A. Reyes", Role.OFFICER, "12")


def test_a_client_gets_what_it_missed() -> None:
    assert opening(Resume("here", 4700), installation="here", head=4711) == Replay(4701, 4711)


def test_a_client_that_missed_nothing_gets_an_empty_replay() -> None:
    assert opening(Resume("here", 4711), installation="here", head=4711) == Replay(4712, 4711)


def test_a_client_gets_a_snapshot_when_it_asks() -> None:
    assert opening(AskSnapshot(), installation="here", head=4711) == Snapshot("asked")


def test_a_position_of_another_log_is_worth_nothing() -> None:
    assert opening(Resume("there", 4711), installation="here", head=4711) == Snapshot("installation")


def test_a_position_that_the_log_has_not_reached_is_worth_nothing() -> None:
    assert opening(Resume("here", 4712), installation="here", head=4711) == Snapshot("ahead")


def test_a_client_too_far_behind_gets_a_snapshot() -> None:
    head = 3 * MAX_REPLAY
    assert opening(Resume("here", head - MAX_REPLAY), installation="here", head=head) == Replay(
        head - MAX_REPLAY + 1, head
    )
    assert opening(Resume("here", head - MAX_REPLAY - 1), installation="here", head=head) == Snapshot("too_old")
    assert opening(Resume("here", -1), installation="here", head=3) == Snapshot("too_old")


def test_a_session_that_is_not_heard_for_two_heartbeats_and_a_moment_is_dead() -> None:
    session = Session(Actor(OFFICER, device="tablet-12"), now=100)
    assert not session.is_dead(121)
    assert session.is_dead(121.1)


def test_who_was_told_to_hurry_is_dead_sooner_counted_from_then() -> None:
    session = Session(Actor(OFFICER, device="tablet-12"), now=100)
    session.hurried_at = 115
    assert not session.is_dead(122)
    assert session.is_dead(122.1)
    session.heard_at = 120
    assert not session.is_dead(127)
