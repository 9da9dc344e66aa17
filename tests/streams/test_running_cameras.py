"""Real RTSP cameras under the supervisor: killed and back, stalled, wrong password, another resolution."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from streams import backoff
from streams.bus.publisher import FragmentPublisher
from streams.bus.wakeups import Wakeups
from streams.cameras.clip_encoder import make
from streams.cameras.clips import Clip, Recipe
from streams.cameras.simulated import SignIn, SimulatedCamera, SimulatedCity
from streams.config import CameraConfig
from streams.formats import fmp4
from streams.formats.digest import Credentials
from streams.fragment import Kind
from streams.supervisor import Supervisor
from streams.valkey import EmbeddedValkey
from tests.fakes.watching_server import WatchingServer
from tests.streams.until import until

CREDENTIALS = Credentials("viewer", "s3cret")


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> tuple[Clip, Clip]:
    folder = tmp_path_factory.mktemp("clips")
    wide = Recipe(title="04  Main St", seed=4, width=320, height=180, fps=25, length_s=2, key_every_s=0.4, grain=3)
    return Clip.open(make(wide, folder)), Clip.open(make(replace(wide, width=256, height=144), folder))


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backoff, "LADDER_S", (0.2,))


@asynccontextmanager
async def _watched(url: str, config: CameraConfig) -> AsyncIterator[WatchingServer]:
    """A server that watches the camera, and the streams process that reads it."""
    publisher, door = FragmentPublisher(url), Wakeups(url)
    chief = Supervisor([config], publisher, door, streams_id="streams-1")
    try:
        async with WatchingServer(url).running() as server, asyncio.timeout(60), asyncio.TaskGroup() as group:
            tasks = [group.create_task(publisher.run()), group.create_task(chief.run())]
            await door.subscribed.wait()
            await server.want(config.number)
            yield server
            for task in reversed(tasks):
                task.cancel()
                await asyncio.wait([task])
    finally:
        await door.close()


def _config(city: SimulatedCity, password: str = CREDENTIALS.password) -> CameraConfig:
    return CameraConfig(
        id="main-4th", number=4, name="", url=city.url("main-4th"), username=CREDENTIALS.username, password=password
    )


def _state(server: WatchingServer) -> str:
    return str(server.state("main-4th").get("state"))


async def test_a_camera_that_is_killed_comes_back_when_it_does(
    valkey: EmbeddedValkey, clips: tuple[Clip, Clip]
) -> None:
    camera = SimulatedCamera("main-4th", clips[0])
    async with (
        SimulatedCity([camera], sign_in=SignIn(CREDENTIALS)) as city,
        _watched(valkey.url, _config(city)) as server,
    ):
        await until(lambda: _state(server) == "live" and len(server.frames(4)) > 5)
        await city.kill()
        await until(lambda: _state(server) == "down")
        assert server.state("main-4th")["reason"]
        await until(lambda: server.taken[-1].kind is Kind.GAP)
        seen = len(server.frames(4))
        await city.start()
        await until(lambda: _state(server) == "live" and len(server.frames(4)) > seen + 5)
        sequences = [fragment.sequence for fragment in server.taken]
        assert sequences == list(range(len(sequences))), "nothing is missing on the wire, and nothing twice"
        kinds = [fragment.kind for fragment in server.taken]
        assert kinds.count(Kind.INIT) == 2


async def test_a_camera_that_stops_its_pictures_is_stalled_and_live_again_with_the_next(
    valkey: EmbeddedValkey, clips: tuple[Clip, Clip]
) -> None:
    camera = SimulatedCamera("main-4th", clips[0])
    async with (
        SimulatedCity([camera], sign_in=SignIn(CREDENTIALS)) as city,
        _watched(valkey.url, _config(city)) as server,
    ):
        await until(lambda: _state(server) == "live")
        camera.stall()
        await until(lambda: _state(server) == "stalled")
        assert server.state("main-4th")["reason"] == "No picture for 5 s."
        camera.resume()
        await until(lambda: _state(server) == "live")
        assert server.states("main-4th")[-3:] == ["live", "stalled", "live"]


async def test_what_a_running_camera_sends_is_measured(valkey: EmbeddedValkey, clips: tuple[Clip, Clip]) -> None:
    """Its clip has a key frame every 10 pictures."""
    async with (
        SimulatedCity([SimulatedCamera("main-4th", clips[0])], sign_in=SignIn(CREDENTIALS)) as city,
        _watched(valkey.url, _config(city)) as server,
    ):
        await until(lambda: server.state("main-4th").get("gop_pictures") == 10)
        await until(lambda: server.state("main-4th")["fps"] > 0 and server.state("main-4th")["bitrate_bps"] > 0)
        assert server.state("main-4th")["losses"] == 0
        assert server.state("main-4th")["picture_ms"] > server.state("main-4th")["since_ms"]


async def test_another_resolution_is_a_new_init_segment_without_a_reconnect(
    valkey: EmbeddedValkey, clips: tuple[Clip, Clip]
) -> None:
    camera = SimulatedCamera("main-4th", clips[0])
    async with (
        SimulatedCity([camera], sign_in=SignIn(CREDENTIALS)) as city,
        _watched(valkey.url, _config(city)) as server,
    ):
        await until(lambda: _state(server) == "live")
        camera.change_resolution(clips[1])
        await until(lambda: [f.kind for f in server.taken].count(Kind.INIT) == 2)
        inits = [fmp4.read_init(f.body) for f in server.taken if f.kind is Kind.INIT]
        assert [(init.width, init.height) for init in inits] == [(320, 180), (256, 144)]
        assert Kind.GAP not in [f.kind for f in server.taken]
        assert server.state("main-4th")["losses"] == 0


async def test_a_wrong_password_is_told_in_words_without_the_password(
    valkey: EmbeddedValkey, clips: tuple[Clip, Clip], caplog: pytest.LogCaptureFixture
) -> None:
    camera = SimulatedCamera("main-4th", clips[0])
    async with (
        SimulatedCity([camera], sign_in=SignIn(CREDENTIALS)) as city,
        _watched(valkey.url, _config(city, password="wr0ng-one")) as server,
    ):
        await until(lambda: _state(server) == "down")
        state = server.state("main-4th")
        assert state["code"] == "source.refused"
        assert "password" in state["reason"]
        assert "wr0ng-one" not in state["reason"] + caplog.text
