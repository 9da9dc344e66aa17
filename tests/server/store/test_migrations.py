import asyncio
import stat
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text

from server.store import engines, log, migrations
from server.store.db import Database
from server.store.tables import metadata
from streams.errors import ConfigError
from tests.server.postgres import Postgres

Open = Callable[[str], Awaitable[Database]]


async def test_the_migrations_make_the_tables_that_the_code_knows(database: Database) -> None:
    differences = await database.read(lambda conn: compare_metadata(MigrationContext.configure(conn), metadata))
    assert differences == []


async def test_a_second_start_changes_nothing(database_url: str, open_database: Open) -> None:
    names = {await (await open_database(database_url)).read(log.installation) for _ in range(2)}
    assert len(names) == 1


async def test_servers_that_start_at_once_make_the_tables_once(
    postgres: Postgres, sqlite_url: str, open_database: Open
) -> None:
    with postgres.bare_database() as bare_url:
        for url in (sqlite_url, bare_url):
            databases = await asyncio.gather(*(open_database(url) for _ in range(4)))
            names = {await database.read(log.installation) for database in databases}
            assert len(names) == 1
            for database in databases:
                await database.close()


async def test_a_database_of_a_newer_program_is_refused(database_url: str) -> None:
    await (await Database.open(database_url)).close()
    ours = await asyncio.to_thread(_set_version, database_url, "9999")
    with pytest.raises(ConfigError, match="newer"):
        await Database.open(database_url)
    await asyncio.to_thread(_set_version, database_url, ours)


def _set_version(url: str, version: str) -> str:
    """Returns the version that it was."""
    engine = engines.writer(url)
    with engine.connect() as conn, conn.begin():
        before: str = conn.scalars(text("SELECT version_num FROM alembic_version")).one()
        conn.execute(text("UPDATE alembic_version SET version_num = :version"), {"version": version})
    engine.dispose()
    return before


async def test_only_its_owner_can_read_the_file(sqlite_database: Database, sqlite_url: str) -> None:
    await sqlite_database.write(log.head)
    files = [*Path(sqlite_url.removeprefix("sqlite:///")).parent.glob("log.db*")]
    assert len(files) == 3, "the file itself, its write-ahead log and its index"
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}


async def test_a_folder_that_cannot_be_made_is_a_config_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match=r"^database\.url: "):
        await Database.open(f"sqlite:///{tmp_path}/file/log.db")


def test_each_step_is_numbered_on() -> None:
    folder = Path(migrations.__file__).parent / "versions"
    steps = sorted(file.name for file in folder.glob("*.py"))
    assert [name[:5] for name in steps] == [f"v{number:04d}" for number in range(1, len(steps) + 1)]
