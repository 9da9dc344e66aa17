"""Migrations: bring a database up to what this program knows, at every start.

Alembic's command line is not needed; a new step is one file in ``versions/``, numbered on, and the same change in
``server/store/tables/`` (a test compares the two).
"""

import threading
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, text

from streams.errors import ConfigError

_LOCK = 5_117_041_402
"""Any number, the same in every process."""

_in_this_process = threading.Lock()
"""Alembic keeps the step it runs in a global."""


def upgrade(engine: Engine) -> None:
    """Run the steps that are missing, all in one transaction; of several processes that start at once, one does.

    Raises:
        ConfigError: a newer program has changed the database already.
        SQLAlchemyError: the database can't be used.
    """
    with _in_this_process:
        _upgrade(engine)


def _upgrade(engine: Engine) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    scripts = ScriptDirectory.from_config(config)
    with engine.connect() as conn, conn.begin():
        if conn.dialect.name == "postgresql":
            conn.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        present = MigrationContext.configure(conn).get_current_revision()
        newest = scripts.get_current_head()
        if present == newest:
            return
        if present is not None and present not in {script.revision for script in scripts.walk_revisions()}:
            raise ConfigError(
                f"database.url: a newer Sightline has brought this database to version {present}; "
                f"this one knows {newest}. Start the newer one."
            )
        config.attributes["connection"] = conn
        command.upgrade(config, "head")
