from typing import Any

import pytest

from server.core.bulletin_commands import BulletinCommand, Cancel, Clear, Renew, Update
from server.errors import BulletinIncomplete, ConflictRevision, ConflictState, RequestInvalid
from tests.server.samples import HOUR_MS, NOW_MS, a_bulletin

UPDATE = {"id": "command-1", "command": "update", "reason": "Seen better"}


def parsed(**body: Any) -> BulletinCommand:
    return BulletinCommand.parse({"id": "command-1", **body})


def test_commands_are_read() -> None:
    assert parsed(command="cancel", reason=" Found ").what == Cancel("Found")
    assert parsed(command="clear", note="The janitor").what == Clear("The janitor")
    assert parsed(command="renew").what == Renew()
    assert parsed(command="renew", expires_ms=5, revision=2) == BulletinCommand("command-1", "renew", Renew(5), 2)
    assert parsed(command="update", reason="Seen better", why="Theft").what == Update("Seen better", {"why": "Theft"})


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({}, "command"),
        ({"command": "delete"}, "command"),
        ({"command": "cancel"}, "reason"),
        ({"command": "cancel", "reason": " "}, "reason"),
        ({"command": "cancel", "reason": "x" * 501}, "reason"),
        ({"command": "clear"}, "note"),
        ({"command": "update", "why": "Theft"}, "reason"),
        ({"command": "update", "reason": "x", "expires_ms": "soon"}, "expires_ms"),
        ({"command": "update", "reason": "x", "photos": "none"}, "photos"),
        ({"command": "renew", "revision": 0}, "revision"),
        ({"command": "renew", "revision": "1"}, "revision"),
    ],
)
def test_a_field_that_is_not_what_it_should_be_is_named(body: dict[str, Any], path: str) -> None:
    with pytest.raises(RequestInvalid) as refusal:
        parsed(**body)
    assert refusal.value.path == path


@pytest.mark.parametrize("change", [{"legal_basis": " "}, {"verify": None}, {"photos": []}])
def test_an_update_leaves_no_field_blank(change: dict[str, Any]) -> None:
    with pytest.raises(BulletinIncomplete) as refusal:
        BulletinCommand.parse({**UPDATE, **change})
    assert refusal.value.path == next(iter(change))


def test_an_update_tells_what_is_really_different() -> None:
    update = BulletinCommand.parse({**UPDATE, "why": "Theft", "caution": "May be armed", "status": "Exercise"}).what
    assert isinstance(update, Update)
    assert update.changes(a_bulletin(), None, NOW_MS) == {"why": "Theft", "status": "Exercise"}


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"caution": "May be armed"},
        {"expires_ms": NOW_MS},
        {"expires_ms": NOW_MS + 73 * HOUR_MS},
        {"photos": [{"id": "ab", "source": "Shop", "taken": "2027-01-01"}]},
    ],
)
def test_an_update_that_says_nothing_or_makes_it_last_longer_is_refused(change: dict[str, Any]) -> None:
    update = BulletinCommand.parse({**UPDATE, **change}).what
    assert isinstance(update, Update)
    with pytest.raises(RequestInvalid):
        update.changes(a_bulletin(), None, NOW_MS)


def test_an_update_can_bring_the_end_forward() -> None:
    update = Update("Soon over", {}, expires_ms=NOW_MS + HOUR_MS)
    assert update.changes(a_bulletin(), None, NOW_MS) == {"expires_ms": NOW_MS + HOUR_MS}


def test_a_renewal_lasts_at_most_72_hours_from_now_and_never_shortens() -> None:
    present, later_ms = a_bulletin(), NOW_MS + 10 * HOUR_MS
    assert Renew().expiry_ms(present, later_ms) == later_ms + 72 * HOUR_MS
    assert Renew(later_ms + 72 * HOUR_MS).expiry_ms(present, later_ms) == later_ms + 72 * HOUR_MS
    assert Renew(later_ms + HOUR_MS).expiry_ms(present, later_ms) == present.expires_ms
    for asked_ms in (later_ms, later_ms + 72 * HOUR_MS + 1, 0):
        with pytest.raises(RequestInvalid) as refusal:
            Renew(asked_ms).expiry_ms(present, later_ms)
        assert refusal.value.path == "expires_ms"


def test_what_has_ended_can_only_be_found_cancelled() -> None:
    ended = a_bulletin().expired()
    parsed(command="cancel", reason="Found", revision=1).check(ended)
    for body in ({"command": "renew"}, {"command": "clear", "note": "x"}, {**UPDATE, "why": "Theft"}):
        with pytest.raises(ConflictState) as conflict:
            parsed(**body).check(ended)
        assert conflict.value.to_wire()["bulletin"] == ended.to_wire()


def test_a_command_about_an_old_revision_is_a_conflict_that_shows_the_new_one() -> None:
    present = a_bulletin(revision=3)
    parsed(command="renew").check(present)
    parsed(command="renew", revision=3).check(present)
    with pytest.raises(ConflictRevision) as conflict:
        parsed(command="cancel", reason="Found", revision=2).check(present)
    assert conflict.value.to_wire()["bulletin"] == present.to_wire()
