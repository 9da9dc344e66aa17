"""What the tests of stills and picture checks are made of: a real bus, a real database, cameras that show JPEG."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import count
from typing import Any

from server.lanes.cameras import CameraBoard
from server.lanes.picture_checks import PictureChecks
from server.lanes.rooms import Rooms
from server.lanes.stills import Stills
from server.store.db import Database
from server.web.services import wall_ms
from streams.bus import channels
from streams.bus.wakeups import Wakeups
from streams.cameras.lightbox import Lightbox
from streams.cameras.perspective import Image
from streams.config import CameraConfig
from tests.fakes.street import as_jpeg, street
from tests.fakes.studio import Studio, StudioCamera, open_studio
from tests.streams.until import until

EVERY_S = 0.05
HARBOR = CameraConfig("harbor", 5, "Harbor Gate", "rtsp://127.0.0.1/b", district="Harbor")
MAIN = CameraConfig("main-4th", 4, "Main St / 4th Ave", "rtsp://127.0.0.1/a", district="Downtown")


@dataclass
class CameraHouse:
    studio: Studio
    db: Database
    board: CameraBoard
    rooms: Rooms
    stills: Stills
    checks: PictureChecks

    async def says(self, camera: str, state: str) -> None:
        """How a camera is, heard by the board."""
        states: dict[str, Any] = {camera.replace("-", "_"): state}
        await self.studio.say(**states)
        await until(lambda: self.board.state_of(camera).state == state)

    @asynccontextmanager
    async def showing(
        self, camera: CameraConfig, picture: Callable[[int], Image], *, only: int | None = None
    ) -> AsyncIterator[StudioCamera]:
        """A live camera that shows ``picture(n)`` for n = 0, 1, 2, … and after ``only`` so many no more."""
        await self.says(camera.id, "live")
        shown = self.studio.camera(camera.number)
        numbers = count() if only is None else range(only)
        task = asyncio.create_task(_show(shown, (as_jpeg(picture(number)) for number in numbers)))
        try:
            yield shown
        finally:
            task.cancel()


async def _show(camera: StudioCamera, pictures: Iterator[bytes]) -> None:
    for picture in pictures:
        camera.jpeg(picture)
        await asyncio.sleep(EVERY_S)


def passing(number: int) -> Image:
    """A street with traffic."""
    return street(at_s=number % 60, grain=3)


@asynccontextmanager
async def camera_house(db: Database, bus_url: str, *cameras: CameraConfig) -> AsyncIterator[CameraHouse]:
    wakeups = Wakeups(bus_url)
    board = CameraBoard(cameras or (MAIN, HARBOR), now_ms=wall_ms)
    rooms = Rooms(wakeups, bus_url=bus_url, server_id="s1")
    stills = Stills(rooms, Lightbox(), board.state_of)
    checks = PictureChecks(db, board, stills, now_ms=wall_ms, apart_ms=200, sure_ms=400)
    async with open_studio(bus_url) as studio, asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(wakeups.run({channels.STATES: board.on_states})),
            group.create_task(rooms.run()),
        ]
        async with asyncio.timeout(10):
            await wakeups.subscribed.wait()
        follower = rooms._follower
        # What is sent for somebody to join is sent once; it must not come before the rooms listen.
        await until(lambda: follower.is_connected and follower._unconfirmed == 0)
        yield CameraHouse(studio, db, board, rooms, stills, checks)
        for task in tasks:
            task.cancel()
    await wakeups.close()
