from functools import partial
from pathlib import Path

import pytest
from aiohttp import web

from server.core.clips import ClipState
from server.lanes.clip_retention import ClipRetention
from server.media.clip_bucket import ClipBucket
from server.media.clip_folder import ClipFolder, name_of
from server.store import clip_retention, clip_work, clips
from server.store.db import Database
from tests.fakes.bucket import Bucket
from tests.server.filmed import A_FILM, CLIP_CAMERAS, a_clip_order
from tests.server.media.test_clip_bucket import KEY, now_ms
from tests.server.samples import AT_THE_DESK, NOW_MS


class Office:
    def __init__(self, db: Database, folder: Path) -> None:
        self.db = db
        self.folder = folder / "clips"
        self.parts = self.folder / "parts"
        self.parts.mkdir(parents=True)
        self.retention = ClipRetention(db, ClipFolder(self.folder), self.parts, now_ms=lambda: NOW_MS + 5_000)

    async def keep(self, clip_id: str, keep_ms: int) -> None:
        order = partial(clips.order, cameras=CLIP_CAMERAS, actor=AT_THE_DESK, now_ms=NOW_MS)
        number = (await self.db.write(partial(order, wanted=a_clip_order(clip_id)))).record.number
        (taken,) = await self.db.write(partial(clip_work.claim, wanted=[clip_id], server="one", now_ms=NOW_MS))
        kept = taken.record.kept(A_FILM, now_ms=NOW_MS, keep_ms=keep_ms)
        name = name_of(number, 1)
        conclude = partial(clip_work.conclude, record=kept, server="one", now_ms=NOW_MS, manifest="{}", file=name)
        assert await self.db.write(conclude)
        (self.folder / name).write_bytes(b"pictures")
        (self.parts / f"{number:06d}.1.part").touch()

    async def state(self, clip_id: str) -> ClipState:
        found = await self.db.read(partial(clips.find, clip_id=clip_id))
        assert found is not None
        return found.state

    def files(self) -> list[str]:
        return sorted(path.name for path in self.folder.glob("*.mp4"))


@pytest.fixture
async def office(database: Database, tmp_path: Path) -> Office:
    return Office(database, tmp_path)


async def test_what_is_due_is_removed_with_its_file_and_nothing_else(office: Office) -> None:
    for number in range(25):
        await office.keep(f"old-{number}", 1_000)
    await office.keep("young", 10_000)
    await office.keep("held", 1_000)
    hold = partial(clip_retention.hold, clip_id="held", reason="Case 7", actor=AT_THE_DESK, now_ms=NOW_MS)
    await office.db.write(hold)
    await office.retention.clean()
    assert {await office.state(f"old-{number}") for number in range(25)} == {ClipState.REMOVED}
    assert await office.state("young") is await office.state("held") is ClipState.KEPT
    assert office.files() == ["000026.1.mp4", "000027.1.mp4"]
    assert list(office.parts.iterdir()) == []


async def test_a_file_that_can_not_be_deleted_now_is_deleted_later(office: Office) -> None:
    async with Bucket.open() as bucket, ClipBucket(bucket.address, KEY, now_ms=now_ms) as store:
        retention = ClipRetention(office.db, store, office.parts, now_ms=lambda: NOW_MS + 5_000)
        await office.keep("old", 1_000)
        await store.put(office.folder / "000001.1.mp4")
        bucket.answers = [web.Response(status=503)]
        await retention.clean()
        assert await office.state("old") is ClipState.REMOVED
        assert list(bucket.objects) == ["000001.1.mp4"]
        await retention.clean()
        assert bucket.objects == {}
