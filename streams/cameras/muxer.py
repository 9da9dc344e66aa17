"""Muxer: pictures of one rendition of a camera become fragments, each at once, and once for all viewers."""

from streams.access_unit import AccessUnit, VideoParameters
from streams.cameras.timeline import Tick, Timeline
from streams.formats import fmp4
from streams.fragment import Flag, Fragment, Kind, pack
from streams.rendition import Rendition


class Muxer:
    """Keeps sequence and timeline of one camera, through losses and changes of its source. Pure: has no clock.

    ``dts`` never goes back and has no holes, not even across a gap. A restart of the timeline (the first picture, the
    first after a gap, or after the source's clock ran away) is flagged ``DISCONTINUITY`` on the next key frame and on
    the init segment before it.
    """

    def __init__(self, camera_number: int, rendition: Rendition = Rendition.SOURCE) -> None:
        self._camera_number = camera_number
        self._rendition = rendition
        self._sequence = 0
        self._timeline = Timeline()
        self._has_restarted = False
        self._parameters: VideoParameters | None = None
        """Of the init segment that the following frames need; None: no frame can be sent before a key frame."""

    def push(self, unit: AccessUnit) -> list[Fragment]:
        """Fragments of one picture: none before the first key frame; an init segment first where parameters change.

        A change of parameters on a picture that is no key frame is ignored until the next key frame.

        Raises:
            FormatError: parameters that no init segment can be made of (a codec that is none of h264, h265 and mjpeg).
            ValueError: a picture larger than a message may be.
        """
        if self._parameters is None and not unit.is_key:
            return []
        tick = self._timeline.next(unit.timestamp, unit.captured_at)
        self._has_restarted |= tick.restarted
        if unit.parameters.codec == "mjpeg":
            self._parameters = unit.parameters
            return [self._pack(Kind.JPEG, self._key_flags(), unit, tick, unit.data)]
        if not unit.is_key:
            return [self._pack(Kind.FRAME, Flag.NONE, unit, tick, self._frame(unit, tick))]
        fragments = []
        flags = self._key_flags()
        if flags & Flag.DISCONTINUITY or unit.parameters != self._parameters:
            body = fmp4.init_segment(unit.parameters)
            fragments.append(self._pack(Kind.INIT, flags & Flag.DISCONTINUITY, unit, tick, body))
            self._parameters = unit.parameters
        fragments.append(self._pack(Kind.FRAME, flags, unit, tick, self._frame(unit, tick)))
        return fragments

    def unpack(self, fragment: Fragment) -> AccessUnit | None:
        """The picture of a fragment of the current group, without the timestamp that it came with; None if it has none.

        Right for pictures since the newest key frame only: ``parameters`` are those of now.
        """
        if self._parameters is None or fragment.kind not in {Kind.FRAME, Kind.JPEG}:
            return None
        data = fragment.body[fmp4.SAMPLE_OFFSET if fragment.kind is Kind.FRAME else 0 :]
        return AccessUnit(self._parameters, data, fragment.is_key, fragment.captured_ms / 1000)

    def gap(self, captured_ms: float) -> Fragment:
        """Say that the camera was lost at ``captured_ms`` (milliseconds since the epoch, UTC)."""
        self._timeline.interrupt()
        self._parameters = None
        return self._number(Kind.GAP, Flag.NONE, captured_ms, self._timeline.dts, b"")

    def _key_flags(self) -> Flag:
        flags = Flag.KEY | Flag.DISCONTINUITY if self._has_restarted else Flag.KEY
        self._has_restarted = False
        return flags

    def _frame(self, unit: AccessUnit, tick: Tick) -> bytes:
        return fmp4.frame(self._sequence, tick.dts, tick.duration, unit.is_key, unit.data, unit.composition_offset)

    def _pack(self, kind: Kind, flags: Flag, unit: AccessUnit, tick: Tick, body: bytes) -> Fragment:
        return self._number(kind, flags, unit.captured_at * 1000, tick.dts, body)

    def _number(self, kind: Kind, flags: Flag, captured_ms: float, dts: int, body: bytes) -> Fragment:
        fragment = pack(
            kind,
            flags,
            camera_number=self._camera_number,
            sequence=self._sequence,
            captured_ms=captured_ms,
            dts=dts,
            body=body,
            rendition=self._rendition,
        )
        self._sequence = (self._sequence + 1) % 2**32
        return fragment
