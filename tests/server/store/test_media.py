import json
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Connection

from server.core.audience import EVERYBODY as FOR_ALL
from server.core.audience import NOBODY, Audience
from server.core.bulletin_commands import BulletinCommand
from server.core.media import Picture, Use
from server.core.people import Person
from server.core.pushes import MediaOrder
from server.core.selection import Selection
from server.errors import MediaUnknown
from server.store import audit, bulletins, media, people, pushes
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
    an_order,
    on,
)

FOR_REYES = Audience.of_people([REYES.id])
TO_REYES = Selection(people=(REYES.id,))


@pytest.fixture(autouse=True)
async def seeded(database: Database) -> None:
    await database.write(lambda conn: people.seed(conn, [(person, "hash") for person in EVERYBODY], now_ms=NOW_MS))


def add(conn: Connection, picture: Picture = PICTURE, now_ms: int = NOW_MS) -> Picture:
    return media.add(conn, picture, actor=AT_THE_DESK, now_ms=now_ms)


def send(conn: Connection, push_id: str = "push-1", now_ms: int = NOW_MS) -> None:
    order = an_order(push_id, media=(MediaOrder(PICTURE.id),))
    pushes.send(conn, order, cameras=CAMERAS, roster=ROSTER, actor=AT_THE_DESK, now_ms=now_ms)


def recall(conn: Connection) -> None:
    pushes.recall(conn, "push-1", actor=AT_THE_DESK, now_ms=NOW_MS + 1)


def announce(conn: Connection, to: Selection | None = None) -> None:
    bulletins.send(conn, a_bulletin_order(to=to), roster=ROSTER, actor=AT_THE_DESK, now_ms=NOW_MS)


def change(conn: Connection, **fields: Any) -> None:
    order = BulletinCommand.parse({"id": "command-1", **fields})
    bulletins.command(conn, "bulletin-1", order, actor=AT_THE_DESK, now_ms=NOW_MS + 1)


def looked(conn: Connection, person: Person, now_ms: int = NOW_MS) -> bool:
    try:
        return media.look(conn, PICTURE.id, actor=on("a-device", person), size="full", now_ms=now_ms) == PICTURE
    except MediaUnknown:
        return False


async def test_a_photo_is_kept_with_who_sent_it_first(database: Database) -> None:
    assert await database.write(add) == PICTURE
    again = replace(PICTURE, made_by="dispatcher", made_ms=NOW_MS + 5)
    assert await database.write(lambda conn: add(conn, again)) == PICTURE
    assert await database.read(lambda conn: media.find(conn, PICTURE.id)) == PICTURE
    entries = (await database.read(audit.page))[-2:]
    assert [(entry.action, entry.subject) for entry in entries] == [("media.added", f"media:{PICTURE.id}")] * 2
    assert [json.loads(entry.details)["known"] for entry in entries] == [False, True]


@pytest.mark.parametrize("media_id", ["", "cd" * 32, "nul\0nul", "x" * 10_000])
async def test_a_photo_that_was_never_sent_is_unknown(database: Database, media_id: str) -> None:
    assert await database.read(lambda conn: media.find(conn, media_id)) is None
    assert await database.read(lambda conn: media.uses(conn, media_id, NOW_MS)) == []
    with pytest.raises(MediaUnknown) as caught:
        await database.write(lambda conn: media.use(conn, media_id, "push", "p-1", now_ms=NOW_MS, path="media[0].id"))
    assert caught.value.path == "media[0].id"
    with pytest.raises(MediaUnknown):
        await database.write(lambda conn: media.look(conn, media_id, actor=AT_THE_DESK, size="full", now_ms=NOW_MS))


async def test_the_uses_of_a_photo_are_the_items_that_show_it(database: Database) -> None:
    def work(conn: Connection) -> list[Use]:
        add(conn)
        send(conn)
        announce(conn)
        assert media.use(conn, PICTURE.id, "push", "push-1", now_ms=NOW_MS) == PICTURE
        media.use(conn, PICTURE.id, "push", "never-sent", now_ms=NOW_MS)
        return media.uses(conn, PICTURE.id, NOW_MS)

    assert await database.write(work) == [
        Use("bulletin", "bulletin-1", is_live=True, audience=FOR_ALL),
        Use("push", "never-sent", is_live=False, audience=NOBODY),
        Use("push", "push-1", is_live=True, audience=FOR_REYES),
    ]


async def test_a_photo_of_a_push_can_be_opened_until_it_is_recalled_or_expires(database: Database) -> None:
    def work(conn: Connection) -> list[bool]:
        add(conn)
        found = [looked(conn, OPERATOR), looked(conn, REYES)]
        send(conn)
        found += [looked(conn, each) for each in (OPERATOR, REYES, OKAFOR)]
        found += [looked(conn, each, NOW_MS + 8 * HOUR_MS) for each in (OPERATOR, REYES)]
        recall(conn)
        return found + [looked(conn, each, NOW_MS + 1) for each in (OPERATOR, REYES)]

    assert await database.write(work) == [True, False, True, True, False, False, False, False, False]


async def test_a_photo_of_a_bulletin_can_be_opened_until_it_has_ended(database: Database) -> None:
    def work(conn: Connection) -> list[bool]:
        add(conn)
        announce(conn, TO_REYES)
        found = [looked(conn, each) for each in (OPERATOR, REYES, OKAFOR)]
        found += [looked(conn, each, NOW_MS + 72 * HOUR_MS) for each in (OPERATOR, REYES)]
        change(conn, command="cancel", reason="Found")
        return found + [looked(conn, each, NOW_MS + 2) for each in (OPERATOR, REYES)]

    assert await database.write(work) == [True, True, False, False, False, False, False]


async def test_a_photo_that_an_update_takes_out_of_a_bulletin_can_not_be_opened_any_more(database: Database) -> None:
    def work(conn: Connection) -> list[bool]:
        add(conn)
        add(conn, replace(PICTURE, id="cd" * 32))
        announce(conn)
        found = [looked(conn, REYES)]
        photos = [{"id": "cd" * 32, "source": "Shop camera", "taken": "2026-11-19"}]
        change(conn, command="update", photos=photos, reason="Wrong man")
        return found + [looked(conn, each, NOW_MS + 2) for each in (OPERATOR, REYES)]

    assert await database.write(work) == [True, False, False]


async def test_a_photo_whose_items_have_all_ended_is_sent_anew_before_it_is_used_again(database: Database) -> None:
    def end(conn: Connection) -> None:
        add(conn)
        send(conn)
        recall(conn)

    def again(conn: Connection) -> list[bool]:
        add(conn, now_ms=NOW_MS + 2)
        found = [looked(conn, each, NOW_MS + 2) for each in (OPERATOR, REYES)]
        send(conn, "push-2", NOW_MS + 3)
        return found + [looked(conn, each, NOW_MS + 3) for each in (OPERATOR, REYES)]

    await database.write(end)
    with pytest.raises(MediaUnknown):
        await database.write(lambda conn: send(conn, "push-2", NOW_MS + 2))
    assert await database.write(again) == [True, False, True, True]


async def test_a_look_is_on_record_with_what_allowed_it(database: Database) -> None:
    def work(conn: Connection) -> None:
        add(conn)
        send(conn)
        looked(conn, OKAFOR)
        looked(conn, REYES)

    await database.write(work)
    entry = (await database.read(audit.page))[-1]
    assert (entry.actor, entry.device, entry.action, entry.subject) == (
        "officer-12",
        "a-device",
        "media.opened",
        f"media:{PICTURE.id}",
    )
    assert json.loads(entry.details) == {"items": ["push:push-1"], "size": "full"}
    opened = [each for each in await database.read(audit.page) if each.action == "media.opened"]
    assert opened == [entry]
