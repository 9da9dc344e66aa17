"""``hvcC``: the HEVCDecoderConfigurationRecord of an H.265 track (ISO 14496-15 §8.3.3.1)."""

import struct
from collections.abc import Sequence

from streams.errors import FormatError
from streams.formats.h265 import NalType, parse_sps

_HEAD = struct.Struct(">B12sHBBBBHBB")
"""Version, profile, spatial segments, parallelism, chroma, both depths, frame rate, layers and length size, arrays."""
_ARRAY = struct.Struct(">BH")
_COMPLETE = 0x80
"""All sets of the kind stand here, none within the stream: what ``hvc1`` promises."""
_MAX_SETS = {NalType.VPS: 16, NalType.SPS: 16, NalType.PPS: 64}
_KINDS = tuple(_MAX_SETS)


def write(vps: Sequence[bytes], sps: Sequence[bytes], pps: Sequence[bytes]) -> bytes:
    """The record; the first SPS says what it says of all.

    Raises:
        FormatError: none of a kind or too many, one that is too long, or a first SPS that can't be read.
    """
    sets = dict(zip(_KINDS, (vps, sps, pps), strict=True))
    if any(not 1 <= len(nals) <= _MAX_SETS[kind] for kind, nals in sets.items()):
        raise FormatError(f"{len(vps)} VPS, {len(sps)} SPS and {len(pps)} PPS, expected 1..16, 1..16 and 1..64")
    if max(len(nal) for nals in sets.values() for nal in nals) > 0xFFFF:
        raise FormatError("a parameter set of more than 65535 bytes")
    first = parse_sps(sps[0])
    layers = first.sub_layers << 3 | first.is_nested << 2 | 3  # lengths of 4 bytes
    parts = [
        _HEAD.pack(
            1,
            first.profile,
            0xF000,  # no word of spatial segments
            0xFC,  # nor of how it can be decoded in parallel
            0xFC | first.chroma_format_idc,
            0xF8 | (first.bit_depth_luma - 8),
            0xF8 | (first.bit_depth_chroma - 8),
            0,  # nor of the frame rate
            layers,
            len(sets),
        )
    ]
    for kind, nals in sets.items():
        parts.append(_ARRAY.pack(_COMPLETE | kind, len(nals)))
        for nal in nals:
            parts += (struct.pack(">H", len(nal)), nal)
    return b"".join(parts)


def read(record: bytes) -> tuple[list[bytes], list[bytes], list[bytes]]:
    """VPS, SPS and PPS.

    Raises:
        FormatError: it ends too early.
    """
    found: dict[int, list[bytes]] = {kind: [] for kind in _KINDS}
    try:
        position = _HEAD.size
        for _ in range(_HEAD.unpack_from(record)[-1]):
            kind, count = _ARRAY.unpack_from(record, position)
            position += _ARRAY.size
            for _ in range(count):
                (length,) = struct.unpack_from(">H", record, position)
                position += 2 + length
                found.setdefault(kind & 0x3F, []).append(record[position - length : position])
    except struct.error as error:
        raise FormatError(f"hvcC of {len(record)} bytes ends too early") from error
    if position > len(record):
        raise FormatError(f"hvcC of {len(record)} bytes ends too early")
    return found[NalType.VPS], found[NalType.SPS], found[NalType.PPS]
