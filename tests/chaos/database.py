"""Database: the SQL under the servers, SQLite in a folder of its own or a PostgreSQL, and what can be done to it."""

import asyncio
import contextlib
import os
import resource
import subprocess
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Iterable
from pathlib import Path

from sqlalchemy import make_url

from tests.chaos.history import History, Power
from tests.chaos.link import Link
from tests.server.postgres import Postgres

TMPFS_BYTES = 48 * 1024 * 1024


class Database(ABC):
    harm: str
    """What its failure is called."""

    @abstractmethod
    def way(self, number: int) -> Link | None:
        """For a server to reach it by; None when nothing lies between them."""

    @abstractmethod
    def url(self, way: Link | None) -> str:
        """As that server calls it."""

    @abstractmethod
    async def fail(self, pids: Iterable[int]) -> None:
        """Let it fail until ``heal``; ``pids`` are the servers that write now."""

    @abstractmethod
    async def heal(self, pids: Iterable[int]) -> None: ...

    @abstractmethod
    def close(self) -> None:
        """Nobody uses it any more."""


class Sqlite(Database):
    """Its disk can be full. With root that is a small tmpfs with something else on it; without, the servers may not
    let any file grow above a size that the log has reached already (RLIMIT_FSIZE), which SQLite meets as a failed
    write.
    """

    harm = "disk-full"

    def __init__(self, folder: Path, history: History) -> None:
        self._folder = folder / "disk"
        self._folder.mkdir()
        self._history = history
        self.is_mounted = os.geteuid() == 0 and _mount(self._folder)

    def way(self, number: int) -> Link | None:
        return None

    def url(self, way: Link | None) -> str:
        return f"sqlite:///{self._folder / 'log.db'}"

    @property
    def _ballast(self) -> Path:
        return self._folder / "ballast"

    async def fail(self, pids: Iterable[int]) -> None:
        self._history.note(Power(time.monotonic(), "database", False))
        if self.is_mounted:
            await asyncio.to_thread(self._fill)
        else:
            for pid in pids:
                _limit(pid, 64 * 1024)

    async def heal(self, pids: Iterable[int]) -> None:
        if self.is_mounted:
            await asyncio.to_thread(self._ballast.unlink, missing_ok=True)
        else:
            for pid in pids:
                _limit(pid, None)
        self._history.note(Power(time.monotonic(), "database", True))

    def _fill(self) -> None:
        with self._ballast.open("wb", buffering=0) as file, contextlib.suppress(OSError):
            while True:
                file.write(bytes(64 * 1024))
        with self._ballast.open("ab", buffering=0) as file, contextlib.suppress(OSError):
            while True:
                file.write(bytes(512))

    def close(self) -> None:
        if self.is_mounted:
            subprocess.run(["umount", "--lazy", str(self._folder)], check=True)


class PostgreSql(Database):
    """It can be stopped as in a power cut."""

    harm = "database-restart"

    def __init__(self, postgres: Postgres, history: History) -> None:
        self._postgres = postgres
        self._history = history
        self._url = make_url(postgres.empty_database())

    def way(self, number: int) -> Link | None:
        socket = self._postgres.data / ".s.PGSQL.5432"
        return Link(f"database-{number}", lambda: socket)

    def url(self, way: Link | None) -> str:
        assert way is not None, "it listens on a unix socket only"
        url = self._url.set(host="127.0.0.1", port=way.port, query={})
        return url.render_as_string(hide_password=False)

    async def fail(self, pids: Iterable[int]) -> None:
        self._history.note(Power(time.monotonic(), "database", False))
        await asyncio.to_thread(self._postgres.stop)

    async def heal(self, pids: Iterable[int]) -> None:
        await asyncio.to_thread(self._postgres.start)
        self._history.note(Power(time.monotonic(), "database", True))

    def close(self) -> None:
        return  # its server belongs to whoever started that


def _mount(folder: Path) -> bool:
    """Containers often let root mount nothing."""
    command = ["mount", "-t", "tmpfs", "-o", f"size={TMPFS_BYTES}", "tmpfs", str(folder)]
    return subprocess.run(command, check=False, capture_output=True).returncode == 0


def _limit(pid: int, most_bytes: int | None) -> None:
    """None: as much as before. Only Linux lets one process limit another."""
    if sys.platform != "linux":
        return
    with contextlib.suppress(ProcessLookupError):
        _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (hard if most_bytes is None else most_bytes, hard))
