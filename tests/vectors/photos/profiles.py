"""Colour profiles as phones and cameras put them into photos (ICC.1:2022), with the numbers of their makers."""

import struct
from collections.abc import Sequence

Colorant = tuple[float, float, float]

DISPLAY_P3 = ((0.51512, 0.2412, -0.00105), (0.29198, 0.69225, 0.04189), (0.1571, 0.06657, 0.78407))
ADOBE_RGB = ((0.60974, 0.31111, 0.01947), (0.20528, 0.62567, 0.06087), (0.14919, 0.06322, 0.74457))
SRGB = ((0.43607, 0.22249, 0.01392), (0.38515, 0.71687, 0.09708), (0.14307, 0.06061, 0.7141))
"""Red, green and blue in XYZ for D50."""


def parametric(kind: int, *numbers: float) -> bytes:
    return struct.pack(f"!4s4xHxx{len(numbers)}i", b"para", kind, *(round(number * 65536) for number in numbers))


def table(*values: int) -> bytes:
    """One value is a gamma in 256ths; none is no curve."""
    return struct.pack(f"!4s4xI{len(values)}H", b"curv", len(values), *values)


CURVE_OF_SRGB = parametric(3, 2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
CURVE_OF_ADOBE = table(round(2.19921875 * 256))


def profile(colorants: Sequence[Colorant], curve: bytes, *, space: bytes = b"RGB ") -> bytes:
    tags = {
        name: struct.pack("!4s4x3i", b"XYZ ", *(round(number * 65536) for number in colorant))
        for name, colorant in zip((b"rXYZ", b"gXYZ", b"bXYZ"), colorants, strict=True)
    } | dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), curve + bytes(-len(curve) % 4))
    entries, body, offset = b"", b"", 128 + 4 + 12 * len(tags)
    for name, tag in tags.items():
        entries += struct.pack("!4sII", name, offset + len(body), len(tag))
        body += tag
    white = struct.pack("!3i", 63190, 65536, 54061)
    head = struct.pack("!II", offset + len(body), 0) + b"\4\x30\0\0mntr" + space + b"XYZ " + bytes(12) + b"acsp"
    head = head.ljust(68, b"\0") + white
    return head.ljust(128, b"\0") + struct.pack("!I", len(tags)) + entries + body


P3 = profile(DISPLAY_P3, CURVE_OF_SRGB)
ADOBE = profile(ADOBE_RGB, CURVE_OF_ADOBE)
MIXED_UP = profile((SRGB[2], SRGB[1], SRGB[0]), CURVE_OF_SRGB)
"""What it calls red is blue."""
