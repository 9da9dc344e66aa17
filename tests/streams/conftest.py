"""A Valkey of our own for the tests of the intake, and the event loop that it runs on."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path

import pytest
import uvloop

from streams.valkey import EmbeddedValkey


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    return {"uvloop": uvloop.new_event_loop}


@pytest.fixture
async def valkey(tmp_path: Path) -> AsyncIterator[EmbeddedValkey]:
    """A real server, alone for this test: it may be killed and frozen."""
    async with EmbeddedValkey(tmp_path / "valkey") as server:
        yield server
