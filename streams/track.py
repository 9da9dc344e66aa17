"""Track: one rendition of a camera on its way out, muxer → ring → bus."""

import time
from collections.abc import Iterator

from streams.access_unit import AccessUnit
from streams.bus.publisher import FragmentPublisher
from streams.cameras.muxer import Muxer
from streams.fragment import Fragment
from streams.past import Past
from streams.rendition import Rendition
from streams.ring import Ring


class Track:
    """What nobody follows is kept in the ring only, for who comes next."""

    def __init__(
        self, camera_number: int, rendition: Rendition, publisher: FragmentPublisher, past: Past | None = None
    ) -> None:
        self.ring = Ring()
        self.is_leased = False
        """Whether anybody follows its channel."""
        self._muxer = Muxer(camera_number, rendition)
        self._publisher = publisher
        self._past = past

    def push(self, unit: AccessUnit) -> bool:
        """One picture; whether it can be shown, which none can before the first key frame.

        Raises:
            FormatError, ValueError: see ``Muxer.push``.
        """
        fragments = self._muxer.push(unit)
        for fragment in fragments:
            self._send(fragment)
        return bool(fragments)

    def interrupt(self) -> None:
        """Tell viewers that their last picture is not live any more; nobody joins with it."""
        if self.ring.fragments:
            self._send(self._muxer.gap(time.time() * 1000))

    def group(self) -> Iterator[AccessUnit]:
        """The pictures since the newest key frame, as they came but for timestamps; none when that is not here."""
        for fragment in self.ring.burst():
            if (unit := self._muxer.unpack(fragment)) is not None:
                yield unit

    def _send(self, fragment: Fragment) -> None:
        self.ring.append(fragment)
        if self._past is not None:
            self._past.append(fragment)
        if self.is_leased:
            self._publisher.publish(fragment)
