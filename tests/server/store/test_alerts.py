from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, select

from server.store import alerts, audit, log, tables
from server.store.alerts import Raised
from server.store.db import Database
from tests.server.samples import HOUR_MS, NOW_MS, SENSOR, TELLING_EVERYBODY, an_alert


def raising(source_id: str = "53-348", **changes: Any) -> Callable[[Connection], Raised]:
    given: dict[str, Any] = {
        "source": "gunshot",
        "priority": None,
        "actor": SENSOR,
        "now_ms": NOW_MS,
        "raw": b"{}",
        "planner": TELLING_EVERYBODY,
    }
    alert = an_alert(source_id)
    return lambda conn: alerts.raise_alert(conn, alert, **given | changes)


async def test_an_alert_is_an_entry_a_row_and_an_audit_entry(database: Database) -> None:
    raised = await database.write(raising())
    assert not raised.duplicate
    assert raised.entry is not None
    assert raised.entry.payload == {"alert": raised.record.to_wire()}
    assert await database.read(lambda conn: log.entries_after(conn, 0)) == [raised.entry]
    assert await database.read(lambda conn: alerts.find(conn, raised.record.id)) == raised.record
    (entry,) = await database.read(audit.page)
    assert (entry.actor, entry.address, entry.action) == ("source:gunshot", "10.9.0.1", "alert.raised")
    assert entry.subject == f"alert:{raised.record.id}"
    assert "rounds" not in entry.details


async def test_the_same_again_is_the_alert_as_it_is(database: Database) -> None:
    first = await database.write(raising())
    again = await database.write(raising(now_ms=NOW_MS + 60_000))
    assert again == Raised(first.record, None, duplicate=True)
    assert await database.read(log.head) == 1
    assert len(await database.read(audit.page)) == 1


async def test_the_same_id_of_another_source_is_another_alert(database: Database) -> None:
    first = await database.write(raising())
    second = await database.write(raising(source="cad"))
    assert not second.duplicate
    assert (first.record.number, second.record.number) == (1, 2)


async def test_what_the_source_sent_is_kept_byte_for_byte(database: Database) -> None:
    raw = bytes(range(256))
    raised = await database.write(raising(raw=raw))
    query = select(tables.alerts.c.raw).where(tables.alerts.c.id == raised.record.id)
    assert bytes(await database.read(lambda conn: conn.scalars(query).one())) == raw


async def test_nothing_a_source_can_send_makes_the_database_refuse(database: Database) -> None:
    nasty = "\0\ud800'\"; DROP TABLE alerts; -- \U0001f52b" * 300
    alert = an_alert(nasty, event=nasty, headline=nasty, parameters={nasty: nasty}, problems=(nasty,))
    for duplicate in (False, True):
        raised = await database.write(
            lambda conn: alerts.raise_alert(
                conn,
                alert,
                source="gunshot",
                priority=None,
                actor=SENSOR,
                now_ms=NOW_MS,
                raw=b"",
                planner=TELLING_EVERYBODY,
            )
        )
        assert raised.duplicate is duplicate


async def test_recent_alerts_come_newest_first(database: Database) -> None:
    for number in range(4):
        await database.write(raising(f"{number}", now_ms=NOW_MS + number * HOUR_MS))
    found = await database.read(lambda conn: alerts.recent(conn, since_ms=NOW_MS + HOUR_MS))
    assert [record.source_id for record in found] == ["3", "2", "1"]
    found = await database.read(lambda conn: alerts.recent(conn, since_ms=0, limit=2))
    assert [record.source_id for record in found] == ["3", "2"]


async def test_what_does_not_exist_is_not_found(database: Database) -> None:
    for alert_id in ("none", "\0", "\ud800"):
        assert await database.read(lambda conn, wanted=alert_id: alerts.find(conn, wanted)) is None  # type: ignore[misc]
