import json
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Connection

from server.core.people import Actor
from server.errors import AlertUnknown, CameraUnknown, ConflictId, PushUnknown, PushUnknownRecipient, ServerError
from server.store import alerts, audit, log, people, pushes
from server.store.db import Database
from server.store.pushes import Recalled, Sent
from tests.server.samples import (
    AT_THE_DESK,
    CAMERAS,
    DISPATCHER,
    EVERYBODY,
    HOUR_MS,
    NOW_MS,
    SENSOR,
    an_alert,
    an_order,
)


@pytest.fixture(autouse=True)
async def seeded(database: Database) -> None:
    await database.write(lambda conn: people.seed(conn, [(person, "hash") for person in EVERYBODY], now_ms=NOW_MS))


def sending(
    push_id: str = "push-1", *, now_ms: int = NOW_MS, actor: Actor = AT_THE_DESK, **fields: Any
) -> Callable[[Connection], Sent]:
    order = an_order(push_id, **fields)
    return lambda conn: pushes.send(conn, order, cameras=CAMERAS, actor=actor, now_ms=now_ms)


def recalling(push_id: str = "push-1", *, now_ms: int = NOW_MS + 1) -> Callable[[Connection], Recalled]:
    return lambda conn: pushes.recall(conn, push_id, actor=AT_THE_DESK, now_ms=now_ms)


async def test_a_push_is_an_entry_a_row_and_an_audit_entry(database: Database) -> None:
    sent = await database.write(sending())
    assert not sent.duplicate
    assert sent.entry is not None
    assert sent.entry.payload == {"push": sent.record.to_wire()}
    assert await database.read(lambda conn: log.entries_after(conn, 0)) == [sent.entry]
    assert await database.read(lambda conn: pushes.find(conn, "push-1")) == sent.record
    entry = (await database.read(audit.page))[-1]
    assert (entry.actor, entry.device, entry.action, entry.subject) == (
        "operator",
        "console-3",
        "push.sent",
        "push:push-1",
    )
    assert json.loads(entry.details) == {
        "position": 1,
        "cameras": ["main-4th"],
        "recipients": ["officer-12"],
        "alert": None,
    }
    assert "Suspect" not in entry.details, "a note is no business of the audit"


async def test_units_become_the_people_in_them(database: Database) -> None:
    sent = await database.write(sending(people=("officer-7", "operator"), units=("7", "12")))
    assert sent.record.recipients == ("officer-12", "officer-7", "officer-8", "operator")


async def test_it_is_live_for_its_recipients_until_it_expires(database: Database) -> None:
    sent = await database.write(sending())

    async def live(person_id: str, now_ms: int) -> list[Any]:
        return await database.read(lambda conn: pushes.live_for(conn, person_id, now_ms))

    assert await live("officer-12", NOW_MS) == [sent.record]
    assert await live("officer-12", NOW_MS + 8 * HOUR_MS - 1) == [sent.record]
    assert await live("officer-12", NOW_MS + 8 * HOUR_MS) == []
    assert await live("officer-7", NOW_MS) == []


async def test_a_recall_is_an_entry_with_the_next_revision(database: Database) -> None:
    await database.write(sending())
    recalled = await database.write(recalling())
    assert (recalled.record.revision, recalled.record.recalled_by) == (2, "operator")
    assert recalled.entry is not None
    assert recalled.entry.payload == {"push": recalled.record.to_wire()}
    assert await database.read(lambda conn: pushes.find(conn, "push-1")) == recalled.record
    assert await database.read(lambda conn: pushes.live_for(conn, "officer-12", NOW_MS)) == []
    assert (await database.read(audit.page))[-1].action == "push.recalled"


async def test_recalled_twice_is_the_same(database: Database) -> None:
    await database.write(sending())
    first = await database.write(recalling())
    assert await database.write(recalling(now_ms=NOW_MS + 99)) == Recalled(first.record, None)
    assert await database.read(log.head) == 2


async def test_what_was_never_sent_cannot_be_recalled(database: Database) -> None:
    for push_id in ("none", "\0"):
        with pytest.raises(PushUnknown):
            await database.write(recalling(push_id))


async def test_the_same_order_again_gives_the_same_push(database: Database) -> None:
    first = await database.write(sending())
    assert await database.write(sending(now_ms=NOW_MS + 60_000)) == Sent(first.record, None, duplicate=True)
    recalled = await database.write(recalling())
    assert await database.write(sending()) == Sent(recalled.record, None, duplicate=True)
    assert await database.read(log.head) == 2


@pytest.mark.parametrize(
    "other", [{"note": "Another"}, {"people": ("officer-7",)}, {"actor": Actor(DISPATCHER)}, {"cameras": ("harbor",)}]
)
async def test_an_id_that_is_taken_by_another_push_is_a_conflict(database: Database, other: dict[str, Any]) -> None:
    first = await database.write(sending())
    with pytest.raises(ConflictId) as conflict:
        await database.write(sending(**other))
    assert conflict.value.to_wire()["push"] == first.record.to_wire()


@pytest.mark.parametrize(
    ("fields", "error", "path"),
    [
        ({"cameras": ("main-4th", "none")}, CameraUnknown, "cameras[1]"),
        ({"people": ("officer-12", "officer-99")}, PushUnknownRecipient, "to.people[1]"),
        ({"units": ("99",)}, PushUnknownRecipient, "to.units[0]"),
        ({"alert_id": "none"}, AlertUnknown, "alert_id"),
    ],
)
async def test_what_is_unknown_is_named_and_nothing_is_sent(
    database: Database, fields: dict[str, Any], error: type[ServerError], path: str
) -> None:
    with pytest.raises(error) as refusal:
        await database.write(sending(**fields))
    assert refusal.value.path == path
    assert await database.read(log.head) == 0


async def test_one_who_was_disabled_is_unknown(database: Database) -> None:
    staying = [(person, "hash") for person in EVERYBODY if person.unit != "7"]
    await database.write(lambda conn: people.seed(conn, staying, now_ms=NOW_MS))
    for fields in ({"people": ("officer-7",)}, {"people": (), "units": ("7",)}):
        with pytest.raises(PushUnknownRecipient):
            await database.write(sending(**fields))


async def test_a_push_can_belong_to_an_alert(database: Database) -> None:
    raised = await database.write(
        lambda conn: alerts.raise_alert(
            conn, an_alert(), source="gunshot", priority=None, actor=SENSOR, now_ms=NOW_MS, raw=b""
        )
    )
    sent = await database.write(sending(alert_id=raised.record.id))
    assert sent.record.alert_id == raised.record.id


async def test_recent_pushes_come_newest_first_and_count_on(database: Database) -> None:
    for number in range(3):
        await database.write(sending(f"push-{number}", now_ms=NOW_MS + number * HOUR_MS))
    found = await database.read(lambda conn: pushes.recent(conn, since_ms=NOW_MS + HOUR_MS))
    assert [(push.id, push.number) for push in found] == [("push-2", 3), ("push-1", 2)]
