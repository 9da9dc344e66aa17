import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial

import pytest
from sqlalchemy import select

from server.core.picture_checks import EVERY_MS, Check, Outcome
from server.errors import StillUnavailable
from server.lanes import camera_watch
from server.lanes.camera_watch import CameraWatch
from server.store import camera_checks, tables
from server.store.db import Database
from server.web.services import wall_ms
from streams.cameras.lightbox import Lightbox
from streams.valkey import EmbeddedValkey
from tests.server.lanes.camera_house import HARBOR, MAIN, CameraHouse, camera_house, passing
from tests.server.samples import AT_THE_DESK
from tests.streams.until import until


@pytest.fixture(autouse=True)
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("WRITE_EVERY_S", "LOOK_EVERY_S", "BETWEEN_S"):
        monkeypatch.setattr(camera_watch, name, 0.02)


@pytest.fixture
async def house(sqlite_database: Database, valkey: EmbeddedValkey) -> AsyncIterator[CameraHouse]:
    async with camera_house(sqlite_database, valkey.url) as house:
        yield house


@asynccontextmanager
async def watching(
    house: CameraHouse, server: str = "one", *, has_round: bool = False, later_ms: int = 0
) -> AsyncIterator[CameraWatch]:
    watch = CameraWatch(
        house.db,
        house.board,
        house.checks,
        server_id=server,
        now_ms=lambda: wall_ms() + later_ms,
        settle_s=0,
        round_after_s=0 if has_round else 3600,
    )
    task = asyncio.create_task(watch.run())
    try:
        yield watch
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await watch.close()


async def states(house: CameraHouse, camera: str = "harbor") -> list[str]:
    """All that were written of a camera, oldest first."""
    columns = tables.camera_changes.c
    query = select(columns.state).where(columns.camera == camera).order_by(columns.at_ms)
    return await house.db.read(lambda conn: list(conn.scalars(query)))


async def ordered(house: CameraHouse) -> int:
    return len(await house.db.read(camera_checks.orders))


async def test_what_changes_is_written(house: CameraHouse) -> None:
    async with watching(house) as watch:
        await until(lambda: watch.is_watching)
        for state in ("live", "starting", "down", "live"):
            await house.says("harbor", state)
    assert await states(house) == ["unknown", "live", "down", "live"]
    assert await states(house, "main-4th") == ["unknown"]


async def test_one_server_does_it_and_another_goes_on_when_it_stops(house: CameraHouse) -> None:
    async with AsyncExitStack() as until_later:
        first = await until_later.enter_async_context(watching(house, "one"))
        await until(lambda: first.is_watching)
        async with watching(house, "two") as second:
            await house.says("harbor", "live")
            assert (first.is_watching, second.is_watching) == (True, False)
            await until_later.aclose()
            await until(lambda: second.is_watching)
            await house.says("harbor", "stalled")
    assert await states(house) == ["unknown", "live", "stalled"]


async def test_what_nobody_can_write_for_too_long_is_unknown(
    house: CameraHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(camera_watch, "WRITE_EVERY_S", 3600)
    monkeypatch.setattr(camera_watch, "MAX_WAITING", 2)
    async with watching(house) as watch:
        await until(lambda: watch.is_watching)
        for state in ("live", "down", "stalled"):
            await house.says("harbor", state)
        assert (watch.is_watching, watch._waiting) == (False, [])
        await house.says("harbor", "live")
        await watch._claim()
        await until(lambda: watch.is_watching)
    assert await states(house) == ["unknown", "live"]


async def test_what_is_ordered_is_checked(house: CameraHouse) -> None:
    async with house.showing(HARBOR, passing), watching(house) as watch:
        order = partial(camera_checks.order, actor=AT_THE_DESK, now_ms=wall_ms())
        await house.db.write(partial(order, cameras=["harbor", "no-such-camera"]))
        watch.hurry()
        await until(lambda: house.checks.last("harbor"))
        check = house.checks.last("harbor")
        assert check is not None
        assert (check.outcome, check.asked_by) == (Outcome.GOOD, AT_THE_DESK.id)
    assert await ordered(house) == 0


async def test_once_a_day_every_camera_that_answers_is_checked(house: CameraHouse) -> None:
    """One that is down is known to be: it is not kept waiting for."""
    await house.says("main-4th", "down")
    async with house.showing(HARBOR, passing):
        async with watching(house, has_round=True):
            await until(lambda: house.checks.last("harbor"))
            first = house.checks.last("harbor")
            assert first is not None
            assert first.asked_by == ""
            await house.studio.wanted()
        assert house.checks.last("main-4th") is None
        watch = CameraWatch(house.db, house.board, house.checks, server_id="x", now_ms=wall_ms)
        assert watch._due() == []
        tomorrow = CameraWatch(
            house.db, house.board, house.checks, server_id="x", now_ms=lambda: wall_ms() + EVERY_MS + 1
        )
        assert tomorrow._due() == [HARBOR]
        await house.says("main-4th", "idle")
        assert tomorrow._due() == [MAIN, HARBOR], "the one that was never checked first"


async def test_a_camera_that_stops_the_decoder_is_not_tried_again_and_again(house: CameraHouse) -> None:
    house.stills._lightbox = Lightbox("tests.streams.cameras.workers.moody_lightbox")
    async with house.showing(HARBOR, passing):
        with pytest.raises(StillUnavailable):
            await house.checks.check(HARBOR)
        async with watching(house, has_round=True) as watch:
            await until(lambda: watch._has_failed("harbor"))
            assert HARBOR not in watch._due()
    assert house.checks.last("harbor") is None, "nobody can tell, so nothing is said"


async def test_an_order_waits_no_longer_than_the_check_of_one_camera(house: CameraHouse) -> None:
    """A round over the whole city is interrupted for it."""
    check = Check("main-4th", 5, "", Outcome.GOOD)
    await house.db.write(partial(camera_checks.add, check=check))
    async with house.showing(HARBOR, passing), watching(house) as watch:
        await until(lambda: watch.is_watching)
        watch.hurry()
        await watch._check_due()
        assert house.checks.last("harbor") is None
