import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

from server.core.entry import Entry
from server.lanes.expiry import Expiry
from server.lanes.log import LogFollower
from server.store import intake, log
from server.store.db import Database
from server.web.services import wall_ms
from streams.bus.wakeups import Wakeups
from tests.server.samples import SENSOR, TELLING_EVERYBODY, an_alert
from tests.streams.until import until


async def test_an_alert_whose_time_is_up_is_over_for_everybody_once(
    database_url: str, open_database: Callable[[str], Awaitable[Database]]
) -> None:
    databases = [await open_database(database_url) for _ in range(2)]
    work = partial(
        intake.raise_alert,
        alert=an_alert(expires_at=wall_ms() / 1000 + 0.5),
        source="gunshot",
        priority=None,
        actor=SENSOR,
        now_ms=wall_ms(),
        raw=b"",
        planner=TELLING_EVERYBODY,
    )
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
