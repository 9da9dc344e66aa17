"""A Valkey of our own for the tests of the intake."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from streams.valkey import EmbeddedValkey


@pytest.fixture
async def valkey(tmp_path: Path) -> AsyncIterator[EmbeddedValkey]:
    """A real server, alone for this test: it may be killed and frozen."""
    async with EmbeddedValkey(tmp_path / "valkey") as server:
        yield server
