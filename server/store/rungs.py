"""Rungs: where each item stands, on each device of each person. Rows of receipts, and nothing about why."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import (
    JSON,
    ColumnElement,
    Connection,
    Row,
    TableValuedAlias,
    Text,
    and_,
    bindparam,
    case,
    cast,
    func,
    insert,
    select,
    true,
    tuple_,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.dml import ReturningInsert

from server.core.receipts import Item, Receipt, Stage
from server.store import log, tables
from server.store.standings import chunks

Rung = tuple[Item, str, str, str, int]
"""Item, its id, person, device, revision: where one ladder stands."""

_COLUMNS = tables.receipts.c
_KEY = ("item", "item_id", "person", "device", "revision")
_SELECT = select(*(_COLUMNS[name] for name in _KEY), _COLUMNS.stage, _COLUMNS.at_ms, _COLUMNS.via, _COLUMNS.by)
_ROW = (*_KEY, "stage", "at_ms", "received_ms", "via", "by")
_STEP = {stage.value: stage.step for stage in Stage}
_ROWS = bindparam("rows", type_=Text)


def _climb(dialect: Any, rows: TableValuedAlias, field: Callable[[int], ColumnElement[Any]]) -> ReturningInsert[Any]:
    """A new row, or the old one higher; what says no more than what is known changes nothing and is not returned.

    All rows are one parameter: thousands of parameters cost ten times as much as what they write.
    """
    values = [cast(field(at), _COLUMNS[name].type) for at, name in enumerate(_ROW)]
    # The condition tells SQLite that it is no join that begins with ON.
    upsert = dialect.insert(tables.receipts).from_select(_ROW, select(*values).select_from(rows).where(true()))
    new = {name: upsert.excluded[name] for name in _ROW[len(_KEY) :]}
    is_higher = case(_STEP, value=upsert.excluded.stage) > case(_STEP, value=_COLUMNS.stage)
    upsert = upsert.on_conflict_do_update(index_elements=_KEY, set_=new, where=is_higher)
    climb: ReturningInsert[Any] = upsert.returning(*(_COLUMNS[name] for name in _KEY))
    return climb


def _sqlite() -> ReturningInsert[Any]:
    rows = func.json_each(_ROWS).table_valued("value")
    return _climb(sqlite, rows, lambda at: func.json_extract(rows.c.value, f"$[{at}]"))


def _postgresql() -> ReturningInsert[Any]:
    rows = func.json_array_elements(cast(_ROWS, JSON)).table_valued("value")
    return _climb(postgresql, rows, rows.c.value.op("->>"))


_CLIMB = {"sqlite": _sqlite(), "postgresql": _postgresql()}


def rung_of(receipt: Receipt) -> Rung:
    return receipt.item, receipt.item_id, receipt.person, receipt.device, receipt.revision


def find(conn: Connection, rungs: Iterable[Rung]) -> dict[Rung, Receipt]:
    """What is known of these."""
    key = tuple_(*(_COLUMNS[name] for name in _KEY))
    found = (receipt for chunk in chunks(rungs) for receipt in _read(conn, key.in_(chunk)))
    return {rung_of(receipt): receipt for receipt in found}


def climb(conn: Connection, receipts: Sequence[Receipt], now_ms: int) -> set[Rung]:
    """Write those that say more than what is known; each of another rung. The rungs that stand higher now."""
    if not receipts:
        return set()
    rows = [
        (one.item, one.item_id, one.person, one.device, one.revision, one.stage, one.at_ms, now_ms, one.via, one.by)
        for one in receipts
    ]
    climbed = conn.execute(_CLIMB[conn.dialect.name], {"rows": json.dumps(rows, ensure_ascii=False)})
    return {(row[0], row[1], row[2], row[3], row[4]) for row in climbed}


def of_item(conn: Connection, item: Item, item_id: str) -> list[Receipt]:
    """Those about one item, oldest first."""
    return _read(conn, and_(_COLUMNS.item == item, _COLUMNS.item_id == item_id))


def of_items(conn: Connection, items: Iterable[tuple[Item, str]], *, person: str | None = None) -> list[Receipt]:
    """Those about these items, in no particular order.

    Args:
        person: only his.
    """
    who = true() if person is None else _COLUMNS.person == person
    key = tuple_(_COLUMNS.item, _COLUMNS.item_id)
    return [receipt for chunk in chunks(items) for receipt in _read(conn, and_(key.in_(chunk), who))]


def recent(conn: Connection, *, since_ms: int) -> list[Receipt]:
    """Those that came in at or after ``since_ms``, oldest first; every receipt of items from then on is among them."""
    return _read(conn, _COLUMNS.received_ms >= since_ms)


def answers(conn: Connection, names: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Receipt]:
    """What was answered before, by person and id of the command."""
    columns = tables.receipt_commands.c
    query = select(columns.person, columns.id, columns.answer)
    return {
        (row.person, row.id): Receipt.from_wire(json.loads(row.answer))
        for chunk in chunks(names)
        for row in conn.execute(query.where(tuple_(columns.person, columns.id).in_(chunk)))
    }


def keep_answers(conn: Connection, answers: Mapping[tuple[str, str], Receipt], now_ms: int) -> None:
    if answers:
        rows = [
            {"person": person, "id": command_id, "answer": log.to_json(receipt.to_wire()), "received_ms": now_ms}
            for (person, command_id), receipt in answers.items()
        ]
        conn.execute(insert(tables.receipt_commands), rows)


def _read(conn: Connection, condition: ColumnElement[bool]) -> list[Receipt]:
    query = _SELECT.where(condition).order_by(_COLUMNS.received_ms, _COLUMNS.item, _COLUMNS.item_id, _COLUMNS.person)
    rows: Iterable[Row[Any]] = conn.execute(query)
    return [
        Receipt(
            row.item, row.item_id, row.revision, row.person, row.device, Stage(row.stage), row.at_ms, row.via, row.by
        )
        for row in rows
    ]
