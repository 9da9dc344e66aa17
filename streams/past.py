"""Past: what a camera has shown lately, for those who ask what happened before.

It keeps the messages that were made anyway, as the bytes that they are: no copy of them, and nothing that the garbage
collector has to look through.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from math import inf, nextafter

from streams.access_unit import CLOCK_HZ
from streams.fragment import Fragment, Kind, unpack

SET_MS = 250.0
"""Capture times that go on so differently from decode times tell of more than a network's moods."""
MESSAGE_COST_BYTES = 64
"""What Python takes for a message besides its length."""

_FRAME = Kind.FRAME


@dataclass(frozen=True, slots=True)
class Span:
    """Whole groups of pictures of one camera, as they were sent."""

    messages: tuple[bytes, ...]
    """In order. An init segment comes before the first group that needs it; a gap where the camera was lost."""
    from_ms: float
    """Capture time of the first picture, milliseconds since the epoch, UTC."""
    to_ms: float
    """And of the last one."""
    clock: tuple[tuple[int, int], ...]
    """What time it was: capture times (milliseconds) with their decode times (1/90000 s), of the first picture and of
    each key frame where both have not gone on alike: the camera was lost, or its clock was set."""


class Room:
    """The memory that all cameras of a process share for their pasts."""

    def __init__(self, max_bytes: float = inf) -> None:
        self.max_bytes = max_bytes
        self.taken_bytes = 0

    def make(self) -> None:
        """There is too much: let go of something. Called as soon as ``taken_bytes`` is more than ``max_bytes``."""


class Group:
    """From one key frame to before the next, with the gap behind them when the camera was lost then."""

    __slots__ = ("dts", "ended_at", "ends_ms", "from_ms", "init", "messages")

    def __init__(self, key: Fragment, init: bytes | None) -> None:
        self.messages = [key.message]
        self.init = init
        """The init segment that it decodes with; None for JPEG."""
        self.from_ms = key.captured_ms
        self.dts = key.dts
        self.ends_ms: float | None = None
        """Until when its last picture was the newest; None while it grows."""
        self.ended_at: float | None = None

    @property
    def size_bytes(self) -> int:
        return sum(map(len, self.messages)) + MESSAGE_COST_BYTES * len(self.messages)

    @property
    def to_ms(self) -> float:
        """Of its last picture; never before the first, though the clock may have been set back."""
        last = unpack(self.messages[-1])
        if last.kind is Kind.GAP:
            last = unpack(self.messages[-2])
        return max(self.from_ms, last.captured_ms)

    def meets(self, from_ms: float, to_ms: float) -> bool:
        ends_ms = self.to_ms if self.ends_ms is None else self.ends_ms
        return self.from_ms <= to_ms and ends_ms >= from_ms


class Past:
    """The last groups of pictures of one camera, at most so many seconds and bytes of them, always whole ones.

    It goes by the order in which pictures came, and by ``tick`` for their age: capture times are only looked up, so
    that a clock that is set back or forward neither loses anything nor keeps it for longer. A camera that is not
    connected any more is forgotten after the same time.
    """

    def __init__(self, stream_number: int, *, max_s: float, max_bytes: int, room: Room | None = None) -> None:
        self.taken_bytes = 0
        self._stream_number = stream_number
        self._max_s = max_s
        self._max_bytes = max_bytes
        self._room = room or Room()
        self._groups: deque[Group] = deque()
        self._growing: Group | None = None
        """The newest, until the next key frame or a gap; None: pictures that are no key frames are of no use."""
        self._init: bytes | None = None

    def append(self, fragment: Fragment) -> None:
        """Keep the next message of the stream; one that can't be decoded with what is here is not kept, nor is one of
        another stream: above all never what lies behind a mask, whoever hands it here by mistake."""
        if fragment.stream_number != self._stream_number:
            return
        if fragment.kind is _FRAME and not fragment.is_key:
            # Hot: every picture of every camera comes by here.
            if self._growing is None:
                return
            self._growing.messages.append(fragment.message)
        elif not self._turn(fragment):
            return
        size = len(fragment.message) + MESSAGE_COST_BYTES
        self.taken_bytes += size
        room = self._room
        room.taken_bytes += size
        if self.taken_bytes > self._max_bytes:
            self._make_room()
        if room.taken_bytes > room.max_bytes:
            room.make()

    def tick(self, now: float) -> None:
        """Forget what is too old. Call it about once a second, with seconds of any origin that are never set back."""
        for group in reversed(self._groups):
            if group.ended_at is not None:
                break
            if group is not self._growing:
                group.ended_at = now
        while self._groups and (ended_at := self._groups[0].ended_at) is not None and now - ended_at > self._max_s:
            self.forget_oldest()

    def forget_oldest(self) -> None:
        """Let go of the oldest group, if there is one, even while it grows: then the rest of it is not kept either."""
        if self._groups:
            group = self._groups.popleft()
            size = group.size_bytes
            self.taken_bytes -= size
            self._room.taken_bytes -= size
            if group is self._growing:
                self._growing = None

    def reach(self) -> tuple[float, float] | None:
        """Capture times of the first and the last picture that are kept, in milliseconds; None when there are none."""
        return (self._groups[0].from_ms, self._groups[-1].to_ms) if self._groups else None

    def between(self, from_ms: float, to_ms: float) -> Span | None:
        """The groups that were shown from ``from_ms`` to ``to_ms``, milliseconds since the epoch, UTC.

        They begin with the key frame at or before ``from_ms`` and end with the last of its group after ``to_ms``, or
        with what there is. None when nothing of the time is kept.
        """
        # Each is looked at, 60 or so: after a clock was set back, an order to search in would be a wrong one.
        groups = [group for group in self._groups if group.meets(from_ms, to_ms)]
        if not groups:
            return None
        return Span(tuple(_messages(groups)), groups[0].from_ms, groups[-1].to_ms, tuple(_clock(groups)))

    def _turn(self, fragment: Fragment) -> bool:
        """Take what begins or ends a group; whether it was kept in one."""
        match fragment.kind:
            case Kind.INIT:
                self._init = fragment.message
                return False
            case Kind.GAP:
                if (group := self._growing) is None:
                    return False
                group.ends_ms = group.to_ms
                group.messages.append(fragment.message)
                self._growing = None
                return True
            case _:
                if (group := self._growing) is not None:
                    group.ends_ms = max(group.to_ms, nextafter(fragment.captured_ms, -inf))
                self._growing = Group(fragment, self._init if fragment.kind is _FRAME else None)
                self._groups.append(self._growing)
                return True

    def _make_room(self) -> None:
        while self.taken_bytes > self._max_bytes and self._groups:
            self.forget_oldest()


def _messages(groups: list[Group]) -> Iterator[bytes]:
    init = None
    for group in groups:
        if group.init is not None and group.init is not init:
            init = group.init
            yield init
        yield from group.messages


def _clock(groups: list[Group]) -> Iterator[tuple[int, int]]:
    offset_ms = None
    for group in groups:
        now_ms = group.from_ms - group.dts * 1000 / CLOCK_HZ
        if offset_ms is None or abs(now_ms - offset_ms) > SET_MS:
            offset_ms = now_ms
            yield int(group.from_ms), group.dts
