"""What masks hide is on no channel of the bus and in no ring: everything that leaves is decoded and looked at."""

import asyncio
import logging
import os
import signal
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import groupby
from math import inf

import cv2
import numpy as np
import pytest

from streams import backoff
from streams.bus.publisher import FragmentPublisher
from streams.bus.wakeups import Wakeups
from streams.cameras.clip_encoder import make
from streams.cameras.clips import Clip, Recipe
from streams.cameras.simulated import SimulatedCamera, SimulatedCity
from streams.config import CameraConfig
from streams.fragment import Fragment, Kind, unpack
from streams.mask import Mask
from streams.pasts import Pasts
from streams.rendition import Rendition
from streams.supervisor import Supervisor
from streams.valkey import EmbeddedValkey
from tests.fakes.tap import Tap
from tests.fakes.watching_server import WatchingServer
from tests.streams.published_pictures import Plane, decoded, decoded_clip
from tests.streams.until import until

MASK = Mask(((0.2, 0.25), (0.7, 0.2), (0.75, 0.8), (0.3, 0.75)))
SOURCE, P480, STILLS, UNMASKED = (
    each.stream(4) for each in (Rendition.SOURCE, Rendition.P480, Rendition.STILLS, Rendition.UNMASKED)
)


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Clip:
    """A street by day, all of it bright."""
    recipe = Recipe(
        title="04  Main St", seed=4, width=320, height=180, fps=25, length_s=2, key_every_s=0.4, light="day", grain=3
    )
    return Clip.open(make(recipe, tmp_path_factory.mktemp("clips")))


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setattr(backoff, "LADDER_S", (0.2,))
    caplog.set_level(logging.INFO, "streams.cameras.encoder")


@dataclass
class Intake:
    """A camera with a mask, the streams process that reads it, and one who listens in from before its start."""

    city: SimulatedCity
    chief: Supervisor
    pasts: Pasts
    tap: Tap

    def burst(self, rendition: Rendition) -> tuple[Fragment, ...]:
        return self.chief.runners[4].burst(rendition)

    def assert_masked(self) -> None:
        """All that was ever on the bus, and what the process would give to who comes now; but ``unmasked``."""
        everything: list[Sequence[Fragment]] = [
            fragments for number, fragments in self.tap.live.items() if number != UNMASKED
        ]
        everything += [burst for burst in _bursts(self.tap.joins) if burst[0].stream_number != UNMASKED]
        everything += [self.burst(each) for each in Rendition if each is not Rendition.UNMASKED]
        past = self.pasts.known(4)
        kept = past and past.between(0, inf)
        assert kept, "a past that is looked at"
        everything.append([unpack(message) for message in kept.messages])
        for fragments in everything:
            pictures = decoded(fragments)
            assert len(pictures) == sum(each.kind in {Kind.FRAME, Kind.JPEG} for each in fragments)
            assert all(map(_is_masked, pictures))
            assert all(picture.std() > 20 for picture in pictures), "the rest is a picture"


@asynccontextmanager
async def _intake(url: str, clip: Clip, *, always_on: bool = False) -> AsyncIterator[Intake]:
    async with SimulatedCity([SimulatedCamera("main-4th", clip)]) as city, Tap().running(url) as tap:
        camera = CameraConfig(
            id="main-4th", number=4, name="", url=city.url("main-4th"), masks=(MASK,), always_on=always_on
        )
        publisher, door = FragmentPublisher(url), Wakeups(url)
        pasts = Pasts(past_s=60, past_bytes=2**25, total_bytes=2**30)
        chief = Supervisor([camera], publisher, door, streams_id="streams-1", pasts=pasts, linger_s=0.2)
        try:
            async with asyncio.timeout(60), asyncio.TaskGroup() as group:
                tasks = [group.create_task(publisher.run()), group.create_task(chief.run())]
                await door.subscribed.wait()
                yield Intake(city, chief, pasts, tap)
                for task in reversed(tasks):
                    task.cancel()
                    await asyncio.wait([task])
        finally:
            await door.close()


def _under_the_mask(picture: Plane) -> Plane:
    height, width = picture.shape
    area = np.zeros((height, width), np.uint8)
    cv2.fillPoly(area, [(np.array(MASK.outline) * (width, height) - 0.5).astype(np.int32)], (1,))
    inside: Plane = picture[cv2.erode(area, np.ones((5, 5), np.uint8)) == 1]
    return inside


def _is_masked(picture: Plane) -> bool:
    """Black (16 in limited range), and what coding does to it."""
    return bool(_under_the_mask(picture).max() <= 24)


def _bursts(fragments: Sequence[Fragment]) -> list[list[Fragment]]:
    return [list(burst) for _, burst in groupby(fragments, lambda fragment: fragment.stream_number)]


def _encoders(caplog: pytest.LogCaptureFixture) -> list[int]:
    return [record.__dict__["pid"] for record in caplog.records if "pid" in record.__dict__]


async def test_every_rendition_and_every_burst_is_masked_from_the_first_picture_on(
    valkey: EmbeddedValkey, clip: Clip
) -> None:
    first, late = WatchingServer(valkey.url, "first"), WatchingServer(valkey.url, "late")
    async with (
        first.running(),
        late.running(),
        _intake(valkey.url, clip) as intake,
    ):
        await first.want(SOURCE, P480, STILLS)
        await until(
            lambda: (
                intake.tap.pictures(SOURCE) > 30 and intake.tap.pictures(P480) > 10 and intake.tap.pictures(STILLS) > 1
            )
        )
        await late.want(SOURCE, P480, STILLS)
        await until(lambda: {each.stream_number for each in intake.tap.joins} == {SOURCE, P480, STILLS})
        count = intake.tap.pictures(SOURCE)
        await until(lambda: intake.tap.pictures(SOURCE) > count)

        assert first.state("main-4th")["state"] == "live"
        assert UNMASKED not in intake.tap.live
        intake.assert_masked()


async def test_an_encoder_that_is_killed_leaves_nothing_unmasked_and_is_told_in_words(
    valkey: EmbeddedValkey, clip: Clip, caplog: pytest.LogCaptureFixture
) -> None:
    async with (
        WatchingServer(valkey.url).running() as server,
        _intake(valkey.url, clip) as intake,
    ):
        await server.want(SOURCE, P480)
        for pictures in (10, 30):
            await intake.tap.wait_for(SOURCE, pictures)
            await until(lambda: server.state("main-4th").get("state") == "live")
            os.kill(_encoders(caplog)[-1], signal.SIGKILL)
            await until(lambda: server.state("main-4th")["state"] == "down")
            assert server.state("main-4th")["reason"] == (
                "Its masks can't be painted: The encoder was killed by SIGKILL."
            )
        await intake.tap.wait_for(SOURCE, intake.tap.pictures(SOURCE) + 10)

        assert [each.kind for each in intake.tap.live[SOURCE]].count(Kind.GAP) == 2
        assert server.states("main-4th")[-4:] == ["down", "live", "down", "live"]
        intake.assert_masked()


async def test_a_camera_that_comes_back_is_masked_as_before(valkey: EmbeddedValkey, clip: Clip) -> None:
    async with (
        WatchingServer(valkey.url).running() as server,
        _intake(valkey.url, clip) as intake,
    ):
        await server.want(SOURCE, P480)
        await until(lambda: intake.tap.pictures(SOURCE) > 10 and intake.tap.pictures(P480) > 3)
        await intake.city.kill()
        await until(lambda: server.state("main-4th")["state"] == "down")
        await until(lambda: intake.tap.live[SOURCE][-1].kind is Kind.GAP and intake.tap.live[P480][-1].kind is Kind.GAP)
        source, small = intake.tap.pictures(SOURCE), intake.tap.pictures(P480)
        await intake.city.start()
        await until(lambda: intake.tap.pictures(SOURCE) > source + 10 and intake.tap.pictures(P480) > small + 3)

        assert server.states("main-4th")[-3:] == ["live", "down", "live"]
        intake.assert_masked()


async def test_the_unmasked_picture_is_sent_while_it_is_leased_and_not_a_picture_longer(
    valkey: EmbeddedValkey, clip: Clip
) -> None:
    async with (
        WatchingServer(valkey.url).running() as server,
        _intake(valkey.url, clip, always_on=True) as intake,
    ):
        await server.want(SOURCE)
        await until(lambda: intake.tap.pictures(SOURCE) > 10)
        assert UNMASKED not in intake.tap.live
        assert intake.burst(Rendition.UNMASKED) == ()

        await server.want(SOURCE, UNMASKED)
        await until(lambda: intake.tap.pictures(UNMASKED) > 20)
        shown = server.rings[UNMASKED].burst()
        assert not any(map(_is_masked, decoded(shown)))

        await server.want(SOURCE)
        await until(lambda: intake.burst(Rendition.UNMASKED) == ())
        mark = intake.tap.pictures(SOURCE)
        await until(lambda: intake.tap.pictures(SOURCE) > mark + 5)  # what was on its way has come
        count = len(intake.tap.live[UNMASKED])
        mark = intake.tap.pictures(SOURCE)
        await until(lambda: intake.tap.pictures(SOURCE) > mark + 10)

        assert len(intake.tap.live[UNMASKED]) == count
        intake.assert_masked()


async def test_a_masked_camera_whose_encoder_hangs_is_stalled_in_words_though_the_camera_sends(
    valkey: EmbeddedValkey, clip: Clip, caplog: pytest.LogCaptureFixture
) -> None:
    async with (
        WatchingServer(valkey.url).running() as server,
        _intake(valkey.url, clip) as intake,
    ):
        await server.want(SOURCE)
        await until(lambda: intake.tap.pictures(SOURCE) > 10)
        pid = _encoders(caplog)[-1]
        os.kill(pid, signal.SIGSTOP)
        await until(lambda: server.state("main-4th")["state"] == "stalled")
        assert server.state("main-4th")["reason"] == (
            "The camera sends pictures, but for 5 s its masks could be painted into none."
        )
        os.kill(pid, signal.SIGCONT)
        await until(lambda: server.state("main-4th")["state"] == "live")
        intake.assert_masked()


async def test_a_camera_without_masks_shows_what_a_mask_would_hide(valkey: EmbeddedValkey, clip: Clip) -> None:
    """Else nothing above would mean anything."""
    pictures = decoded_clip(clip)
    assert not any(map(_is_masked, pictures))
