"""Relay: what leaves the intake of one camera, in every rendition that is asked for."""

import logging
from collections.abc import Callable, Iterable, Sequence
from collections.abc import Set as AbstractSet
from typing import NoReturn

from streams.access_unit import AccessUnit
from streams.bus.publisher import FragmentPublisher
from streams.cameras.encoder import Encoder
from streams.config import CameraConfig
from streams.errors import FormatError, SourceError
from streams.fragment import Fragment
from streams.mask import Mask
from streams.past import Past
from streams.rendition import Rendition
from streams.track import Track

logger = logging.getLogger(__name__)

FAILING_AFTER = 2
"""An encoder that is lost so often without a picture in between fails; once may be an accident."""
_MAX_GROUP_BYTES = 8 * 1024 * 1024

_NONE: frozenset[Rendition] = frozenset()


class Relay:
    """One camera's pictures in; fragments in rings and on the bus out.

        picture ─┬─────────────────▶ source                        of a camera without masks
                 └─▶ encoder ──────▶ 480p, 240p, stills

        picture ─┬─▶ while leased ─▶ unmasked                      of a camera with masks
                 └─▶ encoder ──────▶ source, 480p, 240p, stills

    What masks hide gets into ``unmasked``, and nowhere else.
    """

    def __init__(
        self,
        camera: CameraConfig,
        publisher: FragmentPublisher,
        *,
        on_shown: Callable[[AccessUnit], None],
        on_lost: Callable[[SourceError], None],
        past: Past | None = None,
    ) -> None:
        """
        Args:
            on_shown: a picture of ``source`` is on its way to the viewers.
            on_lost: the encoder was lost, and is started again.
            past: keeps what ``source`` shows.
        """
        self._number = camera.number
        self._publisher = publisher
        self._on_shown = on_shown
        self._on_lost = on_lost
        self._tracks: dict[Rendition, Track] = {}
        self._source = self._tracks[Rendition.SOURCE] = Track(camera.number, Rendition.SOURCE, publisher, past)
        self._unmasked = self._track(Rendition.UNMASKED) if camera.masks else None
        self._always = frozenset({Rendition.SOURCE}) if camera.masks else _NONE
        self._leased: AbstractSet[Rendition] = _NONE
        self._encoded = self._always
        self._masks: Sequence[Mask] = camera.masks
        self._group: list[AccessUnit] = []
        """Since the newest key frame, of a camera with masks: a new encoder begins with it. Others have their ring."""
        self._group_bytes = 0
        self._is_resting = False
        self._losses = 0
        """Of the encoder, since its last picture."""
        self._loss = ""
        self._encoder = Encoder(self._take, masks=camera.masks, opening=self._opening, on_lost=self._lost)
        self._encoder.want(self._encoded)

    async def run(self) -> NoReturn:
        """Encode what is asked for, until cancelled."""
        await self._encoder.run()

    def push(self, unit: AccessUnit) -> None:
        """One picture of the camera.

        Raises:
            FormatError, ValueError: it can't be relayed; see ``Muxer.push``.
        """
        if self._unmasked is not None:
            self._remember(unit)
            if self._unmasked.is_leased:
                self._push_unmasked(self._unmasked, unit)
        elif self._source.push(unit):
            self._on_shown(unit)
        if self._encoded:
            self._wake()
            self._encoder.push(unit)

    def interrupt(self) -> None:
        """The camera was lost: nothing that it has sent is live any more, whatever rendition it is on its way to."""
        self._encoder.interrupt()
        self._forget()
        for track in self._tracks.values():
            track.interrupt()

    def lease(self, renditions: AbstractSet[Rendition]) -> None:
        """What somebody follows, from now on."""
        if renditions == self._leased:
            return
        self._leased = renditions
        if self._unmasked is not None and Rendition.UNMASKED in renditions and not self._unmasked.is_leased:
            for unit in self._group:  # into its ring, for the burst
                self._push_unmasked(self._unmasked, unit)
        for rendition in renditions:
            if rendition is not Rendition.UNMASKED or self._unmasked is not None:
                self._track(rendition)
        for rendition, track in self._tracks.items():
            track.is_leased = rendition in renditions
        if self._unmasked is not None and not self._unmasked.is_leased:
            self._unmasked.interrupt()

    def encode(self, renditions: AbstractSet[Rendition]) -> None:
        """Of the smaller ones these, from now on."""
        encoded = self._always | renditions
        if encoded == self._encoded:
            return
        for rendition in self._encoded - encoded:
            self._track(rendition).interrupt()
        self._encoded = encoded
        if not encoded:
            self._losses = 0
        if not self._is_resting:
            self._encoder.want(encoded)

    def rest(self) -> None:
        """No picture has come for long: an encoder that waits for the next one would cost its memory for nothing."""
        if not self._is_resting:
            self._is_resting = True
            self._encoder.want(_NONE)

    def mask(self, masks: Sequence[Mask]) -> None:
        """Paint these from the next picture on. For a camera that was made with masks; it may have none for a while."""
        if self._unmasked is not None and masks != self._masks:
            self._masks = masks
            self._encoder.mask(masks)

    def burst(self, rendition: Rendition) -> tuple[Fragment, ...]:
        """What a newcomer gets at once; nothing before there is a picture."""
        track = self._tracks.get(rendition)
        return () if track is None else track.ring.burst()

    @property
    def failing(self) -> frozenset[Rendition]:
        """What is to be encoded and can't be."""
        return self._encoded if self._losses >= FAILING_AFTER else _NONE

    @property
    def failure(self) -> str:
        """Why so, for people; "" while nothing fails."""
        return self._loss if self.failing else ""

    def _track(self, rendition: Rendition) -> Track:
        if rendition not in self._tracks:
            self._tracks[rendition] = Track(self._number, rendition, self._publisher)
        return self._tracks[rendition]

    def _opening(self) -> Iterable[AccessUnit]:
        return self._source.group() if self._unmasked is None else self._group

    def _take(self, rendition: Rendition, unit: AccessUnit) -> None:
        self._losses = 0
        if self._track(rendition).push(unit) and rendition is Rendition.SOURCE:
            self._on_shown(unit)

    def _lost(self, error: SourceError) -> None:
        self._losses += 1
        self._loss = str(error)
        for rendition in self._encoded:
            self._track(rendition).interrupt()
        self._on_lost(error)

    def _push_unmasked(self, track: Track, unit: AccessUnit) -> None:
        try:
            track.push(unit)
        except (FormatError, ValueError) as error:
            # Its masked renditions may do: the encoder reads more than a muxer.
            logger.debug("unmasked pictures can't be relayed: %s", error, extra={"camera_number": self._number})

    def _wake(self) -> None:
        if self._is_resting:
            self._is_resting = False
            self._encoder.want(self._encoded)

    def _remember(self, unit: AccessUnit) -> None:
        if unit.is_key:
            self._forget()
        elif not self._group:
            return
        self._group.append(unit)
        self._group_bytes += len(unit.data)
        if self._group_bytes > _MAX_GROUP_BYTES:
            self._forget()

    def _forget(self) -> None:
        self._group = []
        self._group_bytes = 0
