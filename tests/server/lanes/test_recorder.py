import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from server.core import manifest
from server.core.clips import MISSING, ClipRecord, ClipState, Retention
from server.lanes import recorder as recorder_module
from server.lanes import recording
from server.lanes.cameras import CameraBoard
from server.lanes.recorder import Recorder
from server.lanes.recording import is_news
from server.media.clip_folder import ClipFolder
from server.media.clip_part import ClipPart
from server.store import audit, clip_work, clips, intake, tables
from server.store.db import Database
from streams.cameras.muxer import Muxer
from streams.config import CameraConfig
from streams.mask import Mask
from tests.server.filmed import CLIP_CAMERAS, KEY, a_clip_order
from tests.server.lanes.reel import Reel
from tests.server.samples import AT_THE_DESK, NOW_MS, SENSOR, TELLING_EVERYBODY, an_alert
from tests.streams.filming import complaints, film, fragments, hashes, later, source_hashes

CAMERAS = (
    CameraConfig("main-4th", 4, "Main St / 4th Ave", "rtsp://127.0.0.1/a", lat=41.76, lon=-72.67),
    CameraConfig("harbor", 5, "Harbor Gate", "rtsp://127.0.0.1/b", masks=(Mask(((0.0, 0.0), (1.0, 0.0), (1.0, 1.0))),)),
)
UNITS = film(pictures=100)
"""4 s."""


class Noting(ClipFolder):
    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.were_put: list[str] = []

    async def put(self, source: Path) -> None:
        await super().put(source)
        self.were_put.append(source.name)


class House:
    """A database, a folder and a camera's past; and servers that record."""

    def __init__(self, db: Database, folder: Path) -> None:
        self.db = db
        self.reel = Reel()
        self.keep_free_bytes = 0
        self.folder = folder / "clips"
        self.parts = self.folder / "parts"
        self.store = Noting(self.folder)

    def recorder(self, *, record_alerts: bool = True) -> Recorder:
        board = CameraBoard(CAMERAS, now_ms=self.reel.clock)
        board.on_states(b'{"cameras": {}}')
        return Recorder(
            self.db,
            board,
            self.reel,
            self.reel,
            self.store,
            self.parts,
            KEY,
            retention=Retention.of_days(1, 2),
            record_alerts=record_alerts,
            keep_free_bytes=self.keep_free_bytes,
            installation="here",
            software="1.0",
            now_ms=self.reel.clock,
        )

    @asynccontextmanager
    async def server(self, **options: Any) -> AsyncIterator[Recorder]:
        recorder = self.recorder(**options)
        task = asyncio.create_task(recorder.run())
        try:
            yield recorder
        finally:
            task.cancel()
            await asyncio.wait([task])
            if not task.cancelled():
                task.result()

    async def order(self, clip_id: str = "clip-1", **fields: Any) -> None:
        given = {"to_ms": NOW_MS + 4_000, **fields}
        order = partial(clips.order, cameras=CLIP_CAMERAS, actor=AT_THE_DESK, now_ms=self.reel.now_ms)
        await self.db.write(partial(order, wanted=a_clip_order(clip_id, **given)))

    async def find(self, clip_id: str = "clip-1") -> ClipRecord:
        found = await self.db.read(partial(clips.find, clip_id=clip_id))
        assert found is not None
        return found

    async def done(self, clip_id: str = "clip-1") -> ClipRecord:
        await self.until(lambda: self._is_done(clip_id))
        return await self.find(clip_id)

    async def until(self, condition: Callable[[], Awaitable[bool]]) -> None:
        async with asyncio.timeout(20):
            while not await condition():  # noqa: ASYNC110 - nothing tells of it
                await asyncio.sleep(0.01)

    async def _is_done(self, clip_id: str) -> bool:
        return not (await self.find(clip_id)).state.is_running

    async def is_begun(self) -> bool:
        return (await self.find()).state is ClipState.RECORDING

    async def look(self, clip_id: str = "clip-1") -> tuple[Path, str]:
        look = partial(clips.look, clip_id=clip_id, actor=AT_THE_DESK, action="clip.opened", details={}, now_ms=NOW_MS)
        _, file, text = await self.db.write(look)
        return self.folder / file, text


@pytest.fixture
async def house(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    monkeypatch.setattr(recording, "STEP_S", 0.02)
    monkeypatch.setattr(recorder_module, "LOOK_EVERY_S", 0.05)
    monkeypatch.setattr(recorder_module, "GATHER_S", 0.0)
    return House(database, tmp_path)


@pytest.fixture
async def lite(sqlite_database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    """For what is the same on each kind of database."""
    monkeypatch.setattr(recording, "STEP_S", 0.02)
    monkeypatch.setattr(recorder_module, "LOOK_EVERY_S", 0.05)
    monkeypatch.setattr(recorder_module, "GATHER_S", 0.0)
    return House(sqlite_database, tmp_path)


async def test_what_is_past_is_kept_at_once_with_its_proof(house: House) -> None:
    house.reel.load(fragments(UNITS))
    house.reel.pass_time(10)
    await house.order()
    async with house.server():
        kept = await house.done()
    assert (kept.state, kept.holes, kept.pictures) == (ClipState.KEPT, (), 100)
    assert (kept.first_ms, kept.last_ms) == (NOW_MS, NOW_MS + 3_960)
    assert kept.keep_until_ms == house.reel.now_ms + 86_400_000
    path, text = await house.look()
    assert complaints(path) == ""
    assert hashes(path) == source_hashes(UNITS)
    signed = manifest.read(text)
    assert signed.is_signed_by(KEY.public_key().public_bytes_raw())
    assert signed.manifest["file"]["sha256"] == kept.sha256
    assert (signed.manifest["clip"]["installation"], signed.manifest["software"]) == ("here", "1.0")
    assert signed.manifest["clock"]["behind_at_most_ms"] is None
    assert list(house.parts.iterdir()) == []
    assert house.reel.held == []


async def test_it_goes_on_while_it_is_live_and_holds_the_camera(lite: House) -> None:
    lite.reel.load(fragments(UNITS))
    lite.reel.pass_time(0.5)
    await lite.order()
    async with lite.server():
        for _ in range(11):
            asked = len(lite.reel.asked)
            await lite.until(lambda before=asked: _is(len(lite.reel.asked) > before))  # type: ignore[misc]
            assert lite.reel.held == [4]
            lite.reel.pass_time(0.3)
        lite.reel.pass_time(3)
        kept = await lite.done()
        await lite.until(lambda: _is(not lite.reel.held))
    path, text = await lite.look()
    assert hashes(path) == source_hashes(UNITS)
    assert len(kept.holes) == 0
    # A group of pictures lasts 400 ms here; what was asked for and when is up to the clock of the test.
    assert 0 <= manifest.read(text).manifest["clock"]["behind_at_most_ms"] < 400
    # Each step asks for what is new, not for all again.
    assert len({from_ms for _, from_ms, _ in lite.reel.asked}) > 5


async def _is(value: object) -> bool:
    return bool(value)


async def test_an_idle_camera_has_no_past_and_the_clip_says_so(lite: House) -> None:
    lite.reel.load(fragments(later(UNITS, 3)))
    await lite.order(to_ms=NOW_MS + 10_000)
    async with lite.server():
        await lite.until(lite.is_begun)
        lite.reel.pass_time(20)
        kept = await lite.done()
    assert [(hole.from_ms - NOW_MS, hole.to_ms - NOW_MS, hole.why) for hole in kept.holes] == [
        (0, 3_000, MISSING["start"]),
        (6_960, 10_000, MISSING["end"]),
    ]


async def test_a_camera_that_was_lost_leaves_a_hole(lite: House) -> None:
    muxer = Muxer(4)
    sent = [*fragments(UNITS[:20], muxer), muxer.gap(NOW_MS + 800), *fragments(later(UNITS[:50], 2.0), muxer)]
    lite.reel.load(sent)
    lite.reel.pass_time(10)
    await lite.order()
    async with lite.server():
        kept = await lite.done()
    assert [(hole.from_ms - NOW_MS, hole.to_ms - NOW_MS, hole.why) for hole in kept.holes] == [
        (760, 2_000, MISSING["gap"])
    ]


async def test_a_reader_that_counts_anew_is_followed(lite: House) -> None:
    lite.reel.load(fragments(UNITS[:50]))
    lite.reel.pass_time(2)
    await lite.order()
    async with lite.server():
        await lite.until(lite.is_begun)
        await lite.until(lambda: _is(len(lite.reel.asked) > 2))
        lite.reel.forget()
        lite.reel.load(fragments(later(UNITS[:50], 2.0)))
        lite.reel.pass_time(10)
        kept = await lite.done()
    path, _ = await lite.look()
    assert hashes(path) == source_hashes(UNITS[:50]) * 2
    assert (kept.pictures, kept.holes) == (100, ())


async def test_nothing_at_all_has_failed_in_words(lite: House) -> None:
    lite.reel.pass_time(10)
    await lite.order()
    async with lite.server():
        failed = await lite.done()
    assert (failed.state, failed.reason) == (ClipState.FAILED, "Nothing is kept of this time.")
    assert list(lite.parts.iterdir()) == []


@pytest.mark.parametrize("name", ["000001.1.part", "000001.1.mp4"])
async def test_a_full_disk_has_failed_in_words_and_leaves_nothing(lite: House, name: str) -> None:
    lite.parts.mkdir(parents=True)
    (lite.parts / name).symlink_to("/dev/full")
    lite.reel.load(fragments(UNITS))
    lite.reel.pass_time(10)
    await lite.order()
    async with lite.server() as recorder:
        failed = await lite.done()
        assert failed.state is ClipState.FAILED
        assert "No space left on device" in failed.reason
        assert recorder.problems() == [f"Clips can't be kept: {failed.reason}"]
        await lite.until(lambda: _is(not any(lite.parts.iterdir())))
        # The next one is fine again.
        await lite.order("clip-2")
        assert (await lite.done("clip-2")).state is ClipState.KEPT
        assert recorder.problems() == []


async def test_what_the_log_needs_is_left_to_it(lite: House) -> None:
    lite.keep_free_bytes = 2**60
    lite.reel.pass_time(10)
    await lite.order()
    async with lite.server():
        failed = await lite.done()
    assert (failed.state, "are free on the disk" in failed.reason) == (ClipState.FAILED, True)


async def test_of_several_servers_one_makes_a_clip(house: House) -> None:
    house.reel.load(fragments(UNITS))
    house.reel.pass_time(10)
    for number in range(6):
        await house.order(f"clip-{number}")
    async with house.server(), house.server(), house.server():
        for number in range(6):
            assert (await house.done(f"clip-{number}")).state is ClipState.KEPT
    actions = [entry.action for entry in await house.db.read(audit.page)]
    assert actions.count("clip.kept") == 6
    assert len(list(house.folder.glob("*.mp4"))) == 6


async def test_what_a_dead_server_has_begun_another_one_ends(house: House) -> None:
    """With the pictures that the cameras have forgotten since."""
    sent = fragments(UNITS)
    await house.order()
    await house.db.write(partial(clip_work.claim, wanted=["clip-1"], server="dead", now_ms=NOW_MS))
    part = await ClipPart.begin(house.parts, 1, 1)
    await part.append(sent[:50])
    house.reel.load(sent[41:])
    house.reel.pass_time(10)
    async with house.server():
        await house.until(lambda: _is(house.reel.held == [4]))
        assert (await house.find()).state is ClipState.RECORDING, "its lease holds on"
        lapsed = update(tables.clips).values(lease_ms=house.reel.now_ms - 1)
        await house.db.write(lambda conn: conn.execute(lapsed))
        kept = await house.done()
    path, _ = await house.look()
    assert path.name == "000001.2.mp4"
    assert hashes(path) == source_hashes(UNITS)
    assert (kept.pictures, kept.holes) == (100, ())


async def test_a_server_that_stops_leaves_it_to_the_next_at_once(house: House) -> None:
    house.reel.load(fragments(UNITS))
    house.reel.pass_time(1.99)
    await house.order()
    async with house.server():
        await house.until(house.is_begun)
        await house.until(lambda: _is(len(house.reel.asked) > 1))
    assert house.reel.held == []
    house.reel.forget()
    house.reel.pass_time(1)
    async with house.server():
        await house.until(lambda: _is(house.reel.held == [4]))
        house.reel.pass_time(10)
        kept = await house.done()
    assert kept.first_ms == NOW_MS
    assert kept.pictures >= 50


async def test_whoever_lost_the_lease_leaves_no_file(lite: House) -> None:
    lite.reel.load(fragments(UNITS))
    await lite.order()
    async with lite.server() as recorder:
        await lite.until(lite.is_begun)
        taken = update(tables.clips).values(server="another", lease_ms=lite.reel.now_ms + 1_000_000)
        await lite.db.write(lambda conn: conn.execute(taken))
        lite.reel.pass_time(10)
        await lite.until(lambda: _is(not recorder._tasks))
    assert (await lite.find()).state is ClipState.RECORDING
    assert lite.store.were_put == ["000001.1.mp4"]
    assert list(lite.folder.glob("*.mp4")) == []


async def test_a_masked_camera_is_named_as_such(lite: House) -> None:
    lite.reel.pass_time(10)
    async with lite.server() as recorder:
        assert {camera.id: camera.masks for camera in recorder.cameras.values()} == {"main-4th": 0, "harbor": 1}


# --- alerts


async def raised(house: House, **fields: Any) -> Any:
    return await house.db.write(
        partial(
            intake.raise_alert,
            alert=an_alert(**fields),
            source="gunshot",
            priority=fields.pop("priority", 1),
            actor=SENSOR,
            now_ms=house.reel.now_ms,
            raw=b"",
            planner=TELLING_EVERYBODY,
        )
    )


async def test_an_alert_keeps_what_its_cameras_saw_before_and_after(house: House) -> None:
    house.reel.load(fragments(later(UNITS, -2)))
    house.reel.load(fragments(later(UNITS, 2)))
    async with house.server() as one, house.server() as two:
        for recorder in (one, two):
            board = recorder._board
            board.on_states(_states())
        alert = await raised(house)
        for recorder in (one, two):
            recorder.on_entry(alert.entry)
            recorder.on_entry(alert.entry)
        await house.until(lambda: _is(house.reel.held))
        house.reel.pass_time(63)
        (clip_id,) = [one.id for one in await house.db.read(partial(clips.recent, alert_id=alert.record.id))]
        kept = await house.done(clip_id)
    assert (kept.camera.id, kept.asked_by, kept.state) == ("main-4th", "server", ClipState.KEPT)
    assert (kept.from_ms, kept.to_ms) == (NOW_MS - 30_000, NOW_MS + 60_000)
    assert kept.keep_until_ms == house.reel.now_ms + 2 * 86_400_000
    assert kept.pictures == 200


async def test_a_server_that_starts_looks_at_the_last_alerts(lite: House) -> None:
    await raised(lite)
    lite.reel.pass_time(20)
    recorder = lite.recorder()
    recorder._board.on_states(_states())
    await recorder._catch_up()
    await recorder._order_wishes()
    assert len(await lite.db.read(clips.recent)) == 1


async def test_alerts_keep_nothing_where_that_is_not_wanted(lite: House) -> None:
    recorder = lite.recorder(record_alerts=False)
    recorder._board.on_states(_states())
    recorder.on_entry((await raised(lite)).entry)
    await recorder._order_wishes()
    assert await lite.db.read(clips.recent) == []


async def test_a_flood_of_alerts_costs_no_more_than_some_clips(lite: House) -> None:
    async with lite.server() as recorder:
        recorder._board.on_states(_states())
        alert = await raised(lite)
        for number in range(3 * recorder_module.MAX_HEARD):
            told = {**alert.entry.payload["alert"], "id": f"alert-{number}"}
            recorder.on_entry(replace(alert.entry, payload={"alert": told}))
        assert len(recorder._heard) == recorder_module.MAX_HEARD
        await lite.until(lambda: _is(not recorder._heard))
        found, _ = await lite.db.read(clip_work.running_numbers)
    assert len(found) == clips.MAX_RUNNING


def _states() -> bytes:
    return json.dumps({"cameras": {"main-4th": {"state": "live", "since_ms": NOW_MS, "reason": ""}}}).encode()


def test_news_is_what_comes_after_by_number_or_by_time() -> None:
    first, second, third = fragments(UNITS)[1:4]
    assert is_news(third, second)
    assert not is_news(second, second)
    assert not is_news(first, second)
    assert is_news(replace(first, captured_ms=third.captured_ms), second), "the reader counts anew"
    assert is_news(replace(third, captured_ms=first.captured_ms), second), "the clock was set back"
    assert is_news(replace(first, sequence=0), replace(first, sequence=2**32 - 1)), "the number has wrapped"
