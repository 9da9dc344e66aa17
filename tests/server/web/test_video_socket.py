"""/ws/video: subscribing, pictures, falling behind, losing the right to look (docs/wire.md §8)."""

import asyncio
import os
import signal
import socket
from collections.abc import AsyncIterator
from itertools import pairwise
from typing import Any

import pytest

from streams.fragment import HEADER, Fragment
from streams.valkey import EmbeddedValkey
from tests.fakes.slow_link import SlowLink
from tests.fakes.studio import Studio, StudioCamera, open_studio
from tests.server.running import Client, Running, Talk
from tests.streams.until import until

PUSH = {"id": "push-1", "cameras": ["main-4th"], "to": {"people": ["officer-12"]}}


@pytest.fixture
async def studio(valkey: EmbeddedValkey, server: Running) -> AsyncIterator[Studio]:
    async with open_studio(valkey.url) as studio:
        yield studio


@pytest.fixture
def camera(studio: Studio) -> StudioCamera:
    """Camera main-4th."""
    return studio.camera(4)


def payload(fragment: Fragment) -> bytes:
    """What a client gets of it: header and body."""
    return fragment.message[-(HEADER.size + len(fragment.body)) :]


def rendition(word: str, why: str, message: str = "") -> dict[str, Any]:
    """What is said before the pictures of one of main-4th."""
    return {"type": "rendition", "camera_number": 4, "rendition": word, "why": why, "message": message}


async def audit(server: Running) -> list[dict[str, Any]]:
    admin = await server.signed_in("admin")
    entries = (await admin.get("/api/audit")).json["entries"]
    return [entry for entry in entries if entry["action"].startswith("camera.")]


async def subscribe(talk: Talk, camera: str = "main-4th", purpose: str = "wall") -> Any:
    await talk.say(type="subscribe", camera=camera, purpose=purpose)
    return await talk.until("subscribed", camera=camera)


async def test_the_first_viewer_makes_the_camera_wanted_and_gets_its_pictures(
    operator: Client, studio: Studio, camera: StudioCamera
) -> None:
    async with operator.video() as video:
        hello = await video.next()
        assert (hello["type"], hello["protocol"], hello["heartbeat_s"]) == ("hello", 1, 10)
        subscribed = await subscribe(video)
        assert (subscribed["camera_number"], subscribed["state"]["state"]) == (4, "unknown")
        await studio.wanted(4)
        init, key, delta = camera.init(), camera.key(), camera.delta()
        assert await video.next() == rendition("source", "auto")
        text = await video.next()
        assert text["type"] == "init"
        assert (text["camera_number"], text["codec"], text["width"], text["height"]) == (4, "avc1.42C01F", 160, 90)
        burst = await video.next()
        assert (burst["type"], burst["camera_number"]) == ("burst", 4)
        assert burst["frames"] in {1, 2}, "what came in the first moment"
        assert [await video.next() for _ in range(3)] == [payload(init), payload(key), payload(delta)]


async def test_who_joins_a_running_camera_gets_the_current_group_at_once(
    operator: Client, studio: Studio, camera: StudioCamera
) -> None:
    camera.init()
    camera.group(deltas=3)
    newest = [camera.key(), camera.delta(), camera.delta()]
    async with operator.video() as video:
        await subscribe(video)
        assert (await video.until("burst"))["frames"] in {1, 2, 3}
        pictures = [await video.binary() for _ in range(4)]
        assert pictures == [payload(camera.sent[0]), *map(payload, newest)]
        async with operator.video() as second:
            await subscribe(second)
            assert await second.until("burst") == {"type": "burst", "camera_number": 4, "frames": 3}
            assert [await second.binary() for _ in range(4)] == pictures


async def test_states_are_told_and_the_subscription_lives_through_them(
    operator: Client, studio: Studio, camera: StudioCamera
) -> None:
    async with operator.video() as video:
        await subscribe(video)
        await studio.wanted(4)
        await studio.say(main_4th="live", harbor="live")
        assert (await video.until("state"))["state"]["state"] == "live"
        camera.init()
        camera.key()
        await video.binary()
        camera.gap()
        await studio.say(main_4th="down")
        state = await video.until("state")
        assert (state["camera"], state["camera_number"], state["state"]["state"]) == ("main-4th", 4, "down")
        again = camera.init()
        key = camera.key()
        while await video.binary() != payload(again):
            pass
        assert await video.binary() == payload(key)
        await video.until("state", timeout_s=10)
        assert video.heard[-1]["state"]["state"] == "unknown", "nothing was heard of the reader for six seconds"


async def test_a_camera_without_viewers_is_not_wanted(operator: Client, studio: Studio, camera: StudioCamera) -> None:
    async with operator.video() as video:
        await subscribe(video)
        await subscribe(video, "harbor")
        await studio.wanted(4, 5)
        await video.say(type="unsubscribe", camera="main-4th")
        await studio.wanted(5)
        camera.init()
        camera.key()
        await video.say(type="unsubscribe", camera="main-4th")
        await subscribe(video, "harbor")
        assert not [message for message in video.heard if isinstance(message, bytes)]
    await studio.wanted()


async def test_the_reader_of_a_camera_that_gives_nothing_hears_of_every_viewer(
    operator: Client, studio: Studio
) -> None:
    await studio.say(main_4th="down")
    async with operator.video() as first, operator.video() as second:
        await subscribe(first)
        await studio.wanted(4)
        await until(lambda: not studio.demands[-1].join)
        before = len(studio.demands)
        await subscribe(second)
        await until(lambda: any(4 in demand.join for demand in studio.demands[before:]))


async def test_a_camera_that_speaks_mjpeg_sends_pictures_without_an_init_segment(
    operator: Client, studio: Studio, camera: StudioCamera
) -> None:
    async with operator.video() as video:
        await subscribe(video)
        await studio.wanted(4)
        pictures = [camera.jpeg(), camera.jpeg()]
        assert [await video.binary(), await video.binary()] == [payload(picture) for picture in pictures]
        assert not [message for message in video.heard if isinstance(message, dict) and message["type"] == "init"]


async def test_a_hole_on_the_bus_is_filled_by_asking_for_what_is_missing(
    operator: Client, studio: Studio, camera: StudioCamera
) -> None:
    async with operator.video() as video:
        await subscribe(video)
        await studio.wanted(4)
        camera.init()
        camera.key()
        await video.binary()
        await video.binary()
        camera.lose()
        camera.ring.clear()
        camera.init()
        key = camera.key()
        camera.lose()
        assert await video.binary()
        assert await video.binary() == payload(key)


# --- who may look


async def test_a_camera_that_is_not_there_is_unknown(operator: Client) -> None:
    async with operator.video() as video:
        await video.say(type="subscribe", camera="main-5th", purpose="wall")
        error = await video.until("error")
    assert (error["code"], error["camera"]) == ("camera.unknown", "main-5th")


async def test_an_officer_is_told_the_same_of_a_camera_that_is_not_his_and_of_none(
    server: Running, officer: Client
) -> None:
    async with officer.video() as video:
        answers = []
        for camera in ("main-4th", "main-5th"):
            await video.say(type="subscribe", camera=camera, purpose="curious")
            answer = await video.until("error")
            answers.append((answer["code"], answer["message"].replace(camera, "")))
    assert answers[0] == answers[1]
    assert answers[0][0] == "camera.forbidden"
    async with asyncio.timeout(10):
        while len(entries := await audit(server)) < 2:
            pass
    assert [(entry["action"], entry["actor"]) for entry in entries] == [("camera.watch_refused", "officer-12")] * 2


async def test_a_push_lets_its_recipient_look_until_it_is_recalled(
    operator: Client, officer: Client, studio: Studio, camera: StudioCamera
) -> None:
    await operator.post("/api/pushes", PUSH)
    async with officer.video() as video:
        await subscribe(video, purpose="push:push-1")
        await studio.wanted(4)
        camera.init()
        camera.key()
        await video.binary()
        await operator.post("/api/pushes/push-1/recall")
        gone = await video.until("unsubscribed", timeout_s=2)
        assert (gone["camera"], gone["code"], gone["message"]) == (
            "main-4th",
            "camera.forbidden",
            "The push was recalled.",
        )
        await studio.wanted()
        await video.say(type="subscribe", camera="main-4th", purpose="push:push-1")
        assert (await video.until("error"))["code"] == "camera.forbidden"


async def test_one_of_two_pushes_is_enough(operator: Client, officer: Client, studio: Studio) -> None:
    await operator.post("/api/pushes", PUSH)
    async with officer.video() as video:
        await subscribe(video)
        await operator.post("/api/pushes", {**PUSH, "id": "push-2"})
        await operator.post("/api/pushes/push-1/recall")
        await operator.post("/api/pushes/push-2/recall")
        await video.until("unsubscribed")
        assert not [message for message in video.heard if message.get("code") == "camera.unknown"]


async def test_every_look_is_on_record_before_it_begins_and_after_it_has_ended(
    server: Running, operator: Client, studio: Studio, camera: StudioCamera
) -> None:
    async with operator.video() as video:
        await subscribe(video, purpose="robbery 53-348")
        (began,) = await audit(server)
        assert (began["action"], began["subject"], began["actor"]) == (
            "camera.watch_started",
            "camera:main-4th",
            "operator",
        )
        assert began["details"]["purpose"] == "robbery 53-348"
        await studio.wanted(4)
        camera.init()
        camera.group(deltas=2)
        for _ in range(4):
            await video.binary()
    async with asyncio.timeout(10):
        while len(entries := await audit(server)) < 2:
            pass
    ended = entries[1]
    assert ended["action"] == "camera.watch_ended"
    assert ended["details"].items() >= {"look": began["details"]["look"], "frames": 3, "skipped": 0}.items()
    assert ended["details"]["duration_ms"] >= 0


async def test_nobody_looks_while_it_can_not_be_put_on_record(server: Running, operator: Client) -> None:
    async with operator.video() as video:
        await video.until("hello")
        await server.services.db.close()
        await video.say(type="subscribe", camera="main-4th", purpose="wall")
        error = await video.until("error")
    assert (error["code"], error["camera"]) == ("log.unavailable", "main-4th")


async def test_subscribing_twice_is_once(operator: Client, studio: Studio, camera: StudioCamera) -> None:
    async with operator.video() as video:
        await subscribe(video)
        await subscribe(video)
        await studio.wanted(4)
        camera.init()
        key = camera.key()
        delta = camera.delta()
        pictures = [await video.binary() for _ in range(3)]
        assert pictures[1:] == [payload(key), payload(delta)]


# --- who falls behind


def slow(talk: Talk) -> None:
    """Let little fit on the way to this client."""
    raw = talk.connection.transport.get_extra_info("socket")
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 * 1024)


async def test_a_slow_viewer_skips_to_the_newest_key_frame_and_nobody_else_loses_a_picture(
    server: Running, operator: Client, officer: Client, studio: Studio, camera: StudioCamera
) -> None:
    await operator.post("/api/pushes", PUSH)
    async with operator.video() as fast, officer.video() as slowed:
        slow(slowed)
        for viewer in (fast, slowed):
            await subscribe(viewer)
        await studio.wanted(4)
        first = [camera.init(), camera.key()]
        for viewer in (fast, slowed):
            assert [await viewer.binary() for _ in first] == [payload(each) for each in first]
        slowed.connection.transport.pause_reading()
        received = []
        for _ in range(30):
            sent = [camera.key(40_000), *(camera.delta(20_000) for _ in range(9))]
            received += [await fast.binary() for _ in sent]
        assert received == [payload(each) for each in camera.sent[2:]], "everything, in order"
        assert not [message for message in fast.heard if isinstance(message, dict) and message["type"] == "drop"]
        waiting = max(session.socket.pending_bytes() for session in server.services.video.sessions())
        assert waiting < 200_000, "what waits for him here is bounded"
        slowed.connection.transport.resume_reading()
        drop = await slowed.until("drop")
        assert drop["skipped"] > 50
        key = await slowed.binary()
        assert key[1] == 1, "a key frame comes after the drop"
        after = camera.delta()
        pictures = [key]
        while pictures[-1] != payload(after):
            pictures.append(await slowed.binary())
        numbers = [int.from_bytes(picture[4:8]) for picture in pictures]
        assert numbers == list(range(numbers[0], numbers[-1] + 1)), "and from there on everything"


async def test_on_a_slow_link_a_viewer_gets_key_frames_is_told_and_leaves_the_queue_to_his_alerts(
    server: Running, operator: Client, studio: Studio, camera: StudioCamera
) -> None:
    port = int(server.address.rpartition(":")[2])
    async with SlowLink(port, rate_bps=800_000, queue_bytes=256 * 1024) as link:
        operator.address = f"http://127.0.0.1:{link.port}"
        async with operator.video() as video:
            await subscribe(video)
            await studio.wanted(4)
            showing = asyncio.create_task(show(camera))
            drops, most = 0, 0
            keys: list[int] = []
            while drops < 3:
                message = await video.next()
                most = max(most, link.waiting_bytes)
                if isinstance(message, dict):
                    drops += message["type"] == "drop"
                elif message[1] & 1:
                    keys.append(int.from_bytes(message[4:8]))
            showing.cancel()
    assert most < 100_000, "what may be on the way is a second of this link; the queue has room for two and a half"
    skips = [message["skipped"] for message in video.heard if isinstance(message, dict) and message["type"] == "drop"]
    numbers = [int.from_bytes(message[4:8]) for message in video.heard if isinstance(message, bytes)]
    holes = [after - before - 1 for before, after in pairwise(numbers) if after != before + 1]
    assert skips[: len(holes)] == holes, "he is told exactly what he does not get"


async def test_two_cameras_on_a_slow_link_take_turns(server: Running, operator: Client, studio: Studio) -> None:
    async with SlowLink(int(server.address.rpartition(":")[2]), rate_bps=1_600_000, queue_bytes=256 * 1024) as link:
        operator.address = f"http://127.0.0.1:{link.port}"
        async with operator.video() as video:
            for name in ("main-4th", "harbor"):
                await subscribe(video, name)
            await studio.wanted(4, 5)
            showing = [asyncio.create_task(show(studio.camera(number))) for number in (4, 5)]
            keys: list[int] = []
            while len(keys) < 10:
                message = await video.binary()
                if message[1] & 1:
                    keys.append(int.from_bytes(message[2:4]))
            for task in showing:
                task.cancel()
    assert all(4 in four and 5 in four for four in (keys[at : at + 4] for at in range(7))), keys


async def show(camera: StudioCamera) -> None:
    """2 Mb/s and more, with large key frames."""
    camera.init()
    while True:
        camera.key(60_000)
        for _ in range(9):
            await asyncio.sleep(0.02)
            camera.delta(6_000)


async def test_a_device_has_room_for_a_few_sockets_and_the_oldest_goes_first(operator: Client) -> None:
    async with operator.video() as a, operator.video() as b, operator.video() as c, operator.video() as d:
        for each in (a, b, c, d):
            await each.until("hello")
        async with operator.video() as e:
            await e.until("hello")
            assert (await a.closed())[0] == 4501
            await subscribe(b)


async def test_valkey_is_killed_and_pictures_return_by_themselves(
    operator: Client, studio: Studio, camera: StudioCamera, valkey: EmbeddedValkey
) -> None:
    async with operator.video() as video:
        await subscribe(video)
        await studio.wanted(4)
        camera.init()
        camera.key()
        await video.binary()
        await video.binary()
        assert valkey.pid is not None
        os.kill(valkey.pid, signal.SIGKILL)
        await until(lambda: valkey.restarts == 1)
        picture = asyncio.ensure_future(video.binary(timeout_s=20))

        def came_after_another_key_frame() -> bool:
            camera.key()
            return picture.done()

        await until(came_after_another_key_frame)
        assert int.from_bytes((await picture)[4:8]) > 1
