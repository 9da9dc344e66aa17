"""A still and a check through the whole product, of a camera with a mask that nobody watches."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from streams.cameras.clip_encoder import make
from streams.cameras.clips import Clip, Recipe
from streams.cameras.simulated import SimulatedCamera, SimulatedCity
from streams.config import CameraConfig
from streams.mask import Mask
from streams.valkey import EmbeddedValkey
from tests.e2e.whole_way import whole_way
from tests.server.running import Client, Running

LOWER_HALF = Mask(((0.0, 0.5), (1.0, 0.5), (1.0, 1.0), (0.0, 1.0)))


@pytest.fixture
async def camera(tmp_path: Path) -> AsyncIterator[CameraConfig]:
    recipe = Recipe("Main St", seed=4, length_s=4, fps=15, key_every_s=0.4, max_bitrate_bps=2_500_000, grain=4)
    clip = await asyncio.to_thread(lambda: Clip.open(make(recipe, tmp_path)))
    async with SimulatedCity([SimulatedCamera("main-4th", clip)]) as city:
        yield CameraConfig("main-4th", 4, "Main St / 4th Ave", city.url("main-4th"), masks=(LOWER_HALF,))


async def picture(server: Running, person: Client, path: str) -> npt.NDArray[np.uint8]:
    async with server.http.get(server.address + path, headers=person.headers) as answer:
        assert answer.status == 200, await answer.text()
        read = cv2.imdecode(np.frombuffer(await answer.read(), np.uint8), cv2.IMREAD_GRAYSCALE)
    assert read is not None
    return read.astype(np.uint8, copy=False)


def assert_masked(shown: npt.NDArray[np.uint8]) -> None:
    height = len(shown)
    assert shown[: height // 2 - 8].mean() > 40
    assert shown[height // 2 :].max() < 24


async def test_what_masks_hide_is_in_no_still_and_no_reference(
    tmp_path: Path, camera: CameraConfig, valkey: EmbeddedValkey
) -> None:
    async with asyncio.timeout(120), whole_way(tmp_path, valkey, camera) as server:
        server.services.picture_checks._apart_ms = 300
        # An encoder starts for it, on a machine that may be busy.
        server.services.stills.connect_s = 60
        operator = await server.signed_in("operator")
        assert_masked(await picture(server, operator, "/api/cameras/main-4th/still"))
        check = (await operator.post("/api/cameras/main-4th/check")).json["check"]
        assert (check["outcome"], check["message"]) == ("good", "")
        assert_masked(await picture(server, operator, "/api/cameras/main-4th/reference"))
        check = (await operator.post("/api/cameras/main-4th/check")).json["check"]
        assert (check["outcome"], check["message"]) == ("good", "")
        assert check["figures"]["places"] > 20
        assert check["figures"]["held"] > 0.8
