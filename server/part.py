"""Part: one of the program's processes, started, watched, and started again when it dies."""

import asyncio
import contextlib
import json
import os
import signal
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
FIRST_DELAY_S = 0.2
MAX_DELAY_S = 15.0
STEADY_S = 60.0
"""Who ran that long begins again with the shortest delay."""
MAX_LINE_BYTES = 64 * 1024
_LAST_WORDS = 6


class PartFailed(Exception):
    """A part never became ready; the message holds its last words."""


class Part:
    """A process of ours, as an async context: entering starts it, leaving stops it.

    It tells on stdout, one JSON object a line: ``{"progress": "…"}`` while it gets ready, then ``{"ready": true, …}``. Its log on stderr goes to the terminal. It dies with us, also when we are killed.
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
        self._argv = child.command([sys.executable, "-P", *arguments])
        self._environ = _with_our_packages(environ)
        self._terminal = terminal
        self._ready_timeout_s = ready_timeout_s
        self._last_words: deque[str] = deque(maxlen=_LAST_WORDS)
        self._ready = asyncio.Event()
        self._stopping = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._run(), name=f"part {self.name}")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopping.set()
        self._signal(signal.SIGTERM)
        if self._task is None:
            return
        try:
            async with asyncio.timeout(STOP_TIMEOUT_S):
                await asyncio.shield(self._task)
        except TimeoutError:
            self._terminal.say(f"{self.name} did not stop within {STOP_TIMEOUT_S:.0f} s; killing it")
            self._signal(signal.SIGKILL)
            await self._task

    async def ready(self) -> None:
        """Wait until the process says that it is ready.

        Raises:
            PartFailed: it ended before, or was not ready in time.
        """
        if self._task is None:
            raise PartFailed(f"{self.name} was not started")
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
        raise PartFailed(self._failure(f"was not ready after {self._ready_timeout_s:.0f} s"))

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
        process = await asyncio.create_subprocess_exec(
            *self._argv,
            env=self._environ,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            limit=MAX_LINE_BYTES,
            # Ctrl-C in the terminal is ours alone: we stop the parts in order.
            start_new_session=True,
        )
        self.pid = process.pid
        try:
            async with asyncio.TaskGroup() as group:
                followers = [
                    group.create_task(self._follow(process.stdout, self._told)),
                    group.create_task(self._follow(process.stderr, self._logged)),
                ]
                if self._stopping.is_set():
                    self._signal(signal.SIGTERM)
                code = await process.wait()
                # A process of its own that it left behind may still hold the pipes.
                await asyncio.wait(followers, timeout=PIPES_TIMEOUT_S)
                for follower in followers:
                    follower.cancel()
                return code
        finally:
            self.pid = None

    async def _follow(self, stream: asyncio.StreamReader | None, take: Callable[[str], None]) -> None:
        while stream is not None:
            try:
                line = await stream.readline()
            except ValueError:
                # Longer than MAX_LINE_BYTES: the reader has thrown it away.
                continue
            if not line:
                return
            if text := line.decode(errors="replace").rstrip():
                take(text)

    def _told(self, line: str) -> None:
        try:
            facts = json.loads(line)
        except ValueError:
            self._terminal.log(self.name, line)
            return
        if not isinstance(facts, dict):
            return
        if "progress" in facts:
            self._terminal.step(self.name, str(facts["progress"]))
        if facts.get("ready"):
            self.facts = facts
            self._terminal.step(self.name, "is back" if self._ready.is_set() else "is ready")
            self._ready.set()

    def _logged(self, line: str) -> None:
        self._last_words.append(line)
        if self._ready.is_set() or self._terminal.verbose:
            self._terminal.log(self.name, line)

    def _signal(self, number: int) -> None:
        if self.pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def _failure(self, how: str) -> str:
        return "\n".join((f"{self.name} {how}.", *self._last_words))


def _how(code: int) -> str:
    if code < 0:
        return f"was killed by {signal.Signals(-code).name}"
    return f"ended with status {code}"


def _with_our_packages(environ: Mapping[str, str]) -> dict[str, str]:
    """Let the child import what we have imported, from wherever it is started (-P keeps the working directory out)."""
    root = str(Path(streams.__file__).resolve().parent.parent)
    return {**environ, "PYTHONPATH": os.pathsep.join(filter(None, (root, environ.get("PYTHONPATH"))))}
