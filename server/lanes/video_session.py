"""VideoSession: one connection of /ws/video."""

from collections.abc import Callable
from functools import partial

from server.core.people import Actor, Person
from server.core.permits import Permits
from server.lanes.metered_socket import CLEARED_S, MeteredSocket
from server.lanes.socket import Socket
from server.lanes.tile import Tile
from streams.rendition import Rendition

READS_S = 3.0
"""Of the slowest links something arrives more often than that."""
MAX_REFUSALS = 64
"""On record, of one connection."""
STALL_S = 25.0
"""A socket that takes nothing for so long is given up."""
SILENT_S = 2.0
"""Whoever sees pictures says more often than that how far he has read."""


class VideoSession:
    """Who it is, what he watches, and whether he still reads. ``now`` is seconds on the same clock as ``clock``."""

    __slots__ = (
        "_carried",
        "_moved_at",
        "_progress",
        "_refused",
        "_talks_since",
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
        carried: Rendition = Rendition.SOURCE,
    ) -> None:
        """
        Args:
            carried: by his link when he was last here.
            on_room: one whose link is not wide has room for another picture.
        """
        assert actor.person is not None, "the door lets nobody in without a session"
        self.actor = actor
        self.person: Person = actor.person
        self.socket = MeteredSocket(socket, clock, self._link_changed, partial(on_room, self))
        self.permits = Permits(actor.person)
        self.heard_at = self._talks_since = clock()
        self.tiles: dict[int, Tile] = {}
        """By camera number; whoever was given something of late by a link that is not wide stands last."""
        self.starting: set[int] = set()
        """Cameras whose look is being put on record."""
        self._carried = carried
        self.is_gone = False
        """The connection is not there any more."""
        self._refused: set[str] = set()
        self._moved_at = self.heard_at
        self._progress = 0, 0

    @property
    def carried(self) -> Rendition:
        """The best that his link carries of any camera, as far as is known."""
        return min((tile.quality.carried for tile in self.tiles.values() if tile.asked is None), default=self._carried)

    def begin(self, tile: Tile) -> None:
        self.tiles[tile.camera.number] = tile

    def end(self, camera_number: int) -> Tile:
        self._carried = self.carried
        return self.tiles.pop(camera_number)

    def is_first_refusal(self, wish: str) -> bool:
        """Whether he is refused this for the first time: what he asks for again and again is on record once."""
        if wish in self._refused or len(self._refused) >= MAX_REFUSALS:
            return False
        self._refused.add(wish)
        return True

    def heard(self, now: float) -> None:
        """He has said something."""
        if now - self.heard_at > SILENT_S:
            self._talks_since = now
        self.heard_at = now

    def is_stuck(self, now: float) -> bool:
        """Whether he talks, and for ``CLEARED_S`` of it has not got what was on the way when he fell behind.

        Then his link has become slow. Of one who is silent that can't be said: his page sleeps, or his network is away
        for a moment. He is given nothing meanwhile, so little waits for him, and he goes on where it is live then.
        """
        talks_s = now - self._talks_since if now - self.heard_at <= SILENT_S else 0.0
        return talks_s > CLEARED_S and self.socket.is_stuck(now)

    def reads(self, now: float) -> bool:
        """Whether his socket takes what comes, slowly perhaps, as far as ``is_stalled`` has seen."""
        return now - self._moved_at <= READS_S

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
