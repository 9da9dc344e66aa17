"""The video lane over a real server: order, joins, loss, and coming back."""

import asyncio
import contextlib
import functools
import itertools
import logging
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from streams.bus import connection, publisher
from streams.bus.connection import Connection
from streams.bus.follower import FragmentFollower
from streams.bus.publisher import FragmentPublisher
from streams.errors import BusError
from streams.fragment import Flag, Fragment, Kind, pack, unpack
from streams.valkey import EmbeddedValkey
from tests.fakes.bus import server_that_says
from tests.fakes.tls_front import CERTIFICATE, tls_front
from tests.streams.until import until

CAMERA = 4


def _fragment(sequence: int, *, camera: int = CAMERA, size: int = 3) -> Fragment:
    kind = Kind.INIT if sequence == 0 else Kind.FRAME
    return pack(kind, Flag.KEY, camera_number=camera, sequence=sequence, captured_ms=1.5, dts=7, body=bytes(size))


@asynccontextmanager
async def _running(*doors: Connection) -> AsyncIterator[None]:
    tasks = []
    for door in doors:
        await door.connect()
        tasks.append(asyncio.create_task(door.run()))
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class _Viewer:
    """Keeps what it is sent."""

    def __init__(self, url: str, server_id: str = "server-1") -> None:
        self.got: list[bytes] = []
        self.reconnected = 0
        self.follower = FragmentFollower(url, server_id, self.got.append, on_reconnect=self._count)

    def _count(self) -> None:
        self.reconnected += 1

    @property
    def sequences(self) -> list[int]:
        return [unpack(message).sequence for message in self.got]


def _have_got(viewers: Sequence[_Viewer], fragment: Fragment) -> bool:
    return all(fragment.message in viewer.got for viewer in viewers)


async def _until_followed(door: FragmentPublisher, *viewers: _Viewer, camera: int = CAMERA) -> None:
    """Return when a fragment has reached all of them; nothing of it is on the way any more."""
    for sequence in itertools.count(1_000_000):
        fragment, sent = _fragment(sequence, camera=camera), door.published
        door.publish(fragment)
        if door.published == sent:
            await asyncio.sleep(0.01)
            continue
        with contextlib.suppress(TimeoutError):
            await until(functools.partial(_have_got, viewers, fragment), timeout_s=0.1)
            return


async def test_a_message_arrives_byte_for_byte_and_in_order(valkey: EmbeddedValkey) -> None:
    door, viewer = FragmentPublisher(valkey.url), _Viewer(valkey.url)
    async with _running(door, viewer.follower):
        viewer.follower.subscribe(CAMERA)
        await _until_followed(door, viewer)
        viewer.got.clear()
        sent = [_fragment(n, size=size) for n, size in enumerate([1, 100, 20_000, 200_000, 0] * 20, start=1)]
        for fragment in sent:
            door.publish(fragment)
        await until(lambda: len(viewer.got) == len(sent))
        assert viewer.got == [fragment.message for fragment in sent]
        assert door.dropped == 0


async def test_only_followed_cameras_arrive(valkey: EmbeddedValkey) -> None:
    door, viewer = FragmentPublisher(valkey.url), _Viewer(valkey.url)
    async with _running(door, viewer.follower):
        viewer.follower.subscribe(1)
        viewer.follower.subscribe(2)
        await _until_followed(door, viewer, camera=1)
        await _until_followed(door, viewer, camera=2)
        viewer.follower.unsubscribe(1)
        viewer.got.clear()
        door.publish(_fragment(5, camera=3))
        door.publish(_fragment(6, camera=2))
        await until(lambda: 6 in viewer.sequences)
        viewer.got.clear()
        door.publish(_fragment(7, camera=1))
        door.publish(_fragment(8, camera=2))
        await until(lambda: 8 in viewer.sequences)
        assert viewer.sequences == [8]


async def test_a_join_burst_reaches_its_server_alone_and_in_order_with_the_live_pictures(
    valkey: EmbeddedValkey,
) -> None:
    door, one, other = FragmentPublisher(valkey.url), _Viewer(valkey.url, "one"), _Viewer(valkey.url, "other")
    async with _running(door, one.follower, other.follower):
        one.follower.subscribe(CAMERA)
        other.follower.subscribe(CAMERA)
        await _until_followed(door, one, other)
        one.got.clear()
        other.got.clear()
        door.publish(_fragment(13))
        door.publish_join("one", [_fragment(n) for n in (10, 11, 12, 13)])
        door.publish(_fragment(14))
        await until(lambda: 14 in one.sequences and 14 in other.sequences)
        assert one.sequences == [13, 10, 11, 12, 13, 14]
        assert other.sequences == [13, 14]


async def _kill(valkey: EmbeddedValkey) -> None:
    assert valkey.pid is not None
    os.kill(valkey.pid, signal.SIGKILL)


async def _freeze(valkey: EmbeddedValkey) -> None:
    assert valkey.pid is not None
    os.kill(valkey.pid, signal.SIGSTOP)


@pytest.mark.parametrize("hurt", [_kill, _freeze])
async def test_pictures_come_again_by_themselves_after_the_server_was_killed_or_froze(
    valkey: EmbeddedValkey, hurt: Callable[[EmbeddedValkey], Awaitable[None]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "PING_EVERY_S", 0.1)
    monkeypatch.setattr(connection, "SILENT_AFTER_S", 0.4)
    monkeypatch.setattr(connection, "CONNECT_TIMEOUT_S", 0.3)
    resumed = []
    door = FragmentPublisher(valkey.url, on_resume=lambda: resumed.append(door.published))
    viewer = _Viewer(valkey.url)
    async with _running(door, viewer.follower):
        viewer.follower.subscribe(CAMERA)
        await _until_followed(door, viewer)
        pid = valkey.pid
        await hurt(valkey)
        await until(lambda: not door.is_connected and not viewer.follower.is_connected)
        for sequence in range(100, 200):
            door.publish(_fragment(sequence))
        assert door.dropped >= 100
        if hurt is _freeze:
            assert pid is not None
            os.kill(pid, signal.SIGCONT)
        await until(lambda: viewer.reconnected == 1 and resumed)
        viewer.got.clear()
        await _until_followed(door, viewer)
        door.publish(_fragment(201))
        await until(lambda: 201 in viewer.sequences)
        assert not set(viewer.sequences) & set(range(100, 200)), "nothing old is sent after a reconnect"
        assert door.reconnects == viewer.follower.reconnects == 1


async def test_a_publisher_never_keeps_more_than_its_bound_for_a_frozen_server(
    valkey: EmbeddedValkey, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(publisher, "MAX_UNSENT_BYTES", 1_000_000)
    resumed = asyncio.Event()
    door = FragmentPublisher(valkey.url, on_resume=resumed.set)
    async with _running(door):
        pid = valkey.pid
        assert pid is not None
        os.kill(pid, signal.SIGSTOP)
        with caplog.at_level(logging.WARNING):
            for sequence in range(100):
                door.publish(_fragment(sequence, size=100_000))
        assert door.dropped > 50
        assert [record.getMessage() for record in caplog.records] == ["fragments dropped: 1"]
        os.kill(pid, signal.SIGCONT)

        def again() -> bool:
            door.publish(_fragment(1000))
            return resumed.is_set()

        await until(again)
        assert door.reconnects == 0


async def test_no_picture_is_answered_and_the_server_is_heard_of_all_the_same(
    valkey: EmbeddedValkey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "PING_EVERY_S", 0.05)
    replies: list[object] = []
    monkeypatch.setattr(FragmentPublisher, "_on_reply", lambda _, reply: replies.append(reply))
    door, viewer = FragmentPublisher(valkey.url), _Viewer(valkey.url)
    async with _running(door, viewer.follower):
        viewer.follower.subscribe(CAMERA)
        await _until_followed(door, viewer)
        heard = len(replies)
        for sequence in range(200):
            door.publish(_fragment(sequence))
        await until(lambda: len(viewer.got) > 200 and len(replies) >= heard + 4)
        assert set(replies) <= {b"OK", 0}, "to the signs of life, which nobody follows"
        assert len(replies) < 150


async def test_who_may_not_publish_is_told_so_though_pictures_are_not_answered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(connection, "PING_EVERY_S", 0.05)
    async with EmbeddedValkey(tmp_path) as server:
        reader, writer = await asyncio.open_unix_connection(server.url.removeprefix("unix://"))
        writer.write(b"ACL SETUSER reader on >s3cret ~* resetchannels +@all\r\n")
        assert await reader.readline() == b"+OK\r\n"
        writer.close()
        await writer.wait_closed()
        door = FragmentPublisher(server.url + "?username=reader&password=s3cret")
        with caplog.at_level(logging.WARNING):
            async with _running(door):
                await until(lambda: "bus refuses fragments" in caplog.text)
        assert "NOPERM" in caplog.text


async def test_a_publisher_without_a_server_drops_and_counts_and_does_not_wait(tmp_path: Path) -> None:
    door = FragmentPublisher(f"unix://{tmp_path}/nobody.sock")
    with pytest.raises(BusError, match=r"nobody\.sock can't be reached: No such file or directory"):
        await door.connect()
    door.publish(_fragment(1))
    door.publish_join("server-1", [_fragment(1), _fragment(2)])
    assert (door.published, door.dropped) == (0, 3)


async def test_a_follower_that_starts_before_the_server_finds_it(tmp_path: Path) -> None:
    folder = tmp_path / "later"
    viewer = _Viewer(f"unix://{folder}/valkey.sock")
    viewer.follower.subscribe(CAMERA)
    running = asyncio.create_task(viewer.follower.run())
    try:
        async with EmbeddedValkey(folder) as server:
            door = FragmentPublisher(server.url)
            async with _running(door):
                await _until_followed(door, viewer)
            assert viewer.got
            assert viewer.reconnected == 0
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (b"-NOAUTH Authentication required.\r\n+PONG\r\n", "refused the connection: NOAUTH"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "can't be reached: it closed the connection"),
        (b"+OK\r\n", "did not answer within 0.3 s"),
        (b"", "did not answer within 0.3 s"),
    ],
)
async def test_what_is_no_server_of_ours_is_refused_with_words(
    tmp_path: Path, answer: bytes, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "CONNECT_TIMEOUT_S", 0.3)
    async with server_that_says(tmp_path / "s", answer) as url:
        with pytest.raises(BusError, match=words):
            await FragmentPublisher(url).connect()


async def test_a_password_and_a_database_are_used(tmp_path: Path) -> None:
    async with EmbeddedValkey(tmp_path) as server:
        reader, writer = await asyncio.open_unix_connection(server.url.removeprefix("unix://"))
        writer.write(b"CONFIG SET requirepass s3cret\r\n")
        assert await reader.readline() == b"+OK\r\n"
        writer.close()
        await writer.wait_closed()
        with pytest.raises(BusError, match="NOAUTH"):
            await FragmentPublisher(server.url).connect()
        with pytest.raises(BusError, match="WRONGPASS") as refused:
            await FragmentPublisher(server.url + "?password=wrong").connect()
        assert "wrong" not in str(refused.value).replace("WRONGPASS", "")
        door = FragmentPublisher(server.url + "?password=s3cret&db=3")
        await door.connect()
        assert door.is_connected
        door.close()


async def test_fragments_go_through_tls_and_a_certificate_of_a_stranger_is_refused(valkey: EmbeddedValkey) -> None:
    async with tls_front(valkey.url.removeprefix("unix://")) as port:
        url = f"rediss://localhost:{port}?ssl_ca_certs={CERTIFICATE}"
        door, viewer = FragmentPublisher(url), _Viewer(url)
        async with _running(door, viewer.follower):
            viewer.follower.subscribe(CAMERA)
            await _until_followed(door, viewer)
            viewer.got.clear()
            sent = [_fragment(n, size=50_000) for n in range(1, 50)]
            for fragment in sent:
                door.publish(fragment)
            await until(lambda: len(viewer.got) == len(sent))
            assert viewer.got == [fragment.message for fragment in sent]
        with pytest.raises(BusError, match="certificate"):
            await FragmentPublisher(f"rediss://localhost:{port}").connect()
