"""Ring: what a newcomer needs to see a camera at once, the init segment and the current group of pictures.

The streams process keeps one per connected camera for join bursts; each server process keeps one per watched camera,
and its viewers are cursors into it.
"""

from collections.abc import Sequence

from streams.fragment import Fragment, Kind

MAX_BYTES = 8 * 1024 * 1024
"""16 s at 4 Mb/s; usual groups of pictures are 1 to 4 s long."""

_SEQUENCE_MASK = 0xFFFFFFFF


class Ring:
    """The current group of pictures, without holes, with the init segment it decodes with.

    A join burst may be appended over live fragments: what is known is refused, what is missing is taken.
    """

    def __init__(self, max_bytes: int = MAX_BYTES) -> None:
        self.init: Fragment | None = None
        """The init segment of ``fragments``; None before the first and for JPEG."""
        self.newest: Fragment | None = None
        """The last one that was taken, of any kind."""
        self._group: list[Fragment] = []
        self._group_bytes = 0
        self._max_bytes = max_bytes
        self._key: Fragment | None = None
        self._next_init: Fragment | None = None

    @property
    def fragments(self) -> Sequence[Fragment]:
        """Pictures since the newest key frame, in sequence. Not a copy: read it, don't keep it.

        When the group has outgrown ``max_bytes`` its beginning is missing, and nobody can join before the next
        key frame.
        """
        return self._group

    def append(self, fragment: Fragment) -> bool:
        """Take the next fragment of the camera.

        Returns:
            False when it is refused, because it is known already or does not follow what is here. Viewers must not
            get it either: they have it, or could not decode it.
        """
        match fragment.kind:
            case Kind.INIT:
                return self._append_init(fragment)
            case Kind.GAP:
                return self._append_gap(fragment)
            case Kind.FRAME | Kind.JPEG:
                return self._append_key(fragment) if fragment.is_key else self._append_delta(fragment)

    def burst(self) -> tuple[Fragment, ...]:
        """What a newcomer gets at once: the init segment and every picture since the newest key frame; () if none."""
        if not self._group or not self._group[0].is_key:
            return ()
        return (*((self.init,) if self.init else ()), *self._group)

    def after(self, sequence: int) -> Fragment | None:
        """The picture that follows ``sequence`` in the group; None when that is not here (not yet, or not any more)."""
        if not self._group:
            return None
        index = (sequence + 1 - self._group[0].sequence) & _SEQUENCE_MASK
        return self._group[index] if index < len(self._group) else None

    def clear(self) -> None:
        """Forget the pictures, for example when some may have been missed.

        The init segment stays: it is sent only when it changes, and the next key frame needs one.
        """
        self.newest = None
        self._drop_group()

    def _append_init(self, fragment: Fragment) -> bool:
        if any(known is not None and known.message == fragment.message for known in (self.init, self._next_init)):
            return False
        # It belongs to the key frame that follows; until then the group decodes with the one before.
        self._next_init = self.newest = fragment
        return True

    def _append_gap(self, fragment: Fragment) -> bool:
        if self.newest is not None and self.newest.message == fragment.message:
            return False
        # What came before the loss is not live any more: nobody shall join with it.
        self._drop_group()
        self.newest = fragment
        return True

    def _append_key(self, fragment: Fragment) -> bool:
        # Equal, not older: a reader that was started again counts from 0, and clocks are set back.
        if self._key is not None and _position(self._key) == _position(fragment) and not self._lacked_init(fragment):
            return False
        if fragment.kind is Kind.JPEG:
            self.init = self._next_init = None
        elif self._next_init is not None:
            self.init, self._next_init = self._next_init, None
        self._drop_group()
        self._key = fragment
        self._add(fragment)
        return True

    def _lacked_init(self, key: Fragment) -> bool:
        """Whether the init segment of a key frame that is here has come after it only now: in the burst that began
        behind a loss, while the key frame itself came live."""
        init = self._next_init
        return init is not None and 0 < (key.sequence - init.sequence) & _SEQUENCE_MASK < _SEQUENCE_MASK >> 1

    def _append_delta(self, fragment: Fragment) -> bool:
        if not self._group or fragment.sequence != (self._group[-1].sequence + 1) & _SEQUENCE_MASK:
            return False
        self._add(fragment)
        return True

    def _add(self, fragment: Fragment) -> None:
        self._group.append(fragment)
        self._group_bytes += len(fragment.message)
        self.newest = fragment
        if self._group_bytes > self._max_bytes and len(self._group) > 1:
            # Viewers who keep up need only the newest. Half at a time: cutting the front of a list costs its length.
            del self._group[: (len(self._group) + 1) // 2]
            self._group_bytes = sum(len(kept.message) for kept in self._group)

    def _drop_group(self) -> None:
        self._group = []
        self._group_bytes = 0
        self._key = None


def _position(fragment: Fragment) -> tuple[int, float]:
    return fragment.sequence, fragment.captured_ms
