"""A whole server for the tests of the client, and the client as people run it."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from streams.valkey import EmbeddedValkey
from tests.server.running import PASSWORD, Running, a_config, running

TIMEOUT_S = 30.0
_ROOT = Path(__file__).parents[3]


@pytest.fixture
async def server(tmp_path: Path, valkey: EmbeddedValkey) -> AsyncIterator[Running]:
    async with running(a_config(tmp_path, valkey.url)) as server:
        yield server


@dataclass(frozen=True, slots=True)
class Ended:
    code: int
    lines: list[dict[str, Any]]
    """The JSON lines on stdout."""
    words: str


class CommandLine:
    """``sightline-client`` as a process of its own, for one person, with a configuration folder of its own."""

    def __init__(self, server: str, user: str, folder: Path) -> None:
        self.folder = folder
        self._environ = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "XDG_CONFIG_HOME": str(folder),
            "TZ": "UTC",
            "SIGHTLINE_SERVER": server,
            "SIGHTLINE_USER": user,
            "SIGHTLINE_PASSWORD": PASSWORD,
        }

    async def start(self, *words: str, **environ: str) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "clients.cli", *words),
            cwd=_ROOT,
            env=self._environ | environ,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )

    async def __call__(self, *words: str, **environ: str) -> Ended:
        return await ended(await self.start(*words, **environ))


async def ended(process: asyncio.subprocess.Process) -> Ended:
    """Wait for its end; stop it when that does not come."""
    try:
        async with asyncio.timeout(TIMEOUT_S):
            out, words = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode is not None
    return Ended(process.returncode, [json.loads(line) for line in out.decode().splitlines()], words.decode())


async def next_line(process: asyncio.subprocess.Process, kind: str) -> dict[str, Any]:
    """The next JSON line of this type."""
    assert process.stdout is not None
    async with asyncio.timeout(TIMEOUT_S):
        while line := await process.stdout.readline():
            message: dict[str, Any] = json.loads(line)
            if message["type"] == kind:
                return message
    raise AssertionError(f"it ended without a line of type {kind}")


@pytest.fixture
def operator(server: Running, tmp_path: Path) -> CommandLine:
    return CommandLine(server.address, "operator", tmp_path / "operator")


@pytest.fixture
def officer(server: Running, tmp_path: Path) -> CommandLine:
    return CommandLine(server.address, "officer-12", tmp_path / "officer")
