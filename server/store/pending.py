"""Pending: rows that a transaction only adds, written together at its end or before they are read.

Alerts that share a transaction bring the same kinds of rows again and again; one statement for all of a kind costs a
fraction, and on PostgreSQL one trip instead of dozens.
"""

from typing import Any

from sqlalchemy import Connection, Insert, Table, TextClause

_KEY = "sightline pending"
_Statement = Insert | TextClause


def add(conn: Connection, statement: _Statement, row: dict[str, Any]) -> None:
    """Write a row before the transaction ends. Nothing of it when the transaction is rolled back."""
    transaction = conn.get_transaction()
    kept = conn.info.get(_KEY)
    if kept is None or kept[0] is not transaction:
        # What was left of an earlier transaction went with it.
        kept = conn.info[_KEY] = (transaction, {})
    waiting: dict[_Statement, list[dict[str, Any]]] = kept[1]
    waiting.setdefault(statement, []).append(row)


def flush(conn: Connection, table: Table | None = None) -> None:
    """Write what waits, of one table or all. To be called before such rows are read; the engines do it at a
    commit."""
    kept = conn.info.get(_KEY)
    if kept is None or kept[0] is not conn.get_transaction():
        return
    waiting: dict[_Statement, list[dict[str, Any]]] = kept[1]
    for statement in [one for one in waiting if table is None or getattr(one, "table", None) is table]:
        rows = waiting.pop(statement)
        conn.execute(statement, rows if rows[1:] else rows[0])
