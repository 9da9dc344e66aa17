"""Worker: a Python process of ours, for work that may take long or crash; it sees no secrets of its parent."""

import asyncio
import logging
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import streams

logger = logging.getLogger(__name__)

_ROOT = Path(streams.__file__).parent.parent


@asynccontextmanager
async def worker(module: str) -> AsyncIterator[Process]:
    """Run ``python -m module PID_OF_PARENT`` with pipes as stdin and stdout; killed when the block is left.

    Its environment holds nothing but where to find our code. What it writes to stderr is that of this process. It must
    call ``child.die_with_parent`` with its first argument. In a session of its own, Ctrl-C reaches only the parent,
    which stops its workers in order.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        module,
        str(os.getpid()),
        stdin=PIPE,
        stdout=PIPE,
        cwd=_ROOT,
        env={"PYTHONPATH": str(_ROOT), "PYTHONUNBUFFERED": "1", "LANG": "C.UTF-8"},
        start_new_session=True,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        # Shielded, so that a cancellation does not leave a zombie; a killed process ends at once.
        await asyncio.shield(process.wait())
        logger.debug("worker ended: %s", module, extra={"exit_code": process.returncode})
