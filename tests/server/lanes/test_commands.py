"""The command desk: each with its own answer, in the order in which they came."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from server.core.entry import Entry
from server.core.people import Actor
from server.errors import AlertUnknown
from server.lanes.commands import CommandDesk, CommandResult
from server.store.db import Database
from server.store.intake import raise_alert
from tests.server.samples import AT_THE_DESK, NOW_MS, REYES, TELLING_EVERYBODY, an_alert, of_the_sensor
from tests.streams.until import until

TABLET = Actor(REYES, "tablet-12")


class Desk:
    def __init__(self, db: Database, alert_id: str) -> None:
        self.alert_id = alert_id
        self.entries: list[Entry] = []
        self.results: list[CommandResult] = []
        self.desk = CommandDesk(db, planner=lambda: TELLING_EVERYBODY, announce=self._announced, now_ms=lambda: NOW_MS)

    def _announced(self, entry: Entry | None) -> None:
        if entry is not None:
            self.entries.append(entry)

    def give(self, name: str, number: int = 1, *, actor: Actor = TABLET, **fields: Any) -> None:
        body = {"id": f"c-{number}", "item": "alert", "item_id": self.alert_id, "command": name, "revision": 1}
        self.desk.give(actor, body | fields, self.results.append)


@pytest.fixture
async def desk(sqlite_database: Database) -> AsyncIterator[Desk]:
    raised = await sqlite_database.write(lambda conn: raise_alert(conn, an_alert(), **of_the_sensor(priority=2)))
    desk = Desk(sqlite_database, raised.record.id)
    running = asyncio.create_task(desk.desk.run())
    yield desk
    running.cancel()


async def test_each_has_its_own_answer_in_order(desk: Desk) -> None:
    desk.give("en_route", 1)
    desk.give("close", 2, outcome="unicorn")
    desk.give("on_scene", 3)
    desk.give("cancel", 4, reason="x")
    desk.give("close", 5, outcome="casings", revision=7)
    await until(lambda: len(desk.results) == 5)
    by_id = {result.id: result for result in desk.results}
    errors = {name: result.error.code for name, result in by_id.items() if result.error}
    assert errors == {"c-2": "request.invalid", "c-4": "auth.forbidden", "c-5": "conflict.revision"}
    assert by_id["c-3"].alert is not None
    assert [step["state"] for step in by_id["c-3"].alert["progress"]] == ["en_route", "on_scene"]
    assert [entry.kind for entry in desk.entries] == ["receipts", "alert", "alert"]


async def test_a_conflict_shows_the_alert_as_it_is(desk: Desk) -> None:
    desk.give("close", outcome="casings", revision=7)
    await until(lambda: desk.results)
    wire = desk.results[0].to_wire()
    assert (wire["type"], wire["ok"], wire["error"]["code"]) == ("command", False, "conflict.revision")
    assert wire["alert"]["revision"] == 1


async def test_a_refusal_costs_nothing_to_those_who_share_its_commit(desk: Desk) -> None:
    bodies = [{"id": f"c-{number}", "command": "en_route", "revision": number % 2 + 1} for number in range(10)]
    work = [desk.desk.do(AT_THE_DESK, desk.alert_id, body) for body in bodies]
    outcomes = await asyncio.gather(*work, return_exceptions=True)
    assert [isinstance(outcome, dict) for outcome in outcomes] == [True, False] * 5


async def test_what_is_no_command_for_an_alert_is_refused(desk: Desk) -> None:
    desk.give("radio", item="push")
    desk.give("en_route", item_id=7)
    desk.give("en_route", item_id="none")
    await until(lambda: len(desk.results) == 3)
    assert sorted(result.error.code for result in desk.results if result.error) == [
        "alert.unknown",
        "request.invalid",
        "request.invalid",
    ]
    with pytest.raises(AlertUnknown):
        await desk.desk.do(TABLET, "none", {"id": "c-1", "command": "en_route", "revision": 1})


async def test_what_could_not_be_written_is_answered_so(desk: Desk, sqlite_database: Database) -> None:
    await sqlite_database.close()
    desk.give("en_route")
    await until(lambda: desk.results)
    assert desk.results[0].error is not None
    assert desk.results[0].error.code == "log.unavailable"


async def test_more_than_can_wait_is_refused_at_once(
    sqlite_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.lanes.commands.MAX_WAITING", 2)
    desk = Desk(sqlite_database, "any")
    for number in range(3):
        desk.give("en_route", number)
    (refused,) = desk.results
    assert refused.error is not None
    assert (refused.id, refused.error.code) == ("c-2", "log.unavailable")
