"""Failures: sign-ins that went wrong lately. They are rows, so that a restart does not forget them."""

import hashlib
import uuid

from sqlalchemy import Connection, delete, insert, select

from server.store import tables


def account_of(username: str) -> str:
    """What stands for a user name here: people type passwords into the wrong field."""
    return hashlib.sha256(username.encode("utf-8", "surrogatepass")).hexdigest()


def times(conn: Connection, username: str, *, since_ms: int) -> list[int]:
    """When this account failed, oldest first."""
    columns = tables.sign_in_failures.c
    query = select(columns.at_ms).where(columns.account == account_of(username), columns.at_ms > since_ms)
    return list(conn.scalars(query.order_by(columns.at_ms)))


def add(conn: Connection, username: str, now_ms: int) -> None:
    row = {"id": uuid.uuid4().hex, "account": account_of(username), "at_ms": now_ms}
    conn.execute(insert(tables.sign_in_failures), row)


def clear(conn: Connection, username: str) -> None:
    conn.execute(delete(tables.sign_in_failures).where(tables.sign_in_failures.c.account == account_of(username)))


def forget(conn: Connection, *, before_ms: int) -> None:
    conn.execute(delete(tables.sign_in_failures).where(tables.sign_in_failures.c.at_ms <= before_ms))
