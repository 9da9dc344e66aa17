"""Program: a process of the product that is killed, frozen and started again; what it logs stays readable."""

import asyncio
import contextlib
import json
import os
import signal
import sys
import time
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path

from streams import child
from streams.valkey_program import Program as ValkeyProgram
from tests.chaos.history import History, Power

MAX_LINES = 400
START_TIMEOUT_S = 60.0


class Program:
    """One at a time, under a name; it ends with this process, however that ends."""

    def __init__(self, name: str, history: History) -> None:
        self.name = name
        self.lines: deque[str] = deque(maxlen=MAX_LINES)
        """What it said last, over all its lives; without lines of level info."""
        self.lives = 0
        self._history = history
        self._process: Process | None = None
        self._reading: list[asyncio.Task[None]] = []
        self.is_up = False

    @property
    def pid(self) -> int | None:
        """None while it does not run."""
        return self._process.pid if self._process is not None and self._process.returncode is None else None

    async def kill(self, number: int = signal.SIGKILL) -> None:
        """End it and wait until it is gone."""
        if self._process is None:
            return
        self._down()
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(number)
        await self._process.wait()
        await asyncio.gather(*self._reading)
        self._process = None

    def freeze(self) -> None:
        if self.pid is not None:
            os.kill(self.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        if self.pid is not None:
            os.kill(self.pid, signal.SIGCONT)

    async def _spawn(self, argv: list[str], environ: Mapping[str, str], told: Callable[[str], None]) -> Process:
        assert self.pid is None, "one at a time"
        self.lives += 1
        self._process = await asyncio.create_subprocess_exec(
            *child.command(argv), stdin=DEVNULL, stdout=PIPE, stderr=PIPE, env=dict(environ), start_new_session=True
        )
        assert self._process.stdout is not None, "a pipe"
        assert self._process.stderr is not None, "a pipe"
        self._reading = [
            asyncio.create_task(_read(self._process.stdout, told)),
            asyncio.create_task(_read(self._process.stderr, self._logged)),
        ]
        return self._process

    def _logged(self, line: str) -> None:
        if " info " not in line.lower():
            self.lines.append(f"[{self.lives}] {line}")

    def _up(self) -> None:
        self.is_up = True
        self._history.note(Power(time.monotonic(), self.name, True))

    def _down(self) -> None:
        if self.is_up:
            self.is_up = False
            self._history.note(Power(time.monotonic(), self.name, False))


class Server(Program):
    """``python -m server server``, as the launcher starts it."""

    def __init__(self, name: str, history: History, file: Path, environ: dict[str, str]) -> None:
        super().__init__(name, history)
        self.environ = environ
        self._file = file

    async def start(self) -> bool:
        """Return when it is ready; False when it was killed or ended before that."""
        ready = asyncio.Event()

        def told(line: str) -> None:
            with contextlib.suppress(ValueError):
                if json.loads(line).get("ready"):
                    ready.set()

        argv = [sys.executable, "-P", "-m", "server", "server", "--config", str(self._file)]
        process = await self._spawn(argv, self.environ, told)
        gone, up = asyncio.create_task(process.wait()), asyncio.create_task(ready.wait())
        try:
            await asyncio.wait({gone, up}, timeout=START_TIMEOUT_S, return_when=asyncio.FIRST_COMPLETED)
        finally:
            gone.cancel()
            up.cancel()
        if not ready.is_set() or process.returncode is not None:
            return False
        self._up()
        return True


class Valkey(Program):
    """The bus, on a unix socket that stays the same; nobody but a nemesis starts it again."""

    def __init__(self, history: History, program: ValkeyProgram, socket: Path) -> None:
        super().__init__("valkey", history)
        self.socket = socket
        self._program = program

    async def start(self) -> None:
        """Return when it answers."""
        process = await self._spawn(self._program.command(self.socket), os.environ, self._logged)
        async with asyncio.timeout(START_TIMEOUT_S):
            while process.returncode is None and not await self._answers():  # noqa: ASYNC110 - it has no other word for it
                await asyncio.sleep(0.01)
        if process.returncode is None:
            self._up()

    async def _answers(self) -> bool:
        try:
            reader, writer = await asyncio.open_unix_connection(self.socket)
        except OSError:
            return False
        try:
            writer.write(b"*1\r\n$4\r\nPING\r\n")
            return await reader.readline() == b"+PONG\r\n"
        except OSError:
            return False
        finally:
            writer.transport.abort()


async def _read(stream: asyncio.StreamReader, take: Callable[[str], None]) -> None:
    """Line by line until the pipe is closed."""
    while line := await stream.readline():
        take(line.decode(errors="replace").rstrip())
