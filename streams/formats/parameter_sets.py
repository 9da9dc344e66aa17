"""ParameterSets: the newest SPS and PPS of an H.264 stream, from its description and from within."""

from collections.abc import Iterable

from streams.access_unit import VideoParameters
from streams.errors import FormatError
from streams.formats.h264 import NalType, nal_type, parse_sps, pps_ids, video_parameters

_MAX_SETS = 31
"""Of each kind, as many SPS as ``avcC`` can hold; cameras use one or two."""


class ParameterSets:
    """Keeps what a decoder must know.

    The description of a stream (SDP) is often old or wrong, so what it says of a kind holds only until that kind
    comes within the stream.
    """

    def __init__(self) -> None:
        self._described_sps: dict[int, bytes] = {}
        self._described_pps: dict[int, bytes] = {}
        self._sps: dict[int, bytes] = {}
        self._pps: dict[int, bytes] = {}
        self._known: frozenset[bytes] = frozenset()
        self._parameters: VideoParameters | None = None

    def describe(self, nals: Iterable[bytes]) -> None:
        """Take the sets of the description. What can't be read is ignored."""
        _put_all(nals, self._described_sps, self._described_pps)
        self._parameters = None

    def update(self, nals: Iterable[bytes]) -> None:
        """Take the sets among the NAL units of a picture. What can't be read is ignored: the older ones hold on."""
        sets = [nal for nal in nals if nal_type(nal) in {NalType.SPS, NalType.PPS}]
        if not sets or self._known.issuperset(sets):  # A repetition before each key frame is the usual case.
            return
        _put_all(sets, self._sps, self._pps)
        self._known = frozenset((*self._sps.values(), *self._pps.values()))
        self._parameters = None

    @property
    def parameters(self) -> VideoParameters | None:
        """What the sets say now, None until there is one of each kind; the same object until something changes."""
        sps = self._sps or self._described_sps
        pps = self._pps or self._described_pps
        if self._parameters is None and sps and pps:
            self._parameters = video_parameters(
                [sps[key] for key in sorted(sps)],
                [pps[key] for key in sorted(pps)],
            )
        return self._parameters


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
