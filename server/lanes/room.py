"""Room: one stream's pictures in this process, and everybody here who watches it."""

import asyncio
from collections.abc import Callable, Sequence
from math import inf

from server.core import wire
from server.core.viewer import Jump
from server.lanes.steady import Steady
from server.lanes.watch import Watch
from streams.errors import FormatError
from streams.formats import fmp4
from streams.fragment import Fragment, Kind
from streams.rendition import split
from streams.ring import Ring

POLL_S = 0.02
"""How often the socket of one who is behind is looked at, only while there is such a one; and how long a newcomer waits
for the rest of a group that has just begun to come."""
CHECK_S = 0.25
"""How often those who keep up are looked at one by one: whether they have acknowledged in time."""


class Room:
    """Gives each message of the camera to every viewer who keeps up: the same bytes object, written once each."""

    def __init__(
        self, stream_number: int, clock: Callable[[], float], on_codec: Callable[[int, str], None] = lambda *_: None
    ) -> None:
        """
        Args:
            clock: seconds of any origin.
            on_codec: told the number of the stream and how its pictures are encoded from now on (``avc1``, ``hvc1``,
                ``jpeg``), before anybody is given them: viewers who can't show that may be taken out.
        """
        self.codec = ""
        """Empty before the first picture."""
        self._on_codec = on_codec
        self._stream_number = stream_number
        self.ring = Ring()
        self.watches: list[Watch] = []
        self.has_hole = False
        """Messages were missed: nobody gets any until the next key frame, or a burst that fills the hole."""
        self._number, self.rendition = split(stream_number)
        self._clock = clock
        self._steady = Steady()
        self._check_at = -inf
        self._polled: set[Watch] = set()
        self._poll: asyncio.TimerHandle | None = None
        self._announced: tuple[Fragment, bytes] | None = None
        """The init segment that was spoken of last, and the text that goes before it."""
        self._announced_codec = ""

    def join(self, watch: Watch) -> None:
        """Let somebody in; he gets at once what is there."""
        self.watches.append(watch)
        self._catch_up(watch, self._clock())

    def leave(self, watch: Watch) -> None:
        if watch.step_out is not None:
            watch.step_out()
        self.watches.remove(watch)
        self._polled.discard(watch)

    def relay(self, fragment: Fragment) -> None:
        """Take the next message of the camera from the bus."""
        newest = self.ring.newest
        if not self.ring.append(fragment):
            # What is known comes again in a burst; what is newer and does not follow tells of a hole.
            self.has_hole = newest is None or fragment.captured_ms > newest.captured_ms
            return
        self.has_hole = False
        if fragment.kind is Kind.FRAME and not fragment.is_key:
            self._relay_delta(fragment)
            return
        self._steady.disband()
        message = fragment.message
        if fragment.kind is Kind.INIT:
            message = self._init_text(fragment) + message
            self._learn(self._announced_codec)
        elif fragment.kind is Kind.JPEG:
            self._learn("jpeg")
        now = self._clock()
        for watch in self.watches:
            if watch.viewer.keeps_up(watch.pending_bytes(), now):
                watch.write(message)
                watch.viewer.took(fragment, now)
                if fragment.kind is Kind.FRAME:
                    self._steady.step_in(watch, fragment.sequence)
            elif watch.viewer.has_begun or fragment.kind is Kind.JPEG:
                self._catch_up(watch, now)
            else:
                # The rest of the group may be right behind, in a burst that we asked for: he gets it as one.
                self._look_again(watch)

    def _relay_delta(self, fragment: Fragment) -> None:
        """This is where the time goes: viewers × pictures a second."""
        now, message, sequence = self._clock(), fragment.message, fragment.sequence
        others: Sequence[Watch] = self.watches
        if now < self._check_at:
            others = ()
            if len(self._steady) < len(self.watches):
                others = [watch for watch in self.watches if watch.step_out is None]
            self._steady.give(fragment)
        else:
            self._check_at = now + CHECK_S
            self._steady.disband()
        for watch in others:
            if watch.follows(sequence, watch.pending_bytes(), now):
                watch.write(message)
                self._steady.step_in(watch, sequence)
            elif watch.viewer.has_begun:
                self._catch_up(watch, now)
            else:
                self._look_again(watch)

    def acknowledged(self, watch: Watch, sequence: int) -> None:
        if watch.socket.is_wide:
            watch.viewer.acknowledged(sequence)
        self.go_on(watch)

    def go_on(self, watch: Watch) -> None:
        """Give one who is behind what there is room for by now."""
        if watch.viewer.is_behind:
            self._catch_up(watch, self._clock())

    def lost(self) -> None:
        """The connection that messages come over was lost: what is here may be stale, so nobody joins with it."""
        self.ring.clear()

    def close(self) -> None:
        if self._poll is not None:
            self._poll.cancel()
            self._poll = None

    def _catch_up(self, watch: Watch, now: float) -> None:
        """Give one who is behind what his socket takes."""
        ring, viewer = self.ring, watch.viewer
        if not viewer.may_go_on(watch.pending_bytes(), now):
            # From now on it is measured what his link carries.
            watch.socket.narrow()
            self._wait(watch)
            return
        while not viewer.has_all_of(ring):
            following = viewer.next_in(ring)
            if following is not None:
                watch.write(following.message)
                viewer.took(following, now)
                if watch.pending_bytes() >= viewer.max_pending_bytes:
                    self._wait(watch)
                    return
                continue
            jump = viewer.jump_in(ring)
            if jump is None:
                # There is nothing for him; the next message brings him back here.
                return
            self._jump(watch, jump, now)
        viewer.is_behind = False

    def _jump(self, watch: Watch, jump: Jump, now: float) -> None:
        watch.on_jump(jump)
        viewer, write = watch.viewer, watch.write
        if jump.skipped is not None:
            write(wire.drop(self._number, jump.skipped))
        if jump.init is not None:
            write(self._init_text(jump.init))
        if jump.skipped is None:
            write(wire.burst(self._number, jump.frames))
        if jump.init is not None:
            write(jump.init.message)
            viewer.took(jump.init, now)
        viewer.jumped(jump)

    def _init_text(self, init: Fragment) -> bytes:
        if self._announced is None or self._announced[0] is not init:
            try:
                parameters = fmp4.read_init(init.body)
                codec, width, height = parameters.codec_string, parameters.width, parameters.height
            except FormatError:
                codec, width, height = "", 0, 0  # the segment itself says it too
            self._announced = init, wire.init(self._number, codec=codec, width=width, height=height)
            self._announced_codec = codec.partition(".")[0]
        return self._announced[1]

    def _learn(self, codec: str) -> None:
        if codec != self.codec:
            self.codec = codec
            self._on_codec(self._stream_number, codec)

    def _wait(self, watch: Watch) -> None:
        # Where the link is not wide, the socket tells when there is room.
        if watch.socket.is_wide:
            self._look_again(watch)

    def _look_again(self, watch: Watch) -> None:
        self._polled.add(watch)
        if self._poll is None:
            self._poll = asyncio.get_running_loop().call_later(POLL_S, self._on_poll)

    def _on_poll(self) -> None:
        self._poll = None
        polled, self._polled = self._polled, set()
        now = self._clock()
        for watch in polled:
            if watch.viewer.is_behind and watch.socket.is_open:
                self._catch_up(watch, now)
