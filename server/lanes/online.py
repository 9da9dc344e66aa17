"""OnlineBoard: who has a device connected, here or at another server."""

import asyncio
import json
import logging

from server.core import wire
from server.core.hub import Hub
from server.core.presence import Presence
from server.lanes.events_session import EventsSession
from streams.bus import channels
from streams.bus.wakeups import Wakeups

logger = logging.getLogger(__name__)

LEASE_EVERY_S = 10.0
LEASE_TTL_S = 25
PAUSE_S = 0.2
"""At most five times a second, however many come and go."""


class OnlineBoard:
    def __init__(self, hub: Hub[EventsSession], wakeups: Wakeups, *, server_id: str) -> None:
        self._hub = hub
        self._wakeups = wakeups
        self._server_id = server_id
        self._presence = Presence()
        self._told: frozenset[str] = frozenset()
        self._leased: frozenset[str] = frozenset()
        self._is_due = True
        """The other servers have to be told even if nothing has changed."""
        self._people = frozenset[str]()
        self._is_stale = True
        self._good_until = 0.0
        self._changed = asyncio.Event()
        self._changed.set()

    def people(self) -> frozenset[str]:
        """Ids of everybody who is connected somewhere; the same object while nothing changes."""
        now = asyncio.get_running_loop().time()
        if self._is_stale or now >= self._good_until:
            self._is_stale = False
            people = self._presence.people(self._hub.people(), now)
            self._good_until = self._presence.good_until()
            if people != self._people:
                self._people = people
        return self._people

    def changed(self) -> None:
        """Somebody came or went here."""
        self._is_stale = True
        self._changed.set()

    def greet(self, session: EventsSession) -> None:
        """Tell one who comes, if it is his to know."""
        if session.person.is_staff:
            session.socket.write(wire.online(self._told))

    def on_online(self, payload: bytes) -> None:
        """Take a message of the bus channel ``online``."""
        try:
            message = json.loads(payload)
            server, people, ttl_s = str(message["server"]), [str(each) for each in message["people"]], message["ttl_s"]
            until = asyncio.get_running_loop().time() + float(ttl_s)
        except (ValueError, KeyError, TypeError) as error:
            logger.warning("who is online not understood: %s", type(error).__name__)
            return
        if server != self._server_id:
            if self._presence.heard(server, people, until=until):
                self._is_due = True
            self.changed()

    async def run(self) -> None:
        """Tell our staff and the other servers, until cancelled."""
        while True:
            try:
                async with asyncio.timeout(LEASE_EVERY_S):
                    await self._changed.wait()
            except TimeoutError:
                self._is_due = True
            self._changed.clear()
            self._tell()
            here = self._hub.people()
            if self._is_due or here != self._leased:
                self._leased, self._is_due = here, False
                lease = {"server": self._server_id, "people": sorted(here), "ttl_s": LEASE_TTL_S}
                await self._wakeups.publish(channels.ONLINE, json.dumps(lease))
            await asyncio.sleep(PAUSE_S)

    def _tell(self) -> None:
        people = self.people()
        if people == self._told:
            return
        self._told = people
        frame = wire.online(people)
        for session in self._hub:
            if session.person.is_staff and session.is_live:
                session.socket.write(frame)
