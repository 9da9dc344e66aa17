from server.core.permits import Permits
from tests.server.samples import NOW_MS, OKAFOR, OPERATOR, REYES, a_push


def test_staff_may_watch_everything() -> None:
    assert Permits(OPERATOR).may_watch("harbor", NOW_MS)


def test_an_officer_may_watch_what_was_pushed_to_him_while_it_is_live() -> None:
    permits, push = Permits(REYES), a_push()
    assert not permits.may_watch("main-4th", NOW_MS)
    assert permits.heard(push)
    assert permits.may_watch("main-4th", NOW_MS)
    assert not permits.may_watch("harbor", NOW_MS)
    assert not permits.may_watch("main-4th", push.expires_ms)
    assert permits.why_not("main-4th", push.expires_ms) == "The push has expired."


def test_what_was_heard_of_a_push_is_newer_than_what_was_read() -> None:
    permits, push = Permits(REYES), a_push()
    recalled = push.recalled(by="operator", now_ms=NOW_MS)
    assert permits.heard(recalled)
    permits.learn([push])
    assert not permits.may_watch("main-4th", NOW_MS)
    assert permits.why_not("main-4th", NOW_MS) == "The push was recalled."
    assert not permits.heard(recalled), "no news"


def test_a_push_to_others_makes_no_difference() -> None:
    permits = Permits(OKAFOR)
    assert not permits.heard(a_push())
    assert not permits.may_watch("main-4th", NOW_MS)
    assert permits.why_not("main-4th", NOW_MS) == permits.why_not("main-4th", NOW_MS + 1)
    assert "recalled" not in permits.why_not("main-4th", NOW_MS)


def test_a_push_without_cameras_makes_no_difference() -> None:
    permits, push = Permits(REYES), a_push(cameras=())
    assert not permits.heard(push)
    assert not permits.heard(push.recalled(by="operator", now_ms=NOW_MS))
    assert "recalled" not in permits.why_not("main-4th", NOW_MS)
