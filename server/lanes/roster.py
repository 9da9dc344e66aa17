"""RosterBoard: who there is, where, and who is connected, at hand for every alert."""

import asyncio
import logging
from collections.abc import Mapping

from server.core.planner import Planner
from server.core.roster import Beat, Roster
from server.errors import LogUnavailable
from server.lanes.online import OnlineBoard
from server.lanes.policies import PolicyBoard
from server.lanes.positions import PositionBoard
from server.store import people
from server.store.db import Database

logger = logging.getLogger(__name__)

READ_EVERY_S = 30.0
"""A server that starts with another configuration changes the people of all."""
SETTLE_S = 15.0
"""After a start devices come back one by one; until then nobody is taken to be away."""


class RosterBoard:
    def __init__(
        self,
        db: Database,
        online: OnlineBoard,
        positions: PositionBoard,
        policies: PolicyBoard,
        *,
        beats: Mapping[str, Beat],
        settle_s: float = SETTLE_S,
    ) -> None:
        self._db = db
        self._online = online
        self._positions = positions
        self._policies = policies
        self._beats = beats
        self._loop = asyncio.get_running_loop()
        self._settled_at = self._loop.time() + settle_s
        self._roster = Roster((), beats)
        self._planner = Planner(self._roster, policies.by_priority)

    async def open(self) -> None:
        """
        Raises:
            LogUnavailable: the database can't be used.
        """
        found = tuple(await self._db.read(people.everybody))
        if found != self._roster.people:
            self._roster = Roster(found, self._beats)

    def roster(self) -> Roster:
        """As it is now; the same object while nothing changes."""
        known, positions, online = self._roster, self._positions.known(), self._online.people()
        knows_online = self._loop.time() >= self._settled_at
        is_same = known.positions is positions and known.online is online and known.knows_online is knows_online
        if not is_same:
            self._roster = known.now(positions, online, knows_online=knows_online)
        return self._roster

    def planner(self) -> Planner:
        """With the roster and the policies of now."""
        roster, policies = self.roster(), self._policies.by_priority
        if self._planner.roster is not roster or self._planner.policies is not policies:
            self._planner = Planner(roster, policies)
        return self._planner

    async def run(self) -> None:
        """Read again who there is, until cancelled."""
        while True:
            await asyncio.sleep(READ_EVERY_S)
            try:
                await self.open()
            except LogUnavailable:
                logger.warning("people can't be read: those who are known stay")
