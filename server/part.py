"""Part: one of the program's processes, started, watched, and started again when it dies."""

import asyncio
import contextlib
import json
import os
import re
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import streams
from server.terminal import Terminal
from streams import child

READY_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 10.0
PIPES_TIMEOUT_S = 1.0
"""How long what was written last may take to arrive. Something that it left behind may hold the pipes for ever."""
FIRST_DELAY_S = 0.2
MAX_DELAY_S = 15.0
STEADY_S = 60.0
"""Who ran that long begins again with the shortest delay."""
MAX_LINE_BYTES = 8 * 1024
MAX_WAITING_LINES = 50
_QUIET = re.compile(r"[\d:,. -]+(debug|info)\b", re.IGNORECASE)
"""How a log line of ours begins: time, level, logger."""
_OUR_PACKAGES = str(Path(streams.__file__).resolve().parent.parent)


class PartFailed(Exception):
    """A part never became ready; the message holds its last words."""


class Part:
    """A process of ours, as an async context: entering starts it, leaving stops it.

    On stdout it tells us, one JSON object a line: ``{"progress": "…"}`` on the way, then ``{"ready": …}``. Its log, on
    stderr, goes to the terminal, levels info and debug only when that is verbose. It dies with us, also when we are
    killed.
    """

    def __init__(
        self,
        name: str,
        arguments: Sequence[str],
        *,
        environ: Mapping[str, str],
        terminal: Terminal,
        ready_timeout_s: float = READY_TIMEOUT_S,
    ) -> None:
        """``arguments`` are those of this Python: ``("-m", "streams", …)``."""
        self.name = name
        self.pid: int | None = None
        self.facts: Mapping[str, Any] = {}
        """What the ready line said."""
        # Without -P a folder "server" or "streams" where we were started would come first.
        self._argv = child.command([sys.executable, "-P", *arguments])
        self._environ = {
            **environ,
            "PYTHONPATH": os.pathsep.join(filter(None, (_OUR_PACKAGES, environ.get("PYTHONPATH")))),
        }
        self._terminal = terminal
        self._ready_timeout_s = ready_timeout_s
        self._waiting: deque[str] = deque(maxlen=MAX_WAITING_LINES)
        self._ready = asyncio.Event()
        self._stopping = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._run(), name=f"part {self.name}")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._task is not None, "set on entering"
        self._stopping.set()
        self._signal(signal.SIGTERM)
        await asyncio.wait([self._task], timeout=STOP_TIMEOUT_S)
        if not self._task.done():
            self._terminal.say(f"{self.name} did not stop within {STOP_TIMEOUT_S:g} s; killing it")
            self._signal(signal.SIGKILL)
        # That it never became ready is told by ready().
        with contextlib.suppress(PartFailed):
            await self._task

    async def ready(self) -> None:
        """Wait until the process says that it is ready.

        Raises:
            PartFailed: it ended before, or was not ready in time.
        """
        assert self._task is not None, "set on entering"
        waiting = asyncio.create_task(self._ready.wait())
        try:
            await asyncio.wait(
                {waiting, self._task}, timeout=self._ready_timeout_s, return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            waiting.cancel()
        if self._ready.is_set():
            return
        if self._task.done():
            await self._task
        raise PartFailed(self._failure(f"was not ready after {self._ready_timeout_s:g} s"))

    async def _run(self) -> None:
        delay_s = FIRST_DELAY_S
        clock = asyncio.get_running_loop().time
        while True:
            began_at = clock()
            code = await self._run_once()
            if self._stopping.is_set():
                return
            if not self._ready.is_set():
                raise PartFailed(self._failure(_how(code)))
            if clock() - began_at > STEADY_S:
                delay_s = FIRST_DELAY_S
            self._terminal.say(f"{self.name} {_how(code)}; starting it again in {delay_s:g} s")
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(delay_s):
                    await self._stopping.wait()
                    return
            delay_s = min(2 * delay_s, MAX_DELAY_S)

    async def _run_once(self) -> int:
        transport, process = await asyncio.get_running_loop().subprocess_exec(
            lambda: _Process(self._told, self._logged),
            *self._argv,
            env=self._environ,
            stdin=subprocess.DEVNULL,
            # Ctrl-C at the terminal is ours alone: we stop the parts in order.
            start_new_session=True,
        )
        self.pid = transport.get_pid()
        try:
            if self._stopping.is_set():
                self._signal(signal.SIGTERM)
            await process.exited.wait()
            self.pid = None
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(PIPES_TIMEOUT_S):
                    await process.drained.wait()
            code = transport.get_returncode()
            assert code is not None, "it has exited"
            return code
        finally:
            self.pid = None
            transport.close()

    def _told(self, line: str) -> None:
        try:
            facts = json.loads(line)
        except ValueError:
            self._logged(line)
            return
        if not isinstance(facts, dict):
            return
        if "progress" in facts:
            self._terminal.step(self.name, str(facts["progress"]))
        if facts.get("ready"):
            self.facts = facts
            self._terminal.step(self.name, "is back" if self._ready.is_set() else "is ready")
            self._ready.set()
            while self._waiting:
                self._terminal.log(self.name, self._waiting.popleft())

    def _logged(self, line: str) -> None:
        """Until it is ready its lines wait: they are the last words when it fails."""
        if self._terminal.verbose:
            self._terminal.log(self.name, line)
        elif _QUIET.match(line):
            return
        elif self._ready.is_set():
            self._terminal.log(self.name, line)
        else:
            self._waiting.append(line)

    def _signal(self, number: int) -> None:
        if self.pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def _failure(self, how: str) -> str:
        return "\n".join((f"{self.name} {how}.", *(line.removeprefix("sightline: ") for line in self._waiting)))


class _Process(asyncio.SubprocessProtocol):
    """asyncio's own streams and ``wait()`` last until the pipes are closed, this one's ``exited`` does not."""

    def __init__(self, told: Callable[[str], None], logged: Callable[[str], None]) -> None:
        self.exited = asyncio.Event()
        self.drained = asyncio.Event()
        self._take = {1: told, 2: logged}
        self._rest = {1: b"", 2: b""}

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        *lines, rest = (self._rest[fd] + data).split(b"\n")
        self._rest[fd] = rest[:MAX_LINE_BYTES]
        for line in lines:
            if text := line[:MAX_LINE_BYTES].decode(errors="replace").rstrip():
                self._take[fd](text)

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:
        if self._rest[fd]:
            self.pipe_data_received(fd, b"\n")
        del self._rest[fd]
        if not self._rest:
            self.drained.set()

    def process_exited(self) -> None:
        self.exited.set()


def _how(code: int) -> str:
    if code < 0:
        return f"was killed by {signal.Signals(-code).name}"
    return f"ended with status {code}"
