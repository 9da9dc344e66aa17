"""What the tiles of one socket show, which share a link. (Real sockets: tests/server/web/test_video_renditions.py.)"""

from collections.abc import Sequence
from dataclasses import replace
from typing import cast

import pytest

from server.core.client_messages import Subscribe
from server.core.quality import DROPS, GOOD_S
from server.lanes.cameras import CameraBoard
from server.lanes.looks import Look
from server.lanes.metered_socket import MeteredSocket
from server.lanes.renditions import UP_EVERY_S, Renditions
from server.lanes.rooms import Rooms
from server.lanes.tile import Tile
from streams.bus.wakeups import Wakeups
from streams.rendition import Rendition
from tests.server.lanes.test_room import SlowSocket
from tests.server.running import CAMERAS
from tests.server.samples import AT_THE_DESK, NOW_MS

NOBODY = "unix:///nowhere"
"""A bus that nobody ever connects to: what is shown is no matter here."""


class Wall:
    """Some tiles on one socket, each with a camera of its own."""

    def __init__(self, size: int) -> None:
        self.now = 0.0
        cameras = [replace(CAMERAS[0], id=f"camera-{n}", number=n + 1) for n in range(size)]
        board = CameraBoard(cameras, now_ms=lambda: NOW_MS)
        rooms = Rooms(Wakeups(NOBODY), bus_url=NOBODY, server_id="one")
        self.renditions = Renditions(board, rooms, lambda: self.now)
        socket = cast("MeteredSocket", SlowSocket())
        self.tiles = [
            Tile(camera, Subscribe(camera.id, ""), look, socket, rooms, lambda: self.now, self.drop)
            for camera in cameras
            for look in [Look("look", AT_THE_DESK, camera.id, "", 0)]
        ]
        for tile in self.tiles:
            self.renditions.add(tile)
            tile.shown = tile.chosen  # as if pictures had come

    @property
    def rungs(self) -> Sequence[Rendition]:
        return [tile.quality.rung for tile in self.tiles]

    def drop(self, tile: Tile) -> None:
        self.renditions.dropped(self.tiles, tile)

    def wait(self, seconds: int) -> None:
        for _ in range(seconds):
            self.now += 1
            self.renditions.look_after(self.tiles)
            for tile in self.tiles:
                tile.shown = tile.chosen


@pytest.fixture
async def wall() -> Wall:
    wall = Wall(3)
    for tile in wall.tiles:
        for _ in range(DROPS):
            wall.drop(tile)
    wall.wait(1)
    assert set(wall.rungs) == {Rendition.P480}
    return wall


async def test_only_one_at_a_time_is_tried_with_more(wall: Wall) -> None:
    wall.wait(int(GOOD_S))
    assert wall.rungs.count(Rendition.SOURCE) == 1
    wall.wait(int(UP_EVERY_S) - 1)
    assert wall.rungs.count(Rendition.SOURCE) == 1
    wall.wait(1)
    assert wall.rungs.count(Rendition.SOURCE) == 2


async def test_what_a_try_brings_about_is_paid_for_by_none_of_the_others(wall: Wall) -> None:
    wall.wait(int(GOOD_S))
    assert wall.rungs == [Rendition.SOURCE, Rendition.P480, Rendition.P480]
    for n in range(DROPS):
        wall.drop(wall.tiles[n])
    wall.wait(int(GOOD_S) + 1)
    assert set(wall.rungs) == {Rendition.P480}, "nor do they try the same at once"
    wall.wait(int(GOOD_S))
    assert wall.rungs.count(Rendition.SOURCE) == 1


async def test_who_has_asked_for_one_keeps_it(wall: Wall) -> None:
    tile = wall.tiles[0]
    tile.asked = Rendition.P240
    wall.renditions.turn(tile)
    for _ in range(2 * DROPS):
        wall.drop(tile)
    wall.wait(100)
    assert tile.chosen is Rendition.P240
