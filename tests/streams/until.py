"""Waiting for what can only be looked at."""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path


async def until(condition: Callable[[], object], timeout_s: float = 20.0) -> None:
    """Return when ``condition()`` is true.

    Raises:
        TimeoutError: it has not become true in time.
    """
    async with asyncio.timeout(timeout_s):
        while not condition():  # noqa: ASYNC110 - the thing has no event
            await asyncio.sleep(0.005)


async def until_ended(pid: int, timeout_s: float = 20.0) -> None:
    """Return when there is no such process any more, or only its exit code, which nobody may ever ask for."""
    async with asyncio.timeout(timeout_s):
        while await asyncio.to_thread(_is_running, pid):  # noqa: ASYNC110 - the thing has no event
            await asyncio.sleep(0.005)


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except ProcessLookupError:
        return False
    except FileNotFoundError:  # no /proc here, or just ended
        return not Path("/proc/self").exists()
