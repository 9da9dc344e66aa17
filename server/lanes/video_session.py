"""VideoSession: one connection of /ws/video."""

from collections.abc import Callable
from functools import partial

from server.core.people import Actor, Person
from server.core.permits import Permits
from server.lanes.metered_socket import MeteredSocket
from server.lanes.socket import Socket
from server.lanes.tile import Tile

MAX_REFUSALS = 64
"""On record, of one connection."""
STALL_S = 10.0
"""A socket that takes nothing for so long is given up."""


class VideoSession:
    """Who it is, what he watches, and whether he still reads. ``now`` is seconds on the same clock as ``clock``."""

    __slots__ = (
        "_moved_at",
        "_progress",
        "_refused",
        "actor",
        "heard_at",
        "is_gone",
        "permits",
        "person",
        "socket",
        "starting",
        "tiles",
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
        self.tiles: dict[int, Tile] = {}
        """By camera number; whoever was given something of late by a link that is not wide stands last."""
        self.starting: set[int] = set()
        """Cameras whose look is being put on record."""
        self.is_gone = False
        """The connection is not there any more."""
        self._refused: set[str] = set()
        self._moved_at = self.heard_at
        self._progress = 0, 0

    def is_first_refusal(self, wish: str) -> bool:
        """Whether he is refused this for the first time: what he asks for again and again is on record once."""
        if wish in self._refused or len(self._refused) >= MAX_REFUSALS:
            return False
        self._refused.add(wish)
        return True

    def is_stalled(self, now: float) -> bool:
        """Whether his socket has taken nothing for ``STALL_S``, as far as that was seen by asking now and then."""
        pending = self.socket.pending_bytes()
        frames = sum(tile.frames for tile in self.tiles.values())
        before_pending, before_frames = self._progress
        if pending == 0 or pending < before_pending or frames > before_frames:
            self._moved_at = now
        self._progress = pending, frames
        return now - self._moved_at > STALL_S

    def _link_changed(self) -> None:
        for tile in self.tiles.values():
            tile.link_changed()
