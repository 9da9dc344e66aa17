from functools import partial

import pytest

from server.core.clips import ClipRecord, ClipState
from server.errors import ClipUnknown, ConflictState
from server.store import audit, clip_retention, clips
from server.store.db import Database
from tests.server.filmed import A_FILM, CLIP_CAMERAS, a_clip_order
from tests.server.samples import AT_THE_DESK, NOW_MS
from tests.server.store.test_clips import keep

DUE_MS = NOW_MS + 1001


@pytest.fixture(autouse=True)
async def kept(database: Database) -> ClipRecord:
    order = partial(clips.order, cameras=CLIP_CAMERAS, actor=AT_THE_DESK, now_ms=NOW_MS)
    await database.write(partial(order, wanted=a_clip_order("clip-1")))
    return await keep(database)


async def hold(database: Database, clip_id: str = "clip-1", reason: str = "Case 26-7") -> ClipRecord:
    order = partial(clip_retention.hold, clip_id=clip_id, reason=reason, actor=AT_THE_DESK, now_ms=NOW_MS)
    return await database.write(order)


async def release(database: Database, clip_id: str = "clip-1") -> ClipRecord:
    return await database.write(partial(clip_retention.release, clip_id=clip_id, actor=AT_THE_DESK, now_ms=NOW_MS))


async def remove(database: Database, now_ms: int = DUE_MS) -> list[str]:
    return [one.id for one in await database.write(partial(clip_retention.remove_due, now_ms=now_ms, limit=10))]


async def test_a_clip_whose_time_is_up_can_not_be_opened_and_then_its_file_goes(
    database: Database, kept: ClipRecord
) -> None:
    assert await remove(database, DUE_MS - 1) == []
    assert await remove(database) == ["clip-1"]
    found = await database.read(partial(clips.find, clip_id="clip-1"))
    assert found is not None
    assert (found.state, found.removed_ms, found.sha256) == (ClipState.REMOVED, DUE_MS, kept.sha256)
    entry = (await database.read(audit.page))[-1]
    assert (entry.action, entry.actor, entry.subject) == ("clip.removed", "server", "clip:clip-1")
    look = partial(clips.look, clip_id="clip-1", actor=AT_THE_DESK, action="clip.opened", details={}, now_ms=NOW_MS)
    with pytest.raises(ConflictState, match="was removed"):
        await database.write(look)
    assert await database.read(partial(clip_retention.unfiled, limit=10)) == [A_FILM.name]
    await database.write(partial(clip_retention.forget_files, names=[A_FILM.name]))
    assert await database.read(partial(clip_retention.unfiled, limit=10)) == []
    assert await remove(database) == []


async def test_what_is_held_stays_until_it_is_released(database: Database) -> None:
    held = await hold(database)
    assert held.hold is not None
    assert (held.hold.by, held.hold.reason) == ("operator", "Case 26-7")
    assert await hold(database, reason="Another") == held
    assert await remove(database, DUE_MS * 2) == []
    assert (await release(database)).hold is None
    before = await database.read(audit.page)
    assert (await release(database)).hold is None
    assert await database.read(audit.page) == before
    assert await remove(database) == ["clip-1"]
    assert [entry.action for entry in before[-2:]] == ["clip.held", "clip.released"]


async def test_what_is_gone_can_not_be_held(database: Database) -> None:
    await remove(database)
    with pytest.raises(ConflictState, match="was removed"):
        await hold(database)
    with pytest.raises(ClipUnknown):
        await hold(database, "nothing")
    with pytest.raises(ClipUnknown):
        await release(database, "nothing")
