"""Where a movable camera stands, and what is masked when nobody knows."""

import asyncio
import logging
from collections.abc import Sequence

import numpy as np
import pytest

from streams.bus import channels
from streams.bus.publisher import FragmentPublisher
from streams.bus.wakeups import Wakeups
from streams.cameras.clip_encoder import make
from streams.cameras.clips import Clip, Recipe
from streams.cameras.simulated import SimulatedCamera, SimulatedCity
from streams.config import CameraConfig
from streams.errors import FormatError
from streams.fragment import Fragment
from streams.mask import Mask
from streams.preset import Preset, Stand, View
from streams.rendition import Rendition
from streams.supervisor import Supervisor
from streams.valkey import EmbeddedValkey
from tests.streams.published_pictures import Plane, decoded
from tests.streams.until import until

LEFT = Mask(((0, 0), (0.5, 0), (0.5, 1), (0, 1)))
RIGHT = Mask(((0.5, 0), (1, 0), (1, 1), (0.5, 1)))
PRESETS = (Preset("north", (LEFT,)), Preset("south", (RIGHT,)), Preset("sky", ()))


@pytest.fixture
def view() -> View:
    return View((LEFT, RIGHT), PRESETS)


def test_all_masks_hold_while_nobody_knows_where_the_camera_stands(view: View) -> None:
    assert view.masks(now=0) == (LEFT, RIGHT)
    view.take(Stand("main-4th", "nowhere", 10), now=0)
    assert view.masks(now=1) == (LEFT, RIGHT)
    view.take(Stand("main-4th", "", 10), now=2)
    assert view.masks(now=3) == (LEFT, RIGHT)


def test_those_of_a_preset_hold_as_long_as_it_is_told(view: View) -> None:
    view.take(Stand("main-4th", "north", 10), now=0)
    assert view.masks(now=9.9) == (LEFT,)
    view.take(Stand("main-4th", "sky", 10), now=9)
    assert view.masks(now=18.9) == ()
    assert view.masks(now=19) == (LEFT, RIGHT)


def test_a_camera_that_begins_to_move_has_all_masks_again(view: View) -> None:
    view.take(Stand("main-4th", "north", 10), now=0)
    view.take(Stand("main-4th", "", 10), now=1)
    assert view.masks(now=1) == (LEFT, RIGHT)


def test_what_was_told_is_forgotten_when_something_was_missed(view: View) -> None:
    view.take(Stand("main-4th", "north", 10), now=0)
    view.forget()
    assert view.masks(now=1) == (LEFT, RIGHT)


def test_a_stand_goes_over_the_bus() -> None:
    stand = Stand("main-4th", "north", 5)
    assert Stand.from_json(stand.to_json().encode()) == stand
    assert Stand.from_json(b'{"camera": "main-4th", "preset": null, "ttl_s": 5}') == Stand("main-4th", "", 5)


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"[]",
        b"{}",
        b'{"camera": "a", "preset": "b"}',
        b'{"camera": "a", "preset": "b", "ttl_s": 0}',
        b'{"camera": "a", "preset": "b", "ttl_s": 1e9}',
        b'{"camera": "a", "preset": "b", "ttl_s": NaN}',
    ],
)
def test_what_is_no_stand_is_refused(payload: bytes) -> None:
    with pytest.raises(FormatError):
        Stand.from_json(payload)


def _black(picture: Plane) -> tuple[bool, bool]:
    """Whether its left and right half are, but for the border of the other's mask."""
    width = picture.shape[1]
    halves = picture[:, : width // 2 - 8], picture[:, width // 2 + 8 :]
    left, right = (bool(np.max(half) <= 24) for half in halves)
    return left, right


def _newest(burst: Sequence[Fragment]) -> tuple[bool, bool] | None:
    return _black(decoded(burst)[-1]) if burst else None


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Clip:
    recipe = Recipe(title="04  Main St", seed=4, width=320, height=180, fps=25, length_s=2, key_every_s=0.4)
    return Clip.open(make(recipe, tmp_path_factory.mktemp("clips")))


async def test_a_camera_shows_what_its_preset_allows_and_nothing_when_it_is_told_no_more(
    valkey: EmbeddedValkey, clip: Clip, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    publisher, door = FragmentPublisher(valkey.url), Wakeups(valkey.url)
    async with SimulatedCity([SimulatedCamera("main-4th", clip)]) as city:
        camera = CameraConfig(
            id="main-4th",
            number=4,
            name="",
            url=city.url("main-4th"),
            always_on=True,
            masks=(LEFT, RIGHT),
            presets=PRESETS,
        )
        chief = Supervisor([camera], publisher, door, streams_id="streams-1")
        seen: set[tuple[bool, bool] | None] = set()

        def shows(halves: tuple[bool, bool]) -> bool:
            newest = _newest(chief.runners[4].burst(Rendition.SOURCE))
            seen.add(newest)
            return newest == halves

        try:
            async with asyncio.timeout(60), asyncio.TaskGroup() as group:
                tasks = [group.create_task(publisher.run()), group.create_task(chief.run())]
                await door.subscribed.wait()
                await until(lambda: shows((True, True)))
                assert seen == {None, (True, True)}
                await door.publish(channels.PRESETS, Stand("main-4th", "north", 60).to_json())
                await until(lambda: shows((True, False)))
                await door.publish(channels.PRESETS, Stand("main-4th", "south", 0.5).to_json())
                await until(lambda: shows((False, True)))
                await until(lambda: shows((True, True)))
                assert (False, False) not in seen
                await door.publish(channels.PRESETS, "nowhere")
                await until(lambda: any("preset not understood" in each.getMessage() for each in caplog.records))
                for task in reversed(tasks):
                    task.cancel()
                    await asyncio.wait([task])
        finally:
            await door.close()
