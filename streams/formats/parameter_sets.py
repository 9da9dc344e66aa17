"""ParameterSets: the newest SPS and PPS of an H.264 stream, from its description and from within."""

from collections.abc import Iterable, Sequence

from streams.access_unit import VideoParameters
from streams.errors import FormatError
from streams.formats.h264 import NalType, nal_type, parse_sps, pps_ids, slice_pps_id, video_parameters
from streams.formats.reordering import is_b_slice, may_reorder, without_reordering

_MAX_SETS = 31
"""Of each kind, as many SPS as ``avcC`` can hold; cameras use one or two."""
_KINDS = frozenset({NalType.SPS, NalType.PPS})
_CALM = 120
"""Pictures without a B slice after which a stream that leaves it open counts as one without reordering."""


class ParameterSets:
    """Keeps what a decoder must know.

    The description of a stream (SDP) is often old or wrong, so what it says of a kind holds only until that kind
    comes within the stream. Of several SPS, the one that the newest key frame refers to stands first: it says the size
    of the picture.

    Where no picture is reordered the SPS is made to say so, lest decoders hold pictures back: at once when the SPS
    itself leaves no doubt, else after so many pictures that there are no B-frames. One that says it reorders, and one
    with B-frames, stay as they came.
    """

    def __init__(self) -> None:
        self._described_sps: dict[int, bytes] = {}
        self._described_pps: dict[int, bytes] = {}
        self._sps: dict[int, bytes] = {}
        self._pps: dict[int, bytes] = {}
        self._known: frozenset[bytes] = frozenset()
        self._shown_sps = 0
        """Id of the one that the newest key frame refers to, as far as that was looked for."""
        self._has_b_slices = False
        """Since the sets changed."""
        self._calm = 0
        self._parameters: VideoParameters | None = None

    def describe(self, nals: Iterable[bytes]) -> None:
        """Take the sets of the description. What can't be read is ignored."""
        _put_all(nals, self._described_sps, self._described_pps)
        self._parameters = None

    def update(self, nals: Sequence[bytes]) -> None:
        """Take the sets among the NAL units of a picture. What can't be read is ignored: the older ones hold on."""
        # Zero bytes at the end belong to the start code that followed when it was a file; some packetisers send them.
        sets = [nal.rstrip(b"\0") for nal in nals if nal[0] & 0x1F in _KINDS]
        if sets and not self._known.issuperset(sets):  # A repetition before each key frame is the usual case.
            _put_all(sets, self._sps, self._pps)
            self._known = frozenset((*self._sps.values(), *self._pps.values()))
            self._has_b_slices, self._calm = False, 0
            self._parameters = None
        if len(self._sps or self._described_sps) > 1:
            self._look_at_slice(nals)
        if not self._has_b_slices:
            self._look_for_b_slices(nals)

    @property
    def parameters(self) -> VideoParameters | None:
        """What the sets say now, None until there is one of each kind; the same object until something changes."""
        sps = self._sps or self._described_sps
        pps = self._pps or self._described_pps
        if self._parameters is None and sps and pps:
            self._parameters = video_parameters(
                [self._say_order(sps[key]) for key in sorted(sps, key=lambda key: (key != self._shown_sps, key))],
                [pps[key] for key in sorted(pps)],
            )
        return self._parameters

    def _look_at_slice(self, nals: Iterable[bytes]) -> None:
        key = next((nal for nal in nals if nal_type(nal) == NalType.IDR), None)
        if key is None:
            return
        try:
            pps = (self._pps or self._described_pps).get(slice_pps_id(key))
        except FormatError:
            return
        if pps is not None and (sps_id := pps_ids(pps)[1]) != self._shown_sps:
            self._shown_sps = sps_id
            self._parameters = None

    def _look_for_b_slices(self, nals: Iterable[bytes]) -> None:
        if any(map(is_b_slice, nals)):
            self._has_b_slices = True
            self._parameters = None
        elif self._calm < _CALM:
            self._calm += 1
            if self._calm == _CALM:
                self._parameters = None

    def _say_order(self, sps: bytes) -> bytes:
        try:
            reorders = may_reorder(sps)
            if reorders is None:
                reorders = self._has_b_slices or self._calm < _CALM
            return sps if reorders else without_reordering(sps)
        except FormatError:  # VUI that is cut off, as some cameras send it, is none of ours to mend
            return sps


def _put_all(nals: Iterable[bytes], all_sps: dict[int, bytes], all_pps: dict[int, bytes]) -> None:
    # Every SPS before any PPS: a new SPS sweeps out the PPS of the old one, and cameras send them in any order.
    for nal in sorted(nals, key=nal_type):
        try:
            if nal_type(nal) == NalType.SPS:
                sps_id = parse_sps(nal).sps_id
                if all_sps.get(sps_id) != nal and len(all_sps) < _MAX_SETS:
                    all_sps[sps_id] = nal
                    for stale in [key for key, pps in all_pps.items() if pps_ids(pps)[1] == sps_id]:
                        del all_pps[stale]
            elif nal_type(nal) == NalType.PPS:
                pps_id = pps_ids(nal)[0]
                if pps_id in all_pps or len(all_pps) < _MAX_SETS:
                    all_pps[pps_id] = nal
        except FormatError:
            continue
