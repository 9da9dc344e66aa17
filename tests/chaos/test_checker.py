"""The checker finds what it is there for: a good history passes, and every kind of bad one is told apart."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.chaos.card import Card, Mark
from tests.chaos.checker import check
from tests.chaos.crew import Member
from tests.chaos.findings import AuditEntry, Findings
from tests.chaos.history import (
    Asked,
    Displacement,
    Event,
    Fallen,
    History,
    Opened,
    Publish,
    Report,
    Seen,
    Settled,
    Shown,
    Stalled,
    Whole,
)
from tests.chaos.policies import concerned

MEMBERS = (Member("operator", "operator", "", "console"), Member("officer-7", "officer", "7", "tablet"))
ALERT = Card("a-1", "shots-1", 1, 1, state="acknowledged", print="one")
MARK = Mark("a-1", 1, "officer-7", "tablet", "acknowledged")
GOOD: tuple[Event, ...] = (
    Publish(1.0, "shots-1", "invoke"),
    Publish(1.1, "shots-1", "unknown"),
    Publish(1.2, "shots-1", "invoke"),
    Publish(1.3, "shots-1", "ok", "a-1"),
    Whole(1.3, "console", 4, "asked"),
    Seen(1.4, "console", 5, "alert", (ALERT,)),
    Seen(1.4, "tablet", 5, "alert", (ALERT,)),
    Shown(1.5, "console", "a-1", 1),
    Shown(1.5, "tablet", "a-1", 1),
    Report(1.6, "tablet", "r-1", "a-1", 1, "acknowledged", "invoke"),
    Report(1.7, "tablet", "r-1", "a-1", 1, "acknowledged", "ok"),
    Seen(1.8, "console", 7, "receipts", (), (MARK,)),
    Settled(2.0, 7, ()),
)
AUDIT = (
    AuditEntry(1, "source:sensor", "", "alert.raised", "alert:a-1", "", "h1"),
    AuditEntry(2, "officer-7", "tablet", "alert.acknowledged", "alert:a-1", "h1", "h2"),
)
FOUND = Findings((ALERT,), (ALERT,), (MARK,), AUDIT, audit_is_verified=True)


def broken(events: tuple[Event, ...], findings: Findings | None = FOUND) -> list[str]:
    """Which promises are broken; alerts concern everybody."""
    return [found.promise for found in check(History(list(events)), findings, MEMBERS, lambda _card, _member: True)]


def without(*unwanted: Event) -> tuple[Event, ...]:
    return tuple(event for event in GOOD if event not in unwanted)


def test_a_good_history_passes() -> None:
    assert broken(GOOD) == []


def test_an_accepted_alert_that_a_device_never_showed_is_found() -> None:
    assert broken(without(GOOD[8])) == ["I1"]


def test_an_accepted_alert_that_is_gone_is_found() -> None:
    assert broken(GOOD, replace(FOUND, due=())) == ["I1"]


def test_a_device_that_shows_an_old_revision_only_is_found() -> None:
    assert broken(GOOD, replace(FOUND, due=(replace(ALERT, revision=2),))) == ["I1", "I1"]


def test_an_alert_that_is_never_accepted_is_found() -> None:
    assert broken((Publish(0.5, "shots-2", "invoke"), Publish(0.6, "shots-2", "refused"), *GOOD)) == ["I1"]


def test_a_correction_that_is_never_accepted_is_found() -> None:
    correction = Publish(1.4, "shots-1", "unknown", act="correct")
    assert broken((*GOOD, correction)) == ["I1"]
    assert broken((*GOOD, correction, Publish(1.9, "shots-1", "void", act="correct"))) == []


def test_a_correction_that_was_accepted_and_is_gone_is_found() -> None:
    assert broken((*GOOD, Publish(1.9, "shots-1", "ok", "a-1", act="correct", revision=2))) == ["I1"]


def test_a_push_that_a_device_it_is_for_never_showed_is_found() -> None:
    push = Card("push-1", "push-1", 1, kind="push", print="push")
    sent = Publish(1.0, "push-1", "ok", "push-1", to=frozenset({"officer-7"}))
    found = replace(FOUND, due=(ALERT, push), cards=(ALERT, push))
    assert broken((*GOOD, sent, Shown(1.9, "console", "push-1", 1)), found) == ["I1"]
    over = replace(found, due=(ALERT, replace(push, revision=2, is_over=True)))
    assert broken((*GOOD, sent), over) == []


def test_a_card_shown_twice_is_found() -> None:
    assert broken((*GOOD, Shown(1.9, "tablet", "a-1", 1))) == ["I2"]


def test_the_same_content_at_two_positions_is_found() -> None:
    assert broken((*GOOD, Seen(1.9, "tablet", 8, "alert", (ALERT,)))) == ["I2"]


@pytest.mark.parametrize("position", [7, 6])
def test_positions_that_do_not_ascend_are_found(position: int) -> None:
    assert broken((*GOOD, Seen(1.9, "console", position, "receipts"))) == ["I3"]


def test_what_comes_again_because_the_device_asked_for_it_is_well() -> None:
    again = Seen(1.9, "console", 7, "receipts")
    assert broken((*GOOD, Asked(1.85, "console", 5), again)) == []
    assert broken((*GOOD, Asked(1.85, "console", 7), again)) == ["I3"]
    assert broken((*GOOD, Asked(1.85, "console", 5), Opened(1.87, "console", "server-0", 7), again)) == ["I3"]


def test_a_snapshot_of_the_past_is_found() -> None:
    assert broken((*GOOD, Whole(1.9, "console", 6, "asked"))) == ["I3"]


def test_two_contents_at_one_position_are_found() -> None:
    assert broken((*GOOD, Seen(1.9, "other", 5, "alert", (replace(ALERT, print="two"),)))) == ["I3"]


def test_a_device_that_was_closed_for_a_newer_connection_of_its_own_is_found() -> None:
    assert broken((*GOOD, Displacement(1.9, "tablet", "server-0"))) == ["I3"]


def test_a_forgotten_acknowledgement_is_found() -> None:
    assert broken(GOOD, replace(FOUND, marks=(replace(MARK, stage="shown"),))) == ["I4"]


@pytest.mark.parametrize("stage", ["delivered", "shown"])
def test_a_forgotten_report_is_found(stage: str) -> None:
    reported = Report(1.6, "console", "", "a-1", 1, stage, "ok")
    assert broken((*GOOD, reported)) == ["I4"]
    shown = Mark("a-1", 1, "operator", "console", "shown")
    assert broken((*GOOD, reported), replace(FOUND, marks=(MARK, shown))) == []
    lower = replace(FOUND, marks=(MARK, replace(shown, stage="sent")))
    assert broken((*GOOD, reported), lower) == ["I4"]


def test_an_acknowledged_alert_that_is_new_is_found() -> None:
    assert broken(GOOD, replace(FOUND, cards=(replace(ALERT, state="new"),))) == ["I4"]


def test_an_audit_that_the_server_calls_broken_is_found() -> None:
    assert broken(GOOD, replace(FOUND, audit_is_verified=False)) == ["I6"]


def test_a_missing_audit_entry_is_found() -> None:
    assert broken(GOOD, replace(FOUND, audit=(AUDIT[0], replace(AUDIT[1], id=3)))) == ["I6"]


def test_an_audit_entry_that_does_not_follow_is_found() -> None:
    assert broken(GOOD, replace(FOUND, audit=(AUDIT[0], replace(AUDIT[1], previous_hash="other")))) == ["I6"]


@pytest.mark.parametrize("times", [0, 2])
def test_an_acknowledgement_that_is_not_in_the_audit_once_is_found(times: int) -> None:
    chain = [
        AUDIT[0],
        *(replace(AUDIT[1], id=2 + n, previous_hash=f"h{1 + n}", hash=f"h{2 + n}") for n in range(times)),
    ]
    assert broken(GOOD, replace(FOUND, audit=tuple(chain))) == ["I6"]


def test_saying_the_same_again_is_recorded_once() -> None:
    again = Report(1.8, "tablet", "r-2", "a-1", 1, "acknowledged", "ok")
    assert broken((*GOOD, again)) == []
    assert broken((*GOOD, Report(1.8, "tablet", "r-2", "a-1", 2, "acknowledged", "ok"))) == ["I4", "I6"]


def test_a_repeated_publish_that_made_two_alerts_is_found() -> None:
    twice = replace(FOUND, cards=(ALERT, replace(ALERT, item_id="a-2", print="two")))
    assert broken(GOOD, twice) == ["I7"]


def test_who_is_told_what_does_not_concern_him_is_found() -> None:
    push = Card("push-1", "push-1", 1, kind="push", print="push")
    sent = Publish(0.9, "push-1", "ok", "push-1", to=frozenset({"officer-12"}))
    shown = Shown(1.0, "console", "push-1", 1)
    found = replace(FOUND, due=(push,), cards=(push,), marks=(), audit=())

    def told(device: str, at_s: float) -> list[str]:
        seen = Seen(at_s, device, 8, "push", (push,))
        settled = Settled(2.0, 8, ())
        history = History([sent, shown, *((seen, settled) if at_s < 2 else (settled, seen))])
        return [one.promise for one in check(history, found, MEMBERS, concerned(history))]

    assert told("tablet", 1.1) == ["I10"]
    assert told("console", 1.1) == []
    assert told("tablet", 2.1) == [], "what comes after the findings is not judged"


def test_a_device_that_does_not_read_and_is_kept_is_found() -> None:
    assert broken((*GOOD, Stalled(1.9, "tablet", False, 7_000_000))) == ["I11"]
    assert broken((*GOOD, Stalled(1.9, "tablet", False, 70_000))) == []
    assert broken((*GOOD, Stalled(1.9, "tablet", True, 7_000_000))) == []


def test_a_device_that_stays_behind_is_found() -> None:
    assert broken((*GOOD[:-1], Settled(2.0, 7, ("tablet",)))) == ["I8"]


def test_a_server_that_ends_by_itself_is_found() -> None:
    assert broken((*GOOD, Fallen(1.9, "server-0"))) == ["I8"]


@pytest.mark.parametrize("change", [lambda: (GOOD[:-1], FOUND), lambda: (GOOD, None)])
def test_a_run_that_does_not_come_to_its_end_is_found(
    change: Callable[[], tuple[tuple[Event, ...], Findings | None]],
) -> None:
    assert broken(*change()) == ["I8"]


def test_the_piece_of_history_around_a_violation_names_each_telling_once() -> None:
    lines = History(list(GOOD)).around(("a-1",))
    assert [line.split("(")[0].split()[1] for line in lines] == [
        *("Publish", "Seen", "Shown", "Shown", "Report", "Report", "Seen")
    ]
