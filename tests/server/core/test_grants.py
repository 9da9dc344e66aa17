import pytest

from server.core.grants import may_watch, watchable
from server.core.people import Person
from tests.server.samples import (
    ADMIN,
    CAMERAS,
    DISPATCHER,
    HOUR_MS,
    NOW_MS,
    OKAFOR,
    OPERATOR,
    REYES,
    a_push,
)


@pytest.mark.parametrize("person", [OPERATOR, DISPATCHER, ADMIN])
def test_staff_may_watch_every_camera(person: Person) -> None:
    assert may_watch(person, "any", [], NOW_MS)


def test_an_officer_may_watch_what_was_pushed_to_him() -> None:
    assert may_watch(REYES, "main-4th", [a_push()], NOW_MS)
    assert not may_watch(REYES, "harbor", [a_push()], NOW_MS)
    assert not may_watch(REYES, "main-4th", [], NOW_MS)


def test_a_push_to_others_lets_nobody_else_watch() -> None:
    assert not may_watch(OKAFOR, "main-4th", [a_push()], NOW_MS)


def test_it_ends_with_the_push() -> None:
    assert not may_watch(REYES, "main-4th", [a_push()], NOW_MS + 8 * HOUR_MS)
    assert not may_watch(REYES, "main-4th", [a_push().recalled(by="operator", now_ms=NOW_MS)], NOW_MS)


def test_a_second_push_of_the_same_camera_still_holds_when_the_first_is_recalled() -> None:
    pushes = [a_push("first").recalled(by="operator", now_ms=NOW_MS), a_push("second")]
    assert may_watch(REYES, "main-4th", pushes, NOW_MS)


def test_all_cameras_of_all_live_pushes_are_watchable() -> None:
    pushes = [a_push("one"), a_push("two", cameras=(CAMERAS["harbor"],)), a_push("three", recipients=("officer-7",))]
    assert watchable(REYES, pushes, NOW_MS) == {"main-4th", "harbor"}
