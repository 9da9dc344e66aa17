"""A Valkey for the tests of the lanes."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from streams.valkey import EmbeddedValkey


@pytest.fixture
async def valkey(tmp_path: Path) -> AsyncIterator[EmbeddedValkey]:
    async with EmbeddedValkey(tmp_path / "valkey") as server:
        yield server
