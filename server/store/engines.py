"""Engines: how the two databases are opened, so that the same code means the same on both.

A write is durable when it has returned, has the log for itself, and never waits for ever. A read sees one moment,
however many statements it takes, and can't write.
"""

import errno
import os
import sqlite3
import time
from pathlib import Path
from typing import Any, cast

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, select
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import ConnectionPoolEntry

from server.store import pending, tables
from streams.errors import ConfigError

BUSY_TIMEOUT_MS = 5_000
"""How long to wait for another process that writes."""
ASK_EVERY_S = 0.001
"""For SQLite's lock."""
STATEMENT_TIMEOUT_MS = 10_000
IDLE_IN_TRANSACTION_MS = 3_000
"""A server of ours that was cut off or frozen while it had the log: PostgreSQL takes it away, before others give up."""
CONNECT_TIMEOUT_S = 5


def writer(url: str) -> Engine:
    """For the one writing connection of this process.

    Raises:
        ConfigError: the URL is none of a database that we know.
    """
    return _engine(url, connections=1, writes=True)


def reader(url: str, *, connections: int) -> Engine:
    """
    Raises:
        ConfigError: the URL is none of a database that we know.
    """
    return _engine(url, connections=connections, writes=False)


def take_turn(conn: Connection) -> None:
    """Make the writing transaction that has just begun the only one. (On SQLite, BEGIN IMMEDIATE did so.)"""
    if conn.dialect.name == "postgresql":
        conn.execute(select(tables.installation.c.id).with_for_update()).all()


def _engine(text: str, *, connections: int, writes: bool) -> Engine:
    try:
        url = make_url(text)
    except ArgumentError as error:
        # The cause would show the URL, which may hold a password.
        raise ConfigError("database.url: expected sqlite:////path or postgresql://user@host/name") from error
    pool = {"pool_size": connections, "max_overflow": 0, "pool_timeout": CONNECT_TIMEOUT_S}
    match url.get_backend_name():
        case "sqlite":
            engine = _sqlite(url, pool, writes=writes)
        case "postgresql":
            engine = _postgresql(url, pool, writes=writes)
        case other:
            raise ConfigError(f"database.url: expected sqlite:// or postgresql://, got {other}://")
    # Of a reader too: it must fail there, and not get lost.
    event.listen(engine, "commit", pending.flush)
    return engine


def _sqlite(url: URL, pool: dict[str, Any], *, writes: bool) -> Engine:
    if not url.database or url.database == ":memory:":
        raise ConfigError("database.url: SQLite needs the path of a file, as in sqlite:////var/lib/sightline/log.db")
    path = Path(url.database)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _create(path)
    except OSError as error:
        raise ConfigError(f"database.url: '{path}' can't be opened for writing: {error.strerror}") from error
    engine = create_engine(url.set(drivername="sqlite+pysqlite"), connect_args={"check_same_thread": False}, **pool)

    @event.listens_for(engine, "connect")
    def _connected(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
        assert isinstance(connection, sqlite3.Connection), "pysqlite gives these"
        # We begin transactions ourselves: the driver would leave SELECT, DDL and SAVEPOINT outside of them.
        connection.isolation_level = None
        connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        # Who writes waits for his turn himself, see below.
        connection.execute("PRAGMA busy_timeout = 0" if writes else "PRAGMA query_only = ON")

    @event.listens_for(engine, "begin")
    def _begun(conn: Connection) -> None:
        if writes:
            _begin_writing(conn)
        else:
            conn.exec_driver_sql("BEGIN")

    return engine


def _begin_writing(conn: Connection) -> None:
    """Take the lock now and not at the first INSERT: a transaction that has read could no longer get it.

    SQLite would ask for the lock less and less often, up to every 100 ms; beside another process that writes much, an
    alert would wait long.
    """
    connection = cast("sqlite3.Connection", conn.connection.dbapi_connection)
    give_up = time.monotonic() + BUSY_TIMEOUT_MS / 1000
    while time.monotonic() < give_up:
        try:
            connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                break
            time.sleep(ASK_EVERY_S)
        else:
            return
    # Once more, so that the error is one of SQLAlchemy's.
    conn.exec_driver_sql("BEGIN IMMEDIATE")


def _create(path: Path) -> None:
    """Make the file when it is missing. Nobody else on the machine may read it; SQLite gives its side files that mode.

    One that is there is never opened: closing it would drop every lock that this process holds on it (POSIX), and
    the next process that leaves would take itself for the last one and remove the journal into which we write.
    """
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    except FileExistsError:
        if path.is_dir() or not os.access(path, os.R_OK | os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES)) from None


def _postgresql(url: URL, pool: dict[str, Any], *, writes: bool) -> Engine:
    options = {
        "connect_timeout": CONNECT_TIMEOUT_S,
        # A server that vanished without a word is noticed in about 10 s, whether we send or wait.
        "keepalives_idle": 5,
        "keepalives_interval": 2,
        "keepalives_count": 3,
        "tcp_user_timeout": 10_000,
    }
    try:
        engine = create_engine(
            url.set(drivername="postgresql+psycopg"),
            connect_args=options,
            pool_pre_ping=True,
            isolation_level="READ COMMITTED" if writes else "REPEATABLE READ",
            **pool,
        )
    except ModuleNotFoundError as error:
        raise ConfigError("database.url: PostgreSQL needs psycopg: pip install 'sightline[postgres]'") from error

    @event.listens_for(engine, "connect")
    def _connected(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
        cursor = connection.cursor()
        cursor.execute(f"SET statement_timeout = {STATEMENT_TIMEOUT_MS}")
        cursor.execute(f"SET lock_timeout = {BUSY_TIMEOUT_MS}")
        cursor.execute(f"SET idle_in_transaction_session_timeout = {IDLE_IN_TRANSACTION_MS}")
        cursor.execute("SET synchronous_commit = on")
        if not writes:
            cursor.execute("SET default_transaction_read_only = on")
        cursor.close()
        connection.commit()

    return engine
