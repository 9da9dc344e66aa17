from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from sqlalchemy import Connection

from server.core.clips import ClipRecord, ClipState
from server.core.people import Actor
from server.errors import (
    AlertUnknown,
    CameraUnknown,
    ClipTooMany,
    ClipUnknown,
    ConflictId,
    ConflictState,
    RequestInvalid,
)
from server.store import audit, clip_work, clips, intake
from server.store.clips import MAX_ORDERED, MAX_RUNNING, Ordered
from server.store.db import Database
from tests.server.filmed import A_FILM, CLIP_CAMERAS, a_clip_order
from tests.server.samples import AT_THE_DESK, DISPATCHER, NOW_MS, SENSOR, TELLING_EVERYBODY, an_alert


def ordering(clip_id: str = "clip-1", *, actor: Actor = AT_THE_DESK, **fields: Any) -> Callable[[Connection], Ordered]:
    wanted = a_clip_order(clip_id, **fields)
    return lambda conn: clips.order(conn, wanted, cameras=CLIP_CAMERAS, actor=actor, now_ms=NOW_MS)


def for_alert(alert_id: str, *cameras: str) -> Callable[[Connection], list[ClipRecord]]:
    wanted = [
        a_clip_order(f"{alert_id}:{CLIP_CAMERAS[camera].number}", camera=camera, alert_id=alert_id)
        for camera in cameras
    ]
    return lambda conn: clips.order_for_alert(conn, wanted, cameras=CLIP_CAMERAS, now_ms=NOW_MS)


async def keep(database: Database, clip_id: str = "clip-1") -> ClipRecord:
    """Record it, at once."""
    (taken,) = await database.write(partial(clip_work.claim, wanted=[clip_id], server="one", now_ms=NOW_MS))
    kept = taken.record.kept(A_FILM, now_ms=NOW_MS + 1, keep_ms=1000)
    conclude = partial(
        clip_work.conclude, record=kept, server="one", now_ms=NOW_MS + 1, manifest="{}", file=A_FILM.name
    )
    assert await database.write(conclude)
    return kept


async def test_an_order_is_a_clip_that_is_wanted_and_an_audit_entry(database: Database) -> None:
    ordered = await database.write(ordering())
    assert not ordered.duplicate
    record = ordered.record
    assert (record.id, record.number, record.state, record.asked_by) == ("clip-1", 1, ClipState.WANTED, "operator")
    assert await database.read(partial(clips.find, clip_id="clip-1")) == record
    entry = (await database.read(audit.page))[-1]
    assert (entry.action, entry.actor, entry.subject) == ("clip.ordered", "operator", "clip:clip-1")
    assert (await database.write(ordering("clip-2"))).record.number == 2


async def test_the_same_id_again_is_the_same_clip(database: Database) -> None:
    first = await database.write(ordering())
    kept = await keep(database)
    again = await database.write(ordering())
    assert again.duplicate
    assert again.record == kept
    assert first.record.number == again.record.number


async def test_an_id_that_is_taken_by_something_else_is_a_conflict(database: Database) -> None:
    await database.write(ordering())
    for other in (ordering(why="Another reason"), ordering(actor=Actor(DISPATCHER))):
        with pytest.raises(ConflictId) as caught:
            await database.write(other)
        assert caught.value.to_wire()["clip"]["id"] == "clip-1"


async def test_what_there_is_not_can_not_be_filmed(database: Database) -> None:
    with pytest.raises(CameraUnknown):
        await database.write(ordering(camera="nowhere"))
    with pytest.raises(AlertUnknown):
        await database.write(ordering(alert_id="nothing"))
    with pytest.raises(RequestInvalid):
        await database.write(ordering(from_ms=NOW_MS + 60_001, to_ms=NOW_MS + 70_000))
    assert await database.read(clips.recent) == []


async def test_people_leave_room_for_alerts(database: Database) -> None:
    def fill(conn: Connection) -> None:
        for number in range(MAX_ORDERED):
            ordering(f"clip-{number}")(conn)

    await database.write(fill)
    with pytest.raises(ClipTooMany):
        await database.write(ordering("one-more"))
    assert len(await database.write(for_alert("alert-1", "main-4th"))) == 1
    await keep(database, "clip-0")
    await keep(database, "clip-1")
    await database.write(ordering("one-more"))

    def overfill(conn: Connection) -> int:
        return sum(len(for_alert(f"alert-{number}", "main-4th", "harbor")(conn)) for number in range(2, 40))

    assert await database.write(overfill) == MAX_RUNNING - MAX_ORDERED


async def test_an_alert_wants_its_clips_once(database: Database) -> None:
    raised = await database.write(
        partial(
            intake.raise_alert,
            alert=an_alert(),
            source="gunshot",
            priority=1,
            actor=SENSOR,
            now_ms=NOW_MS,
            raw=b"",
            planner=TELLING_EVERYBODY,
        )
    )
    alert_id = raised.record.id
    await database.write(ordering("by-hand", alert_id=alert_id))
    first = await database.write(for_alert(alert_id, "main-4th"))
    assert [(one.asked_by, one.camera.id) for one in first] == [("server", "main-4th")]
    # Another server sees other cameras at work, a moment later.
    assert await database.write(for_alert(alert_id, "harbor")) == []
    assert await database.write(for_alert(alert_id)) == []
    found = await database.read(partial(clips.recent, alert_id=alert_id))
    assert [one.id for one in found] == [f"{alert_id}:4", "by-hand"]


async def test_an_id_that_somebody_has_taken_costs_the_alert_one_clip_only(database: Database) -> None:
    await database.write(ordering("alert-1:4"))
    made = await database.write(for_alert("alert-1", "main-4th", "harbor"))
    assert [one.id for one in made] == ["alert-1:5"]


async def test_they_are_found_newest_first(database: Database) -> None:
    for number, camera in enumerate(("main-4th", "harbor", "main-4th")):
        await database.write(ordering(f"clip-{number}", camera=camera))
    assert [one.id for one in await database.read(clips.recent)] == ["clip-2", "clip-1", "clip-0"]
    assert [one.id for one in await database.read(partial(clips.recent, camera="main-4th"))] == ["clip-2", "clip-0"]
    assert [one.id for one in await database.read(partial(clips.recent, limit=1))] == ["clip-2"]
    assert await database.read(partial(clips.recent, alert_id="\x00")) == []


async def test_who_takes_a_clip_is_on_record_first(database: Database) -> None:
    await database.write(ordering())
    await keep(database)
    look = partial(
        clips.look, clip_id="clip-1", actor=AT_THE_DESK, action="clip.opened", details={"range": "x"}, now_ms=NOW_MS
    )
    record, file, manifest = await database.write(look)
    assert (record.state, file, manifest) == (ClipState.KEPT, A_FILM.name, "{}")
    entry = (await database.read(audit.page))[-1]
    assert (entry.action, entry.actor, entry.subject) == ("clip.opened", "operator", "clip:clip-1")
    assert entry.details == '{"camera":"main-4th","range":"x"}'


async def test_what_is_not_there_can_not_be_taken(database: Database) -> None:
    look = partial(clips.look, actor=AT_THE_DESK, action="clip.opened", details={}, now_ms=NOW_MS)
    with pytest.raises(ClipUnknown):
        await database.write(partial(look, clip_id="clip-1"))
    await database.write(ordering())
    before = await database.read(audit.page)
    with pytest.raises(ConflictState, match="not recorded yet") as caught:
        await database.write(partial(look, clip_id="clip-1"))
    assert caught.value.to_wire()["clip"]["state"] == "wanted"
    assert await database.read(audit.page) == before
