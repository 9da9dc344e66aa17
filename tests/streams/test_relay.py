"""What leaves of one camera, by its rings: the bus is no part of this."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from streams.access_unit import AccessUnit
from streams.bus.publisher import FragmentPublisher
from streams.cameras.clip_encoder import make
from streams.cameras.clips import Clip, Recipe
from streams.config import CameraConfig
from streams.errors import SourceError
from streams.fragment import Fragment, Kind
from streams.mask import Mask
from streams.relay import Relay
from streams.rendition import Rendition
from tests.streams.until import until, until_ended

P480, P240, STILLS = Rendition.P480, Rendition.P240, Rendition.STILLS
START_S = 1_700_000_000.0


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Clip:
    """One group of pictures of 4 s."""
    recipe = Recipe(title="04  Main St", seed=4, width=320, height=180, fps=25, length_s=4, key_every_s=4)
    return Clip.open(make(recipe, tmp_path_factory.mktemp("clips")))


class Camera:
    def __init__(self, clip: Clip, tmp_path: Path, *masks: Mask) -> None:
        self.shown: list[AccessUnit] = []
        self.losses: list[SourceError] = []
        config = CameraConfig(id="main-4th", number=4, name="", url="rtsp://192.0.2.1/", masks=masks)
        self.relay = Relay(
            config,
            FragmentPublisher(f"unix://{tmp_path}/nobody"),
            on_shown=self.shown.append,
            on_lost=self.losses.append,
        )
        self._clip = clip
        self.pushed = 0

    def push(self, pictures: int = 1) -> None:
        for number in range(self.pushed, self.pushed + pictures):
            index = number % len(self._clip)
            is_key = self._clip.is_key(index)
            unit = AccessUnit(self._clip.parameters, self._clip[index], is_key, START_S + number / 25, number * 3600)
            self.relay.push(unit)
        self.pushed += pictures

    async def push_until(self, rendition: Rendition, pictures: int = 1) -> list[Fragment]:
        """One picture after the other until there are so many of a rendition; its pictures."""

        def is_there() -> bool:
            if len(self.pictures(rendition)) < pictures:
                self.push()
            return len(self.pictures(rendition)) >= pictures

        await until(is_there)
        return self.pictures(rendition)

    def pictures(self, rendition: Rendition) -> list[Fragment]:
        return [each for each in self.relay.burst(rendition) if each.kind in {Kind.FRAME, Kind.JPEG}]


@asynccontextmanager
async def _running(camera: Camera) -> AsyncIterator[Camera]:
    task = asyncio.create_task(camera.relay.run())
    try:
        yield camera
    finally:
        task.cancel()
        await asyncio.wait({task})


async def test_the_first_smaller_picture_does_not_wait_for_a_key_frame(clip: Clip, tmp_path: Path) -> None:
    async with _running(Camera(clip, tmp_path)) as camera:
        camera.push(30)
        camera.relay.encode({P480, STILLS})
        await until(lambda: camera.pictures(P480) and camera.pictures(STILLS))

        newest_ms = camera.relay.burst(Rendition.SOURCE)[-1].captured_ms
        assert [each.captured_ms for each in camera.pictures(P480)] == [newest_ms]
        assert [each.captured_ms for each in camera.pictures(STILLS)] == [newest_ms]
        assert camera.pictures(P480)[0].is_key


async def test_renditions_have_sequences_and_init_segments_of_their_own(clip: Clip, tmp_path: Path) -> None:
    async with _running(Camera(clip, tmp_path)) as camera:
        camera.push(30)
        camera.relay.encode({P480, P240})
        await camera.push_until(P480, 4)
        await camera.push_until(P240, 2)

        for rendition in (P480, P240):
            init, *frames = camera.relay.burst(rendition)
            assert (init.kind, init.sequence) == (Kind.INIT, 0)
            assert [each.sequence - frames[0].sequence for each in frames] == list(range(len(frames)))
            assert {each.stream_number for each in (init, *frames)} == {rendition.stream(4)}
        assert len(camera.shown) == camera.pushed, "health is that of the source"


async def test_what_is_not_encoded_any_more_is_nothing_to_join_with(clip: Clip, tmp_path: Path) -> None:
    async with _running(Camera(clip, tmp_path)) as camera:
        camera.relay.encode({P480})
        await camera.push_until(P480, 2)
        camera.relay.encode(set())
        assert camera.relay.burst(P480) == ()
        assert camera.relay.burst(Rendition.SOURCE)

        camera.relay.encode({P480})
        (picture, *_) = await camera.push_until(P480)
        assert picture.is_key


async def test_a_camera_without_masks_has_no_unmasked_rendition(clip: Clip, tmp_path: Path) -> None:
    camera = Camera(clip, tmp_path)
    camera.relay.lease({Rendition.SOURCE, Rendition.UNMASKED})
    camera.push(5)
    assert camera.relay.burst(Rendition.UNMASKED) == ()
    assert len(camera.pictures(Rendition.SOURCE)) == 5


async def test_who_lifts_a_mask_joins_at_once_with_the_group_of_pictures_and_nothing_of_it_stays(
    clip: Clip, tmp_path: Path
) -> None:
    """No encoder runs here: what is seen of the camera is the unmasked picture alone."""
    camera = Camera(clip, tmp_path, Mask(((0, 0), (1, 0), (0, 1))))
    camera.push(10)
    assert [camera.relay.burst(each) for each in Rendition] == [()] * len(Rendition)
    camera.relay.lease({Rendition.UNMASKED})
    camera.push(2)
    assert len(camera.pictures(Rendition.UNMASKED)) == 12

    camera.relay.lease(set())
    camera.push(2)
    assert [camera.relay.burst(each) for each in Rendition] == [()] * len(Rendition)
    camera.relay.lease({Rendition.UNMASKED})
    assert len(camera.pictures(Rendition.UNMASKED)) == 14
    assert not camera.shown


async def test_a_lost_camera_leaves_nothing_to_join_with(clip: Clip, tmp_path: Path) -> None:
    async with _running(Camera(clip, tmp_path)) as camera:
        camera.relay.encode({P480})
        await camera.push_until(P480, 2)
        camera.relay.interrupt()
        assert [camera.relay.burst(each) for each in Rendition] == [()] * len(Rendition)


async def test_an_encoder_of_a_camera_that_gives_nothing_for_long_is_ended_until_it_gives_again(
    clip: Clip, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "streams.cameras.encoder")
    async with _running(Camera(clip, tmp_path, Mask(((0, 0), (1, 0), (0, 1))))) as camera:
        await camera.push_until(Rendition.SOURCE, 2)
        (pid,) = (record.__dict__["pid"] for record in caplog.records)
        camera.relay.interrupt()
        camera.relay.rest()
        await until_ended(pid)
        camera.relay.encode({P480})
        while camera.pushed % len(clip):
            camera.push()
        camera.push()
        await until(lambda: camera.pictures(Rendition.SOURCE) and camera.pictures(P480))
        assert camera.pictures(Rendition.SOURCE)[0].is_key


async def test_an_encoder_that_can_not_read_the_camera_fails_in_words_and_the_source_goes_on(
    clip: Clip, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("streams.backoff.LADDER_S", (0.05,))
    async with _running(Camera(clip, tmp_path)) as camera:
        camera.relay.encode({P480})
        garbage = AccessUnit(clip.parameters, b"\0\0\0\x05\x65nope", is_key=True, captured_at=START_S)

        def is_lost_twice() -> bool:
            for _ in range(20):
                camera.relay.push(garbage)
            return len(camera.losses) == 2

        await until(is_lost_twice)
        assert camera.relay.failing == {P480}
        assert camera.relay.failure == "Of 250 pictures none could be decoded."
        assert camera.pictures(Rendition.SOURCE)
        camera.relay.encode(set())
        assert camera.relay.failing == frozenset()
        assert camera.relay.failure == ""
