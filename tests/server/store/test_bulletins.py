import json
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Connection, select

from server.core.audience import EVERYBODY as FOR_ALL
from server.core.audience import Audience
from server.core.bulletin_commands import BulletinCommand
from server.core.bulletin_orders import PhotoOrder
from server.core.bulletins import BulletinRecord, BulletinState
from server.core.people import Actor
from server.core.selection import Near, Selection
from server.errors import (
    BulletinUnknown,
    ConflictId,
    ConflictRevision,
    ConflictState,
    MediaUnknown,
    PushNoRecipient,
    PushUnknownRecipient,
    RequestInvalid,
    ServerError,
)
from server.store import audit, bulletins, log, media, tables
from server.store.bulletins import Commanded, Sent
from server.store.db import Database
from streams.geo import Point
from tests.server.samples import (
    AT_THE_DESK,
    DISPATCHER,
    HOUR_MS,
    NOW_MS,
    PICTURE,
    ROSTER,
    WANTED,
    a_bulletin,
    a_bulletin_order,
)

ENDS_MS = NOW_MS + 72 * HOUR_MS


def keep_picture(conn: Connection) -> None:
    media.add(conn, PICTURE, actor=AT_THE_DESK, now_ms=NOW_MS)


@pytest.fixture(autouse=True)
async def with_photo(database: Database) -> None:
    await database.write(keep_picture)


def sending(
    bulletin_id: str = "bulletin-1", *, now_ms: int = NOW_MS, actor: Actor = AT_THE_DESK, **fields: Any
) -> Callable[[Connection], Sent]:
    order = a_bulletin_order(bulletin_id, **fields)
    return lambda conn: bulletins.send(conn, order, roster=ROSTER, actor=actor, now_ms=now_ms)


def commanding(
    command: str, *, command_id: str = "command-1", to: str = "bulletin-1", now_ms: int = NOW_MS + 1, **fields: Any
) -> Callable[[Connection], Commanded]:
    order = BulletinCommand.parse({"id": command_id, "command": command, **fields})
    return lambda conn: bulletins.command(conn, to, order, actor=AT_THE_DESK, now_ms=now_ms)


async def last_deed(database: Database) -> tuple[str, str, str, dict[str, Any]]:
    entry = (await database.read(audit.page))[-1]
    return entry.actor, entry.action, entry.subject, json.loads(entry.details)


async def test_a_bulletin_is_an_entry_a_row_and_an_audit_entry(database: Database) -> None:
    sent = await database.write(sending())
    assert (sent.duplicate, sent.record) == (False, a_bulletin())
    assert sent.entry is not None
    assert (sent.entry.payload, sent.entry.audience) == ({"bulletin": sent.record.to_wire()}, FOR_ALL)
    assert await database.read(lambda conn: log.entries_after(conn, 0)) == [sent.entry]
    assert await database.read(lambda conn: bulletins.find(conn, "bulletin-1")) == sent.record
    assert await last_deed(database) == (
        "operator",
        "bulletin.sent",
        "bulletin:bulletin-1",
        {
            "position": 1,
            "revision": 1,
            "photos": [PICTURE.id],
            "expires_ms": ENDS_MS,
            "recipients": None,
            "status": "Actual",
        },
    )


async def test_the_audit_holds_nothing_of_what_is_said_about_anybody(database: Database) -> None:
    await database.write(sending(texts={**WANTED, "name": "J. Doe"}))
    await database.write(commanding("clear", note="Not J. Doe's brother"))
    await database.write(commanding("cancel", command_id="command-2", reason="J. Doe was found"))
    for entry in await database.read(audit.page):
        assert not any(words in entry.details for words in ("Doe", "Robbery", "Tattoo", "Warrant"))


async def test_one_for_some_is_for_those_whom_the_order_meant_when_it_was_sent(database: Database) -> None:
    sent = await database.write(sending(to=Selection(units=("7",))))
    assert sent.record.recipients == ("officer-7", "officer-8")
    assert sent.entry is not None
    assert sent.entry.audience == Audience.of_people(["officer-7", "officer-8"])


@pytest.mark.parametrize(
    ("fields", "error", "path"),
    [
        ({"photos": (PhotoOrder("cd" * 32, "Shop", "2026-11-18"),)}, MediaUnknown, "photos[0].id"),
        ({"photos": (PhotoOrder(PICTURE.id, "Shop", "2026-11-23"),)}, RequestInvalid, "photos[0].taken"),
        ({"expires_ms": NOW_MS}, RequestInvalid, "expires_ms"),
        ({"expires_ms": NOW_MS + 31 * 24 * HOUR_MS}, RequestInvalid, "expires_ms"),
        ({"to": Selection(units=("99",))}, PushUnknownRecipient, "to.units[0]"),
        ({"to": Selection()}, PushNoRecipient, "to"),
        ({"to": Selection(near=Near(Point(41.7, -72.6), 800))}, PushNoRecipient, "to"),
    ],
)
async def test_what_can_not_be_used_is_named_and_nothing_is_sent(
    database: Database, fields: dict[str, Any], error: type[ServerError], path: str
) -> None:
    with pytest.raises(error) as refusal:
        await database.write(sending(**fields))
    assert refusal.value.path == path
    assert await database.read(log.head) == 0


async def test_the_same_order_again_gives_the_bulletin_as_it_is(database: Database) -> None:
    first = await database.write(sending())
    assert await database.write(sending(now_ms=NOW_MS + 60_000)) == Sent(first.record, None, duplicate=True)
    expired = await database.write(sending(now_ms=ENDS_MS))
    assert expired == Sent(first.record.expired(), None, duplicate=True)
    assert await database.read(log.head) == 1


async def test_one_that_is_sent_again_after_its_end_is_not_judged_by_the_time_again(database: Database) -> None:
    await database.write(sending(expires_ms=NOW_MS + HOUR_MS))
    again = await database.write(sending(expires_ms=NOW_MS + HOUR_MS, now_ms=NOW_MS + 2 * HOUR_MS))
    assert (again.duplicate, again.record.state) == (True, BulletinState.EXPIRED)


@pytest.mark.parametrize("other", [{"texts": {**WANTED, "why": "Theft"}}, {"actor": Actor(DISPATCHER)}])
async def test_an_id_that_is_taken_by_another_bulletin_is_a_conflict(database: Database, other: dict[str, Any]) -> None:
    first = await database.write(sending())
    with pytest.raises(ConflictId) as conflict:
        await database.write(sending(**other))
    assert conflict.value.to_wire()["bulletin"] == first.record.to_wire()
    await database.write(commanding("cancel", reason="Found"))
    with pytest.raises(ConflictId) as conflict:
        await database.write(sending(**other))
    assert "why" not in conflict.value.to_wire()["bulletin"]


async def test_an_update_is_the_next_revision_that_says_what_changed(database: Database) -> None:
    await database.write(sending())
    done = await database.write(commanding("update", reason="Seen better", why="Theft", issuer="Detectives"))
    record = done.record
    assert (record.revision, record.why, record.changes, record.reason) == (2, "Theft", ("why",), "Seen better")
    assert (record.revised_by, record.revised_ms) == ("operator", NOW_MS + 1)
    assert done.entry is not None
    assert done.entry.payload == {"bulletin": record.to_wire()}
    _, action, _, details = await last_deed(database)
    assert (action, details["changes"], details["revision"]) == ("bulletin.updated", ["why"], 2)


async def test_an_update_can_say_otherwise_where_a_photo_is_from(database: Database) -> None:
    await database.write(sending())
    photos = [{"id": PICTURE.id, "source": "Library", "taken": "2026-11-17"}]
    done = await database.write(commanding("update", reason="Date was wrong", photos=photos))
    assert (done.record.changes, done.record.photos[0].taken) == (("photos",), "2026-11-17")


async def test_a_renewal_is_an_entry_of_the_same_revision(database: Database) -> None:
    await database.write(sending())
    done = await database.write(commanding("renew", now_ms=NOW_MS + 10 * HOUR_MS))
    assert (done.record.revision, done.record.expires_ms) == (1, NOW_MS + 82 * HOUR_MS)
    assert done.entry is not None
    assert await database.read(bulletins.next_expiry) == NOW_MS + 82 * HOUR_MS
    assert (await last_deed(database))[1] == "bulletin.renewed"
    with pytest.raises(RequestInvalid):
        await database.write(commanding("renew", command_id="command-2", expires_ms=NOW_MS + 73 * HOUR_MS))


async def test_a_renewal_that_brings_nothing_is_no_entry(database: Database) -> None:
    sent = await database.write(sending(expires_ms=NOW_MS + 200 * HOUR_MS))
    assert await database.write(commanding("renew")) == Commanded(sent.record, None)
    assert await database.read(log.head) == 1


async def test_a_look_alike_is_cleared_in_a_new_revision(database: Database) -> None:
    await database.write(sending())
    done = await database.write(commanding("clear", note="The janitor"))
    (cleared,) = done.record.cleared
    assert (done.record.revision, cleared.note, cleared.by) == (2, "The janitor", "operator")
    assert (await last_deed(database))[1] == "bulletin.cleared"


async def test_a_cancelled_one_is_told_by_what_is_left_and_kept_whole_for_the_audit(database: Database) -> None:
    await database.write(sending())
    done = await database.write(commanding("cancel", reason="Found"))
    assert done.entry is not None
    left = a_bulletin().cancelled("operator", NOW_MS + 1, reason="Found").to_wire()
    assert done.entry.payload["bulletin"] == left
    assert "why" not in left
    assert await database.read(lambda conn: bulletins.active(conn, NOW_MS + 2)) == []
    row = await database.read(lambda conn: conn.scalar(select(tables.bulletins.c.record)))
    assert "Tattoo" in str(row)
    assert (await last_deed(database))[1] == "bulletin.cancelled"


async def test_cancelled_twice_is_the_same(database: Database) -> None:
    await database.write(sending())
    first = await database.write(commanding("cancel", reason="Found"))
    again = await database.write(commanding("cancel", command_id="command-2", reason="Other", now_ms=NOW_MS + 9))
    assert again == Commanded(first.record, None)
    assert await database.read(log.head) == 2


async def test_the_same_command_again_changes_nothing(database: Database) -> None:
    await database.write(sending())
    first = await database.write(commanding("clear", note="The janitor"))
    again = await database.write(commanding("clear", note="The janitor", now_ms=NOW_MS + 9))
    assert again == Commanded(first.record, None)
    ended = await database.write(commanding("cancel", command_id="command-2", reason="Found"))
    repeated = await database.write(commanding("clear", note="The janitor", now_ms=NOW_MS + 9))
    assert repeated == Commanded(ended.record, None), "what it was does not come back by an old command"


async def test_an_id_that_is_taken_by_another_command_is_a_conflict(database: Database) -> None:
    await database.write(sending())
    await database.write(commanding("clear", note="The janitor"))
    for other in (commanding("clear", note="The baker"), commanding("cancel", reason="Found")):
        with pytest.raises(ConflictId):
            await database.write(other)


async def test_a_refused_command_does_not_take_its_id(database: Database) -> None:
    await database.write(sending())
    await database.write(commanding("clear", note="The janitor"))
    with pytest.raises(ConflictRevision):
        await database.write(commanding("cancel", command_id="old", reason="Found", revision=1))
    assert (await database.write(commanding("cancel", command_id="old", reason="Found", revision=2))).entry is not None


async def test_what_has_ended_is_not_changed_any_more(database: Database) -> None:
    await database.write(sending())
    for order in (commanding("renew", now_ms=ENDS_MS), commanding("update", reason="x", why="y", now_ms=ENDS_MS)):
        with pytest.raises(ConflictState) as conflict:
            await database.write(order)
        assert conflict.value.to_wire()["bulletin"]["state"] == "expired"


async def test_what_was_never_sent_cannot_be_changed(database: Database) -> None:
    for bulletin_id in ("none", "\0"):
        with pytest.raises(BulletinUnknown):
            await database.write(commanding("renew", to=bulletin_id))


async def test_those_whose_time_has_run_out_are_ended_once(database: Database) -> None:
    await database.write(sending("short", expires_ms=NOW_MS + HOUR_MS))
    await database.write(sending("long"))
    assert await database.read(bulletins.next_expiry) == NOW_MS + HOUR_MS
    assert await database.write(lambda conn: bulletins.expire_due(conn, NOW_MS + HOUR_MS - 1)) == []
    (entry,) = await database.write(lambda conn: bulletins.expire_due(conn, NOW_MS + HOUR_MS))
    assert (entry.payload["bulletin"]["id"], entry.payload["bulletin"]["state"]) == ("short", "expired")
    assert entry.payload["bulletin"]["ended_ms"] == NOW_MS + HOUR_MS
    assert await last_deed(database) == (
        "server",
        "bulletin.expired",
        "bulletin:short",
        {"position": 3, "revision": 1, "photos": [PICTURE.id], "expires_ms": NOW_MS + HOUR_MS},
    )
    assert await database.write(lambda conn: bulletins.expire_due(conn, NOW_MS + HOUR_MS)) == []
    assert await database.read(bulletins.next_expiry) == ENDS_MS
    assert (await database.write(lambda conn: bulletins.expire_due(conn, ENDS_MS))) != []
    assert await database.read(bulletins.next_expiry) is None


async def test_the_active_ones_come_newest_first(database: Database) -> None:
    for number in range(3):
        await database.write(sending(f"bulletin-{number}", now_ms=NOW_MS + number))

    def shown(now_ms: int) -> Callable[[Connection], list[BulletinRecord]]:
        return lambda conn: bulletins.active(conn, now_ms)

    assert [one.id for one in await database.read(shown(ENDS_MS))] == ["bulletin-2", "bulletin-1"]
    assert [one.number for one in await database.read(shown(NOW_MS))] == [3, 2, 1]


async def test_a_photo_that_only_an_ended_bulletin_had_must_be_sent_anew(database: Database) -> None:
    await database.write(sending())
    await database.write(commanding("cancel", reason="Found"))
    with pytest.raises(MediaUnknown) as refusal:
        await database.write(sending("bulletin-2", now_ms=NOW_MS + 2))
    assert refusal.value.path == "photos[0].id"
    await database.write(keep_picture)
    assert (await database.write(sending("bulletin-2", now_ms=NOW_MS + 2))).entry is not None
