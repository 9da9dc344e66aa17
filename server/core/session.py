"""Session: one device on /ws/events, from its first word to its last."""

from dataclasses import dataclass

from server.core.client_messages import AskSnapshot, Resume
from server.core.outbox import Outbox
from server.core.people import Actor, Person
from server.core.wire import DEAD_AFTER_S, SnapshotReason

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

    __slots__ = ("actor", "device", "heard_at", "outbox", "person")

    def __init__(self, actor: Actor, now: float) -> None:
        assert actor.person is not None, "the door lets nobody in without a session"
        self.actor = actor
        self.person: Person = actor.person
        self.device = actor.device
        self.heard_at = now
        self.outbox: Outbox | None = None
        """None until the client has said where it stands; live entries don't concern it before."""

    @property
    def is_live(self) -> bool:
        """Has been told what it missed and gets entries as they come."""
        return self.outbox is not None and not self.outbox.is_holding

    def is_dead(self, now: float) -> bool:
        """Nothing was heard for 2.5 heartbeats."""
        return now - self.heard_at > DEAD_AFTER_S
