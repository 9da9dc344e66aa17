import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import Connection

from server.core.entry import Entry
from server.lanes import expiry
from server.lanes.expiry import Expiry
from server.lanes.log import LogFollower
from server.store import alerts, intake, log
from server.store.db import Database
from server.web.services import wall_ms
from streams.bus.wakeups import Wakeups
from tests.server.samples import SENSOR, TELLING_EVERYBODY, an_alert
from tests.streams.until import until


def _a_short_alert() -> partial[Any]:
    return partial(
        intake.raise_alert,
        alert=an_alert(expires_at=wall_ms() / 1000 + 0.5),
        source="gunshot",
        priority=None,
        actor=SENSOR,
        now_ms=wall_ms(),
        raw=b"",
        planner=TELLING_EVERYBODY,
    )


async def test_an_alert_whose_time_is_up_is_over_for_everybody_once(
    database_url: str, open_database: Callable[[str], Awaitable[Database]]
) -> None:
    databases = [await open_database(database_url) for _ in range(2)]
    work = _a_short_alert()
    await databases[0].write(work)
    wakeups = Wakeups("unix:///nowhere/valkey.sock")
    heard: list[Entry] = []
    tasks = []
    for database in databases:
        follower = LogFollower(database, wakeups, position=1)
        follower.listeners.append(heard.append)
        tasks += [
            asyncio.create_task(follower.run()),
            asyncio.create_task(Expiry(database, follower, now_ms=wall_ms).run()),
        ]
    try:
        await until(lambda: len(heard) == 2)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await wakeups.close()
    assert {(entry.position, entry.payload["alert"]["state"]) for entry in heard} == {(2, "expired")}
    assert await databases[0].read(log.head) == 2


async def test_what_is_raised_while_nothing_could_end_is_known_from_its_entry(
    database_url: str, open_database: Callable[[str], Awaitable[Database]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(expiry, "READ_EVERY_S", 3600.0)
    database = await open_database(database_url)
    wakeups = Wakeups("unix:///nowhere/valkey.sock")
    heard: list[Entry] = []
    follower = LogFollower(database, wakeups, position=0)
    reads = 0

    def count(_conn: Connection) -> int | None:
        nonlocal reads
        reads += 1
        return alerts.next_expiry(_conn)

    monkeypatch.setattr(expiry, "STORES", (SimpleNamespace(next_expiry=count, expire_due=alerts.expire_due),))
    watching = Expiry(database, follower, now_ms=wall_ms)
    follower.listeners.append(heard.append)
    tasks = [asyncio.create_task(follower.run()), asyncio.create_task(watching.run())]
    try:
        await until(lambda: reads == 1)
        work = _a_short_alert()
        await database.write(work)
        follower.wake()
        await until(lambda: len(heard) == 2)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await wakeups.close()
    assert heard[1].payload["alert"]["state"] == "expired"
