"""H265ParameterSets: the newest VPS, SPS and PPS of an H.265 stream, from its description and from within."""

from collections.abc import Iterable, Sequence

from streams.access_unit import VideoParameters
from streams.errors import FormatError
from streams.formats.h265 import (
    NalType,
    is_first_slice,
    is_key,
    nal_type,
    parse_sps,
    pps_ids,
    slice_pps_id,
    video_parameters,
    vps_id,
)

_MAX_SETS = {NalType.VPS: 16, NalType.SPS: 16, NalType.PPS: 64}
"""Of each kind, as many as there can be ids."""
_KINDS = frozenset(_MAX_SETS)


class H265ParameterSets:
    """Keeps what a decoder must know, as ``ParameterSets`` does for H.264.

    ``hvc1`` has them all in the init segment and none in the pictures: they are read from the key frame itself, in any
    order and with any ids, and the SPS that it refers to stands first.
    """

    def __init__(self) -> None:
        self._described: dict[NalType, dict[int, bytes]] = {kind: {} for kind in _MAX_SETS}
        self._own: dict[NalType, dict[int, bytes]] = {kind: {} for kind in _MAX_SETS}
        self._known: frozenset[bytes] = frozenset()
        self._shown_sps = 0
        """Id of the one that the newest key frame refers to, as far as that was looked for."""
        self._parameters: VideoParameters | None = None

    def describe(self, nals: Iterable[bytes]) -> None:
        """Take the sets of the description. What can't be read is ignored."""
        _put_all(nals, self._described)
        self._parameters = None

    def update(self, nals: Sequence[bytes]) -> None:
        """Take the sets among the NAL units of a picture. What can't be read is ignored: the older ones hold on."""
        # Zero bytes at the end belong to the start code that followed when it was a file.
        sets = [nal.rstrip(b"\0") for nal in nals if nal_type(nal) in _KINDS]
        if sets and not self._known.issuperset(sets):
            _put_all(sets, self._own)
            self._known = frozenset(nal for kept in self._own.values() for nal in kept.values())
            self._parameters = None
        if len(self._of(NalType.SPS)) > 1:
            self._look_at_slice(nals)

    @property
    def parameters(self) -> VideoParameters | None:
        """What the sets say now, None until there is one of each kind; the same object until something changes."""
        vps, sps, pps = (self._of(kind) for kind in _MAX_SETS)
        if self._parameters is None and vps and sps and pps:
            self._parameters = video_parameters(
                [vps[key] for key in sorted(vps)],
                [sps[key] for key in sorted(sps, key=lambda key: (key != self._shown_sps, key))],
                [pps[key] for key in sorted(pps)],
            )
        return self._parameters

    def _of(self, kind: NalType) -> dict[int, bytes]:
        return self._own[kind] or self._described[kind]

    def _look_at_slice(self, nals: Iterable[bytes]) -> None:
        key = next((nal for nal in nals if is_key(nal) and is_first_slice(nal)), None)
        if key is None:
            return
        try:
            pps = self._of(NalType.PPS).get(slice_pps_id(key))
        except FormatError:
            return
        if pps is not None and (sps_id := pps_ids(pps)[1]) != self._shown_sps:
            self._shown_sps = sps_id
            self._parameters = None


def _put_all(nals: Iterable[bytes], sets: dict[NalType, dict[int, bytes]]) -> None:
    # Every SPS before any PPS: a new SPS sweeps out the PPS of the old one, and cameras send them in any order.
    for nal in sorted((nal for nal in nals if nal_type(nal) in _KINDS), key=nal_type):
        kind = NalType(nal_type(nal))
        try:
            key = _key_of(kind, nal)
            kept = sets[kind]
            if kept.get(key) == nal or (key not in kept and len(kept) >= _MAX_SETS[kind]):
                continue
            kept[key] = nal
            if kind is NalType.SPS:
                all_pps = sets[NalType.PPS]
                for stale in [number for number, pps in all_pps.items() if pps_ids(pps)[1] == key]:
                    del all_pps[stale]
        except FormatError:
            continue


def _key_of(kind: NalType, nal: bytes) -> int:
    if kind is NalType.VPS:
        return vps_id(nal)
    return parse_sps(nal).sps_id if kind is NalType.SPS else pps_ids(nal)[0]
