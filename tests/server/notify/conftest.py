from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from server.notify import bell, leases, waiting
from server.notify.vapid import VapidKey, open_key
from server.store.db import Database
from streams import backoff
from tests.server.notify.house import House, furnished


@pytest.fixture(autouse=True)
def shorter_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "WAIT_MS", 200)
    monkeypatch.setattr(bell, "PAUSE_S", 0.01)
    monkeypatch.setattr(bell, "TAKE_OVER_S", 0.05)
    monkeypatch.setattr(leases, "GATHER_S", 0.01)
    monkeypatch.setattr(backoff, "LADDER_S", (0.05,))


@pytest.fixture
def key(tmp_path: Path) -> VapidKey:
    return open_key(tmp_path, "mailto:ops@city.example")


@pytest.fixture
async def house(key: VapidKey, sqlite_database: Database) -> AsyncIterator[House]:
    async with furnished(sqlite_database, key) as house:
        yield house
