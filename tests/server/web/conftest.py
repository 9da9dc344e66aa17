"""A whole server for the tests of the doors."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from streams.valkey import EmbeddedValkey
from tests.server.running import Client, Running, a_config, running


@pytest.fixture
async def server(tmp_path: Path, valkey: EmbeddedValkey) -> AsyncIterator[Running]:
    async with running(a_config(tmp_path, valkey.url)) as server:
        yield server


@pytest.fixture
async def operator(server: Running) -> Client:
    return await server.signed_in("operator")


@pytest.fixture
async def officer(server: Running) -> Client:
    return await server.signed_in("officer-12")
