import asyncio
import os
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import Connection, func, select

from server.core.pushes import MediaOrder
from server.core.receipts import ReceiptCommand, Stage
from server.lanes.janitor import ANSWERS_MS, BATCH, UPLOADS_MS, Janitor
from server.media.folder import MediaFolder
from server.store import audit, intake, media, people, pushes, receipts, tables
from server.store.db import Database
from server.web.services import wall_ms
from tests.server.samples import (
    AT_THE_DESK,
    CAMERAS,
    EVERYBODY,
    PICTURE,
    ROSTER,
    an_alert,
    an_order,
    of_the_sensor,
    on,
)
from tests.streams.until import until


class Office:
    """A database, a folder, and a janitor who lives so much later than everybody else."""

    def __init__(self, db: Database, folder: Path) -> None:
        self.db = db
        self.folder = folder
        self.store = MediaFolder(folder)
        self.later_ms = 0
        self.janitor = Janitor(db, self.store, now_ms=lambda: wall_ms() + self.later_ms)

    async def upload(self, data: bytes, *, later_ms: int = 0) -> str:
        media_id = await self.store.put(data)
        now_ms = wall_ms() + later_ms
        for path in self.folder.rglob(f"{media_id}.jpg"):
            os.utime(path, (now_ms / 1000, now_ms / 1000))
        picture = replace(PICTURE, id=media_id, made_ms=now_ms)
        await self.db.write(lambda conn: media.add(conn, picture, actor=AT_THE_DESK, now_ms=now_ms))
        return media_id

    def path(self, media_id: str) -> Path:
        return self.folder / media_id[:2] / f"{media_id}.jpg"

    async def kept(self, media_id: str) -> tuple[bool, bool]:
        """Whether its row is, and whether its bytes are."""
        row = await self.db.read(lambda conn: media.find(conn, media_id))
        return row is not None, await self.store.get(media_id) is not None

    async def count(self) -> list[int]:
        """How many answers are kept: to commands, and to receipts."""

        def count(conn: Connection) -> list[int]:
            return [
                conn.scalar(select(func.count()).select_from(table)) or 0
                for table in (tables.commands, tables.receipt_commands)
            ]

        return await self.db.read(count)


@pytest.fixture
async def office(database: Database, tmp_path: Path) -> Office:
    await database.write(lambda conn: people.seed(conn, [(person, "hash") for person in EVERYBODY], now_ms=wall_ms()))
    return Office(database, tmp_path / "media")


def show(conn: Connection, media_id: str, push_id: str = "push-1") -> None:
    order = an_order(push_id, media=(MediaOrder(media_id),))
    pushes.send(conn, order, cameras=CAMERAS, roster=ROSTER, actor=AT_THE_DESK, now_ms=wall_ms())


async def test_a_photo_that_nothing_has_shown_for_a_day_is_removed(office: Office) -> None:
    old = await office.upload(b"old")
    office.later_ms = UPLOADS_MS + 60_000
    new = await office.upload(b"new", later_ms=120_000)
    task = asyncio.create_task(office.janitor.run())
    try:
        await until(lambda: len(list(office.folder.rglob("*.jpg"))) == 1)
    finally:
        task.cancel()
    assert await office.kept(old) == (False, False)
    assert await office.kept(new) == (True, True)
    entry = (await office.db.read(audit.page))[-1]
    assert (entry.action, entry.subject, entry.actor) == ("media.removed", f"media:{old}", "server")
    assert (await office.db.read(audit.verify)).is_whole


async def test_what_was_shown_once_stays_also_when_it_was_recalled_and_sent_again(office: Office) -> None:
    shown = await office.upload(b"shown")
    await office.db.write(partial(show, media_id=shown))
    await office.db.write(lambda conn: pushes.recall(conn, "push-1", actor=AT_THE_DESK, now_ms=wall_ms()))
    await office.upload(b"shown")
    office.later_ms = 10 * UPLOADS_MS
    await office.janitor.clean()
    assert await office.kept(shown) == (True, True)


async def test_a_photo_that_is_sent_again_waits_another_day(office: Office) -> None:
    media_id = await office.upload(b"again")
    await office.upload(b"again", later_ms=UPLOADS_MS)
    office.later_ms = UPLOADS_MS + 60_000
    await office.janitor.clean()
    assert await office.kept(media_id) == (True, True)
    await office.db.write(partial(show, media_id=media_id))


async def test_bytes_that_were_just_put_outlive_the_row_before(office: Office) -> None:
    media_id = await office.upload(b"put")
    office.later_ms = UPLOADS_MS + 60_000
    await office.store.put(b"put")
    (path,) = office.folder.rglob("*.jpg")
    os.utime(path, (wall_ms() / 1000 + 120, wall_ms() / 1000 + 120))
    await office.janitor.clean()
    assert await office.kept(media_id) == (False, True), "its row comes a moment later"


async def test_bytes_that_can_not_be_removed_are_removed_when_the_folder_is_back(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    stuck, other, again = [await office.upload(data) for data in (b"stuck", b"other", b"again")]
    office.later_ms = UPLOADS_MS + 60_000
    parts = [office.path(media_id).parent for media_id in (stuck, again)]
    for part in parts:
        part.rename(part.with_suffix(".aside"))
        part.touch()
    await office.janitor.clean()
    assert "photos could not be removed from their folder for now: 2" in caplog.messages
    assert not office.path(other).exists(), "those that are stuck keep no other"
    for part in parts:
        part.unlink()
        part.with_suffix(".aside").rename(part)
    await office.upload(b"again", later_ms=office.later_ms)
    await office.janitor.clean()
    assert await office.kept(stuck) == (False, False)
    assert await office.kept(again) == (True, True), "it was sent again before its bytes were gone"


async def test_answers_are_forgotten_after_a_week_and_nothing_else(office: Office) -> None:
    raised = await office.db.write(partial(intake.raise_alert, alert=an_alert(), **of_the_sensor(now_ms=wall_ms())))

    def say(conn: Connection, names: range) -> None:
        commands = [
            (on("tablet-1"), ReceiptCommand(f"{number}", "alert", raised.record.id, 1, Stage.ACKNOWLEDGED))
            for number in names
        ]
        receipts.record(conn, commands, wall_ms() - ANSWERS_MS - 60_000 if names.start == 0 else wall_ms())
        for number in names:
            row = {"person": "operator", "id": f"{number}", "wanted": "{}", "answer": "{}"}
            received_ms = wall_ms() - (ANSWERS_MS + 60_000 if names.start == 0 else 0)
            conn.execute(tables.commands.insert(), {**row, "received_ms": received_ms})

    await office.db.write(partial(say, names=range(2 * BATCH + 1)))
    await office.db.write(partial(say, names=range(1_000, 1_002)))
    assert await office.count() == [2 * BATCH + 3, 2 * BATCH + 3]
    before = await office.db.read(audit.page)
    await office.janitor.clean()
    assert await office.count() == [2, 2]
    assert await office.db.read(audit.page) == before
