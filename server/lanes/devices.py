"""DeviceBoard: a device has one connection, to whichever server; the newer one wins.

Here the hub sees to it. What was opened here is told to the other servers, which close what they have of the same
device and was opened before. How long ago it was is told, not when: the clocks of servers may differ.
"""

import asyncio
import json
import logging

from server.core.hub import Hub
from server.core.wire import CloseCode
from server.lanes.events_session import EventsSession
from streams.bus import channels
from streams.bus.wakeups import Wakeups

logger = logging.getLogger(__name__)

ON_THE_WAY_S = 1.0
"""How long a message may take. What was opened within so short a time of each other stays: to end the newer one would
leave a device without any, and the older one ends by itself when it is not heard."""
PAUSE_S = 0.05
"""When many come at once they are told together."""


class DeviceBoard:
    def __init__(self, hub: Hub[EventsSession], wakeups: Wakeups, *, server_id: str) -> None:
        self._hub = hub
        self._wakeups = wakeups
        self._server_id = server_id
        self._loop = asyncio.get_running_loop()
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
            if message["server"] == self._server_id:
                return
            opened = [(str(person), str(device), float(ago_s)) for person, device, ago_s in message["opened"]]
        except (ValueError, KeyError, TypeError) as error:
            logger.warning("opened devices not understood: %s", type(error).__name__)
            return
        now = self._loop.time()
        for person, device, ago_s in opened:
            session = self._hub.find(person, device)
            if session is not None and session.opened_at < now - ago_s - ON_THE_WAY_S:
                session.socket.close(CloseCode.REPLACED, "The same device opened a newer connection.")

    async def run(self) -> None:
        """Tell the other servers, until cancelled."""
        while True:
            await self._some.wait()
            await asyncio.sleep(PAUSE_S)
            self._some.clear()
            opened, self._opened = self._opened, []
            now = self._loop.time()
            message = {
                "server": self._server_id,
                "opened": [[each.person.id, each.device, now - each.opened_at] for each in opened],
            }
            await self._wakeups.publish(channels.DEVICES, json.dumps(message))
