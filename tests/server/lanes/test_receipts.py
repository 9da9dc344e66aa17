"""The receipt desk: many at a time, acknowledged at once, each with its own answer."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from server.core.entry import Entry
from server.core.people import Actor
from server.core.receipts import ReceiptCommand, ReceiptResult, Stage
from server.lanes.receipts import ReceiptDesk
from server.store.db import Database
from server.store.intake import raise_alert
from tests.server.samples import NOW_MS, REYES, an_alert, of_the_sensor
from tests.streams.until import until

TABLET = Actor(REYES, "tablet-12")


class Desk:
    def __init__(self, db: Database, alert_id: str) -> None:
        self.entries: list[Entry] = []
        self.results: list[ReceiptResult] = []
        self.alert_id = alert_id
        self.desk = ReceiptDesk(db, announce=self._announced, now_ms=lambda: NOW_MS)

    def _announced(self, entry: Entry | None) -> None:
        if entry is not None:
            self.entries.append(entry)

    def give(self, stage: Stage, device: str = "tablet-12") -> None:
        command = ReceiptCommand(f"command-{stage}-{device}", "alert", self.alert_id, 1, stage)
        self.desk.give(Actor(REYES, device), [command], self.results.extend)


@pytest.fixture
async def desk(sqlite_database: Database) -> AsyncIterator[Desk]:
    raised = await sqlite_database.write(lambda conn: raise_alert(conn, an_alert(), **of_the_sensor()))
    desk = Desk(sqlite_database, raised.record.id)
    running = asyncio.create_task(desk.desk.run())
    yield desk
    running.cancel()


async def test_what_comes_within_a_tenth_of_a_second_is_one_entry(desk: Desk) -> None:
    for number in range(200):
        desk.give(Stage.DELIVERED, f"tablet-{number}")
    await until(lambda: len(desk.results) == 200)
    assert len(desk.entries) == 1
    assert len(desk.entries[0].payload["receipts"]) == 200
    assert [result.id for result in desk.results] == [f"command-delivered-tablet-{number}" for number in range(200)]


async def test_what_a_person_said_is_written_at_once_with_what_waits(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.lanes.receipts.WINDOW_S", 3600)
    desk.give(Stage.SHOWN, "tablet-7")
    desk.give(Stage.ACKNOWLEDGED)
    await until(lambda: len(desk.results) == 2)
    assert [entry.kind for entry in desk.entries] == ["receipts", "alert"]


async def test_it_is_noted_that_something_was_sent_when_nobody_says_more(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.lanes.receipts.SENT_AFTER_S", 0.3)
    desk.desk.note_sent("alert", desk.alert_id, 1, [("officer-12", "tablet-12"), ("officer-7", "tablet-7")])
    desk.desk.note_sent("alert", desk.alert_id, 1, [("officer-7", "tablet-7"), ("officer-8", "tablet-8")])
    desk.give(Stage.DELIVERED)
    await until(lambda: len(desk.entries) == 2)
    stages = [[(one["person"], one["stage"]) for one in entry.payload["receipts"]] for entry in desk.entries]
    assert stages == [[("officer-12", "delivered")], [("officer-7", "sent"), ("officer-8", "sent")]]


async def test_what_was_delivered_before_is_not_noted_as_sent(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.lanes.receipts.SENT_AFTER_S", 0.01)
    desk.give(Stage.ACKNOWLEDGED)
    await until(lambda: desk.results)
    desk.desk.note_sent("alert", desk.alert_id, 1, [("officer-12", "tablet-12")])
    desk.desk.note_sent("alert", desk.alert_id, 2, [("officer-12", "tablet-12")])
    await until(lambda: len(desk.entries) == 3)
    (sent,) = desk.entries[-1].payload["receipts"]
    assert (sent["stage"], sent["revision"]) == ("sent", 2)


async def test_what_could_not_be_written_is_answered_so(desk: Desk, sqlite_database: Database) -> None:
    await sqlite_database.close()
    desk.give(Stage.DELIVERED)
    await until(lambda: desk.results)
    (result,) = desk.results
    assert result.error is not None
    assert result.error.code == "log.unavailable"
    assert desk.entries == []


async def test_more_than_can_wait_is_refused_at_once(
    sqlite_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.lanes.receipts.MAX_WAITING", 2)
    desk = Desk(sqlite_database, "any")
    for number in range(3):
        desk.give(Stage.SHOWN, f"tablet-{number}")
    (refused,) = desk.results
    assert refused.error is not None
    assert refused.error.code == "log.unavailable"
