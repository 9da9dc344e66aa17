"""Databases for the tests: those of the store run on SQLite and on PostgreSQL, each with a fresh one; and a server."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from server.store.db import Database
from streams.valkey import EmbeddedValkey
from tests.server.postgres import Postgres, running_postgres
from tests.server.running import Client, Running, a_config, running


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """One for all tests; each takes an empty database of it."""
    with running_postgres() as postgres:
        yield postgres


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/log.db"


@pytest.fixture
def postgresql_url(postgres: Postgres) -> str:
    return postgres.empty_database()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """The URL of a fresh database, of each kind in turn."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """A fresh open database, of each kind in turn."""
    database = await Database.open(database_url)
    yield database
    await database.close()


@pytest.fixture
async def sqlite_database(sqlite_url: str) -> AsyncIterator[Database]:
    """A fresh open SQLite database, for tests of what lies above the store."""
    database = await Database.open(sqlite_url)
    yield database
    await database.close()


@pytest.fixture
async def open_database() -> AsyncIterator[Callable[[str], Awaitable[Database]]]:
    """Opens databases by URL and closes them at the end: what several server processes do."""
    opened: list[Database] = []

    async def open_one(url: str) -> Database:
        opened.append(await Database.open(url))
        return opened[-1]

    yield open_one
    for database in opened:
        await database.close()


@pytest.fixture
async def server(tmp_path: Path, valkey: EmbeddedValkey) -> AsyncIterator[Running]:
    async with running(a_config(tmp_path, valkey.url)) as server:
        yield server


@pytest.fixture
async def operator(server: Running) -> Client:
    return await server.signed_in("operator")


@pytest.fixture
async def officer(server: Running) -> Client:
    return await server.signed_in("officer-12")
