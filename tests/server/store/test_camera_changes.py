from collections.abc import Mapping
from functools import partial

from sqlalchemy import select

from server.core.camera_changes import Change
from server.store import camera_changes, tables
from server.store.camera_changes import LEASE_MS, Watch
from server.store.db import Database
from tests.server.samples import NOW_MS

HOUR_MS = 3600 * 1000


async def claim(database: Database, server: str = "one", now_ms: int = NOW_MS) -> Watch | None:
    return await database.write(partial(camera_changes.claim, server=server, now_ms=now_ms))


async def write(database: Database, *changes: Change, server: str = "one", now_ms: int = NOW_MS) -> bool:
    return await database.write(partial(camera_changes.write, changes=changes, server=server, now_ms=now_ms))


async def spent(database: Database, from_ms: int, to_ms: int) -> Mapping[str, Mapping[str, int]]:
    return await database.read(partial(camera_changes.spent, from_ms=from_ms, to_ms=to_ms))


async def test_one_server_watches_at_a_time(database: Database) -> None:
    assert await claim(database) == Watch(is_new=True, seen_ms=NOW_MS)
    assert await claim(database, "two", NOW_MS + LEASE_MS) is None
    assert await claim(database, "one", NOW_MS + LEASE_MS) == Watch(is_new=False, seen_ms=NOW_MS)


async def test_when_it_dies_another_one_takes_over_and_knows_up_to_when_all_is_written(database: Database) -> None:
    await claim(database)
    assert await write(database, now_ms=NOW_MS + 5000)
    later_ms = NOW_MS + 5000 + LEASE_MS + 1
    assert await claim(database, "two", later_ms) == Watch(is_new=True, seen_ms=NOW_MS + 5000)
    assert not await write(database, Change("harbor", later_ms, "live"), now_ms=later_ms)
    assert await database.read(camera_changes.last) == {}, "the first one writes nothing any more"


async def test_one_that_stops_leaves_the_watch_at_once(database: Database) -> None:
    await claim(database)
    await database.write(partial(camera_changes.release, server="two"))
    assert await claim(database, "two") is None
    await database.write(partial(camera_changes.release, server="one"))
    assert await claim(database, "two") == Watch(is_new=True, seen_ms=NOW_MS)


async def test_the_last_change_of_each_camera_is_known(database: Database) -> None:
    await claim(database)
    down = Change("harbor", NOW_MS - 5, "down")
    await write(database, Change("harbor", NOW_MS - 9, "live"), down, Change("main-4th", NOW_MS, "idle"))
    await write(database, down)  # again, after nobody could tell whether it was written
    assert await database.read(camera_changes.last) == {"harbor": down, "main-4th": Change("main-4th", NOW_MS, "idle")}


async def test_the_times_of_each_state_are_summed_up(database: Database) -> None:
    await claim(database)
    begin = NOW_MS - 10 * HOUR_MS
    await write(
        database,
        Change("harbor", begin, "idle"),
        Change("harbor", begin + 2 * HOUR_MS, "live"),
        Change("harbor", begin + 5 * HOUR_MS, "down"),
        Change("harbor", begin + 6 * HOUR_MS, "live"),
        Change("main-4th", begin + 9 * HOUR_MS, "live"),
    )
    assert await spent(database, begin, NOW_MS) == {
        "harbor": {"idle": 2 * HOUR_MS, "live": 7 * HOUR_MS, "down": HOUR_MS},
        "main-4th": {"live": HOUR_MS},
    }
    assert await spent(database, begin + 3 * HOUR_MS, begin + 5 * HOUR_MS + 1) == {
        "harbor": {"live": 2 * HOUR_MS, "down": 1}
    }
    assert await spent(database, begin - 2, begin + 1) == {"harbor": {"idle": 1}}, "it counts from its first change on"
    assert await spent(database, begin - 2, begin) == {}


async def test_the_time_since_somebody_watched_last_is_unknown(database: Database) -> None:
    await claim(database)
    await write(database, Change("harbor", NOW_MS - HOUR_MS, "live"))
    known_ms = NOW_MS + LEASE_MS
    assert await spent(database, NOW_MS - HOUR_MS, known_ms + 7) == {
        "harbor": {"live": HOUR_MS + LEASE_MS, "unknown": 7}
    }
    assert await spent(database, known_ms + 1, known_ms + 7) == {"harbor": {"unknown": 6}}


async def test_what_is_old_is_forgotten_but_for_how_it_was_then(database: Database) -> None:
    await claim(database)
    await write(
        database,
        Change("harbor", NOW_MS - 9, "live"),
        Change("harbor", NOW_MS - 5, "down"),
        Change("harbor", NOW_MS + 1, "live"),
        Change("main-4th", NOW_MS - 9, "idle"),
    )
    await database.write(partial(camera_changes.forget, before_ms=NOW_MS))
    rows = await database.read(
        lambda conn: conn.execute(select(tables.camera_changes).order_by("camera", "at_ms")).all()
    )
    assert [tuple(row) for row in rows] == [
        ("harbor", NOW_MS - 5, "down"),
        ("harbor", NOW_MS + 1, "live"),
        ("main-4th", NOW_MS - 9, "idle"),
    ]
