"""Receipts: how far each item has come, on each device of each person.

A batch costs a handful of statements, however many commands it has: an alert to a thousand tablets brings two thousand.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Connection, Table, and_, bindparam, insert, select, tuple_, update

from server.core.alerts import AlertRecord
from server.core.audience import Audience
from server.core.entry import Entry
from server.core.people import Actor
from server.core.pushes import PushRecord
from server.core.receipts import Item, Receipt, ReceiptCommand, ReceiptResult, Stage, check, is_higher
from server.errors import ServerError
from server.store import audit, log, tables

T = TypeVar("T")

_CHUNK = 500
"""Rows asked for in one statement; databases limit the number of parameters."""

Rung = tuple[Item, str, str, str, int]
"""Item, its id, person, device, revision: where one ladder stands."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """One result for each command, in order; the entry holds the receipts that said something new."""

    entry: Entry | None
    results: tuple[ReceiptResult, ...]


def record(conn: Connection, commands: Sequence[tuple[Actor, ReceiptCommand]], now_ms: int) -> Recorded:
    """Keep what devices of signed-in people report. What is wrong with one command is its own result only.

    Idempotent by person and id of the command: the same again gets the same receipt and changes nothing.
    Only a stage above what is known of that revision on that device is news; all news of a batch are one entry.
    """
    answers = _answers(conn, commands)
    present = _present(conn, (command for _, command in commands))
    ladder = _ladder(conn, commands)
    known = set(ladder)
    results: list[ReceiptResult] = []
    new_answers: dict[tuple[str, str], Receipt] = {}
    news: dict[Rung, tuple[Actor, Receipt]] = {}
    for actor, command in commands:
        assert actor.person, "only people give receipts"
        name = (actor.person.id, command.id)
        if name not in answers:
            try:
                check(command, actor.person, present.get((command.item, command.item_id)))
            except ServerError as error:
                results.append(ReceiptResult(command.id, None, error))
                continue
            rung = _rung(actor, command)
            receipt = _receipt(*rung, command.stage, now_ms if command.at_ms is None else command.at_ms)
            if is_higher(receipt.stage, ladder[rung].stage if rung in ladder else None):
                ladder[rung] = receipt
                news[rung] = actor, receipt
            answers[name] = new_answers[name] = ladder[rung]
        results.append(ReceiptResult(command.id, answers[name]))
    _keep_answers(conn, new_answers, now_ms)
    if not news:
        return Recorded(None, tuple(results))
    _keep(conn, news, known, now_ms)
    return Recorded(_tell(conn, news.values(), now_ms), tuple(results))


def of_item(conn: Connection, item: Item, item_id: str) -> list[Receipt]:
    """Those about one item, oldest first."""
    columns = tables.receipts.c
    return _select(conn, and_(columns.item == item, columns.item_id == item_id))


def recent(conn: Connection, *, since_ms: int) -> list[Receipt]:
    """Those that came in at or after ``since_ms``, oldest first; every receipt of items from then on is among them."""
    return _select(conn, tables.receipts.c.received_ms >= since_ms)


def _select(conn: Connection, condition: ColumnElement[bool]) -> list[Receipt]:
    columns = tables.receipts.c
    fields = (columns.item, columns.item_id, columns.person, columns.device, columns.revision)
    query = select(*fields, columns.stage, columns.at_ms).where(condition)
    rows = conn.execute(query.order_by(columns.received_ms, columns.item, columns.item_id, columns.person))
    return [_receipt(*row) for row in rows]


def _receipt(item: Item, item_id: str, person: str, device: str, revision: int, stage: str, at_ms: int) -> Receipt:
    return Receipt(item, item_id, revision, person, device, Stage(stage), at_ms)


def _rung(actor: Actor, command: ReceiptCommand) -> Rung:
    return command.item, command.item_id, actor.id, actor.device, command.revision


def _answers(conn: Connection, commands: Sequence[tuple[Actor, ReceiptCommand]]) -> dict[tuple[str, str], Receipt]:
    """What was answered before, by person and id of the command."""
    columns = tables.receipt_commands.c
    names = {(actor.id, command.id) for actor, command in commands}
    query = select(columns.person, columns.id, columns.answer)
    return {
        (row.person, row.id): Receipt.from_wire(json.loads(row.answer))
        for chunk in _chunks(names)
        for row in conn.execute(query.where(tuple_(columns.person, columns.id).in_(chunk)))
    }


def _present(
    conn: Connection, commands: Iterable[ReceiptCommand]
) -> Mapping[tuple[Item, str], AlertRecord | PushRecord]:
    """The items that the commands are about, as they are."""
    wanted: dict[Item, set[str]] = {"alert": set(), "push": set()}
    for command in commands:
        wanted[command.item].add(command.item_id)
    found: dict[tuple[Item, str], AlertRecord | PushRecord] = {}
    for record in _records(conn, tables.alerts, wanted["alert"]):
        found["alert", record["id"]] = AlertRecord.from_wire(record)
    for record in _records(conn, tables.pushes, wanted["push"]):
        found["push", record["id"]] = PushRecord.from_wire(record)
    return found


def _records(conn: Connection, table: Table, ids: Iterable[str]) -> Iterator[dict[str, Any]]:
    for chunk in _chunks(ids):
        for record in conn.scalars(select(table.c.record).where(table.c.id.in_(chunk))):
            yield json.loads(record)


def _ladder(conn: Connection, commands: Sequence[tuple[Actor, ReceiptCommand]]) -> dict[Rung, Receipt]:
    """What is known already of the rungs that the commands are about."""
    columns = tables.receipts.c
    key = tuple_(columns.item, columns.item_id, columns.person, columns.device, columns.revision)
    rungs = {_rung(actor, command) for actor, command in commands}
    found = (receipt for chunk in _chunks(rungs) for receipt in _select(conn, key.in_(chunk)))
    return {(one.item, one.item_id, one.person, one.device, one.revision): one for one in found}


def _keep_answers(conn: Connection, answers: Mapping[tuple[str, str], Receipt], now_ms: int) -> None:
    if answers:
        rows = [
            {"person": person, "id": command_id, "answer": log.to_json(receipt.to_wire()), "received_ms": now_ms}
            for (person, command_id), receipt in answers.items()
        ]
        conn.execute(insert(tables.receipt_commands), rows)


def _keep(conn: Connection, news: Mapping[Rung, tuple[Actor, Receipt]], known: set[Rung], now_ms: int) -> None:
    table = tables.receipts
    rows = [{**receipt.to_wire(), "received_ms": now_ms} for rung, (_, receipt) in news.items() if rung not in known]
    if rows:
        conn.execute(insert(table), rows)
    changes = [
        {
            **dict(zip(("b_item", "b_item_id", "b_person", "b_device", "b_revision"), rung, strict=True)),
            "stage": receipt.stage.value,
            "at_ms": receipt.at_ms,
            "received_ms": now_ms,
        }
        for rung, (_, receipt) in news.items()
        if rung in known
    ]
    if changes:
        same = [table.c[name] == bindparam(f"b_{name}") for name in ("item", "item_id", "person", "device", "revision")]
        conn.execute(update(table).where(*same), changes)


def _tell(conn: Connection, news: Iterable[tuple[Actor, Receipt]], now_ms: int) -> Entry:
    """One entry for all; an audit entry for each acknowledgement, and one that names the entry."""
    receipts = []
    for actor, receipt in news:
        receipts.append(receipt.to_wire())
        if receipt.stage is Stage.ACKNOWLEDGED:
            subject, details = f"{receipt.item}:{receipt.item_id}", {"revision": receipt.revision}
            audit.append(conn, actor, f"{receipt.item}.acknowledged", subject, details, now_ms=now_ms)
    acknowledged_by = {receipt["person"] for receipt in receipts if receipt["stage"] == Stage.ACKNOWLEDGED}
    entry = log.append(conn, "receipts", {"receipts": receipts}, Audience.of_people(acknowledged_by), now_ms)
    audit.append(conn, Actor(), "receipts.kept", f"entry:{entry.position}", {"count": len(receipts)}, now_ms=now_ms)
    return entry


def _chunks(items: Iterable[T]) -> Iterator[list[T]]:
    rest = iter(items)
    while chunk := list(islice(rest, _CHUNK)):
        yield chunk
