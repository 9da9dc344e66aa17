"""DeviceBoard: a device has one connection, to whichever server; the newer one wins.

Here the hub sees to it. What was opened here is told to the other servers, which close what they have of the same
device and was opened before. When it was is told by a clock that nobody sets, together with what that clock shows: a
message that a frozen bus has held back must not make an old connection look new.
"""

import asyncio
import json
import logging
from contextlib import suppress

from server.core.hub import Hub
from server.core.peer_clocks import PeerClocks
from server.core.wire import CloseCode
from server.lanes.events_session import EventsSession
from streams.bus import channels
from streams.bus.wakeups import Wakeups

logger = logging.getLogger(__name__)

APART_S = 0.1
"""What was opened within so short a time of each other stays: to end the newer one would leave a device without any,
and the older one ends by itself when it is not heard."""
SHOW_CLOCK_EVERY_S = 10.0
PAUSE_S = 0.05
"""When many come at once they are told together."""


class DeviceBoard:
    def __init__(self, hub: Hub[EventsSession], wakeups: Wakeups, *, server_id: str) -> None:
        self._hub = hub
        self._wakeups = wakeups
        self._server_id = server_id
        self._loop = asyncio.get_running_loop()
        self._clocks = PeerClocks()
        self._opened: list[EventsSession] = []
        self._some = asyncio.Event()

    def opened(self, session: EventsSession) -> None:
        """A device has connected here."""
        self._opened.append(session)
        self._some.set()

    def on_devices(self, payload: bytes) -> None:
        """Take a message of the bus channel ``devices``."""
        try:
            message = json.loads(payload)
            server, sent_at = str(message["server"]), float(message["now"])
            opened = [(str(person), str(device), float(at)) for person, device, at in message["opened"]]
        except (ValueError, KeyError, TypeError) as error:
            logger.warning("opened devices not understood: %s", type(error).__name__)
            return
        if server == self._server_id:
            return
        self._clocks.heard(server, sent_at, self._loop.time())
        for person, device, at in opened:
            session = self._hub.find(person, device)
            if session is not None and session.opened_at < self._clocks.ours(server, at) - APART_S:
                session.socket.close(CloseCode.REPLACED, "The same device opened a newer connection.")

    async def run(self) -> None:
        """Tell the other servers, until cancelled. They know our clock before there is something to tell."""
        while True:
            opened, self._opened = self._opened, []
            message = {
                "server": self._server_id,
                "now": self._loop.time(),
                "opened": [[each.person.id, each.device, each.opened_at] for each in opened],
            }
            await self._wakeups.publish(channels.DEVICES, json.dumps(message))
            with suppress(TimeoutError):
                async with asyncio.timeout(SHOW_CLOCK_EVERY_S):
                    await self._some.wait()
            await asyncio.sleep(PAUSE_S)
            self._some.clear()
