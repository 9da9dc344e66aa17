"""Where VUI begins in the SPS of an H.265 stream (ITU-T H.265 §7.3.2.2.1): behind much that is only skipped."""

from streams.errors import FormatError
from streams.formats.bits import BitReader
from streams.formats.h265 import HEADER_BYTES, parse_sps

_MAX_SETS = 64
_MAX_PICTURES = 16
_MAX_LONG_TERM = 32

Deltas = list[int]
"""Of a set of reference pictures: how far each is away in order of output, the nearest ones of the past first."""


def vui(sps: bytes) -> BitReader | None:
    """At the first bit of ``vui_parameters``; None when there are none.

    Raises:
        FormatError: not an SPS, cut off, or with numbers that can't be.
    """
    known = parse_sps(sps)
    bits = BitReader(sps[HEADER_BYTES:])
    bits.u(known.coding_begins)
    order_bits = bits.ue() + 4
    if order_bits > 16:
        raise FormatError(f"SPS with {order_bits} bits of picture order, expected at most 16")
    for _ in range(known.sub_layers if bits.u(1) else 1):
        for _ in range(3):  # pictures buffered, reordered, and how late they may be
            bits.ue()
    for _ in range(6):  # sizes and depths of blocks
        bits.ue()
    if bits.u(1) and bits.u(1):
        _skip_scaling_lists(bits)
    bits.u(2)  # amp_enabled_flag, sample_adaptive_offset_enabled_flag
    if bits.u(1):  # PCM
        bits.u(8)
        bits.ue()
        bits.ue()
        bits.u(1)
    _skip_reference_pictures(bits)
    if bits.u(1):
        for _ in range(_at_most(_MAX_LONG_TERM, bits.ue())):
            bits.u(order_bits + 1)
    bits.u(2)  # sps_temporal_mvp_enabled_flag, strong_intra_smoothing_enabled_flag
    return bits if bits.u(1) else None


def _skip_scaling_lists(bits: BitReader) -> None:
    """§7.3.4"""
    for size in range(4):
        for _ in range(2 if size == 3 else 6):
            if not bits.u(1):
                bits.ue()
                continue
            for _ in range(min(64, 16 << 2 * size) + (size > 1)):
                bits.se()


def _skip_reference_pictures(bits: BitReader) -> None:
    """§7.3.7; one set may be told by how it differs from the one before it (7-61, 7-62)."""
    before: Deltas = []
    for index in range(_at_most(_MAX_SETS, bits.ue())):
        before = _difference(bits, before) if index and bits.u(1) else _whole(bits)
        _at_most(_MAX_PICTURES, len(before))


def _difference(bits: BitReader, before: Deltas) -> Deltas:
    is_negative = bits.u(1)
    shift = -(bits.ue() + 1) if is_negative else bits.ue() + 1
    # Of each picture: used_by_curr_pic_flag, and else use_delta_flag.
    found = [delta + shift for delta in (*before, 0) if bits.u(1) or bits.u(1)]
    return [*sorted((delta for delta in found if delta < 0), reverse=True), *sorted(d for d in found if d > 0)]


def _whole(bits: BitReader) -> Deltas:
    past, future = (_at_most(_MAX_PICTURES, bits.ue()) for _ in range(2))
    deltas: Deltas = []
    for count, sign in ((past, -1), (future, 1)):
        delta = 0
        for _ in range(count):
            delta += sign * (bits.ue() + 1)
            bits.u(1)
            deltas.append(delta)
    return deltas


def _at_most(most: int, number: int) -> int:
    if number > most:
        raise FormatError(f"SPS with {number} reference pictures or sets of them, expected at most {most}")
    return number
