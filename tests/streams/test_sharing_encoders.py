"""Who gets an encoder when not all can, over a real bus."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from streams import backoff, supervisor
from streams.bus.publisher import FragmentPublisher
from streams.bus.wakeups import Wakeups
from streams.errors import SourceEnded
from streams.rendition import Rendition
from streams.supervisor import Supervisor
from streams.valkey import EmbeddedValkey
from tests.fakes.scripted_camera import ScriptedCamera
from tests.fakes.watching_server import WatchingServer
from tests.streams.until import until

ONE, OTHER = Rendition.P480.stream(1), Rendition.P480.stream(2)
REFUSAL = "All 1 encoders of this machine are in use. Others go on; this one begins as soon as one is free."


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "SWEEP_EVERY_S", 0.05)
    monkeypatch.setattr(supervisor, "STATES_EVERY_S", 0.5)
    monkeypatch.setattr(backoff, "LADDER_S", (0.05,))


@asynccontextmanager
async def _streams(url: str, *cameras: ScriptedCamera) -> AsyncIterator[Supervisor]:
    """A streams process with one encoder."""
    publisher, door = FragmentPublisher(url), Wakeups(url)
    by_id = {camera.config.id: camera for camera in cameras}
    chief = Supervisor(
        [camera.config for camera in cameras],
        publisher,
        door,
        streams_id="streams-1",
        max_encoders=1,
        open_reader=lambda config: by_id[config.id],
        linger_s=0.2,
    )
    try:
        async with asyncio.timeout(60), asyncio.TaskGroup() as group:
            sending = group.create_task(publisher.run())
            running = group.create_task(chief.run())
            await door.subscribed.wait()
            yield chief
            running.cancel()
            await asyncio.wait([running])
            sending.cancel()
    finally:
        await door.close()


async def test_who_comes_too_late_is_refused_in_words_until_a_place_is_free(valkey: EmbeddedValkey) -> None:
    first, second = ScriptedCamera(1), ScriptedCamera(2)
    one, other = WatchingServer(valkey.url, "one"), WatchingServer(valkey.url, "other")
    async with one.running(), other.running(), _streams(valkey.url, first, second):
        await one.want(ONE)
        await until(lambda: first.is_connected)
        await other.want(2, OTHER)
        await until(lambda: "refused" in other.state("camera-2"))
        assert other.state("camera-2")["refused"] == ["480p"]
        assert other.state("camera-2")["refusal"] == REFUSAL
        assert "refused" not in other.state("camera-1")

        second.show(5, key=True)
        await until(lambda: len(other.frames(2)) == 5)
        await one.want()
        await until(lambda: "refused" not in other.state("camera-2"))


async def test_a_camera_that_is_lost_leaves_its_encoder_to_others(valkey: EmbeddedValkey) -> None:
    first, second = ScriptedCamera(1), ScriptedCamera(2)
    one, other = WatchingServer(valkey.url, "one"), WatchingServer(valkey.url, "other")
    async with one.running(), other.running(), _streams(valkey.url, first, second):
        await one.want(ONE)
        await until(lambda: first.is_connected)
        await other.want(OTHER)
        await until(lambda: "refused" in other.state("camera-2"))
        first.refuses = SourceEnded("The camera closed the connection.")
        first.fail(SourceEnded("The camera closed the connection."))
        await until(lambda: "refused" not in other.state("camera-2"))

        first.refuses = None
        await until(lambda: first.is_connected)
        first.show(key=True)
        await until(lambda: one.state("camera-1").get("refused") == ["480p"])


async def test_pictures_that_can_not_be_encoded_are_refused_in_words_and_the_source_goes_on(
    valkey: EmbeddedValkey,
) -> None:
    """The scripted camera's pictures are none."""
    camera = ScriptedCamera(1)
    async with WatchingServer(valkey.url).running() as server, _streams(valkey.url, camera):
        await server.want(1, ONE)
        await until(lambda: camera.is_connected)

        def is_refused() -> bool:
            camera.show(20, key=True)
            return "refused" in server.state("camera-1")

        await until(is_refused)
        assert server.state("camera-1")["refused"] == ["480p"]
        assert server.state("camera-1")["refusal"] == "Of 250 pictures none could be decoded."
        assert server.state("camera-1")["state"] == "live"
