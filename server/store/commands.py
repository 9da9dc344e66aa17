"""Commands: what people do about an alert, once for each id that they make."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select

from server.core import life_cycle
from server.core.access import allows
from server.core.alerts import AlertRecord, AlertState
from server.core.commands import PERMISSIONS, AlertCommand, RadioCommand
from server.core.entry import Entry
from server.core.people import Actor
from server.core.planner import Planner
from server.core.receipts import Item
from server.errors import AlertUnknown, AuthForbidden, ConflictId
from server.store import alerts, audit, log, receipts, tables

_COLUMNS = tables.commands.c
_FIND = select(_COLUMNS.wanted, _COLUMNS.answer).where(
    _COLUMNS.person == bindparam("person"), _COLUMNS.id == bindparam("id")
)
_KEEP = insert(tables.commands)
_WORDS = {
    "en_route": "alert.en_route",
    "on_scene": "alert.on_scene",
    "close": "alert.closed",
    "shelve": "alert.shelved",
    "unshelve": "alert.unshelved",
}


@dataclass(frozen=True, slots=True)
class Commanded:
    """The alert as the command left it, in its wire form; what came before has no entries."""

    alert: Mapping[str, Any]
    entries: tuple[Entry, ...]


def give(
    conn: Connection, alert_id: str, command: AlertCommand, *, actor: Actor, planner: Planner, now_ms: int
) -> Commanded:
    """Do what a person asks for. The same id again gives the same answer and changes nothing.

    Raises:
        AuthForbidden: not with this role.
        AlertUnknown: there is none, or it does not concern him.
        ConflictId: the id is taken by another command of his.
        ConflictRevision, ConflictState, AlertNotShelvable: it does not fit how the alert stands.
        RequestInvalid: a word by radio of somebody who is not there.
    """
    person = actor.person
    assert person is not None, "only people give commands"
    if not allows(person.role, PERMISSIONS[command.name]):
        raise AuthForbidden(f"With your role, '{command.name}' can't be ordered.")
    found = alerts.find_with_audience(conn, alert_id)
    if found is None or not found[1].concerns(person):
        raise AlertUnknown(f"There is no alert '{alert_id[:64]}' for you.")
    before, audience = found
    wanted = {"alert": alert_id, **command.to_json()}
    known = answered(conn, actor, command.id, wanted, item="alert", present=before.to_wire())
    if known is not None:
        return Commanded(known, ())
    if command.radio is not None:
        entries = receipts.radio(conn, actor, "alert", alert_id, command.radio, now_ms).entries
        answer = entries[-1].payload.get("alert") if entries else None
        return _done(conn, actor, command.id, wanted, answer or before.to_wire(), entries, now_ms)
    after = life_cycle.commanded(before, command, person, now_ms)
    told: list[Entry] = []
    if after.revision != before.revision:
        after, entry = alerts.keep_said(conn, before, after, audience, actor=actor, planner=planner, now_ms=now_ms)
        told.append(entry)
    elif after != before:
        if after.state in (AlertState.EN_ROUTE, AlertState.ON_SCENE):
            told += receipts.acknowledge(conn, actor, "alert", alert_id, after.revision, now_ms)
        after, entry = alerts.keep_done(conn, before, after, audience, now_ms=now_ms)
        told.append(entry)
        details = {"position": entry.position, **_details(command, after)}
        audit.append(conn, actor, _WORDS[command.name], f"alert:{alert_id}", details, now_ms=now_ms)
    return _done(conn, actor, command.id, wanted, after.to_wire(), tuple(told), now_ms)


def speak(
    conn: Connection,
    item: Item,
    item_id: str,
    command: RadioCommand,
    *,
    actor: Actor,
    present: dict[str, Any],
    now_ms: int,
) -> tuple[Entry, ...]:
    """Note what somebody said by radio about a push or bulletin; the same id again changes nothing.

    Args:
        present: the wire form of the item, which the caller has found in the same transaction.

    Raises:
        AuthForbidden, ConflictId, and as ``receipts.radio``.
    """
    assert actor.person is not None, "only people give commands"
    if not allows(actor.person.role, PERMISSIONS["radio"]):
        raise AuthForbidden("With your role, nobody can be spoken for.")
    wanted = {item: item_id, "word": command.word.to_json()}
    if answered(conn, actor, command.id, wanted, item=item, present=present) is not None:
        return ()
    spoken = receipts.radio(conn, actor, item, item_id, command.word, now_ms)
    keep_answer(conn, actor, command.id, wanted, spoken.receipt.to_wire(), now_ms)
    return spoken.entries


def answered(
    conn: Connection,
    actor: Actor,
    command_id: str,
    wanted: Mapping[str, Any],
    *,
    item: Item,
    present: dict[str, Any],
) -> Mapping[str, Any] | None:
    """What was answered when this person's command came before; None when it has not.

    Raises:
        ConflictId: he asked for something else then.
    """
    row = conn.execute(_FIND, {"person": actor.id, "id": command_id}).first()
    if row is None:
        return None
    if row.wanted != log.to_json(wanted):
        message = "Another command of yours has this id already. Send the new one with an id of its own."
        raise ConflictId(message, item=item, present=present)
    answer: Mapping[str, Any] = json.loads(row.answer)
    return answer


def keep_answer(
    conn: Connection, actor: Actor, command_id: str, wanted: Mapping[str, Any], answer: Mapping[str, Any], now_ms: int
) -> None:
    row = {
        "person": actor.id,
        "id": command_id,
        "wanted": log.to_json(wanted),
        "answer": log.to_json(answer),
        "received_ms": now_ms,
    }
    conn.execute(_KEEP, row)


def _done(
    conn: Connection,
    actor: Actor,
    command_id: str,
    wanted: Mapping[str, Any],
    answer: Mapping[str, Any],
    entries: tuple[Entry, ...],
    now_ms: int,
) -> Commanded:
    keep_answer(conn, actor, command_id, wanted, answer, now_ms)
    return Commanded(answer, entries)


def _details(command: AlertCommand, after: AlertRecord) -> dict[str, Any]:
    match command.name:
        case "close":
            return {"revision": after.revision, "outcome": after.outcome}
        case "shelve":
            return {"revision": after.revision, "until_ms": after.shelved.until_ms if after.shelved else None}
        case _:
            return {"revision": after.revision}
