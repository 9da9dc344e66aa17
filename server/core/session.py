"""Session: one device on /ws/events, from its first word to its last."""

from dataclasses import dataclass

from server.core.client_messages import AskSnapshot, Resume
from server.core.people import Actor, Person
from server.core.wire import HEARTBEAT_S, URGENT_HEARTBEAT_S, SnapshotReason, dead_after_s

MAX_REPLAY = 10_000
"""Entries; a client further behind gets a snapshot, which is smaller."""


@dataclass(frozen=True, slots=True)
class Replay:
    """The client is told the entries ``first`` to ``last``; none when ``first`` is one more than ``last``."""

    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The client is told everything anew."""

    reason: SnapshotReason


def opening(message: Resume | AskSnapshot, *, installation: str, head: int) -> Replay | Snapshot:
    """The answer to a client's first message (docs/wire.md §5.1); ``head`` is the last position of our log."""
    if isinstance(message, AskSnapshot):
        return Snapshot("asked")
    if message.installation != installation:
        return Snapshot("installation")
    if message.position > head:
        return Snapshot("ahead")
    if message.position < 0 or head - message.position > MAX_REPLAY:
        return Snapshot("too_old")
    return Replay(message.position + 1, head)


class Session:
    """What is known of one connection. ``now`` is seconds of any origin."""

    __slots__ = ("actor", "device", "heard_at", "hurried_at", "is_live", "opened_at", "person")

    def __init__(self, actor: Actor, now: float) -> None:
        assert actor.person is not None, "the door lets nobody in without a session"
        self.actor = actor
        self.person: Person = actor.person
        self.device = actor.device
        self.opened_at = now
        self.heard_at = now
        self.hurried_at: float | None = None
        """Since when it knows that it has to speak more often."""
        self.is_live = False
        """Has been told what it missed and gets entries as they come; the hub says so."""

    def is_dead(self, now: float) -> bool:
        """Nothing was heard for two heartbeats and a moment."""
        if self.hurried_at is None:
            return now - self.heard_at > dead_after_s(HEARTBEAT_S)
        return now - max(self.heard_at, self.hurried_at) > dead_after_s(URGENT_HEARTBEAT_S)
