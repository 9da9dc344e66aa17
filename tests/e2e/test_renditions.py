"""The whole way of a picture in smaller renditions: camera, intake, encoder, bus, server, client."""

import asyncio
from collections.abc import AsyncIterator
from itertools import pairwise
from pathlib import Path

import pytest

from clients.cli import address
from clients.cli.client import Client
from clients.cli.fragment import Fragment
from clients.cli.video import Shown, Watch
from server.core import quality
from streams.cameras.clip_encoder import make
from streams.cameras.clips import Clip, Recipe
from streams.cameras.simulated import SimulatedCamera, SimulatedCity
from streams.config import CameraConfig
from streams.valkey import EmbeddedValkey
from tests.e2e.whole_way import whole_way
from tests.fakes.slow_link import SlowLink

BAD_BPS, GOOD_BPS = 1_000_000, 50_000_000
"""Of these the camera's 2.5 Mb/s fit through the second only, its 480p through both."""


@pytest.fixture
async def camera(tmp_path: Path) -> AsyncIterator[CameraConfig]:
    recipe = Recipe("Main St", seed=4, length_s=2, fps=15, key_every_s=0.4, max_bitrate_bps=2_500_000, grain=10)
    clip = await asyncio.to_thread(lambda: Clip.open(make(recipe, tmp_path)))
    async with SimulatedCity([SimulatedCamera("main-4th", clip)]) as city:
        yield CameraConfig("main-4th", 4, "Main St / 4th Ave", city.url("main-4th"))


async def test_a_throttled_viewer_gets_480p_by_itself_and_the_source_again_when_the_link_is_good(
    tmp_path: Path, camera: CameraConfig, valkey: EmbeddedValkey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quality, "GOOD_S", 2.0)
    async with asyncio.timeout(90), whole_way(tmp_path, valkey, camera, linger_s=0.5) as server:
        operator = await server.signed_in("operator")
        async with SlowLink(int(server.address.rpartition(":")[2]), rate_bps=GOOD_BPS, queue_bytes=256 * 1024) as link:
            behind = address.parse(f"http://127.0.0.1:{link.port}")
            async with Watch(Client(behind, operator.token), "main-4th", purpose="wall") as watch:
                assert await next_shown(watch) == Shown("source", "auto", "")
                await pictures(watch, 30)
                link.becomes(BAD_BPS)
                assert await next_shown(watch) == Shown("480p", "link", "")
                smaller = await pictures(watch, 30)
                assert {picture.rendition for picture in smaller} == {"480p"}
                assert all(later.captured_ms > earlier.captured_ms for earlier, later in pairwise(smaller))
                link.becomes(GOOD_BPS)
                assert await next_shown(watch) == Shown("source", "auto", "")
                back = await pictures(watch, 30)
                assert back[0].is_key
                assert {picture.rendition for picture in back} == {"source"}


async def test_who_finds_no_encoder_free_is_told_and_shown_the_source_until_one_is(
    tmp_path: Path, camera: CameraConfig, valkey: EmbeddedValkey
) -> None:
    async with asyncio.timeout(90), whole_way(tmp_path, valkey, camera, linger_s=0.5, max_encoders=1) as server:
        operator = await server.signed_in("operator")
        client = Client(address.parse(server.address), operator.token)
        async with Watch(client, "main-4th", purpose="wall", quality="240p") as second:
            async with Watch(client, "main-4th", purpose="wall", quality="480p") as first:
                assert await next_shown(first) == Shown("480p", "asked", "")
                shown = await next_shown(second)
                assert (shown.rendition, shown.why) == ("source", "encoders")
                assert shown.message.startswith("All 1 encoders")
                assert {picture.rendition for picture in await pictures(second, 10)} == {"source"}
            assert await next_shown(second) == Shown("240p", "asked", "")
            assert {picture.rendition for picture in await pictures(second, 10)} == {"240p"}


async def next_shown(watch: Watch) -> Shown:
    async for seen in watch:
        if isinstance(seen, Shown):
            return seen
    raise AssertionError("it has no end")


async def pictures(watch: Watch, count: int) -> list[Fragment]:
    found: list[Fragment] = []
    async for seen in watch:
        if isinstance(seen, Fragment) and seen.is_picture:
            found.append(seen)
            if len(found) == count:
                break
    return found
