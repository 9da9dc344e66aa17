"""Control messages: delivered, and their loss noticed."""

import asyncio
import logging
import os
import signal
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from streams.bus import channels, wakeups
from streams.bus.wakeups import Handler, Wakeups
from streams.valkey import EmbeddedValkey
from tests.streams.until import until


class _Listener:
    """A process that follows two channels."""

    def __init__(self, url: str) -> None:
        self.door = Wakeups(url)
        self.states: list[bytes] = []
        self.log: list[bytes] = []
        self.reconnected = 0

    def _count(self) -> None:
        self.reconnected += 1

    @asynccontextmanager
    async def running(self, more: Mapping[str, Handler] | None = None) -> AsyncIterator[None]:
        handlers = {"sightline:states": self.states.append, "sightline:log": self.log.append, **(more or {})}
        try:
            async with asyncio.timeout(30), asyncio.TaskGroup() as group:
                task = group.create_task(self.door.run(handlers, self._count))
                yield
                task.cancel()
        finally:
            await self.door.close()


@asynccontextmanager
async def _publisher(url: str) -> AsyncIterator[Wakeups]:
    door = Wakeups(url)
    try:
        yield door
    finally:
        await door.close()


async def test_each_payload_goes_to_the_handler_of_its_channel_in_order(valkey: EmbeddedValkey) -> None:
    listener = _Listener(valkey.url)
    async with listener.running(), _publisher(valkey.url) as door:
        await listener.door.subscribed.wait()
        for n in range(50):
            assert await door.publish("sightline:log", str(n))
            assert await door.publish("sightline:states", b"\x00\xff")
        await until(lambda: len(listener.log) == len(listener.states) == 50)
        assert listener.log == [str(n).encode() for n in range(50)]
        assert set(listener.states) == {b"\x00\xff"}
        assert listener.reconnected == 0


async def test_payloads_published_side_by_side_keep_their_order(valkey: EmbeddedValkey) -> None:
    listener = _Listener(valkey.url)
    async with listener.running(), _publisher(valkey.url) as door:
        await listener.door.subscribed.wait()
        await asyncio.gather(*(door.publish("sightline:log", str(n)) for n in range(100)))
        await until(lambda: len(listener.log) == 100)
        assert listener.log == [str(n).encode() for n in range(100)]


async def test_a_killed_server_is_noticed_and_followed_again(valkey: EmbeddedValkey) -> None:
    listener = _Listener(valkey.url)
    async with listener.running(), _publisher(valkey.url) as door:
        await listener.door.subscribed.wait()
        assert await door.publish("sightline:states", b"before")
        assert valkey.pid is not None
        os.kill(valkey.pid, signal.SIGKILL)
        await until(lambda: listener.reconnected == 1)
        await until(listener.door.subscribed.is_set)
        assert await door.publish("sightline:log", b"after")
        await until(lambda: listener.log == [b"after"])


async def test_a_frozen_server_is_noticed_and_followed_again(
    valkey: EmbeddedValkey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wakeups, "PING_EVERY_S", 0.1)
    monkeypatch.setattr(wakeups, "SILENT_AFTER_S", 0.4)
    monkeypatch.setattr(wakeups, "TIMEOUT_S", 0.3)
    listener = _Listener(valkey.url)
    async with listener.running(), _publisher(valkey.url) as door:
        await listener.door.subscribed.wait()
        pid = valkey.pid
        assert pid is not None
        os.kill(pid, signal.SIGSTOP)
        await until(lambda: not listener.door.subscribed.is_set())
        assert not await door.publish("sightline:log", b"lost")
        os.kill(pid, signal.SIGCONT)
        await until(lambda: listener.reconnected == 1)


async def test_a_reconnect_that_redis_py_makes_by_itself_is_noticed(valkey: EmbeddedValkey) -> None:
    listener = _Listener(valkey.url)
    async with listener.running(), _publisher(valkey.url) as door:
        await listener.door.subscribed.wait()
        assert await door.publish("sightline:states", b"connected")
        assert door._publishing is not None
        await door._publishing.client_kill_filter(_type="pubsub")
        await until(lambda: listener.reconnected == 1)
        await until(listener.door.subscribed.is_set)


async def test_without_a_server_nothing_is_raised_and_nobody_waits_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with _publisher(f"unix://{tmp_path}/nobody.sock") as door:
        results = await asyncio.gather(*(door.publish("sightline:log", b"lost") for _ in range(20)))
        assert results == [False] * 20
        assert door.failures == 20


async def test_a_listener_that_starts_before_the_server_finds_it(tmp_path: Path) -> None:
    listener = _Listener(f"unix://{tmp_path}/valkey.sock")
    async with listener.running():
        assert not listener.door.subscribed.is_set()
        async with EmbeddedValkey(tmp_path), asyncio.timeout(20):
            await listener.door.subscribed.wait()
            assert listener.reconnected == 0


async def test_it_ends_when_cancelled_in_the_moment_of_a_ping(
    valkey: EmbeddedValkey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wakeups, "PING_EVERY_S", 0.05)
    for _ in range(5):
        listener = _Listener(valkey.url)
        async with listener.running():
            await listener.door.subscribed.wait()
            await asyncio.sleep(0.05)


async def test_publishing_ends_when_cancelled_at_any_moment(valkey: EmbeddedValkey) -> None:
    door = Wakeups(valkey.url)

    async def publish_then_wait() -> None:
        await door.publish(channels.LOG, "news")
        await asyncio.Event().wait()

    for number in range(200):
        task = asyncio.create_task(publish_then_wait())
        # Another point of its way each time.
        for _ in range(number % 10):
            await asyncio.sleep(0)
        task.cancel()
        done, _ = await asyncio.wait([task], timeout=2)
        assert done, "a cancellation was lost"
    await door.close()


async def test_a_handler_that_fails_costs_its_message_only(
    valkey: EmbeddedValkey, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_payload: bytes) -> None:
        raise ValueError("no JSON")

    listener = _Listener(valkey.url)
    async with listener.running({"sightline:online": fail}), _publisher(valkey.url) as door:
        await listener.door.subscribed.wait()
        with caplog.at_level(logging.ERROR):
            await door.publish("sightline:online", b"?")
            await door.publish("sightline:log", b"next")
            await until(lambda: listener.log == [b"next"])
        assert "wake-up not understood" in caplog.text
        assert listener.reconnected == 0
