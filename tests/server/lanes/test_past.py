"""What a client that comes is told, from real databases."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Connection

from server.core.bulletin_commands import BulletinCommand
from server.core.people import Person
from server.core.planner import Planner
from server.core.policies import DEFAULTS
from server.core.pushes import MediaOrder
from server.core.receipts import Stage
from server.core.selection import Selection
from server.lanes import past
from server.store import bulletins, intake, log, media, people, pushes, receipts
from server.store.db import Database
from tests.server.samples import (
    AT_THE_DESK,
    CAMERAS,
    EVERYBODY,
    HOUR_MS,
    NOW_MS,
    OKAFOR,
    OPERATOR,
    PICTURE,
    REYES,
    ROSTER,
    a_bulletin_order,
    a_receipt_command,
    an_alert,
    an_order,
    of_the_sensor,
    on,
)

PLANNER = Planner(ROSTER, {policy.priority: policy for policy in DEFAULTS})
DAY_MS = 24 * HOUR_MS


@pytest.fixture(autouse=True)
async def seeded(database: Database) -> None:
    def seed(conn: Connection) -> None:
        people.seed(conn, [(person, "hash") for person in EVERYBODY], now_ms=NOW_MS)
        media.add(conn, PICTURE, actor=AT_THE_DESK, now_ms=NOW_MS)

    await database.write(seed)


def raising(source_id: str, priority: int) -> Callable[[Connection], str]:
    return lambda conn: (
        intake.raise_alert(conn, an_alert(source_id), **of_the_sensor(priority=priority, planner=PLANNER)).record.id
    )


def pushing(push_id: str, person_id: str) -> Callable[[Connection], object]:
    order = an_order(push_id, people=(person_id,), media=(MediaOrder(PICTURE.id),))
    return lambda conn: pushes.send(conn, order, cameras=CAMERAS, roster=ROSTER, actor=AT_THE_DESK, now_ms=NOW_MS)


def wanted(bulletin_id: str, **fields: Any) -> Callable[[Connection], object]:
    order = a_bulletin_order(bulletin_id, **fields)
    return lambda conn: bulletins.send(conn, order, roster=ROSTER, actor=AT_THE_DESK, now_ms=NOW_MS)


def cancelling(bulletin_id: str) -> Callable[[Connection], object]:
    order = BulletinCommand.parse({"id": f"cancel-{bulletin_id}", "command": "cancel", "reason": "Found"})
    return lambda conn: bulletins.command(conn, bulletin_id, order, actor=AT_THE_DESK, now_ms=NOW_MS + 1)


def acknowledging(item: Any, item_id: str, person: Person, now_ms: int = NOW_MS) -> Callable[[Connection], object]:
    command = a_receipt_command(item, item_id, Stage.ACKNOWLEDGED, command_id=f"receipt-{item_id}")
    return lambda conn: receipts.record(conn, [(on(f"tablet-of-{person.id}", person), command)], now_ms)


async def snapshot(database: Database, person: Person, now_ms: int = NOW_MS + 2) -> dict[str, Any]:
    chunk = await database.read(lambda conn: past.snapshot(conn, person=person, reason="asked", now_ms=now_ms))
    found: dict[str, Any] = json.loads(chunk.frames[chunk.frames.index(b"{") :])
    assert found["position"] == chunk.position
    return found


def ids(items: list[dict[str, Any]]) -> list[str]:
    return [item["id"] for item in items]


async def test_a_snapshot_is_what_concerns_the_person(database: Database) -> None:
    for_all, for_staff = await database.write(raising("1", 1)), await database.write(raising("2", 4))
    for work in (pushing("his", REYES.id), pushing("other", OKAFOR.id), wanted("everybody"), wanted("ended")):
        await database.write(work)
    await database.write(wanted("some", to=Selection(units=("7",))))
    await database.write(cancelling("ended"))
    reyes, okafor = await snapshot(database, REYES), await snapshot(database, OKAFOR)
    operator = await snapshot(database, OPERATOR)
    assert (ids(reyes["alerts"]), ids(reyes["pushes"]), ids(reyes["bulletins"])) == ([for_all], ["his"], ["everybody"])
    assert (ids(okafor["pushes"]), ids(okafor["bulletins"])) == (["other"], ["some", "everybody"])
    assert (ids(operator["alerts"]), ids(operator["pushes"])) == ([for_staff, for_all], ["other", "his"])
    assert ids(operator["bulletins"]) == ["some", "everybody"]
    assert operator["position"] == await database.read(log.head)


async def test_an_officer_gets_his_own_receipts_of_what_he_gets(database: Database) -> None:
    alert_id = await database.write(raising("1", 1))
    for item, item_id, person in (("alert", alert_id, REYES), ("push", "other", OKAFOR), ("push", "his", REYES)):
        if item == "push":
            await database.write(pushing(item_id, person.id))
        await database.write(acknowledging(item, item_id, person))
    assert {receipt["item_id"] for receipt in (await snapshot(database, REYES))["receipts"]} == {alert_id, "his"}
    assert {receipt["item_id"] for receipt in (await snapshot(database, OPERATOR))["receipts"]} == {
        alert_id,
        "his",
        "other",
    }


async def test_a_bulletin_of_last_week_is_there_with_its_receipts(database: Database) -> None:
    await database.write(wanted("old", expires_ms=NOW_MS + 10 * DAY_MS))
    await database.write(pushing("his", REYES.id))
    await database.write(acknowledging("bulletin", "old", REYES))
    found = await snapshot(database, REYES, NOW_MS + 7 * DAY_MS)
    assert (ids(found["bulletins"]), found["pushes"]) == (["old"], [])
    assert [(receipt["item_id"], receipt["stage"]) for receipt in found["receipts"]] == [("old", "acknowledged")]
    assert (await snapshot(database, OKAFOR, NOW_MS + 7 * DAY_MS))["receipts"] == []
    assert (await snapshot(database, REYES, NOW_MS + 10 * DAY_MS))["bulletins"] == []


async def test_what_has_ended_is_replayed_as_what_is_left(database: Database) -> None:
    await database.write(wanted("ended"))
    await database.write(pushing("recalled", REYES.id))
    await database.write(wanted("other", to=Selection(units=("7",))))
    await database.write(cancelling("ended"))
    await database.write(lambda conn: pushes.recall(conn, "recalled", actor=AT_THE_DESK, now_ms=NOW_MS + 1))
    chunk = await database.read(lambda conn: past.entries(conn, person=REYES, after=0, last=5, now_ms=NOW_MS + 2))
    assert chunk.position == 5
    assert b'"position":3' not in chunk.frames, "it is for others"
    assert chunk.frames.count(b'"type":"entry"') == 4
    for words in (b"Tattoo", b"Suspect", PICTURE.to_wire()["thumbnail"].encode(), PICTURE.id.encode()):
        assert words not in chunk.frames
    # Before the end it was all there.
    await database.write(wanted("active"))
    chunk = await database.read(lambda conn: past.entries(conn, person=REYES, after=5, last=6, now_ms=NOW_MS + 2))
    assert b"Tattoo" in chunk.frames
