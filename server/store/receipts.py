"""Receipts: taking what devices and dispatch report, and telling what is new of it.

A batch costs a handful of statements, however many commands it has: an alert to a thousand tablets brings two thousand.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from server.core import life_cycle
from server.core.alerts import AlertRecord, AlertState
from server.core.audience import Audience
from server.core.commands import RadioWord
from server.core.entry import Entry
from server.core.people import Actor, Person
from server.core.receipts import (
    RADIO,
    Item,
    Receipt,
    ReceiptCommand,
    ReceiptResult,
    Stage,
    Standing,
    check,
    check_revision,
    is_higher,
)
from server.errors import RequestInvalid, ServerError
from server.store import alerts, audit, log, people, rungs, standings
from server.store.audit import Deed
from server.store.rungs import Rung, of_item, recent

__all__ = ["Recorded", "Spoken", "acknowledge", "of_item", "radio", "recent", "record", "sent"]


@dataclass(frozen=True, slots=True)
class Recorded:
    """One result for each command, in order; the entries hold the receipts that said something new, and the alerts
    that are somebody's now."""

    entries: tuple[Entry, ...]
    results: tuple[ReceiptResult, ...]


@dataclass(frozen=True, slots=True)
class Spoken:
    """What came of a word by radio."""

    receipt: Receipt
    entries: tuple[Entry, ...]


def record(conn: Connection, commands: Sequence[tuple[Actor, ReceiptCommand]], now_ms: int) -> Recorded:
    """Keep what devices of signed-in people report. What is wrong with one command is its own result only.

    Idempotent by person and id of the command: the same again gets the same receipt and changes nothing.
    Only a stage above what is known of that revision on that device is news; all news of a batch are one entry.
    Whoever acknowledges a new alert first has it.
    """
    answers = rungs.answers(conn, {(actor.id, command.id) for actor, command in commands})
    present = standings.find(conn, ((command.item, command.item_id) for _, command in commands), now_ms)
    ladder = rungs.find(conn, {_rung(actor, command) for actor, command in commands})
    known = set(ladder)
    results: list[ReceiptResult] = []
    new_answers: dict[tuple[str, str], Receipt] = {}
    news: dict[Rung, tuple[Actor, Receipt]] = {}
    taken: dict[str, str] = {}
    for actor, command in commands:
        assert actor.person, "only people give receipts"
        name = (actor.person.id, command.id)
        if name not in answers:
            try:
                standing = check(command, actor.person, present.get((command.item, command.item_id)))
            except ServerError as error:
                results.append(ReceiptResult(command.id, None, error))
                continue
            rung = _rung(actor, command)
            at_ms = now_ms if command.at_ms is None else command.at_ms
            item, item_id, person, device, revision = rung
            receipt = Receipt(item, item_id, revision, person, device, command.stage, at_ms)
            if is_higher(receipt.stage, ladder[rung].stage if rung in ladder else None):
                ladder[rung] = receipt
                news[rung] = actor, receipt
            # Also when the receipt is no news: the ladder may have begun anew since.
            if command.stage is Stage.ACKNOWLEDGED and standing.present.get("state") == AlertState.NEW:
                taken.setdefault(item_id, person)
            answers[name] = new_answers[name] = ladder[rung]
        results.append(ReceiptResult(command.id, answers[name]))
    rungs.keep_answers(conn, new_answers, now_ms)
    entries = _keep(conn, news, known, now_ms)
    for alert_id, person in taken.items():
        entries.append(_take(conn, present["alert", alert_id], person, now_ms))
    return Recorded(tuple(entries), tuple(results))


def sent(
    conn: Connection, item: Item, item_id: str, revision: int, devices: Iterable[tuple[str, str]], now_ms: int
) -> tuple[Entry, ...]:
    """Note that an item was written to devices, (person, device), of which nothing better is known."""
    known = rungs.devices(conn, item, item_id, revision)
    news = {
        (item, item_id, person, device, revision): (
            Actor(),
            Receipt(item, item_id, revision, person, device, Stage.SENT, now_ms),
        )
        for person, device in devices
        if (person, device) not in known
    }
    return tuple(_keep(conn, news, (), now_ms))


def acknowledge(conn: Connection, actor: Actor, item: Item, item_id: str, revision: int, now_ms: int) -> list[Entry]:
    """Somebody acknowledges by what he does otherwise; the caller has checked that he may."""
    receipt = Receipt(item, item_id, revision, actor.id, actor.device, Stage.ACKNOWLEDGED, now_ms)
    return _climb(conn, actor, receipt, now_ms)


def radio(conn: Connection, actor: Actor, item: Item, item_id: str, word: RadioWord, now_ms: int) -> Spoken:
    """Note what somebody said by radio about the present revision. The caller knows that there is such an item.

    Saying the same twice is no news. An alert that was new is his then, and he is on the way if he said so.

    Raises:
        RequestInvalid: there is no such person, or it does not concern him.
        ConflictRevision, ConflictRecalled: it has changed.
        ConflictState: he is on the way to what is over.
    """
    standing = standings.find(conn, [(item, item_id)], now_ms)[item, item_id]
    person = people.find(conn, word.person)
    if person is None or not standing.audience.concerns(person):
        raise RequestInvalid(f"There is nobody '{word.person}' whom the {item} concerns.", path="person")
    check_revision(word.revision, standing, word.stage)
    # What can be refused is refused before anything is written.
    moved = _moved_by(standing, person, word, actor, now_ms) if item == "alert" else None
    receipt = Receipt(item, item_id, word.revision, person.id, RADIO, word.stage, now_ms, "radio", actor.id)
    entries = _climb(conn, actor, receipt, now_ms)
    if moved is not None:
        before, after = moved
        after, entry = alerts.keep_done(conn, before, after, standing.audience, now_ms=now_ms)
        entries.append(entry)
        if word.state is not None:
            details = {"position": entry.position, "via": "radio", "person": person.id, "revision": after.revision}
            audit.append(conn, actor, f"alert.{word.state}", f"alert:{after.id}", details, now_ms=now_ms)
    return Spoken(receipt, tuple(entries))


def _moved_by(
    standing: Standing, person: Person, word: RadioWord, actor: Actor, now_ms: int
) -> tuple[AlertRecord, AlertRecord] | None:
    """The alert before and after what somebody said; None when it stays as it is."""
    before = after = AlertRecord.from_wire(standing.present)
    if word.state is not None:
        after = life_cycle.moved(before, word.state, person.id, now_ms=now_ms, via="radio", by=actor.id, note=word.note)
    elif word.stage is Stage.ACKNOWLEDGED:
        after = life_cycle.acknowledged(before, person.id, now_ms=now_ms, via="radio", by=actor.id)
    return None if after is before else (before, after)


def _take(conn: Connection, standing: Standing, person: str, now_ms: int) -> Entry:
    before = AlertRecord.from_wire(standing.present)
    after = life_cycle.acknowledged(before, person, now_ms=now_ms)
    return alerts.keep_done(conn, before, after, standing.audience, now_ms=now_ms)[1]


def _rung(actor: Actor, command: ReceiptCommand) -> Rung:
    return command.item, command.item_id, actor.id, actor.device, command.revision


def _climb(conn: Connection, actor: Actor, receipt: Receipt, now_ms: int) -> list[Entry]:
    """Keep one receipt if it says more than what is known."""
    rung = rungs.rung_of(receipt)
    known = rungs.find(conn, [rung])
    if rung in known and not is_higher(receipt.stage, known[rung].stage):
        return []
    return _keep(conn, {rung: (actor, receipt)}, known, now_ms)


def _keep(
    conn: Connection, news: Mapping[Rung, tuple[Actor, Receipt]], known: Iterable[Rung], now_ms: int
) -> list[Entry]:
    """One entry for all; an audit entry for each thing that a person said, and one that names the entry."""
    if not news:
        return []
    rungs.keep(conn, {rung: receipt for rung, (_, receipt) in news.items()}, known, now_ms)
    receipts = [receipt.to_wire() for _, receipt in news.values()]
    # Officers are told at once of what they said; what their devices report by themselves they know.
    audience = Audience.of_people(receipt.person for _, receipt in news.values() if receipt.stage.is_said)
    entry = log.append(conn, "receipts", {"receipts": receipts}, audience, now_ms)
    deeds = [_deed(actor, receipt) for actor, receipt in news.values() if receipt.stage.is_said]
    deeds.append(Deed(Actor(), "receipts.kept", f"entry:{entry.position}", {"count": len(receipts)}))
    audit.append_all(conn, deeds, now_ms=now_ms)
    return [entry]


def _deed(actor: Actor, receipt: Receipt) -> Deed:
    details: dict[str, object] = {"revision": receipt.revision}
    if receipt.via == "radio":
        details |= {"via": "radio", "person": receipt.person}
    return Deed(actor, f"{receipt.item}.{receipt.stage}", f"{receipt.item}:{receipt.item_id}", details)
