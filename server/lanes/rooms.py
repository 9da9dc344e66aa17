"""Rooms: the streams that somebody on this process watches, followed on the bus and asked for as long as he does."""

import asyncio
import logging
from collections import Counter, OrderedDict
from collections.abc import Callable, Sequence
from math import inf

from server.lanes.room import Room
from server.lanes.watch import Watch
from streams.bus import channels
from streams.bus.sharded_follower import follower_of
from streams.bus.wakeups import Wakeups
from streams.demand import Demand
from streams.errors import FormatError
from streams.fragment import Fragment, unpack
from streams.ownership import Sign

logger = logging.getLogger(__name__)

DEMAND_EVERY_S = 2.0
DEMAND_TTL_S = 6.0
BURST_EVERY_S = 1.0
MAX_STREAMS = 256
"""That are remembered; of those before them nobody lives."""


class Rooms:
    """A room by the number of its stream (rendition.py), from the first viewer's coming to the last one's going."""

    def __init__(
        self,
        wakeups: Wakeups,
        *,
        bus_url: str,
        server_id: str,
        on_codec: Callable[[int, str], None] = lambda *_: None,
    ) -> None:
        """
        Args:
            on_codec: as of ``Room``.
        """
        self._follower = follower_of(bus_url, server_id, self._on_message, on_reconnect=self._on_reconnect)
        self._wakeups = wakeups
        self._server_id = server_id
        self._loop = asyncio.get_running_loop()
        self._on_codec = on_codec
        self._rooms: dict[int, Room] = {}
        self._demand_changed = asyncio.Event()
        self._to_join: set[int] = set()
        """Cameras that a burst has to be asked for."""
        self._asked_at: dict[int, float] = {}
        self._holds: Counter[int] = Counter()
        self._streams: OrderedDict[str, None] = OrderedDict()
        """Streams processes that were heard."""
        self._garbled = 0

    def enter(self, number: int, watch: Watch) -> None:
        room = self._open(number)
        room.join(watch)
        if not room.ring.fragments:
            # Perhaps the camera gives nothing: its reader tries again at once when it hears that somebody has come.
            self._ask_for_burst(number)

    def leave(self, number: int, watch: Watch) -> None:
        """Let somebody out, if he is in; with the last one the camera is not wanted any more."""
        room = self._rooms.get(number)
        if room is None or watch not in room.watches:
            return
        room.leave(watch)
        self._close_if_empty(number, room)

    def hold(self, number: int) -> None:
        """Want a stream though nobody watches it, until ``release``; whoever holds it releases it once."""
        self._holds[number] += 1
        if not self._open(number).ring.fragments:
            self._ask_for_burst(number)

    def release(self, number: int) -> None:
        self._holds[number] -= 1
        if not self._holds[number]:
            del self._holds[number]
        self._close_if_empty(number, self._rooms[number])

    def burst(self, number: int) -> Sequence[Fragment]:
        """Of a stream that is watched or held: its init segment and all since the newest key frame; () if none."""
        room = self._rooms.get(number)
        return room.ring.burst() if room is not None else ()

    def has_pictures(self, number: int) -> bool:
        """Whether somebody who enters now is shown something at once, as far as his socket takes it."""
        room = self._rooms.get(number)
        return room is not None and bool(room.ring.fragments)

    def acknowledged(self, number: int, watch: Watch, sequence: int) -> None:
        """How far his client has read."""
        room = self._rooms.get(number)
        if room is not None:
            room.acknowledged(watch, sequence)

    def go_on(self, number: int, watch: Watch) -> None:
        """His socket has room for more."""
        room = self._rooms.get(number)
        if room is not None:
            room.go_on(watch)

    async def run(self) -> None:
        """Follow cameras and lease them, until cancelled."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._follower.run(), name="follower")
                group.create_task(self._lease(), name="demand")
        finally:
            for room in self._rooms.values():
                room.close()

    def on_streams(self, payload: bytes) -> None:
        """Take a message of the bus channel ``streams``: one who has just come knows of no demand yet."""
        try:
            streams_id = Sign.from_json(payload).streams
        except FormatError:
            return
        if streams_id not in self._streams:
            self._streams[streams_id] = None
            if len(self._streams) > MAX_STREAMS:
                self._streams.popitem(last=False)
            self._demand_changed.set()

    def _open(self, number: int) -> Room:
        room = self._rooms.get(number)
        if room is None:
            room = self._rooms[number] = Room(number, self._loop.time, self._on_codec)
            # First follow, then ask: what is sent for us to join must not come before we listen.
            self._follower.subscribe(number)
            self._demand_changed.set()
        return room

    def _close_if_empty(self, number: int, room: Room) -> None:
        if room.watches or self._holds[number]:
            return
        room.close()
        del self._rooms[number]
        self._asked_at.pop(number, None)
        self._to_join.discard(number)
        self._follower.unsubscribe(number)
        self._demand_changed.set()

    def _on_message(self, message: bytes) -> None:
        """A message of a camera, from the bus."""
        try:
            fragment = unpack(message)
        except ValueError:
            self._garbled += 1
            return
        room = self._rooms.get(fragment.stream_number)
        if room is not None:
            room.relay(fragment)
            if room.has_hole:
                self._ask_for_burst(fragment.stream_number)

    def _ask_for_burst(self, number: int) -> None:
        """Ask for what is missing of a camera; not again within a second, the answer may be on its way."""
        now = self._loop.time()
        if now - self._asked_at.get(number, -inf) >= BURST_EVERY_S:
            self._asked_at[number] = now
            self._to_join.add(number)
            self._demand_changed.set()

    def _on_reconnect(self) -> None:
        for number, room in self._rooms.items():
            room.lost()
            self._to_join.add(number)
        self._demand_changed.set()

    async def _lease(self) -> None:
        while True:
            try:
                async with asyncio.timeout(DEMAND_EVERY_S):
                    await self._demand_changed.wait()
            except TimeoutError:
                pass
            self._demand_changed.clear()
            wanted = frozenset(self._rooms)
            demand = Demand(self._server_id, wanted, DEMAND_TTL_S, join=wanted & self._to_join)
            if await self._wakeups.publish(channels.DEMAND, demand.to_json()):
                self._to_join -= demand.join
            if self._garbled:
                logger.warning("messages on the bus that are no fragments: %d", self._garbled)
                self._garbled = 0
