import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import cv2
import numpy as np
import pytest

from server.errors import StillUnavailable
from server.store.db import Database
from streams.formats import fmp4, jpeg
from streams.formats.h264 import video_parameters
from streams.valkey import EmbeddedValkey
from tests.fakes.street import HEIGHT, WIDTH, as_h264, street
from tests.server.lanes.camera_house import HARBOR, MAIN, CameraHouse, camera_house, passing


@pytest.fixture
async def house(sqlite_database: Database, valkey: EmbeddedValkey) -> AsyncIterator[CameraHouse]:
    async with camera_house(sqlite_database, valkey.url) as house:
        yield house


async def test_a_camera_that_nobody_watches_is_connected_for_it_and_left(house: CameraHouse) -> None:
    async with house.showing(HARBOR, passing):
        answer, captured_ms = await house.stills.take(HARBOR)
        assert jpeg.size(answer.picture) == (answer.width, answer.height) == (WIDTH, HEIGHT)
        assert captured_ms in {fragment.captured_ms for fragment in house.studio.camera(5).sent}
        assert frozenset({5}) in {demand.cameras for demand in house.studio.demands}
        await house.studio.wanted()


async def test_it_is_the_newest_key_frame_as_it_looks(house: CameraHouse) -> None:
    await house.says("harbor", "live")
    camera, coded = house.studio.camera(5), as_h264(street(at_s=33))
    async with asyncio.TaskGroup() as group:
        taking = group.create_task(house.stills.take(HARBOR))
        await house.studio.wanted(5)
        camera.init(fmp4.init_segment(video_parameters([coded.sets[0]], [coded.sets[1]])))
        camera.key(body=fmp4.frame(0, 0, 3600, True, coded.data))
    answer, _ = taking.result()
    shown = cv2.imdecode(np.frombuffer(answer.picture, np.uint8), cv2.IMREAD_COLOR)
    assert shown is not None
    assert np.mean(cv2.absdiff(shown, street(at_s=33, grain=0))) < 8


async def test_why_there_is_none_is_said(house: CameraHouse) -> None:
    house.stills.connect_s = 0.2
    with pytest.raises(StillUnavailable, match=r"no whole picture within 0 s\. It is unknown: Nothing has been heard"):
        await house.stills.take(MAIN)
    await house.studio.wanted()


async def test_a_picture_from_before_a_camera_went_down_is_not_given_as_one_of_now(house: CameraHouse) -> None:
    async with house.showing(HARBOR, passing), house.stills.connected(HARBOR):
        await house.stills.key_picture(HARBOR, within_s=10)
        await house.says("harbor", "stalled")
        with pytest.raises(StillUnavailable):
            await house.stills.key_picture(HARBOR, within_s=0.2)


async def test_what_can_not_be_decoded_is_none(house: CameraHouse) -> None:
    await house.says("harbor", "live")
    house.studio.camera(5).jpeg(b"\xff\xd8\xff\xd9")
    with pytest.raises(StillUnavailable, match="can't be decoded"):
        await house.stills.take(HARBOR)


async def test_two_who_want_the_same_camera_have_one_connection(house: CameraHouse) -> None:
    async with house.showing(HARBOR, passing):
        async with house.stills.connected(HARBOR):
            async with house.stills.connected(replace(HARBOR)):
                await house.stills.key_picture(HARBOR, within_s=10)
            await house.stills.key_picture(HARBOR, within_s=10)
            assert house.studio.demands[-1].cameras == {5}
        await house.studio.wanted()
