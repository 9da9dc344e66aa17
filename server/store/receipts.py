"""Receipts: taking what devices and dispatch report, and telling what is new of it.

A batch costs a handful of statements, however many commands it has: an alert to a thousand tablets brings two thousand.
"""

import hashlib
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
from server.store.rungs import Rung, of_item, of_items, recent

__all__ = ["Recorded", "Spoken", "acknowledge", "of_item", "of_items", "radio", "recent", "record", "sent"]


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

    Idempotent: what a device reports by itself says nothing new when it is said again; what a person said is known by
    his id of the command, and gets the same receipt again. Only a stage above what is known of that revision on that
    device is news; all news of a batch are one entry. Whoever acknowledges a new alert first has it.
    """
    answers: dict[tuple[str, str], Rung | Receipt] = {
        **rungs.answers(conn, {(actor.id, command.id) for actor, command in commands if command.stage.is_said})
    }
    present = standings.find(conn, {(command.item, command.item_id) for _, command in commands}, now_ms)
    found: list[Rung | Receipt | ServerError] = []
    highest: dict[Rung, tuple[Actor, Receipt]] = {}
    taken: dict[str, str] = {}
    for actor, command in commands:
        person = actor.person
        assert person, "only people give receipts"
        stage = command.stage
        if stage.is_said and (answer := answers.get((person.id, command.id))):
            found.append(answer)
            continue
        try:
            standing = check(command, person, present.get((command.item, command.item_id)))
        except ServerError as error:
            found.append(error)
            continue
        rung = command.item, command.item_id, person.id, actor.device, command.revision
        found.append(rung)
        if stage.is_said:
            answers[person.id, command.id] = rung
        if rung not in highest or is_higher(stage, highest[rung][1].stage):
            at_ms = now_ms if command.at_ms is None else command.at_ms
            receipt = Receipt(command.item, command.item_id, command.revision, person.id, actor.device, stage, at_ms)
            highest[rung] = actor, receipt
        # Also when the receipt is no news: the ladder may have begun anew since.
        if stage is Stage.ACKNOWLEDGED and standing.present.get("state") == AlertState.NEW:
            taken.setdefault(command.item_id, person.id)
    news = _news(conn, highest, now_ms)
    results = _results(conn, commands, found, news, now_ms)
    entries = _keep(conn, list(news.values()), now_ms)
    for alert_id, taker in taken.items():
        entries.append(_take(conn, present["alert", alert_id], taker, now_ms))
    return Recorded(tuple(entries), results)


def sent(
    conn: Connection, item: Item, item_id: str, revision: int, devices: Iterable[tuple[str, str]], now_ms: int
) -> tuple[Entry, ...]:
    """Note that an item was written to devices, (person, device), of which nothing better is known."""
    server = Actor()
    written = {
        (item, item_id, person, device, revision): (
            server,
            Receipt(item, item_id, revision, person, device, Stage.SENT, now_ms),
        )
        for person, device in devices
    }
    return tuple(_keep(conn, list(_news(conn, written, now_ms).values()), now_ms))


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


def _climb(conn: Connection, actor: Actor, receipt: Receipt, now_ms: int) -> list[Entry]:
    """Keep one receipt if it says more than what is known."""
    news = _news(conn, {rungs.rung_of(receipt): (actor, receipt)}, now_ms)
    return _keep(conn, list(news.values()), now_ms)


def _news(
    conn: Connection, receipts: Mapping[Rung, tuple[Actor, Receipt]], now_ms: int
) -> dict[Rung, tuple[Actor, Receipt]]:
    """Write what says more than what is known, and leave out the rest."""
    climbed = rungs.climb(conn, [receipt for _, receipt in receipts.values()], now_ms)
    return {rung: one for rung, one in receipts.items() if rung in climbed}


def _results(
    conn: Connection,
    commands: Sequence[tuple[Actor, ReceiptCommand]],
    found: Sequence[Rung | Receipt | ServerError],
    news: Mapping[Rung, tuple[Actor, Receipt]],
    now_ms: int,
) -> tuple[ReceiptResult, ...]:
    """An answer to each, without the receipt where there is no id; what a person has said is answered in the same way
    whenever it comes again."""
    kept = {rung: receipt for rung, (_, receipt) in news.items()}
    answered = zip(commands, found, strict=True)
    kept |= rungs.find(
        conn, {one for (_, command), one in answered if command.id and isinstance(one, tuple) and one not in kept}
    )
    results = []
    new_answers: dict[tuple[str, str], Receipt] = {}
    for (actor, command), one in zip(commands, found, strict=True):
        if isinstance(one, ServerError):
            results.append(ReceiptResult(command.id, None, one))
            continue
        receipt = one if isinstance(one, Receipt) else kept.get(one)
        results.append(ReceiptResult(command.id, receipt))
        if receipt is not None and command.stage.is_said and not isinstance(one, Receipt):
            new_answers[actor.id, command.id] = receipt
    rungs.keep_answers(conn, new_answers, now_ms)
    return tuple(results)


def _keep(conn: Connection, news: Sequence[tuple[Actor, Receipt]], now_ms: int) -> list[Entry]:
    """One entry for all; an audit entry for each thing that a person said, and one that vouches for the entry."""
    if not news:
        return []
    said = [(actor, receipt) for actor, receipt in news if receipt.stage.is_said]
    payload = {"receipts": [receipt.to_wire() for _, receipt in news]}
    # Officers are told at once of what they said; what their devices report by themselves they know.
    audience = Audience.of_people(receipt.person for _, receipt in said)
    entry = log.append(conn, "receipts", payload, audience, now_ms)
    deeds = [_deed(actor, receipt) for actor, receipt in said]
    details = {"count": len(news), "sha256": hashlib.sha256(entry.text.encode()).hexdigest()}
    deeds.append(Deed(Actor(), "receipts.kept", f"entry:{entry.position}", details))
    audit.append_all(conn, deeds, now_ms=now_ms)
    return [entry]


def _deed(actor: Actor, receipt: Receipt) -> Deed:
    details: dict[str, object] = {"revision": receipt.revision}
    if receipt.via == "radio":
        details |= {"via": "radio", "person": receipt.person}
    return Deed(actor, f"{receipt.item}.{receipt.stage}", f"{receipt.item}:{receipt.item_id}", details)
