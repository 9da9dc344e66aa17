import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

from server.core.alerts import AlertRecord
from server.core.audience import STAFF
from server.core.entry import Entry
from server.core.planner import Planner
from server.core.roster import Roster
from server.core.silence import SilentSource
from server.store import alerts, audit, sources
from server.store.db import Database
from tests.server.samples import EVERYBODY, NOW_MS

GUNSHOT = SilentSource("gunshot", 60)
PLANNER = Planner(Roster(EVERYBODY))
LIMIT_MS = 150_000


async def begin(database: Database, now_ms: int = NOW_MS) -> None:
    await database.write(partial(sources.begin, names=["gunshot", "cad"], now_ms=now_ms))


def silent(now_ms: int) -> partial[Entry | None]:
    return partial(sources.silent, source=GUNSHOT, planner=PLANNER, now_ms=now_ms)


async def test_after_two_and_a_half_heartbeats_of_silence_an_alert_tells_the_staff(database: Database) -> None:
    await begin(database)
    assert await database.write(silent(NOW_MS + LIMIT_MS - 1)) is None
    entry = await database.write(silent(NOW_MS + LIMIT_MS))
    assert entry
    assert entry.audience == STAFF
    alert = entry.payload["alert"]
    assert (alert["source"], alert["event"], alert["priority"]) == ("sightline", "Source silent", 2)
    assert alert["parameters"]["source"] == "gunshot"
    assert alert["escalation"] is None


async def test_the_alert_is_raised_once_however_many_servers_notice(
    database_url: str, open_database: Callable[[str], Awaitable[Database]]
) -> None:
    servers = [await open_database(database_url) for _ in range(3)]
    await begin(servers[0])
    entries = await asyncio.gather(*(server.write(silent(NOW_MS + LIMIT_MS)) for server in servers * 2))
    assert len([entry for entry in entries if entry]) == 1


async def test_when_it_is_heard_again_the_alert_closes_by_itself(database: Database) -> None:
    await begin(database)
    raised = await database.write(silent(NOW_MS + LIMIT_MS))
    assert raised
    entry = await database.write(partial(sources.heard, name="gunshot", now_ms=NOW_MS + 400_000))
    assert entry
    alert = entry.payload["alert"]
    assert (alert["id"], alert["state"], alert["outcome"]) == (raised.payload["alert"]["id"], "closed", "")
    assert (alert["progress"][-1]["person"], entry.audience) == ("server", STAFF)
    assert (await database.read(audit.page))[-1].action == "alert.closed"
    assert await database.write(partial(sources.heard, name="gunshot", now_ms=NOW_MS + 400_000)) is None
    again = await database.write(silent(NOW_MS + 400_000 + LIMIT_MS))
    assert again
    assert again.payload["alert"]["id"] != alert["id"]


async def test_one_that_another_server_hears_is_not_silent(database: Database) -> None:
    await begin(database)
    assert await database.write(partial(sources.heard, name="gunshot", now_ms=NOW_MS + 100_000)) is None
    assert await database.write(silent(NOW_MS + LIMIT_MS)) is None
    found = await database.read(sources.everything)
    assert (found["gunshot"].heard_ms, found["gunshot"].is_silent) == (NOW_MS + 100_000, False)


async def test_silence_counts_from_what_was_stored(database: Database) -> None:
    """A restart is not a sign of life."""
    await begin(database)
    await begin(database, NOW_MS + LIMIT_MS)
    assert await database.write(silent(NOW_MS + LIMIT_MS)) is not None


async def test_a_clock_that_was_set_back_makes_nobody_heard(database: Database) -> None:
    await begin(database, NOW_MS + 3_600_000)
    assert await database.write(silent(NOW_MS)) is not None


async def test_what_somebody_has_closed_stays_closed_and_is_not_raised_again(database: Database) -> None:
    await begin(database)
    raised = await database.write(silent(NOW_MS + LIMIT_MS))
    assert raised
    found = await database.read(lambda conn: alerts.find_with_audience(conn, raised.payload["alert"]["id"]))
    assert found
    closed = AlertRecord.from_wire({**found[0].to_wire(), "state": "closed"})
    await database.write(partial(alerts.keep, record=closed, audience=STAFF, now_ms=NOW_MS))
    assert await database.write(silent(NOW_MS + 2 * LIMIT_MS)) is None
    assert await database.write(partial(sources.heard, name="gunshot", now_ms=NOW_MS + 3 * LIMIT_MS)) is None
