from dataclasses import replace

from server.core.live_pushes import LivePushes
from server.core.pushes import PushCamera, PushRecord

PUSH = PushRecord(
    id="p",
    number=1,
    revision=1,
    alert_id=None,
    cameras=(PushCamera("harbor", 5, "Harbor Gate"),),
    note="",
    recipients=("officer-12", "officer-7"),
    sent_by="operator",
    sent_ms=0,
    expires_ms=1000,
)


def test_a_push_lets_its_recipients_watch_until_it_expires() -> None:
    pushes = LivePushes()
    pushes.heard(PUSH, 0)
    assert pushes.of("officer-12", 999) == [PUSH]
    assert pushes.of("officer-9", 999) == []
    assert pushes.of("officer-12", 1000) == []


def test_a_push_that_is_recalled_does_not() -> None:
    pushes = LivePushes()
    pushes.heard(PUSH, 0)
    other = replace(PUSH, id="q")
    pushes.heard(other, 0)
    pushes.heard(PUSH.recalled(by="operator", now_ms=5), 5)
    assert pushes.of("officer-12", 5) == [other]


def test_what_is_over_is_forgotten() -> None:
    pushes = LivePushes()
    pushes.heard(PUSH, 0)
    pushes.heard(replace(PUSH, id="late", expires_ms=2000, recipients=("officer-9",)), 1500)
    assert pushes._by_person.keys() == {"officer-9"}
    pushes.heard(replace(PUSH, id="over", expires_ms=1400), 1500)
    assert pushes._by_person.keys() == {"officer-9"}
