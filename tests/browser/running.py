"""Running: a `sightline` command in a process of its own, from its start to its ready line to its end."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE, STDOUT, Process
from collections.abc import Mapping
from pathlib import Path
from typing import Self

STOP_TIMEOUT_S = 20.0
REPOSITORY = Path(__file__).resolve().parents[2]


class Running:
    """Use it as a context: inside, the command is ready."""

    def __init__(
        self, *arguments: str, environ: Mapping[str, str] | None = None, ready_timeout_s: float = 60.0
    ) -> None:
        self._arguments = arguments
        self._environ = {**os.environ, **(environ or {})}
        self._ready_timeout_s = ready_timeout_s
        self._lines: list[str] = []
        self._process: Process | None = None
        self._reading: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "server", *self._arguments),
            cwd=REPOSITORY,
            env=self._environ,
            stdout=PIPE,
            stderr=STDOUT,
        )
        said_so = asyncio.Event()
        self._reading = asyncio.create_task(self._read(self._process, said_so))
        try:
            await asyncio.wait_for(said_so.wait(), self._ready_timeout_s)
        except TimeoutError:
            await self._stop(self._process)
            raise AssertionError(f"Sightline did not become ready:\n{self.output}") from None
        if not self._is_ready:
            raise AssertionError(f"Sightline ended before it was ready:\n{self.output}")
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._process is not None
        await self._stop(self._process)

    @property
    def output(self) -> str:
        """What it said so far."""
        return "".join(self._lines)

    @property
    def _is_ready(self) -> bool:
        return "Sightline is ready:" in self.output

    async def _stop(self, process: Process) -> None:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(process.wait(), STOP_TIMEOUT_S)
        except TimeoutError:
            process.kill()
            raise AssertionError(f"Sightline did not stop:\n{self.output}") from None
        finally:
            assert self._reading is not None
            await self._reading

    async def _read(self, process: Process, said_so: asyncio.Event) -> None:
        assert process.stdout is not None
        async for line in process.stdout:
            self._lines.append(line.decode(errors="replace"))
            if self._is_ready:
                said_so.set()
        said_so.set()
