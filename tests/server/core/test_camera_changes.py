from collections.abc import Mapping

from server.core.camera_changes import UNSEEN_MS, Change, Changes
from server.core.camera_states import CameraState

SEEN_MS = 1_000_000
NOW_MS = SEEN_MS + 60_000


def resumed(last: str, last_ms: int, state: str, since_ms: int) -> list[tuple[int, str]]:
    """What is written of a camera when a server begins to watch."""
    changes = Changes({"c": Change("c", last_ms, last)} if last else {}, SEEN_MS)
    return [(made.at_ms, made.state) for made in changes.resume({"c": CameraState(state, since_ms)}, NOW_MS)]


def said(*states: tuple[str, int]) -> list[Mapping[str, CameraState]]:
    return [{"c": CameraState(state, since_ms)} for state, since_ms in states]


def test_a_camera_that_was_never_seen_counts_from_the_state_that_it_is_in() -> None:
    assert resumed("", 0, "live", NOW_MS - 5) == [(NOW_MS - 5, "live")]
    assert resumed("", 0, "live", 5) == [(SEEN_MS, "live")], "not from before anybody watched"


def test_a_state_that_lasts_since_before_the_last_look_was_there_all_the_time() -> None:
    assert resumed("live", SEEN_MS - 500, "live", SEEN_MS - 500) == []


def test_of_a_long_time_before_a_newer_state_nothing_is_known() -> None:
    begun_ms = SEEN_MS + UNSEEN_MS + 1
    assert resumed("live", 5, "live", begun_ms) == [(SEEN_MS, "unknown"), (begun_ms, "live")]
    assert resumed("live", 5, "down", begun_ms) == [(SEEN_MS, "unknown"), (begun_ms, "down")]
    assert resumed("unknown", 5, "live", begun_ms) == [(begun_ms, "live")]


def test_a_short_one_is_no_hole() -> None:
    assert resumed("live", 5, "down", SEEN_MS + UNSEEN_MS) == [(SEEN_MS + UNSEEN_MS, "down")]
    assert resumed("live", 5, "live", SEEN_MS + UNSEEN_MS) == []


def test_a_state_that_was_there_before_but_is_not_what_is_written_counts_from_the_last_look() -> None:
    assert resumed("live", 5, "down", SEEN_MS - 500) == [(SEEN_MS, "down")]


def test_a_camera_that_is_gone_is_not_up_until_it_comes_back() -> None:
    changes = Changes({"c": Change("c", 5, "live"), "d": Change("d", 5, "unknown")}, SEEN_MS)
    assert changes.resume({}, NOW_MS) == [Change("c", SEEN_MS, "unknown")]


def test_changes_are_followed_and_what_is_said_again_is_none() -> None:
    changes = Changes({}, SEEN_MS)
    made = [
        change
        for states in said(("live", NOW_MS), ("live", NOW_MS), ("stalled", NOW_MS + 1), ("live", NOW_MS + 2))
        for change in changes.follow(states, NOW_MS + 9)
    ]
    assert made == [
        Change("c", NOW_MS, "live"),
        Change("c", NOW_MS + 1, "stalled"),
        Change("c", NOW_MS + 2, "live"),
    ]


def test_while_a_camera_is_being_connected_the_state_before_counts() -> None:
    changes = Changes({"c": Change("c", 5, "idle")}, SEEN_MS)
    (starting, live) = said(("starting", NOW_MS), ("live", NOW_MS + 700))
    assert changes.follow(starting, NOW_MS) == []
    assert changes.follow(live, NOW_MS + 700) == [Change("c", NOW_MS + 700, "live")]


def test_readers_whose_clocks_are_wrong_do_not_turn_time_back() -> None:
    changes = Changes({"c": Change("c", SEEN_MS, "live")}, SEEN_MS)
    (behind, ahead) = said(("down", 5), ("live", NOW_MS + 1_000_000))
    assert changes.follow(behind, NOW_MS) == [Change("c", SEEN_MS + 1, "down")]
    assert changes.follow(ahead, NOW_MS) == [Change("c", NOW_MS, "live")]
