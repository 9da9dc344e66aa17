import json
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from sqlalchemy import Connection

from server.core.bulletin_commands import BulletinCommand
from server.core.entry import Entry
from server.core.pushes import MediaOrder
from server.store import bulletins, log, media, pushes, replays
from server.store.db import Database
from tests.server.samples import (
    AT_THE_DESK,
    CAMERAS,
    HOUR_MS,
    NOW_MS,
    PICTURE,
    ROSTER,
    a_bulletin_order,
    an_order,
)

THUMBNAIL = PICTURE.to_wire()["thumbnail"]
LATER_MS = NOW_MS + HOUR_MS


@pytest.fixture(autouse=True)
async def with_photo(database: Database) -> None:
    await database.write(lambda conn: media.add(conn, PICTURE, actor=AT_THE_DESK, now_ms=NOW_MS))


def sends(conn: Connection) -> None:
    bulletins.send(conn, a_bulletin_order(), roster=ROSTER, actor=AT_THE_DESK, now_ms=NOW_MS)
    order = an_order(media=(MediaOrder(PICTURE.id),))
    pushes.send(conn, order, cameras=CAMERAS, roster=ROSTER, actor=AT_THE_DESK, now_ms=NOW_MS)


def commands(body: dict[str, Any]) -> Callable[[Connection], object]:
    order = BulletinCommand.parse({"id": "command-1", **body})
    return lambda conn: bulletins.command(conn, "bulletin-1", order, actor=AT_THE_DESK, now_ms=NOW_MS + 1)


async def replayed(database: Database, now_ms: int = LATER_MS) -> Sequence[Entry]:
    return await database.read(lambda conn: replays.entries_after(conn, 0, now_ms=now_ms))


def text(entries: Sequence[Entry]) -> str:
    return json.dumps([entry.to_wire() for entry in entries])


async def test_what_stands_is_told_as_it_was_written(database: Database) -> None:
    await database.write(sends)
    assert await replayed(database) == await database.read(lambda conn: log.entries_after(conn, 0))
    assert THUMBNAIL in text(await replayed(database))


async def test_entries_of_a_cancelled_bulletin_tell_only_what_is_left_of_it(database: Database) -> None:
    await database.write(sends)
    await database.write(commands({"command": "cancel", "reason": "Found"}))
    first, _, last = await replayed(database)
    assert first.payload == last.payload
    assert (first.position, first.kind, first.payload["bulletin"]["state"]) == (1, "bulletin", "cancelled")
    for words in (*a_bulletin_order().texts.values(), THUMBNAIL, PICTURE.id):
        assert words == "unknown" or words not in text([first, last])


async def test_a_bulletin_whose_time_has_run_out_is_over_before_anybody_has_written_that_down(
    database: Database,
) -> None:
    await database.write(sends)
    ends_ms = NOW_MS + 72 * HOUR_MS
    assert (await replayed(database, ends_ms - 1))[0].payload["bulletin"]["state"] == "active"
    assert (await replayed(database, ends_ms))[0].payload["bulletin"]["state"] == "expired"
    assert "Tattoo" not in text(await replayed(database, ends_ms))


async def test_a_corrected_bulletin_is_told_corrected_from_the_first_entry_on(database: Database) -> None:
    await database.write(sends)
    await database.write(commands({"command": "update", "reason": "Seen better", "verify": "Scar"}))
    first = (await replayed(database))[0].payload["bulletin"]
    assert (first["revision"], first["verify"]) == (2, "Scar")
    assert "Tattoo" not in text(await replayed(database))


async def test_entries_of_a_recalled_push_hold_nothing_of_it(database: Database) -> None:
    await database.write(sends)
    await database.write(lambda conn: pushes.recall(conn, "push-1", actor=AT_THE_DESK, now_ms=NOW_MS + 1))
    _, sent, recalled = await replayed(database)
    assert sent.payload == recalled.payload
    assert (sent.payload["push"]["cameras"], sent.payload["push"]["media"], sent.payload["push"]["note"]) == (
        [],
        [],
        "",
    )
    assert THUMBNAIL not in text([sent, recalled])
