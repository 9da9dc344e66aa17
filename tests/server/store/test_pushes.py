import json
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Connection

from server.core.audience import Audience
from server.core.people import Actor
from server.core.pushes import MediaOrder, PushMedia
from server.core.roster import Roster
from server.errors import (
    AlertUnknown,
    CameraUnknown,
    ConflictId,
    MediaUnknown,
    PushNoRecipient,
    PushUnknown,
    PushUnknownRecipient,
    RequestInvalid,
    ServerError,
)
from server.store import audit, intake, log, media, people, pushes
from server.store.db import Database
from server.store.pushes import Recalled, Sent
from tests.server.samples import (
    AT_THE_DESK,
    CAMERAS,
    DISPATCHER,
    EVERYBODY,
    HOUR_MS,
    NOW_MS,
    PICTURE,
    ROSTER,
    an_alert,
    an_order,
    of_the_sensor,
)


@pytest.fixture(autouse=True)
async def seeded(database: Database) -> None:
    await database.write(lambda conn: people.seed(conn, [(person, "hash") for person in EVERYBODY], now_ms=NOW_MS))


def sending(
    push_id: str = "push-1",
    *,
    now_ms: int = NOW_MS,
    actor: Actor = AT_THE_DESK,
    roster: Roster = ROSTER,
    **fields: Any,
) -> Callable[[Connection], Sent]:
    order = an_order(push_id, **fields)
    return lambda conn: pushes.send(conn, order, cameras=CAMERAS, roster=roster, actor=actor, now_ms=now_ms)


def recalling(push_id: str = "push-1", *, now_ms: int = NOW_MS + 1) -> Callable[[Connection], Recalled]:
    return lambda conn: pushes.recall(conn, push_id, actor=AT_THE_DESK, now_ms=now_ms)


def keep_picture(conn: Connection) -> None:
    media.add(conn, PICTURE, actor=AT_THE_DESK, now_ms=NOW_MS)


async def test_a_push_is_an_entry_a_row_and_an_audit_entry(database: Database) -> None:
    sent = await database.write(sending())
    assert not sent.duplicate
    assert sent.entry is not None
    assert sent.entry.payload == {"push": sent.record.to_wire()}
    assert sent.entry.audience == Audience.of_people(sent.record.recipients)
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
        "media": [],
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
    assert recalled.entry.audience == Audience.of_people(recalled.record.recipients)
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
        ({"people": ()}, PushNoRecipient, "to"),
        ({"alert_id": "none"}, AlertUnknown, "alert_id"),
        ({"media": (MediaOrder("cd" * 32),)}, MediaUnknown, "media[0].id"),
        ({"media": (MediaOrder(PICTURE.id, camera="none"),)}, CameraUnknown, "media[0].camera"),
        ({"media": (MediaOrder(PICTURE.id, taken_ms=NOW_MS + HOUR_MS),)}, RequestInvalid, "media[0].taken_ms"),
    ],
)
async def test_what_is_unknown_is_named_and_nothing_is_sent(
    database: Database, fields: dict[str, Any], error: type[ServerError], path: str
) -> None:
    await database.write(keep_picture)
    with pytest.raises(error) as refusal:
        await database.write(sending(**fields))
    assert refusal.value.path == path
    assert await database.read(log.head) == 0


async def test_one_who_was_disabled_is_unknown(database: Database) -> None:
    staying = [(person, "hash") for person in EVERYBODY if person.unit != "7"]
    await database.write(lambda conn: people.seed(conn, staying, now_ms=NOW_MS))
    roster = Roster(tuple(await database.read(people.everybody)))
    for fields in ({"people": ("officer-7",)}, {"people": (), "units": ("7",)}):
        with pytest.raises(PushUnknownRecipient):
            await database.write(sending(roster=roster, **fields))


async def test_a_push_can_belong_to_an_alert(database: Database) -> None:
    raised = await database.write(lambda conn: intake.raise_alert(conn, an_alert(), **of_the_sensor()))
    sent = await database.write(sending(alert_id=raised.record.id))
    assert sent.record.alert_id == raised.record.id


async def test_recent_pushes_come_newest_first_and_count_on(database: Database) -> None:
    for number in range(3):
        await database.write(sending(f"push-{number}", now_ms=NOW_MS + number * HOUR_MS))
    found = await database.read(lambda conn: pushes.recent(conn, since_ms=NOW_MS + HOUR_MS))
    assert [(push.id, push.number) for push in found] == [("push-2", 3), ("push-1", 2)]


async def test_a_photo_rides_in_the_push_with_its_thumbnail(database: Database) -> None:
    def send(conn: Connection) -> Sent:
        keep_picture(conn)
        return sending(cameras=(), note="", media=(MediaOrder(PICTURE.id, "harbor", NOW_MS - 5),))(conn)

    sent = await database.write(send)
    assert sent.record.media == (PushMedia(PICTURE.to_wire(), "harbor", NOW_MS - 5),)
    assert await database.read(lambda conn: pushes.find(conn, "push-1")) == sent.record
    uses = await database.read(lambda conn: media.uses(conn, PICTURE.id, NOW_MS))
    assert [(use.subject, use.is_live) for use in uses] == [("push:push-1", True)]
    assert json.loads((await database.read(audit.page))[-1].details)["media"] == [PICTURE.id]


async def test_a_recall_leaves_nothing_of_what_was_sent(database: Database) -> None:
    def send(conn: Connection) -> None:
        keep_picture(conn)
        sending(media=(MediaOrder(PICTURE.id),))(conn)

    await database.write(send)
    recalled = await database.write(recalling())
    assert (recalled.record.cameras, recalled.record.media, recalled.record.note) == ((), (), "")
    assert (recalled.record.recalled_by, recalled.record.recalled_ms) == ("operator", NOW_MS + 1)
    uses = await database.read(lambda conn: media.uses(conn, PICTURE.id, NOW_MS + 1))
    assert [use.is_live for use in uses] == [False]


async def test_a_photo_of_what_has_ended_must_be_sent_anew(database: Database) -> None:
    def send(conn: Connection) -> None:
        keep_picture(conn)
        sending(media=(MediaOrder(PICTURE.id),))(conn)

    await database.write(send)
    await database.write(recalling())
    with pytest.raises(MediaUnknown):
        await database.write(sending("push-2", media=(MediaOrder(PICTURE.id),)))
    await database.write(keep_picture)
    assert (await database.write(sending("push-2", media=(MediaOrder(PICTURE.id),)))).entry is not None


async def test_the_recipients_are_those_whom_the_order_meant_when_it_was_sent(database: Database) -> None:
    first = await database.write(sending(people=(), units=("7",)))
    smaller = Roster(tuple(person for person in EVERYBODY if person.id != "officer-8"))
    again = await database.write(sending(roster=smaller, people=(), units=("7",)))
    assert again == Sent(first.record, None, duplicate=True)
    assert first.record.recipients == ("officer-7", "officer-8")
    assert first.record.to == {"units": ["7"]}
