"""What every test gets."""

import signal
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import hypothesis
import pytest
from blockbuster import BlockBuster

from streams.valkey import EmbeddedValkey

# How long an example takes says how busy the machine is. That belongs into tests/bench.
hypothesis.settings.register_profile(
    "sightline", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("sightline")

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell that starts a run in the background ignores Ctrl-C, and programs that tests start would inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)

NO_WAIT = ("os.getcwd", "os.path.abspath")
"""Blockbuster counts these as blocking; they answer from memory."""

MAY_WAIT = (
    ("<frozen importlib._bootstrap>", {"_find_and_load"}),
    ("linecache.py", {"checkcache", "updatecache"}),
    ("logging/__init__.py", {"emit", "flush"}),
    # Held for moments only; a wait for what is in the queue is not among them.
    ("queue.py", {"put_nowait", "get_nowait", "qsize"}),
)
"""File and functions in which a short wait is nobody's fault: imports at first use, tracebacks, logging to pytest."""


@pytest.fixture(scope="session")
def guard() -> BlockBuster:
    guard = BlockBuster(["server", "streams", "clients"])
    for name in NO_WAIT:
        del guard.functions[name]
    for function in guard.functions.values():
        for file, names in MAY_WAIT:
            function.can_block_in(file, names)
    return guard


@pytest.fixture(autouse=True)
def nothing_of_ours_blocks_the_event_loop(guard: BlockBuster) -> Iterator[None]:
    """Fail a test in which our code sleeps, or waits for a disk, a socket or a lock, on the loop."""
    guard.activate()
    try:
        yield
    finally:
        guard.deactivate()


@pytest.fixture
async def valkey(tmp_path: Path) -> AsyncIterator[EmbeddedValkey]:
    """A real server, alone for this test: it may be killed and frozen."""
    async with EmbeddedValkey(tmp_path / "valkey") as server:
        yield server
