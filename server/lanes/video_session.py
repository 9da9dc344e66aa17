"""VideoSession: one connection of /ws/video."""

from collections.abc import Callable
from functools import partial

from server.core.people import Actor, Person
from server.core.permits import Permits
from server.lanes.metered_socket import MeteredSocket
from server.lanes.room import Watch
from server.lanes.socket import Socket

STALL_S = 10.0
"""A socket that takes nothing for so long is given up."""


class VideoSession:
    """Who it is, what he watches, and whether he still reads. ``now`` is seconds on the same clock as ``clock``."""

    __slots__ = (
        "_moved_at",
        "_progress",
        "actor",
        "heard_at",
        "permits",
        "person",
        "refused",
        "socket",
        "starting",
        "watches",
    )

    def __init__(
        self,
        actor: Actor,
        socket: Socket,
        clock: Callable[[], float],
        *,
        on_room: Callable[["VideoSession"], None],
    ) -> None:
        """
        Args:
            on_room: one whose link is not wide has room for another picture.
        """
        assert actor.person is not None, "the door lets nobody in without a session"
        self.actor = actor
        self.person: Person = actor.person
        self.socket = MeteredSocket(socket, clock, self._link_changed, partial(on_room, self))
        self.permits = Permits(actor.person)
        self.heard_at = clock()
        self.watches: dict[int, Watch] = {}
        """By camera number; whoever was given something of late by a link that is not wide stands last."""
        self.starting: set[int] = set()
        """Cameras whose look is being put on record."""
        self.refused: set[str] = set()
        """Ids of cameras that he asked for in vain."""
        self._moved_at = self.heard_at
        self._progress = 0, 0

    def is_stalled(self, now: float) -> bool:
        """Whether his socket has taken nothing for ``STALL_S``, as far as that was seen by asking now and then."""
        pending = self.socket.pending_bytes()
        frames = sum(watch.viewer.frames for watch in self.watches.values())
        before_pending, before_frames = self._progress
        if pending == 0 or pending < before_pending or frames > before_frames:
            self._moved_at = now
        self._progress = pending, frames
        return now - self._moved_at > STALL_S

    def _link_changed(self) -> None:
        for watch in self.watches.values():
            watch.link_changed()
