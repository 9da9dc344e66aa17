"""Wakeups: small control messages between processes: states, demand, news of the log, who is online.

Nothing here must be relied on: Redis pub/sub forgets, and redis-py's asyncio client reconnects without a word and waits
for ever on a frozen server. So this one pings, never lets redis-py reconnect by itself, and tells when messages may be
missing.
"""

import asyncio
import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import NoReturn

from redis.asyncio import Redis
from redis.asyncio.client import PubSub
from redis.exceptions import RedisError

from streams.bus.connection import PING_EVERY_S, RETRY_FIRST_S, RETRY_MOST_S, SILENT_AFTER_S
from streams.bus.redis_server import RedisServer
from streams.errors import BusError

logger = logging.getLogger(__name__)

Handler = Callable[[bytes], None]
"""Takes one payload, on the loop; must not block."""

TIMEOUT_S = 2.0
AWAY_S = 0.5
"""After a failure the next payloads fail at once for so long, lest senders wait for a frozen server one by one."""


class Wakeups:
    def __init__(self, url: str) -> None:
        self._server = RedisServer(url, timeout_s=TIMEOUT_S)
        self._publishing: Redis | None = None
        self.failures = 0
        """Payloads that could not be published."""
        self.subscribed = asyncio.Event()
        """Set while messages come in: every channel is confirmed and the server answers."""
        self._order = asyncio.Lock()
        self._away_until = 0.0
        self._checked_at = 0.0

    async def publish(self, channel_name: str, payload: str | bytes) -> bool:
        """Tell everybody on the channel, in the order of the calls.

        Returns:
            False when the server can't be reached (it is tried for ``TIMEOUT_S``); counted, never raised.
        """
        loop = asyncio.get_running_loop()
        async with self._order:
            if loop.time() >= self._away_until:
                try:
                    with _cancellable():
                        async with asyncio.timeout(TIMEOUT_S):
                            await self._publish(channel_name, payload)
                            return True
                except (BusError, RedisError, OSError, TimeoutError) as error:
                    self._away_until = loop.time() + AWAY_S
                    await self._forget()
                    logger.debug("wake-up not published: %s", error, extra={"channel": channel_name})
        self.failures += 1
        return False

    async def run(self, handlers: Mapping[str, Handler], on_reconnect: Callable[[], None] | None = None) -> NoReturn:
        """Give every message to the handler of its channel, until cancelled.

        Args:
            on_reconnect: called when the channels are followed again after a loss. Messages have been missed.
        """
        delay_s = RETRY_FIRST_S
        is_first = True

        def confirmed() -> None:
            nonlocal delay_s, is_first
            delay_s = RETRY_FIRST_S
            self.subscribed.set()
            if not is_first and on_reconnect is not None:
                on_reconnect()
            is_first = False

        while True:
            try:
                with _cancellable():
                    async with await self._server.client() as client, client.pubsub() as pubsub:
                        await self._follow(client, pubsub, handlers, confirmed)
            except (BusError, RedisError, OSError, TimeoutError) as error:
                if delay_s == RETRY_FIRST_S:
                    logger.warning("wake-ups unavailable: %s", error)
            finally:
                self.subscribed.clear()
            await asyncio.sleep(delay_s)
            delay_s = min(2 * delay_s, RETRY_MOST_S)

    async def close(self) -> None:
        await self._forget()

    async def _publish(self, channel_name: str, payload: str | bytes) -> None:
        now = asyncio.get_running_loop().time()
        if self._publishing is not None and now - self._checked_at >= PING_EVERY_S:
            self._checked_at = now
            # redis-py reconnects by itself, and a server that was the master takes what nobody hears.
            if await self._server.has_moved(self._publishing):
                await self._forget()
        if self._publishing is not None:
            try:
                await self._publishing.publish(channel_name, payload)
            except (RedisError, OSError):
                # It may only tell that the connection was lost some time ago.
                await self._forget()
            else:
                return
        self._publishing = await self._server.client()
        await self._publishing.publish(channel_name, payload)

    async def _forget(self) -> None:
        """Who is connected anew may be another server."""
        client, self._publishing = self._publishing, None
        if client is not None:
            with _cancellable():
                await client.aclose()

    async def _follow(
        self, client: Redis, pubsub: PubSub, handlers: Mapping[str, Handler], confirmed: Callable[[], None]
    ) -> NoReturn:
        by_name = {name.encode(): handler for name, handler in handlers.items()}
        loop = asyncio.get_running_loop()
        with _cancellable():
            await pubsub.subscribe(*handlers)
        confirmations = 0
        heard_at = pinged_at = loop.time()
        while True:
            with _cancellable():
                message = await pubsub.get_message(timeout=PING_EVERY_S)
            now = loop.time()
            if message is not None:
                heard_at = now
                if message["type"] == "message":
                    _handle(by_name[message["channel"]], message)
                elif message["type"] == "subscribe":
                    confirmations += 1
                    if confirmations == len(by_name):
                        confirmed()
                    elif confirmations > len(by_name):
                        raise BusError("redis-py has reconnected by itself: messages are missing.")
            if now - heard_at > SILENT_AFTER_S:
                raise BusError(f"Redis was silent for {SILENT_AFTER_S:g} s.")
            if now - pinged_at >= PING_EVERY_S:
                pinged_at = now
                if await self._server.has_moved(client):
                    raise BusError("The bus is another server now.")
                with _cancellable():
                    await pubsub.ping()


@contextmanager
def _cancellable() -> Iterator[None]:
    """redis-py loses a cancellation that comes while it waits for an answer: raise it after all."""
    task = asyncio.current_task()
    before = task.cancelling() if task else 0
    try:
        yield
    finally:
        if task is not None and task.cancelling() > before:
            raise asyncio.CancelledError


def _handle(handler: Handler, message: Mapping[str, bytes]) -> None:
    try:
        handler(message["data"])
    except Exception:  # the message came from another process, perhaps of another version
        logger.exception("wake-up not understood", extra={"channel": message["channel"].decode()})
