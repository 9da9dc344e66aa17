"""Viewer: one person's cursor into the ring of one camera. Newest wins, nothing is queued.

He is given each message while his socket keeps up. Else he is *behind*: nothing is kept for him, he has a place in the
ring. When his socket has drained he goes on from there while the group of pictures is still the same, and jumps to the
newest key frame when it is not. Single delta frames are never left out, so what arrives always decodes.
"""

from dataclasses import dataclass
from math import inf

from streams.fragment import Fragment, Kind
from streams.ring import Ring

MAX_PENDING_BYTES = 64 * 1024
"""More than this waiting in his socket: he is behind."""
DRAINED_BYTES = 16 * 1024
MAX_UNACKED_S = 1.0
"""Behind a proxy the socket says little; acknowledgements tell."""
ACKS_ENDED_S = 5.0
"""One whose acknowledgements stopped for this long is judged by his socket alone, or he might wait for ever."""

_MASK = 0xFFFFFFFF
_HALF = 0x80000000


@dataclass(frozen=True, slots=True)
class Jump:
    """Where he can start decoding anew."""

    skipped: int | None
    """Messages of the camera that he did not get; None when he joins."""
    init: Fragment | None
    """To be given first; None when he has it already."""
    key: Fragment
    frames: int
    """Pictures from ``key`` to the newest."""


class Viewer:
    """``pending_bytes`` is what waits in his socket, ``now`` seconds of any origin."""

    __slots__ = (
        "_acks",
        "_awaited",
        "_drained_bytes",
        "_init",
        "_key",
        "_late_at",
        "_position",
        "frames",
        "is_behind",
        "max_pending_bytes",
        "skipped",
    )

    def __init__(self) -> None:
        self.is_behind = True
        self.frames = 0
        """Pictures that he was given."""
        self.skipped = 0
        self.max_pending_bytes = MAX_PENDING_BYTES
        self._drained_bytes = DRAINED_BYTES
        self._position: int | None = None
        """Sequence of the last message that he was given; None before the first."""
        self._init: Fragment | None = None
        self._key: Fragment | None = None
        self._acks = False
        self._awaited = 0
        self._late_at = inf

    @property
    def has_begun(self) -> bool:
        """Whether he was given anything yet."""
        return self._position is not None

    def on_link(self, *, is_wide: bool) -> None:
        """On a link that is not wide nothing may wait, and what has arrived is told by its pings."""
        self.max_pending_bytes = MAX_PENDING_BYTES if is_wide else 1
        self._drained_bytes = DRAINED_BYTES if is_wide else 0
        self._acks, self._late_at = False, inf

    def keeps_up(self, pending_bytes: int, now: float) -> bool:
        """Whether he is given the message that has just come; when not, he is behind from now on."""
        if self.is_behind:
            return False
        if pending_bytes < self.max_pending_bytes and now < self._late_at:
            return True
        self.is_behind = True
        return False

    def follows(self, sequence: int, pending_bytes: int, now: float) -> bool:
        """``keeps_up`` and ``took`` in one for a delta frame, which is nearly every message: this is the hot path."""
        if self.is_behind or pending_bytes >= self.max_pending_bytes or now >= self._late_at:
            self.is_behind = True
            return False
        self._position = sequence
        self.frames += 1
        if self._acks and self._late_at == inf:
            self._awaited = sequence
            self._late_at = now + MAX_UNACKED_S
        return True

    def was_given(self, sequence: int, frames: int) -> None:
        """So many delta frames, up to this one, went to all who keep up, and he is one of them."""
        self._position = sequence
        self.frames += frames

    def took(self, fragment: Fragment, now: float) -> None:
        """He was given this message."""
        self._position = fragment.sequence
        if fragment.is_key:
            self._key = fragment
        if fragment.kind is Kind.INIT:
            self._init = fragment
        elif fragment.kind is not Kind.GAP:
            self.frames += 1
        if self._acks and self._late_at == inf:
            # One message at a time is timed, not each: a client acknowledges every 500 ms.
            self._awaited = fragment.sequence
            self._late_at = now + MAX_UNACKED_S

    def acknowledged(self, sequence: int) -> None:
        """His client says how far it has read."""
        self._acks = True
        if (sequence - self._awaited) & _MASK < _HALF:
            self._late_at = inf

    def may_go_on(self, pending_bytes: int, now: float) -> bool:
        """Whether one who is behind may be given messages again."""
        if now >= self._late_at + (ACKS_ENDED_S - MAX_UNACKED_S):
            self._acks, self._late_at = False, inf
        return pending_bytes <= self._drained_bytes and now < self._late_at

    def next_in(self, ring: Ring) -> Fragment | None:
        """The message after his last one; None when the ring does not have it, or he lacks its init segment."""
        if self._position is None or ring.init is not self._init:
            return None
        return ring.after(self._position)

    def has_all_of(self, ring: Ring) -> bool:
        return ring.newest is not None and ring.newest.sequence == self._position

    def jump_in(self, ring: Ring) -> Jump | None:
        """The way to the newest key frame; None when there is none that is new to him."""
        group = ring.fragments
        if not group or not group[0].is_key or group[0] is self._key:
            return None
        skipped = None
        if self._position is not None:
            skipped = (group[0].sequence - self._position - 1) & _MASK
            # A reader that was started again counts from 0: how many lie between can't be told.
            skipped = skipped if skipped < _HALF else 0
        return Jump(skipped, ring.init if ring.init is not self._init else None, group[0], len(group))

    def jumped(self, jump: Jump) -> None:
        """He stands before the key frame now, and ``next_in`` gives it."""
        self.skipped += jump.skipped or 0
        self._init = jump.init or self._init
        self._position = (jump.key.sequence - 1) & _MASK
