"""PositionBoard: where everybody's devices are, told by them here or at another server.

Nothing here is worth waiting for: the newest counts, everything is told at most once a second.
"""

import asyncio
import json
import logging
from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType

from server.core import wire
from server.core.hub import Hub
from server.core.positions import Position
from server.errors import LogUnavailable, PositionInvalid
from server.lanes.events_session import EventsSession
from server.store import positions
from server.store.db import Database
from streams.bus import channels
from streams.bus.wakeups import Wakeups

logger = logging.getLogger(__name__)

TELL_EVERY_S = 1.0
KEEP_EVERY_S = 5.0
KEEP_AT_ONCE = 500
"""Rows in one transaction: alerts wait for it."""


class PositionBoard:
    def __init__(
        self,
        db: Database,
        hub: Hub[EventsSession],
        wakeups: Wakeups,
        *,
        server_id: str,
        now_ms: Callable[[], int],
    ) -> None:
        self._db = db
        self._hub = hub
        self._wakeups = wakeups
        self._server_id = server_id
        self._now_ms = now_ms
        self._known: dict[str, Position] = {}
        self._view: Mapping[str, Position] | None = None
        """What ``known`` gave last; None when something is new since."""
        self._untold: set[str] = set()
        """People our staff have to be told of."""
        self._unpublished: set[str] = set()
        self._unkept: set[str] = set()
        self._moved = asyncio.Event()

    async def open(self) -> None:
        """
        Raises:
            LogUnavailable: the database can't be used.
        """
        for person_id, position in (await self._db.read(positions.everything)).items():
            self._take(person_id, position)
        self._untold.clear()

    def known(self) -> Mapping[str, Position]:
        """By person; the same object while nothing is new."""
        if self._view is None:
            self._view = MappingProxyType(dict(self._known))
        return self._view

    def moved(self, person_id: str, position: Position) -> None:
        """A device of ours says where it is; what is older than what is known is left alone.

        Raises:
            PositionInvalid: it is more than 60 s in the future.
        """
        position.check(self._now_ms())
        if self._take(person_id, position):
            self._unpublished.add(person_id)
            self._unkept.add(person_id)

    def on_positions(self, payload: bytes) -> None:
        """Take a message of the bus channel ``positions``."""
        try:
            message = json.loads(payload)
            server, people = str(message["server"]), dict(message["people"])
            found = {str(person): Position.parse(wire_position) for person, wire_position in people.items()}
        except (ValueError, KeyError, TypeError, AttributeError, PositionInvalid) as error:
            logger.warning("positions not understood: %s", type(error).__name__)
            return
        if server != self._server_id:
            for person_id, position in found.items():
                self._take(person_id, position)

    def greet(self, session: EventsSession) -> None:
        """Tell one who comes, if it is his to know."""
        if session.person.is_staff:
            session.socket.write(wire.positions(self._wire(self._known), full=True))

    async def run(self) -> None:
        """Tell our staff, the other servers and the table, until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._tell(), name="tell positions")
            group.create_task(self._keep(), name="keep positions")

    def _take(self, person_id: str, position: Position) -> bool:
        known = self._known.get(person_id)
        if known is not None and known.at_ms >= position.at_ms:
            return False
        self._known[person_id] = position
        self._view = None
        self._untold.add(person_id)
        self._moved.set()
        return True

    async def _tell(self) -> None:
        while True:
            await self._moved.wait()
            self._moved.clear()
            untold, self._untold = self._untold, set()
            if untold:
                frame = wire.positions(self._wire(untold), full=False)
                for session in self._hub:
                    if session.person.is_staff and session.is_live:
                        session.socket.write(frame)
            unpublished, self._unpublished = self._unpublished, set()
            if unpublished:
                message = {"server": self._server_id, "people": self._wire(unpublished)}
                await self._wakeups.publish(channels.POSITIONS, json.dumps(message))
            await asyncio.sleep(TELL_EVERY_S)

    async def _keep(self) -> None:
        while True:
            await asyncio.sleep(KEEP_EVERY_S)
            unkept, self._unkept = sorted(self._unkept), set()
            for i in range(0, len(unkept), KEEP_AT_ONCE):
                some = unkept[i : i + KEEP_AT_ONCE]
                work = partial(positions.keep, positions={each: self._known[each] for each in some})
                try:
                    await self._db.write(work, bulk=True)
                except LogUnavailable:
                    self._unkept.update(some)

    def _wire(self, people: set[str] | Mapping[str, Position]) -> dict[str, dict[str, object]]:
        return {person_id: self._known[person_id].to_wire() for person_id in sorted(people)}
