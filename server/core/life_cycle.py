"""Life cycle: what people do about an alert, from new to closed (docs/wire.md §3, §6.3).

All functions take the alert as it stands and give it back as it stands then; the same object when nothing changes.
What is *said* of the event is in core/corrections.py.
"""

from dataclasses import replace
from typing import Literal, NoReturn

from server.core import corrections
from server.core.alerts import AlertRecord, AlertState, Progress, Shelved
from server.core.commands import AlertCommand
from server.core.people import Person
from server.errors import AlertNotShelvable, ConflictRevision, ConflictState

_ORDER = (AlertState.NEW, AlertState.ACKNOWLEDGED, AlertState.EN_ROUTE, AlertState.ON_SCENE)
MINUTE_MS = 60_000


def acknowledged(
    record: AlertRecord, person: str, *, now_ms: int, via: Literal["device", "radio"] = "device", by: str = ""
) -> AlertRecord:
    """Somebody has acknowledged the present revision. He has it if nobody had."""
    if record.state is not AlertState.NEW:
        return record
    return _moved(record, AlertState.ACKNOWLEDGED, person, now_ms=now_ms, via=via, by=by)


def moved(
    record: AlertRecord,
    state: AlertState,
    person: str,
    *,
    now_ms: int,
    via: Literal["device", "radio"] = "device",
    by: str = "",
    note: str = "",
) -> AlertRecord:
    """Somebody is on the way or on scene (``state``). The alert is as far as whoever is furthest.

    Raises:
        ConflictState: it is over.
    """
    if record.state.is_over:
        _refuse(record, f"The alert is {record.state}; nobody has to go there any more.")
    furthest = max(record.state, state, key=_ORDER.index)
    if furthest is record.state and _has_come(record, person, state):
        return record
    moved = _moved(record, state, person, now_ms=now_ms, via=via, by=by, note=note)
    return replace(moved, state=furthest)


def commanded(record: AlertRecord, command: AlertCommand, person: Person, now_ms: int) -> AlertRecord:
    """What comes of a command, but of ``radio``, which is about somebody else.

    Raises:
        ConflictRevision: the person saw an older revision, or one that there is not yet.
        ConflictState: it does not fit how the alert stands.
        AlertNotShelvable: priority 1.
    """
    check_revision(record, command.revision)
    by, reason = person.id, command.reason
    match command.name:
        case "en_route":
            return moved(record, AlertState.EN_ROUTE, by, now_ms=now_ms, note=command.note)
        case "on_scene":
            return moved(record, AlertState.ON_SCENE, by, now_ms=now_ms, note=command.note)
        case "close":
            return closed(record, by, outcome=command.outcome, note=command.note, now_ms=now_ms)
        case "reopen":
            if not record.state.is_over:
                _refuse(record, f"The alert is {record.state}; only one that is over can be opened again.")
            return corrections.reopened(record, by=by, reason=reason, now_ms=now_ms)
        case "update":
            after = corrections.corrected(record, command.words, by=by, reason=reason, now_ms=now_ms)
            return record if after is None else after
        case "cancel":
            return _cancelled(record, by, reason, now_ms)
        case "shelve":
            return _shelved(record, command, by, now_ms)
        case "unshelve":
            if record.shelved is None:
                _refuse(record, "The alert is not shelved.")
            return replace(record, shelved=None)
        case "radio":
            raise AssertionError("what somebody else said is a receipt of his first (store/receipts.py)")


def closed(record: AlertRecord, by: str, *, now_ms: int, outcome: str = "", note: str = "") -> AlertRecord:
    """
    Raises:
        ConflictState: it is over already.
    """
    if record.state.is_over:
        _refuse(record, f"The alert is {record.state} already.")
    done = _moved(record, AlertState.CLOSED, by, now_ms=now_ms, note=note)
    return replace(done, outcome=outcome, shelved=None)


def expired(record: AlertRecord, now_ms: int) -> AlertRecord:
    """When its time is up it is over, whatever was done about it."""
    if record.state.is_over or record.expires_ms is None or record.expires_ms > now_ms:
        return record
    return replace(record, state=AlertState.EXPIRED, shelved=None)


def check_revision(record: AlertRecord, revision: int) -> None:
    """
    Raises:
        ConflictRevision: somebody saw another revision than the present one.
    """
    if revision != record.revision:
        message = f"You saw revision {revision}, but the alert has changed: it is at revision {record.revision}."
        raise ConflictRevision(message, item="alert", present=record.to_wire())


def _cancelled(record: AlertRecord, by: str, reason: str, now_ms: int) -> AlertRecord:
    after = None
    if record.state is not AlertState.CLOSED:
        after = corrections.cancelled(record, by=by, reason=reason, now_ms=now_ms)
    if after is None:
        _refuse(record, f"The alert is {record.state} already.")
    # A person's word: the source does not bring it back by itself.
    return _moved(after, AlertState.CANCELLED, by, now_ms=now_ms)


def _shelved(record: AlertRecord, command: AlertCommand, by: str, now_ms: int) -> AlertRecord:
    if record.priority == 1:
        message = "An alert of priority 1 can't be shelved; lower its priority first, or cancel it."
        raise AlertNotShelvable(message, item="alert", present=record.to_wire())
    if record.state.is_over:
        _refuse(record, f"The alert is {record.state}; it makes no sound.")
    return replace(record, shelved=Shelved(now_ms + command.minutes * MINUTE_MS, by, command.reason))


def _moved(
    record: AlertRecord,
    state: AlertState,
    person: str,
    *,
    now_ms: int,
    via: Literal["device", "radio"] = "device",
    by: str = "",
    note: str = "",
) -> AlertRecord:
    # Clocks of servers may differ a little; what is read from top to bottom goes forward.
    at_ms = max(now_ms, record.progress[-1].at_ms) if record.progress else now_ms
    step = Progress(state, person, via, by, record.revision, at_ms, note)
    return replace(record, state=state, progress=(*record.progress, step))


def _has_come(record: AlertRecord, person: str, state: AlertState) -> bool:
    return any(
        step.person == person and step.revision == record.revision and _ORDER.index(step.state) >= _ORDER.index(state)
        for step in record.progress
        if step.state in _ORDER
    )


def _refuse(record: AlertRecord, message: str) -> NoReturn:
    raise ConflictState(message, item="alert", present=record.to_wire())
