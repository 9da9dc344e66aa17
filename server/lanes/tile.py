"""Tile: one camera on one socket, in whichever rendition, from its being subscribed to until its end."""

from collections.abc import Callable
from functools import partial

from server.core import wire
from server.core.client_messages import Subscribe
from server.core.quality import Quality
from server.core.renditions import Choice, Why
from server.core.viewer import Jump
from server.lanes.looks import Look
from server.lanes.metered_socket import MeteredSocket
from server.lanes.rooms import Rooms
from server.lanes.watch import Watch
from streams.config import CameraConfig
from streams.rendition import Rendition


class Tile:
    """Has a watch in the room of what is shown, and one in the room of what is to be shown instead: it changes over
    with the first pictures of the new rendition, so that there is no moment without any."""

    __slots__ = (
        "_began_at",
        "_choice",
        "_clock",
        "_frames",
        "_on_drop",
        "_rooms",
        "_seen",
        "_shown_s",
        "_skipped",
        "_told",
        "_watches",
        "asked",
        "camera",
        "codecs",
        "look",
        "quality",
        "shown",
        "socket",
        "waits_since",
    )

    def __init__(
        self,
        camera: CameraConfig,
        wish: Subscribe,
        look: Look,
        socket: MeteredSocket,
        rooms: Rooms,
        clock: Callable[[], float],
        on_drop: Callable[["Tile"], None],
        *,
        carried: Rendition = Rendition.SOURCE,
    ) -> None:
        """
        Args:
            clock: seconds of any origin.
            on_drop: pictures of the rendition that is shown were left out.
            carried: by his link, as far as is known.
        """
        self.camera = camera
        self.look = look
        self.socket = socket
        self.asked = wish.quality
        """None: whichever the link carries."""
        self.codecs = wish.codecs
        self.quality = Quality(clock(), carried)
        self.shown: Rendition | None = None
        """What the pictures that he is given are of; None before the first."""
        self.waits_since: float | None = None
        """Since when he waits for the rendition that was chosen; None when it is shown."""
        self._rooms = rooms
        self._clock = clock
        self._on_drop = on_drop
        self._choice = Choice(Rendition.SOURCE, Why.AUTO)
        self._watches: dict[Rendition, Watch] = {}
        self._began_at = 0.0
        self._shown_s: dict[Rendition, float] = {}
        self._told: tuple[Rendition, Why, str] | None = None
        self._frames = self._skipped = 0
        self._seen = 0, clock()

    @property
    def chosen(self) -> Rendition:
        return self._choice.rendition

    @property
    def has_room(self) -> bool:
        """Whether his socket takes a message more."""
        return all(watch.pending_bytes() < watch.viewer.max_pending_bytes for watch in self._watches.values())

    @property
    def frames(self) -> int:
        """Pictures that he was given, of all renditions."""
        return self._frames + sum(watch.viewer.frames for watch in self._watches.values())

    @property
    def skipped(self) -> int:
        return self._skipped + sum(watch.viewer.skipped for watch in self._watches.values())

    def turn_to(self, choice: Choice) -> None:
        """Show this from now on, or as soon as there are pictures of it. The same again changes nothing."""
        before, self._choice = self._choice, choice
        if self.shown is Rendition.UNMASKED and choice.rendition is not self.shown:
            # What masks hide is shown no moment longer than it is asked for.
            self._leave(self.shown)
        if self.shown is choice.rendition:
            self.waits_since = None
            self._tell_if_new(choice.rendition, choice.why, choice.message)
        elif self.waits_since is None or before.rendition is not choice.rendition:
            self.waits_since = self._clock()
        now = self.shown if self.shown is not None else choice.instead
        for other in [each for each in self._watches if each not in (now, choice.rendition)]:
            self._leave(other)
        if choice.refusal and self.shown is not choice.rendition and now in (self.shown, None):
            # What stands in for it says so with its first pictures.
            self._tell_if_new(choice.rendition if now is None else now, Why.ENCODERS, choice.refusal)
        for wanted in (now, choice.rendition):
            if wanted is not None and wanted not in self._watches:
                self._enter(wanted)

    def has(self, rendition: Rendition) -> bool:
        """Whether he is given this one, or is to be."""
        return rendition in self._watches

    @property
    def is_behind(self) -> bool:
        """Whether there are pictures for him that his socket does not take."""
        watch = self._watches.get(self.shown) if self.shown is not None else None
        return watch is not None and watch.viewer.is_behind

    def idle_s(self) -> float:
        """Since he was last given a picture, as far as that was seen by asking now and then."""
        now, frames = self._clock(), self.frames
        if frames != self._seen[0]:
            self._seen = frames, now
        return now - self._seen[1]

    def wait_anew(self) -> None:
        """Nothing can come yet: it does not count as waiting."""
        if self.waits_since is not None:
            self.waits_since = self._clock()

    def cut(self, rendition: Rendition) -> None:
        """Give no picture more of this one, whatever comes instead."""
        if rendition in self._watches:
            self._leave(rendition)

    def close(self) -> None:
        for rendition in list(self._watches):
            self._leave(rendition)

    def acknowledged(self, sequence: int) -> None:
        """How far his client has read. Of a message of the rendition before, on its way while that was changed, it is
        taken for one of the new one: that mends itself with the next."""
        if self.shown is not None:
            self._rooms.acknowledged(self._stream(self.shown), self._watches[self.shown], sequence)

    def link_changed(self) -> None:
        for watch in self._watches.values():
            watch.link_changed()

    def go_on(self) -> bool:
        """Give what there is room for; what is to be shown goes before what is.

        Returns:
            Whether he was behind.
        """
        was_behind = False
        for rendition in sorted(self._watches, key=lambda each: each is self.shown):
            # With the first pictures of the one the other has been left.
            watch = self._watches.get(rendition)
            if watch is not None and watch.viewer.is_behind and self.has_room:
                was_behind = True
                self._rooms.go_on(self._stream(rendition), watch)
        return was_behind

    def shown_ms(self) -> dict[str, int]:
        """For how long each rendition was shown, by its word."""
        shown = self._shown_s.copy()
        if self.shown is not None:
            shown[self.shown] += self._clock() - self._began_at
        return {rendition.word: round(seconds * 1000) for rendition, seconds in shown.items()}

    def _stream(self, rendition: Rendition) -> int:
        return rendition.stream(self.camera.number)

    def _enter(self, rendition: Rendition) -> None:
        watch = Watch(self.socket, self.look, partial(self._on_jump, rendition))
        self._watches[rendition] = watch
        self._rooms.enter(self._stream(rendition), watch)

    def _leave(self, rendition: Rendition) -> None:
        watch = self._watches.pop(rendition)
        self._rooms.leave(self._stream(rendition), watch)
        self._frames += watch.viewer.frames
        self._skipped += watch.viewer.skipped
        if rendition is self.shown:
            self._shown_s[rendition] += self._clock() - self._began_at
            self.shown = None

    def _on_jump(self, rendition: Rendition, jump: Jump) -> None:
        if jump.skipped is None:
            self._begin(rendition)
        elif rendition is self.shown:
            self._on_drop(self)

    def _begin(self, rendition: Rendition) -> None:
        """Its first pictures are about to be given."""
        choice = self._choice
        for other in [each for each in self._watches if each not in (rendition, choice.rendition)]:
            self._leave(other)
        self.shown, self._began_at = rendition, self._clock()
        self._shown_s.setdefault(rendition, 0.0)
        if rendition is choice.rendition:
            self.waits_since = None
            self._tell(rendition, choice.why, choice.message)
        else:
            self._tell(rendition, Why.ENCODERS, choice.refusal)

    def _tell_if_new(self, rendition: Rendition, why: Why, message: str) -> None:
        if self._told != (rendition, why, message):
            self._tell(rendition, why, message)

    def _tell(self, rendition: Rendition, why: Why, message: str) -> None:
        self._told = rendition, why, message
        self.socket.write(wire.rendition(self.camera.number, rendition.word, why, message))
