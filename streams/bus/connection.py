"""Connection: one lean connection to Redis or Valkey that notices a lost and a frozen server, and comes back.

redis-py costs 94 to 389 µs for a hop of one fragment; a plain asyncio protocol with hiredis a tenth of that.
"""

import asyncio
import contextlib
import logging
from typing import Any, NoReturn

import hiredis

from streams.bus import resp
from streams.bus.address import BusAddress
from streams.bus.guide import guide_to
from streams.bus.link import Link
from streams.errors import BusError

logger = logging.getLogger(__name__)

CONNECT_TIMEOUT_S = 3.0
PING_EVERY_S = 2.0
SILENT_AFTER_S = 5.0
"""A frozen server keeps its sockets open and accepts new ones; only its silence tells."""
RETRY_FIRST_S = 0.1
RETRY_MOST_S = 2.0


class Connection:
    """Base of the publisher and the follower of fragments: they say what is sent on connecting and read the replies."""

    sign_of_life = resp.PING
    """What asks for one, every 2 s."""

    def __init__(self, url: str | BusAddress, *, name: str) -> None:
        self._address = BusAddress.parse(url) if isinstance(url, str) else url
        self._tls = self._address.tls_context()
        self._guide = guide_to(self._address)
        self._found = self._address
        """Where we are connected to."""
        self._name = name
        self.connected = asyncio.Event()
        """Set while there is a connection; its loss may not have been noticed yet."""
        self._link: Link | None = None
        self._connects = 0

    @property
    def is_connected(self) -> bool:
        return self._link is not None

    @property
    def reconnects(self) -> int:
        """How often the connection was made again after it was lost."""
        return max(0, self._connects - 1)

    async def connect(self) -> None:
        """Connect once, sign in, and see that the server answers. ``run`` does it by itself.

        Raises:
            BusError: it can't be reached, refuses, or does not answer in time.
        """
        if self._link is not None:
            return
        address = self._address if self._guide is None else await self._guide.find()
        link = None
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT_S):
                link = await Link.open(address, self._tls)
                replies = await link.ask(self._greeting(address))
            _check(replies, self._address, address)
        except TimeoutError:
            raise BusError(f"Redis at {address.place} did not answer within {CONNECT_TIMEOUT_S:g} s.") from None
        except OSError as error:
            raise BusError(f"Redis at {address.place} can't be reached: {error.strerror or error}.") from error
        except BaseException:
            if link is not None:
                link.close()
            raise
        link.on_reply = self._on_reply
        self._link, self._found = link, address
        self.connected.set()
        self._connects += 1
        self._on_connected()

    async def run(self) -> NoReturn:
        """Stay connected until cancelled; then close."""
        delay_s = RETRY_FIRST_S
        try:
            while True:
                try:
                    await self.connect()
                except BusError as error:
                    if delay_s == RETRY_FIRST_S:
                        logger.warning(
                            "bus unavailable: %s", error, extra={"code": error.code, "connection": self._name}
                        )
                    await asyncio.sleep(delay_s)
                    delay_s = min(2 * delay_s, RETRY_MOST_S)
                    continue
                delay_s = RETRY_FIRST_S
                logger.info("bus connected: %s", self._name, extra={"connects": self._connects})
                await self._watch()
                await asyncio.sleep(RETRY_FIRST_S)
        finally:
            self.close()

    def close(self) -> None:
        """Close at once; what waits to be sent is discarded."""
        link, self._link = self._link, None
        self.connected.clear()
        if link is not None:
            link.close()

    def _on_connected(self) -> None:
        """Send what belongs at the beginning of every connection."""

    def _on_reply(self, reply: Any) -> None:
        raise NotImplementedError

    def _greeting(self, address: BusAddress) -> list[bytes]:
        commands = resp.auth(address.username, address.password)
        if address.db:
            commands.append(resp.command("SELECT", str(address.db)))
        if self._address.sentinels:
            commands.append(resp.ROLE)
        return [*commands, resp.command("CLIENT", "SETNAME", f"sightline-{self._name}"), resp.PING]

    async def _watch(self) -> None:
        """Ping until the connection is lost; lose it when the server is silent or not the master any more."""
        link = self._link
        assert link is not None, "watched only after connecting"
        loop = asyncio.get_running_loop()
        while not link.lost.is_set():
            left_s = link.heard_at + SILENT_AFTER_S - loop.time()
            if left_s <= 0:
                logger.warning("bus silent for %g s: %s", SILENT_AFTER_S, self._name)
                break
            if self._guide is not None and await self._guide.has_moved(self._found.host, self._found.port):
                logger.warning("bus moved to another server: %s", self._name)
                break
            link.write(self.sign_of_life)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(min(PING_EVERY_S, left_s)):
                    await link.lost.wait()
        else:
            logger.warning("bus connection lost: %s", self._name)
        self.close()


def _check(replies: list[Any], asked: BusAddress, found: BusAddress) -> None:
    for reply in replies:
        if isinstance(reply, hiredis.ReplyError):
            raise BusError(f"Redis at {found.place} refused the connection: {reply}")
        if asked.sentinels and type(reply) is list and reply[0] != b"master":
            # Published there, a message reaches only who listens there too.
            raise BusError(f"Redis at {found.place} is not the master {asked.master!r} any more, or not yet.")
