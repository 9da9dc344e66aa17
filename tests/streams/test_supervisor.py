"""Cameras that come and go, are wanted and left, fail and return; over a real bus."""

import asyncio
import logging
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from streams import backoff, camera_runner, health, ownership, supervisor
from streams.bus import channels, connection, wakeups
from streams.bus.publisher import FragmentPublisher
from streams.bus.wakeups import Wakeups
from streams.errors import SourceEnded, SourceFull, SourceRefused, SourceSilent
from streams.fragment import Flag, Kind, unpack
from streams.pasts import Pasts
from streams.supervisor import Supervisor
from streams.valkey import EmbeddedValkey
from tests.fakes.scripted_camera import ScriptedCamera
from tests.fakes.watching_server import WatchingServer
from tests.streams.until import until


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ownership, "SETTLE_S", 0.05)
    monkeypatch.setattr(supervisor, "SWEEP_EVERY_S", 0.05)
    monkeypatch.setattr(supervisor, "STATES_EVERY_S", 0.5)
    monkeypatch.setattr(camera_runner, "HURRY_AFTER_S", 0.0)
    monkeypatch.setattr(backoff, "LADDER_S", (0.05,))


@asynccontextmanager
async def _streams(url: str, *cameras: ScriptedCamera, linger_s: float = 0.2) -> AsyncIterator[Supervisor]:
    """A streams process with these cameras, until left."""
    publisher, door = FragmentPublisher(url), Wakeups(url)
    by_id = {camera.config.id: camera for camera in cameras}
    chief = Supervisor(
        [camera.config for camera in cameras],
        publisher,
        door,
        streams_id="streams-1",
        pasts=Pasts(past_s=60, past_bytes=1 << 20, total_bytes=1 << 20),
        open_reader=lambda config: by_id[config.id],
        chance=lambda: 0.5,
        linger_s=linger_s,
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


async def _until_live(camera: ScriptedCamera, server: WatchingServer) -> None:
    """Return when pictures of the camera come out at the server, beginning with a key frame."""
    await until(lambda: camera.is_connected)
    camera.show(key=True)
    await until(lambda: server.state(camera.config.id).get("state") == "live")
    await until(lambda: server.frames(camera.config.number))


async def test_a_camera_that_nobody_wants_is_not_connected_and_everybody_is_told_so(valkey: EmbeddedValkey) -> None:
    camera = ScriptedCamera(4)
    async with WatchingServer(valkey.url).running() as server, _streams(valkey.url, camera):
        await until(lambda: [message["full"] for message in server.messages].count(True) >= 2)
        message = next(message for message in server.messages if message["full"])
        assert message["streams"] == "streams-1"
        assert message["cameras"]["camera-4"]["number"] == 4
        assert server.state("camera-4")["reason"] == "Not connected: nobody watches."
        assert server.states("camera-4") == ["idle"]
        assert camera.tries == 0


async def test_a_wanted_camera_is_connected_and_its_pictures_arrive(valkey: EmbeddedValkey) -> None:
    camera = ScriptedCamera(4)
    async with WatchingServer(valkey.url).running() as server, _streams(valkey.url, camera):
        await server.want(4)
        await _until_live(camera, server)
        camera.show(20)
        await until(lambda: len(server.frames(4)) == 21)
        assert [f.kind for f in server.taken[:2]] == [Kind.INIT, Kind.FRAME]
        sequences = [f.sequence for f in server.taken]
        assert sequences == list(range(sequences[0], sequences[0] + 22))
        assert server.states("camera-4")[-2:] == ["starting", "live"]


async def test_a_camera_is_left_some_time_after_the_last_viewer_and_connected_again_for_the_next(
    valkey: EmbeddedValkey,
) -> None:
    camera = ScriptedCamera(4)
    async with WatchingServer(valkey.url).running() as server, _streams(valkey.url, camera, linger_s=0.3):
        await server.want(4)
        await _until_live(camera, server)
        await server.want()
        await until(lambda: not camera.is_connected)
        await until(lambda: server.state("camera-4")["state"] == "idle")
        server.taken.clear()
        await server.want(4)
        await _until_live(camera, server)
        assert camera.tries == 2
        assert [(f.kind, f.flags) for f in server.taken] == [
            (Kind.INIT, Flag.DISCONTINUITY),
            (Kind.FRAME, Flag.KEY | Flag.DISCONTINUITY),
        ]


async def test_a_viewer_who_returns_in_time_finds_the_camera_connected_and_joins_at_once(
    valkey: EmbeddedValkey,
) -> None:
    camera = ScriptedCamera(4)
    async with WatchingServer(valkey.url).running() as server, _streams(valkey.url, camera, linger_s=60):
        await server.want(4)
        await _until_live(camera, server)
        await server.want()
        camera.show(5)
        await server.want(4)
        await until(lambda: len(server.frames(4)) == 6)
        camera.show()
        await until(lambda: len(server.frames(4)) == 7)
        assert camera.tries == 1


async def test_an_always_on_camera_runs_without_viewers_and_the_first_one_joins_at_once(
    valkey: EmbeddedValkey,
) -> None:
    camera = ScriptedCamera(4, always_on=True)
    async with WatchingServer(valkey.url).running() as server, _streams(valkey.url, camera):
        await until(lambda: camera.is_connected)
        camera.show(10, key=True)
        await until(lambda: server.state("camera-4").get("state") == "live")
        assert server.got == []
        await server.want(4)
        await until(lambda: len(server.frames(4)) == 10)
        assert [f.kind for f in server.got] == [Kind.INIT] + [Kind.FRAME] * 10


async def test_a_server_that_comes_late_gets_the_group_of_pictures_in_order_and_nothing_twice(
    valkey: EmbeddedValkey,
) -> None:
    camera = ScriptedCamera(4)
    one, other = WatchingServer(valkey.url, "one"), WatchingServer(valkey.url, "other")
    async with one.running(), other.running(), _streams(valkey.url, camera):
        await one.want(4)
        await _until_live(camera, one)
        camera.show(30, key=True)

        async def keep_showing() -> None:
            while True:
                camera.show()
                await asyncio.sleep(0.001)

        showing = asyncio.create_task(keep_showing())
        await other.want(4)
        await until(lambda: len(other.frames(4)) > 60)
        showing.cancel()
        await until(lambda: other.taken[-1] == one.taken[-1])
        assert other.taken[0].kind is Kind.INIT
        assert other.taken[1].is_key
        sequences = other.frames(4)
        assert sequences == list(range(sequences[0], sequences[0] + len(sequences)))
        assert one.frames(4)[-len(sequences) :] == sequences
        assert [f.sequence for f in one.got] == sorted({f.sequence for f in one.got}), "the first one was not bothered"


async def test_a_lost_camera_is_down_with_the_reason_and_comes_back_with_a_new_init_segment(
    valkey: EmbeddedValkey,
) -> None:
    camera = ScriptedCamera(4)
    async with WatchingServer(valkey.url).running() as server, _streams(valkey.url, camera):
        await server.want(4)
        await _until_live(camera, server)
        camera.show(3)
        camera.refuses = SourceRefused("The camera refuses: the password is wrong.")
        camera.fail(SourceEnded("The camera closed the connection."))
        await until(lambda: server.state("camera-4")["code"] == "source.refused")
        assert server.state("camera-4")["state"] == "down"
        assert server.state("camera-4")["reason"] == "The camera refuses: the password is wrong."
        assert any(
            message["cameras"].get("camera-4", {}).get("reason") == "The camera closed the connection."
            for message in server.messages
        )
        await until(lambda: server.taken[-1].kind is Kind.GAP)
        assert server.rings[4].burst() == ()
        before = server.taken[-1]
        camera.refuses = None
        await _until_live(camera, server)
        gap, init, frame = server.taken[-3:]
        assert (gap, init.kind, frame.kind) == (before, Kind.INIT, Kind.FRAME)
        assert init.flags == Flag.DISCONTINUITY
        assert frame.sequence == gap.sequence + 2
        assert server.states("camera-4")[-3:] == ["live", "down", "live"]


async def test_a_camera_without_pictures_is_stalled_then_tried_again_and_live(
    valkey: EmbeddedValkey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "STALLED_AFTER_S", 0.2)
    camera = ScriptedCamera(4)
    async with WatchingServer(valkey.url).running() as server, _streams(valkey.url, camera):
        await server.want(4)
        await _until_live(camera, server)
        await until(lambda: server.state("camera-4")["state"] == "stalled")
        assert camera.tries == 1
        camera.fail(SourceSilent("No picture came for 5 s."))
        await until(lambda: camera.tries == 2 and camera.is_connected)
        camera.show(key=True)
        await until(lambda: server.state("camera-4")["state"] == "live")
        assert server.states("camera-4")[-3:] == ["live", "stalled", "live"]


async def test_a_viewer_who_arrives_makes_a_lost_camera_be_tried_at_once(
    valkey: EmbeddedValkey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backoff, "LADDER_S", (600,))
    camera = ScriptedCamera(4)
    camera.refuses = SourceEnded("The camera closed the connection.")
    one, other = WatchingServer(valkey.url, "one"), WatchingServer(valkey.url, "other")
    async with one.running(), other.running(), _streams(valkey.url, camera):
        await one.want(4)
        await until(lambda: one.state("camera-4").get("state") == "down")
        assert camera.tries == 1
        camera.refuses = None
        await other.want(4)
        await _until_live(camera, other)
        assert camera.tries == 2


async def test_a_full_camera_is_left_alone_as_long_as_it_wants_unless_a_viewer_arrives(valkey: EmbeddedValkey) -> None:
    full, other = ScriptedCamera(1), ScriptedCamera(2)
    full.refuses = SourceFull("The camera has no place for another viewer now.", wait_s=600.0)
    other.refuses = SourceFull("The camera has no place for another viewer now.")
    one, late = WatchingServer(valkey.url, "one"), WatchingServer(valkey.url, "late")
    async with one.running(), late.running(), _streams(valkey.url, full, other):
        await one.want(1, 2)
        await until(lambda: other.tries >= 5)
        assert full.tries == 1
        await late.want(1)
        await until(lambda: full.tries == 2)


async def test_a_reader_that_breaks_costs_its_own_camera_only(
    valkey: EmbeddedValkey, caplog: pytest.LogCaptureFixture
) -> None:
    broken, good = ScriptedCamera(1), ScriptedCamera(2)
    broken.refuses = ZeroDivisionError("division by zero")
    async with WatchingServer(valkey.url).running() as server, _streams(valkey.url, broken, good):
        await server.want(1, 2)
        await _until_live(good, server)
        await until(lambda: server.state("camera-1").get("state") == "down")
        assert server.state("camera-1")["reason"] == (
            "The reader failed unexpectedly (ZeroDivisionError); the log says more."
        )
        failed = next(r for r in caplog.records if r.getMessage() == "camera reader failed: camera-1")
        assert failed.exc_info is not None
        tries = broken.tries
        good.show(5)
        await until(lambda: len(server.frames(2)) == 6 and broken.tries > tries)


async def test_pictures_that_can_not_be_relayed_are_told_in_words(valkey: EmbeddedValkey) -> None:
    camera = ScriptedCamera(4)
    camera.parameters = replace(camera.parameters, codec="h265", codec_string="hvc1.1.6.L93.B0")
    async with WatchingServer(valkey.url).running() as server, _streams(valkey.url, camera):
        await server.want(4)
        await until(lambda: camera.is_connected)
        camera.show(key=True)
        camera.show()
        await until(lambda: server.state("camera-4").get("state") == "down")
        assert server.state("camera-4")["code"] == "source.unsupported"
        assert "can't be relayed" in server.state("camera-4")["reason"]
        await until(lambda: camera.tries > 1)


async def test_a_reader_that_never_shows_anything_is_ended(
    valkey: EmbeddedValkey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(camera_runner, "STUCK_AFTER_S", 0.2)
    camera = ScriptedCamera(4)
    async with WatchingServer(valkey.url).running() as server, _streams(valkey.url, camera):
        await server.want(4)
        await until(lambda: server.state("camera-4").get("state") == "down")
        assert server.state("camera-4")["reason"] == "The camera shows nothing for 0.2 s."
        await until(lambda: camera.tries > 1)


async def test_a_demand_that_is_none_is_passed_over(valkey: EmbeddedValkey, caplog: pytest.LogCaptureFixture) -> None:
    camera = ScriptedCamera(4)
    async with WatchingServer(valkey.url).running() as server, _streams(valkey.url, camera):
        door = Wakeups(valkey.url)
        for payload in ("", "{}", '{"server": "x", "cameras": [99], "ttl_s": 6}'):
            await door.publish(channels.DEMAND, payload)
        await door.close()
        await server.want(4, 99)
        await _until_live(camera, server)
        assert [r.levelno for r in caplog.records if "demand not understood" in r.getMessage()] == [logging.WARNING]


async def test_a_process_that_stops_leaves_its_cameras_and_says_so(valkey: EmbeddedValkey) -> None:
    camera = ScriptedCamera(4)
    async with WatchingServer(valkey.url).running() as server:
        async with _streams(valkey.url, camera):
            await server.want(4)
            await _until_live(camera, server)
        await until(lambda: server.state("camera-4")["state"] == "unknown")
        assert server.state("camera-4")["reason"] == "Its reader was stopped."
        await until(lambda: server.taken[-1].kind is Kind.GAP)
        assert not camera.is_connected


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP])
async def test_pictures_and_states_return_by_themselves_when_the_bus_is_killed_or_frozen(
    valkey: EmbeddedValkey, number: signal.Signals, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (connection, wakeups):
        monkeypatch.setattr(module, "PING_EVERY_S", 0.1)
        monkeypatch.setattr(module, "SILENT_AFTER_S", 0.5)
    monkeypatch.setattr(connection, "CONNECT_TIMEOUT_S", 0.3)
    monkeypatch.setattr(wakeups, "TIMEOUT_S", 0.3)
    camera = ScriptedCamera(4)
    async with WatchingServer(valkey.url).running() as server, _streams(valkey.url, camera, linger_s=60):
        await server.want(4)
        await _until_live(camera, server)
        camera.show(3)
        await until(lambda: len(server.frames(4)) == 4)
        pid = valkey.pid
        assert pid is not None
        os.kill(pid, number)
        await until(lambda: not server._follower.is_connected)
        camera.show(5)
        if number == signal.SIGSTOP:
            os.kill(pid, signal.SIGCONT)
        # Without a new key frame: what was missed comes as a burst.
        await until(lambda: len(server.frames(4)) == 9)
        camera.show()
        await until(lambda: len(server.frames(4)) == 10)
        assert camera.tries == 1
        count = len(server.messages)
        await until(lambda: len(server.messages) > count)


async def test_what_a_connected_camera_shows_is_kept_whether_anybody_watches_or_not(valkey: EmbeddedValkey) -> None:
    camera = ScriptedCamera(4, always_on=True)
    async with WatchingServer(valkey.url).running() as server, _streams(valkey.url, camera) as chief:
        await until(lambda: camera.is_connected)
        camera.show(10, key=True)
        await server.want(4)
        await until(lambda: len(server.frames(4)) == 10)
        camera.fail(SourceEnded("It closed the connection."))
        await until(lambda: camera.is_connected and camera.tries == 2)
        camera.show(2, key=True)
        assert chief.pasts is not None
        past = chief.pasts.known(4)
        assert past is not None
        span = past.between(0, 2**53)
        assert span is not None
        kinds = [unpack(message).kind for message in span.messages]
        assert kinds == [Kind.INIT, *[Kind.FRAME] * 10, Kind.GAP, Kind.INIT, *[Kind.FRAME] * 2]
