"""Rows that wait for the end of their transaction, and what transactions have read once."""

from collections.abc import Awaitable, Callable
from functools import partial

import pytest
from sqlalchemy import Connection, select

from server.core.audience import EVERYBODY
from server.core.people import Actor
from server.core.planner import Planner
from server.core.policies import DEFAULTS
from server.store import alerts, audit, escalations, heads, intake, log, revisions, tables
from server.store.db import Database
from server.store.intake import Raised
from streams.geo import Circle, Point
from tests.server.samples import NOW_MS, ROSTER, SENSOR, an_alert

Open = Callable[[str], Awaitable[Database]]


def appending(*names: str, fails: bool = False) -> Callable[[Connection], list[int]]:
    def work(conn: Connection) -> list[int]:
        entries = [log.append(conn, "probe", {"probe": {"name": name}}, EVERYBODY, NOW_MS) for name in names]
        for name in names:
            audit.append(conn, Actor(), "test.done", name, now_ms=NOW_MS)
        if fails:
            raise ZeroDivisionError
        return [entry.position for entry in entries]

    return work


async def test_what_waits_is_there_when_it_is_read_in_the_same_transaction(database: Database) -> None:
    def work(conn: Connection) -> tuple[int, int, int]:
        appending("a", "b")(conn)
        return log.head(conn), len(log.entries_after(conn, 0)), audit.verify(conn, 1).checked

    assert await database.write(work) == (2, 2, 1)
    assert await database.read(log.head) == 2


async def test_nothing_is_left_of_a_transaction_that_was_rolled_back(database: Database) -> None:
    with pytest.raises(ZeroDivisionError):
        await database.write(appending("a", "b", fails=True))
    assert await database.write(appending("c")) == [1]
    assert [entry.subject for entry in await database.read(audit.page)] == ["c"]


async def test_what_another_process_wrote_is_behind_what_we_write_next(database_url: str, open_database: Open) -> None:
    one, other = await open_database(database_url), await open_database(database_url)
    positions = [await database.write(appending("x", "y")) for database in (one, other, one)]
    assert positions == [[1, 2], [3, 4], [5, 6]]
    assert (await one.read(audit.verify)).is_whole


async def test_what_stands_is_read_once_in_a_transaction(database: Database) -> None:
    reads: list[int] = []

    def read(_conn: Connection) -> int:
        reads.append(1)
        return 7

    def work(conn: Connection) -> list[int]:
        first = heads.of(conn, "test", read)
        heads.moved(conn, "test", 8)
        return [first, heads.of(conn, "test", read)]

    assert await database.write(work) == [7, 8]
    assert await database.write(work) == [7, 8], "another transaction asks again"
    assert len(reads) == 2


@pytest.mark.parametrize("together", [True, False])
async def test_a_flood_in_one_transaction_is_what_it_is_in_many(database: Database, together: bool) -> None:
    # Of each place the last one again: a duplicate. The second place is 11 km from the first.
    places = [(f"{number}", 41.0 + 0.1 * (number // 20)) for number in range(40)]
    places += [places[19], places[39], ("40", 41.0)]
    works = [raising(name, Point(lat, -72.0)) for name, lat in places]

    def all_of_them(conn: Connection) -> list[Raised]:
        return [work(conn) for work in works]

    raised = await database.write(all_of_them) if together else [await database.write(work) for work in works]
    first, second = raised[10].record.id, raised[20].record.id
    groups = [None] * 11 + [first] * 9 + [None] + [second] * 19
    assert [one.record.group_id for one in raised] == [*groups, first, second, first]
    assert [one.duplicate for one in raised] == [False] * 40 + [True, True, False]
    assert {one.record.id for one in raised[40:42]} == {raised[19].record.id, raised[39].record.id}

    def kept(conn: Connection) -> list[tuple[str, int]]:
        columns = tables.alert_groups.c
        query = select(columns.head_id, columns.count).order_by(columns.count)
        return [(row.head_id, row._mapping["count"]) for row in conn.execute(query)]

    assert await database.read(kept) == [(first, 11), (second, 20)]
    assert len(await database.read(escalations.waiting)) == 12
    assert await database.read(log.head) == 41
    assert (await database.read(audit.verify)).is_whole


async def test_what_follows_in_the_same_transaction_finds_the_alert_and_its_ladder(database: Database) -> None:
    def work(conn: Connection) -> None:
        record = raising("1", Point(41.0, -72.0))(conn).record
        assert alerts.find(conn, record.id) == record
        assert len(alerts.recent(conn, since_ms=0)) == len(escalations.waiting(conn)) == 1
        again = raising("1", Point(41.0, -72.0), priority=1)(conn)
        assert (again.record.id, again.record.revision) == (record.id, 2)
        assert len(revisions.of_alert(conn, record.id)) == 2
        ladder = escalations.find(conn, record.id)
        assert ladder is not None
        assert ladder.policy.name == "P1"
        escalations.stop(conn, record.id)

    await database.write(work)
    assert await database.read(escalations.waiting) == []


def raising(source_id: str, point: Point, *, priority: int = 2) -> Callable[[Connection], Raised]:
    return partial(
        intake.raise_alert,
        alert=an_alert(source_id, circle=Circle(point, 25)),
        source="gunshot",
        priority=priority,
        actor=SENSOR,
        now_ms=NOW_MS,
        raw=b"{}",
        planner=Planner(ROSTER, {policy.priority: policy for policy in DEFAULTS}),
    )
