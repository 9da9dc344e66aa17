import json

import pytest

from server.core.bulletins import BulletinRecord, BulletinState, bulletins_for
from server.core.people import Person
from tests.server.samples import HOUR_MS, NOW_MS, OKAFOR, OPERATOR, PICTURE, REYES, WANTED, a_bulletin

TOMBSTONE = {
    "id",
    "number",
    "revision",
    "state",
    "sent_ms",
    "expires_ms",
    "ended_ms",
    "ended_by",
    "reason",
    "revised_ms",
}


def test_the_wire_form_is_the_one_of_the_protocol() -> None:
    assert a_bulletin(recipients=("officer-12",)).to_wire() == {
        "id": "bulletin-1",
        "number": 1,
        "revision": 1,
        "state": "active",
        "status": "Actual",
        **WANTED,
        "photos": [{**PICTURE.to_wire(), "source": "Shop camera, Main St", "taken": "2026-11-18"}],
        "cleared": [],
        "recipients": ["officer-12"],
        "sent_by": "operator",
        "sent_ms": NOW_MS,
        "expires_ms": NOW_MS + 72 * HOUR_MS,
        "revised_ms": NOW_MS,
        "revised_by": "operator",
        "reason": "",
        "changes": [],
        "ended_ms": None,
        "ended_by": None,
    }


def test_it_is_live_until_it_expires() -> None:
    bulletin = a_bulletin()
    assert bulletin.is_live(bulletin.expires_ms - 1)
    assert not bulletin.is_live(bulletin.expires_ms)
    assert bulletin.at(bulletin.expires_ms - 1) is bulletin
    assert bulletin.at(bulletin.expires_ms) == bulletin.expired()


def test_what_is_left_of_one_that_has_ended_says_nothing_of_anybody() -> None:
    cancelled = a_bulletin().cancelled("dispatcher", NOW_MS + 5, reason="Found")
    expired = a_bulletin().expired()
    for ended in (cancelled, expired):
        wire = ended.to_wire()
        assert set(wire) == TOMBSTONE
        assert not any(words in json.dumps(wire) for words in [*WANTED.values(), PICTURE.id] if words != "unknown")
    assert (cancelled.state, cancelled.revision, cancelled.ended_by, cancelled.ended_ms, cancelled.reason) == (
        BulletinState.CANCELLED,
        2,
        "dispatcher",
        NOW_MS + 5,
        "Found",
    )


def test_one_that_runs_out_keeps_its_revision_so_that_nobody_has_to_be_called() -> None:
    expired = a_bulletin().expired()
    assert (expired.revision, expired.ended_by) == (1, "server")
    assert expired.ended_ms == expired.expires_ms


def test_one_that_has_ended_is_not_ended_again() -> None:
    cancelled = a_bulletin().cancelled("dispatcher", NOW_MS + 5, reason="Found")
    assert cancelled.cancelled("operator", NOW_MS + 9, reason="Other") is cancelled
    assert cancelled.at(NOW_MS + 1000 * HOUR_MS) is cancelled


def test_a_renewal_changes_nothing_but_the_end() -> None:
    before = a_bulletin(reason="Seen", changes=("why",))
    after = before.renewed(NOW_MS + 99 * HOUR_MS)
    assert after == a_bulletin(reason="Seen", changes=("why",), expires_ms=NOW_MS + 99 * HOUR_MS)


def test_a_known_look_alike_is_a_new_revision() -> None:
    cleared = a_bulletin().cleared_of("The janitor", "dispatcher", NOW_MS + 5).cleared_of("A twin", "admin", NOW_MS + 9)
    assert (cleared.revision, cleared.changes, cleared.revised_by) == (3, ("cleared",), "admin")
    assert [(one.note, one.by, one.at_ms) for one in cleared.cleared] == [
        ("The janitor", "dispatcher", NOW_MS + 5),
        ("A twin", "admin", NOW_MS + 9),
    ]


def test_a_record_comes_back_from_the_database_as_it_was() -> None:
    cleared = a_bulletin(recipients=("officer-12",)).cleared_of("The janitor", "dispatcher", NOW_MS + 5)
    for bulletin in (a_bulletin(), cleared, cleared.cancelled("operator", NOW_MS + 6, reason="Found")):
        assert BulletinRecord.from_json(json.loads(json.dumps(bulletin.to_json()))) == bulletin


@pytest.mark.parametrize(
    ("person", "ids"), [(OPERATOR, ["all", "his", "other"]), (REYES, ["all", "his"]), (OKAFOR, ["all", "other"])]
)
def test_a_person_gets_those_that_concern_him(person: Person, ids: list[str]) -> None:
    bulletins = [
        a_bulletin("all"),
        a_bulletin("his", recipients=("officer-12",)),
        a_bulletin("other", recipients=("officer-7",)),
    ]
    assert [bulletin.id for bulletin in bulletins_for(person, bulletins)] == ids
