"""Worker: a Python process of ours, for work that may take long or crash; it sees no secrets of its parent."""

import asyncio
import logging
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import streams

logger = logging.getLogger(__name__)

GONE_WITHIN_S = 5.0
"""Of a killed process. It takes milliseconds, but where the kernel holds it, or where another one has its pipes."""

_CERTIFICATES = ("SSL_CERT_FILE", "SSL_CERT_DIR")
_ROOT = Path(streams.__file__).parent.parent


@asynccontextmanager
async def worker(module: str) -> AsyncIterator[Process]:
    """Run ``python -m module PID_OF_PARENT`` with pipes as stdin and stdout; killed when the block is left.

    Its environment holds nothing but where to find our code and the certificates to trust. What it writes to stderr is
    that of this process. It must call ``child.die_with_parent`` with its first argument. In a session of its own,
    Ctrl-C reaches only the parent, which stops its workers in order.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        module,
        str(os.getpid()),
        stdin=PIPE,
        stdout=PIPE,
        cwd=_ROOT,
        env={"PYTHONPATH": str(_ROOT), "PYTHONUNBUFFERED": "1", "LANG": "C.UTF-8"}
        | {name: os.environ[name] for name in _CERTIFICATES if name in os.environ},
        start_new_session=True,
    )
    try:
        yield process
    finally:
        _kill(process)
        await _see_gone(process, _read_out(process), GONE_WITHIN_S)
        logger.debug("worker ended: %s", module, extra={"exit_code": process.returncode})


async def end(process: Process, *, within_s: float = GONE_WITHIN_S) -> None:
    """Kill a worker and all that it started, unless it has ended, and see it gone: after ``within_s`` the log says no.

    Whoever comes next must not wait for a process that can't be killed.
    """
    _kill(process)
    await _see_gone(process, process.wait(), within_s)


def _kill(process: Process) -> None:
    if process.returncode is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


async def _see_gone(process: Process, going: Coroutine[None, None, object], within_s: float) -> None:
    # Shielded, so that a cancellation does not leave a zombie.
    task = asyncio.ensure_future(going)
    try:
        async with asyncio.timeout(within_s):
            await asyncio.shield(task)
    except TimeoutError:
        task.cancel()
        logger.error("a killed worker has not gone within %g s", within_s, extra={"pid": process.pid})


async def _read_out(process: Process) -> None:
    """To the end of its pipe, and of itself: a pipe that is too full is not read, and is closed at its end only."""
    while process.stdout is not None and await process.stdout.read(65536):
        pass
    await process.wait()
