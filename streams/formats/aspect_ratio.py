"""The shape of a sample, width to height, as a stream says it (VUI, §E.1.1 of H.264, §E.2.1 of H.265): sub-streams are
often squeezed."""

from math import gcd

from streams.errors import FormatError
from streams.formats.bits import BitReader
from streams.formats.h264 import parse_sps
from streams.formats.vui_h265 import vui

SQUARE = (1, 1)

# aspect_ratio_idc from 1 on, table E-1 of both.
_KNOWN = (
    SQUARE, (12, 11), (10, 11), (16, 11), (40, 33), (24, 11), (20, 11), (32, 11),
    (80, 33), (18, 11), (15, 11), (64, 33), (160, 99), (4, 3), (3, 2), (2, 1),
)  # fmt: skip
_EXTENDED = 255
_MOST = 8
"""To one, either way: beyond that it is no shape but a mistake."""


def sample_aspect_ratio(sps: bytes) -> tuple[int, int]:
    """In lowest terms; ``SQUARE`` where the stream says nothing or something impossible.

    Raises:
        FormatError: not an SPS, or cut off before VUI.
    """
    bits = BitReader(sps[4:])
    bits.u(parse_sps(sps).vui_begins)
    try:
        return _read(bits) if bits.u(1) else SQUARE
    except FormatError:  # cut off VUI, as some cameras send it
        return SQUARE


def sample_aspect_ratio_h265(sps: bytes) -> tuple[int, int]:
    """The same; ``SQUARE`` too for what can't be read before VUI: it is only about the shape."""
    try:
        bits = vui(sps)
        return SQUARE if bits is None else _read(bits)
    except FormatError:
        return SQUARE


def _read(bits: BitReader) -> tuple[int, int]:
    """At the first bit of VUI."""
    if not bits.u(1):
        return SQUARE
    known = bits.u(8)
    if known != _EXTENDED:
        return _KNOWN[known - 1] if 1 <= known <= len(_KNOWN) else SQUARE
    width, height = bits.u(16), bits.u(16)
    if not (width and height and height <= width * _MOST and width <= height * _MOST):
        return SQUARE
    return width // gcd(width, height), height // gcd(width, height)
