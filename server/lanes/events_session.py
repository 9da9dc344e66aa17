"""EventsSession: one connection of /ws/events."""

from server.core.people import Actor
from server.core.permits import Permits
from server.core.session import Session
from server.lanes.socket import Socket


class EventsSession(Session):
    __slots__ = ("answers", "permits", "socket")

    def __init__(self, actor: Actor, socket: Socket, now: float) -> None:
        super().__init__(actor, now)
        self.socket = socket
        self.answers = b""
        """What goes out with its next tick: nobody waits for it, and a message of its own costs as much as an alert."""
        self.permits = Permits(self.person)
