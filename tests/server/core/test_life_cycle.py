"""What people do about an alert, from new to closed."""

from typing import Any

import pytest

from server.core import life_cycle
from server.core.alerts import AlertRecord, AlertState, Shelved
from server.core.commands import AlertCommand
from server.core.life_cycle import acknowledged, commanded, moved
from server.core.people import Person
from server.errors import AlertNotShelvable, ConflictRevision, ConflictState
from tests.server.samples import NOW_MS, OPERATOR, REYES, an_alert

LATER_MS = NOW_MS + 60_000


def an_alert_record(priority: int = 2, **fields: Any) -> AlertRecord:
    return AlertRecord.of(
        an_alert(**fields), alert_id="a-1", number=1, source="gunshot", priority=priority, received_ms=NOW_MS
    )


def after(record: AlertRecord, name: Any, *, person: Person = OPERATOR, **fields: Any) -> AlertRecord:
    given: dict[str, Any] = {"revision": record.revision, "reason": "Because"} | fields
    return commanded(record, AlertCommand("command-1", name, **given), person, LATER_MS)


def states(record: AlertRecord) -> list[tuple[str, str]]:
    return [(step.person, step.state) for step in record.progress]


def test_who_acknowledges_first_has_it() -> None:
    first = acknowledged(an_alert_record(), "officer-12", now_ms=NOW_MS)
    assert first.state is AlertState.ACKNOWLEDGED
    assert acknowledged(first, "officer-7", now_ms=LATER_MS) is first
    assert states(first) == [("officer-12", "acknowledged")]


def test_steps_may_be_left_out_and_the_furthest_counts() -> None:
    there = after(an_alert_record(), "on_scene", person=REYES)
    assert (there.state, there.revision) == (AlertState.ON_SCENE, 1)
    second = moved(there, AlertState.EN_ROUTE, "officer-7", now_ms=LATER_MS)
    assert second.state is AlertState.ON_SCENE
    assert states(second) == [("officer-12", "on_scene"), ("officer-7", "en_route")]


def test_the_same_step_again_changes_nothing() -> None:
    there = after(an_alert_record(), "on_scene", person=REYES)
    assert after(there, "on_scene", person=REYES) is there
    assert after(there, "en_route", person=REYES) is there


def test_times_of_progress_never_go_back() -> None:
    first = acknowledged(an_alert_record(), "officer-12", now_ms=LATER_MS)
    second = moved(first, AlertState.EN_ROUTE, "officer-12", now_ms=NOW_MS)
    assert [step.at_ms for step in second.progress] == [LATER_MS, LATER_MS]


def test_what_is_closed_has_an_outcome_and_can_be_opened_again() -> None:
    closed = after(an_alert_record(), "close", person=REYES, outcome="casings", note="Two")
    assert (closed.state, closed.outcome, closed.progress[-1].note) == (AlertState.CLOSED, "casings", "Two")
    opened = after(closed, "reopen", reason="A witness came")
    assert (opened.state, opened.outcome, opened.revision, opened.reason) == (AlertState.NEW, "", 2, "A witness came")


@pytest.mark.parametrize("name", ["en_route", "on_scene", "close", "cancel", "shelve"])
def test_what_is_over_takes_no_such_command(name: str) -> None:
    closed = life_cycle.closed(an_alert_record(), "officer-12", now_ms=NOW_MS)
    with pytest.raises(ConflictState) as conflict:
        after(closed, name, minutes=5)
    assert conflict.value.to_wire()["alert"] == closed.to_wire()


def test_what_is_not_over_cannot_be_opened_again() -> None:
    with pytest.raises(ConflictState):
        after(an_alert_record(), "reopen")


def test_cancelling_is_a_revision_in_somebody_s_name() -> None:
    gone = after(an_alert_record(), "cancel", reason="Fireworks")
    assert (gone.state, gone.revision, gone.revised_by, gone.reason) == (
        AlertState.CANCELLED,
        2,
        "operator",
        "Fireworks",
    )
    with pytest.raises(ConflictState):
        after(gone, "cancel")


def test_an_older_revision_is_a_conflict_that_shows_the_present_one() -> None:
    present = after(an_alert_record(), "update", words={"event": "Probable gunfire"})
    with pytest.raises(ConflictRevision) as conflict:
        after(present, "close", revision=1)
    assert conflict.value.to_wire()["alert"]["event"] == "Probable gunfire"


def test_an_update_to_what_is_said_already_changes_nothing() -> None:
    record = an_alert_record()
    assert after(record, "update", words={"priority": 2, "event": record.event}) is record


def test_shelving_has_an_end_and_is_no_revision() -> None:
    shelved = after(an_alert_record(), "shelve", minutes=30, reason="Roadworks")
    assert shelved.shelved == Shelved(LATER_MS + 30 * 60_000, "operator", "Roadworks")
    assert shelved.revision == 1
    assert after(shelved, "unshelve").shelved is None
    with pytest.raises(ConflictState):
        after(an_alert_record(), "unshelve")


def test_priority_1_is_never_shelved() -> None:
    with pytest.raises(AlertNotShelvable) as refusal:
        after(an_alert_record(1), "shelve", minutes=5)
    assert refusal.value.to_wire()["alert"]["priority"] == 1
    shelved = after(an_alert_record(2), "shelve", minutes=5)
    assert after(shelved, "update", words={"priority": 1}).shelved is None


def test_who_acknowledges_by_radio_is_named_and_so_is_who_said_it() -> None:
    record = acknowledged(an_alert_record(), "officer-12", now_ms=NOW_MS, via="radio", by="dispatcher")
    assert (record.progress[0].via, record.progress[0].by) == ("radio", "dispatcher")


def test_it_expires_when_its_time_is_up_and_not_before() -> None:
    record = acknowledged(an_alert_record(expires_at=LATER_MS / 1000), "officer-12", now_ms=NOW_MS)
    assert life_cycle.expired(record, LATER_MS - 1) is record
    assert life_cycle.expired(record, LATER_MS).state is AlertState.EXPIRED
    closed = life_cycle.closed(record, "officer-12", now_ms=NOW_MS)
    assert life_cycle.expired(closed, LATER_MS) is closed
