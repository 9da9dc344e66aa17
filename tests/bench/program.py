"""Program: a process of the benchmark that says JSON lines on stdout; a context that leaves no process behind."""

import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

STOP_TIMEOUT_S = 15.0
_ROOT = Path(__file__).parents[2]


class Program:
    """``python …`` on the given processors; its stderr goes to ``log``, and what it says too when it ``is_mute``."""

    def __init__(
        self,
        arguments: Sequence[str],
        *,
        log: Path,
        cores: set[int] | None = None,
        environ: Mapping[str, str] | None = None,
        is_mute: bool = False,
    ) -> None:
        self._name = " ".join(arguments[:3])
        self._log = log
        with log.open("ab") as file:
            self._process = subprocess.Popen(
                [sys.executable, *arguments],
                stdin=subprocess.PIPE,
                stdout=file if is_mute else subprocess.PIPE,
                stderr=file,
                cwd=_ROOT,
                env={**os.environ, **(environ or {})},
            )
        if cores:
            # Right after the start: every thread and process it starts itself inherits it.
            os.sched_setaffinity(self._process.pid, cores)
        self._buffer = b""

    @property
    def pid(self) -> int:
        return self._process.pid

    def is_running(self) -> bool:
        return self._process.poll() is None

    def line(self, *, timeout_s: float) -> dict[str, Any]:
        """The next JSON line it says; other lines are left out.

        Raises:
            RuntimeError: it ended, or said nothing in time; with its last words.
        """
        assert self._process.stdout is not None
        descriptor = self._process.stdout.fileno()
        give_up = time.monotonic() + timeout_s
        while True:
            while b"\n" in self._buffer:
                line, _, self._buffer = self._buffer.partition(b"\n")
                if line.startswith(b"{"):
                    said: dict[str, Any] = json.loads(line)
                    return said
            readable, _, _ = select.select([descriptor], [], [], max(0.0, give_up - time.monotonic()))
            data = os.read(descriptor, 65536) if readable else b""
            if not data:
                raise self.failure("ended" if readable else f"said nothing in {timeout_s:.0f} s")
            self._buffer += data

    def say(self, line: str) -> None:
        """Write a line to its stdin."""
        assert self._process.stdin is not None
        self._process.stdin.write(line.encode() + b"\n")
        self._process.stdin.flush()

    def kill(self) -> None:
        """As the kernel does when memory is short."""
        self._process.kill()
        self._process.wait()

    def end_of_input(self) -> None:
        """Close its stdin and wait until it has ended by itself."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._wait()

    def wait(self, *, timeout_s: float) -> None:
        self._process.wait(timeout_s)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process.poll() is None:
            self._process.terminate()
            self._wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()

    def _wait(self) -> None:
        try:
            self._process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def failure(self, how: str) -> RuntimeError:
        """With its last words."""
        last_words = self._log.read_text(errors="replace").splitlines()[-8:]
        return RuntimeError("\n".join((f"{self._name} {how}", *last_words)))
