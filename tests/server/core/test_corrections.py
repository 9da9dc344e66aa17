"""What a source or a person says otherwise, and the revision that comes of it."""

from dataclasses import replace
from typing import Any

import pytest

from server.core import corrections, life_cycle
from server.core.alerts import AlertRecord, AlertState, Change, Shelved
from server.core.corrections import corrected, said_again
from tests.server.samples import HOUR_MS, NOW_MS, an_alert

LATER_MS = NOW_MS + 60_000


def first(priority: int | None = None, **fields: Any) -> AlertRecord:
    return AlertRecord.of(
        an_alert(**fields), alert_id="a-1", number=17, source="gunshot", priority=priority, received_ms=NOW_MS
    )


def at(offset_s: float) -> float:
    return NOW_MS / 1000 + offset_s


def again(
    present: AlertRecord, *revisions: AlertRecord, priority: int | None = None, **fields: Any
) -> AlertRecord | None:
    """After the source has sent another message; ``revisions`` are those before the present one."""
    message = first(priority, **fields)
    given = {"has_status": "status" in fields, "has_priority": priority is not None}
    return said_again(present, message, [*revisions, present], **given, now_ms=LATER_MS)


def test_the_same_again_says_nothing_new() -> None:
    assert again(first()) is None
    assert again(first(sent_at=at(0)), sent_at=at(30)) is None


def test_what_is_said_otherwise_is_named_with_what_it_was() -> None:
    after = again(first(), event="Probable gunfire", parameters={"rounds": "5"})
    assert after is not None
    assert (after.revision, after.revised_ms, after.revised_by) == (2, LATER_MS, "source:gunshot")
    assert after.msg_type == "Update"
    assert after.changes == (
        Change("event", "Multiple gunshots", "Probable gunfire"),
        Change("parameters", {"rounds": "4"}, {"rounds": "5"}),
    )


def test_what_is_older_than_what_is_known_says_nothing() -> None:
    assert again(first(sent_at=at(30)), sent_at=at(0), event="Something else") is None


def test_what_a_message_leaves_out_stays_as_it_was() -> None:
    present = first(description="Two callers", expires_at=at(3600))
    after = again(
        present,
        event="Probable gunfire",
        headline="",
        circle=None,
        parameters={},
        urgency="Unknown",
        severity="Unknown",
    )
    assert after is not None
    assert [change.field for change in after.changes] == ["event"]
    assert (after.priority, after.point, after.description) == (1, present.point, "Two callers")


def test_a_drill_stays_one_until_the_source_says_that_it_is_none() -> None:
    drill = first(status="Exercise")
    reworded = again(drill, event="Probable gunfire")
    assert reworded is not None
    assert [change.field for change in reworded.changes] == ["event"]
    real = again(reworded, drill, event="Probable gunfire", status="Actual")
    assert real is not None
    assert (real.status, real.state) == ("Actual", AlertState.NEW)


def test_another_place_is_taken_with_all_that_is_known_of_it() -> None:
    after = again(first(area_desc="Main St"), circle=None, area_desc="Broad St")
    assert after is not None
    assert (after.area_desc, after.point, after.radius_m) == ("Broad St", None, None)


def test_what_people_have_said_otherwise_stays_until_the_source_changes_its_mind() -> None:
    raised = first()
    lowered = corrected(raised, {"priority": 3}, by="operator", reason="Reviewed", now_ms=NOW_MS)
    assert lowered is not None
    assert again(lowered, raised) is None, "a repetition does not undo it"
    reworded = again(lowered, raised, headline="5 rounds near Main St")
    assert reworded is not None
    assert (reworded.priority, reworded.headline) == (3, "5 rounds near Main St")
    raised_again = again(reworded, raised, lowered, priority=2, headline="5 rounds near Main St")
    assert raised_again is not None
    assert raised_again.priority == 2


def test_a_higher_priority_makes_it_new_whatever_was_done() -> None:
    for before in (
        life_cycle.acknowledged(first(2), "officer-12", now_ms=NOW_MS),
        replace(first(2), shelved=Shelved(LATER_MS + 1, "operator", "Roadworks"), group_id="a-0"),
        life_cycle.closed(first(2), "officer-12", outcome="casings", now_ms=NOW_MS),
    ):
        after = corrected(before, {"priority": 1}, by="operator", reason="", now_ms=LATER_MS)
        assert after is not None
        assert (after.state, after.outcome, after.shelved, after.group_id) == (AlertState.NEW, "", None, None)
        assert after.progress == before.progress


@pytest.mark.parametrize(
    ("before", "after", "is_new"),
    [
        ("Exercise", "Actual", True),
        ("Test", "Actual", True),
        ("Draft", "Actual", True),
        ("System", "Exercise", True),
        ("Draft", "System", False),
        ("Test", "Exercise", False),
        ("Actual", "Exercise", False),
        ("Actual", "Draft", False),
    ],
)
def test_what_is_meant_in_earnest_now_is_new_whatever_was_done(before: Any, after: str, *, is_new: bool) -> None:
    for done in (
        life_cycle.acknowledged(first(1, status=before), "officer-12", now_ms=NOW_MS),
        life_cycle.closed(first(1, status=before), "officer-12", outcome="drill", now_ms=NOW_MS),
    ):
        said = corrected(done, {"status": after}, by="operator", reason="", now_ms=LATER_MS)
        assert said is not None
        assert (said.state is AlertState.NEW) is is_new


def test_a_lower_priority_leaves_it_as_far_as_it_is() -> None:
    before = life_cycle.acknowledged(first(1), "officer-12", now_ms=NOW_MS)
    after = corrected(before, {"priority": 3}, by="operator", reason="", now_ms=LATER_MS)
    assert after is not None
    assert after.state is AlertState.ACKNOWLEDGED


def test_a_cancellation_keeps_the_words_and_gives_its_own_as_the_reason() -> None:
    after = again(first(), msg_type="Cancel", event="None", headline="Reviewed: fireworks", parameters={})
    assert after is not None
    assert (after.state, after.msg_type, after.revision) == (AlertState.CANCELLED, "Cancel", 2)
    assert (after.event, after.reason, after.changes) == ("Multiple gunshots", "Reviewed: fireworks", ())
    assert again(after, first(), msg_type="Cancel", event="None") is None


def test_what_was_closed_stays_closed_when_the_source_takes_it_back() -> None:
    closed = life_cycle.closed(first(), "officer-12", outcome="casings", now_ms=NOW_MS)
    after = again(closed, msg_type="Cancel")
    assert after is not None
    assert (after.state, after.outcome, after.msg_type, after.revision) == (AlertState.CLOSED, "casings", "Cancel", 2)
    assert again(after, closed, msg_type="Cancel") is None


def test_a_source_that_cancelled_may_say_it_again_with_a_newer_time() -> None:
    raised = first(sent_at=at(0))
    cancelled = again(raised, msg_type="Cancel", sent_at=at(10))
    assert cancelled is not None
    assert again(cancelled, raised, sent_at=at(0)) is None, "a late repetition"
    back = again(cancelled, raised, sent_at=at(20))
    assert back is not None
    assert (back.state, back.msg_type) == (AlertState.NEW, "Update")


def test_what_a_person_cancelled_comes_back_only_when_it_gets_worse() -> None:
    raised = first(2, sent_at=at(0))
    gone = replace(raised, state=AlertState.CANCELLED)
    gone = life_cycle._moved(gone, AlertState.CANCELLED, "operator", now_ms=NOW_MS)
    reworded = again(gone, raised, priority=2, sent_at=at(20), event="Other words")
    assert reworded is not None
    assert reworded.state is AlertState.CANCELLED
    worse = again(gone, raised, priority=1, sent_at=at(20))
    assert worse is not None
    assert worse.state is AlertState.NEW


def test_a_cancellation_that_comes_first_cancels_the_alert_when_it_comes() -> None:
    message = first(msg_type="Cancel", event="Cancelled", urgency="Unknown", severity="Unknown", sent_at=at(10))
    alone = corrections.cancelled_before_it_came(message)
    assert again(alone, msg_type="Cancel", sent_at=at(10)) is None
    came = again(alone, sent_at=at(0))
    assert came is not None
    assert (came.state, came.msg_type, came.event, came.priority) == (
        AlertState.CANCELLED,
        "Cancel",
        "Multiple gunshots",
        1,
    )
    newer = again(alone, sent_at=at(20))
    assert newer is not None
    assert newer.state is AlertState.NEW


def test_what_expired_comes_back_with_a_later_end_from_a_source_that_tells_no_times() -> None:
    over = life_cycle.expired(first(expires_at=at(30)), LATER_MS)
    assert again(over, expires_at=at(30)) is None
    still_over = again(over, expires_at=at(40))
    assert still_over is not None
    assert still_over.state is AlertState.EXPIRED
    for sent_at in (None, at(0)):
        back = again(over, expires_at=at(3600), sent_at=sent_at)
        assert back is not None
        assert (back.state, back.expires_ms) == (AlertState.NEW, NOW_MS + HOUR_MS)
    told_late = life_cycle.expired(first(sent_at=at(10), expires_at=at(30)), LATER_MS)
    assert again(told_late, sent_at=at(0), expires_at=at(3600)) is None


def test_what_expired_comes_back_with_a_newer_word_that_has_not_expired() -> None:
    raised = first(sent_at=at(0), expires_at=at(30))
    over = life_cycle.expired(raised, LATER_MS)
    assert over.state is AlertState.EXPIRED
    stays = again(over, sent_at=at(40), expires_at=at(30), event="Other words")
    assert stays is not None
    assert stays.state is AlertState.EXPIRED
    back = again(over, sent_at=at(40), expires_at=at(3600))
    assert back is not None
    assert (back.state, back.expires_ms) == (AlertState.NEW, NOW_MS + HOUR_MS)


def test_what_is_opened_again_does_not_expire_at_once() -> None:
    over = life_cycle.expired(first(expires_at=at(30)), LATER_MS)
    back = corrections.reopened(over, by="operator", reason="Still there", now_ms=LATER_MS)
    assert (back.state, back.expires_ms, back.revision) == (AlertState.NEW, None, 2)
    assert back.changes == (Change("expires_ms", NOW_MS + 30_000, None),)
