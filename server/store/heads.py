"""Heads: where log, audit and numbers stand, read once in each writing transaction.

A writing transaction has the database for itself (store/db.py), so what it has read stays true until it ends. Many
alerts share one transaction; asking the database each time would be a third of their statements.
"""

from collections.abc import Callable
from typing import Any, TypeVar

from sqlalchemy import Connection

T = TypeVar("T")

_KEY = "sightline heads"


def of(conn: Connection, name: str, read: Callable[[Connection], T]) -> T:
    """What stands under ``name`` in this transaction; read from the database when it is asked for first."""
    known = _known(conn)
    if name not in known:
        known[name] = read(conn)
    value: T = known[name]
    return value


def moved(conn: Connection, name: str, value: object) -> None:
    """This transaction has written; ``name`` stands there now."""
    _known(conn)[name] = value


def _known(conn: Connection) -> dict[str, Any]:
    transaction = conn.get_transaction()
    assert transaction is not None, "the store is only used in transactions"
    kept = conn.info.get(_KEY)
    if kept is None or kept[0] is not transaction:
        # Of an earlier transaction: others may have written since, or it was rolled back.
        kept = conn.info[_KEY] = (transaction, {})
    known: dict[str, Any] = kept[1]
    return known
