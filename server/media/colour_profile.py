"""ColourProfile: what the numbers of a picture mean, and the same colours in sRGB. Pure: bytes in, numbers out.

ICC.1:2022, profiles with a curve for each of red, green and blue and a matrix: Display P3 of phones, Adobe RGB of
cameras, sRGB itself. Printers have others, and those are left alone.
"""

import struct
from dataclasses import dataclass

Row = tuple[float, float, float]

_FROM_XYZ: tuple[Row, Row, Row] = (
    (3.1338561, -1.6168667, -0.4906146),
    (-0.9787684, 1.9161415, 0.0334540),
    (0.0719453, -0.2289914, 1.4052427),
)
"""Of XYZ for the white of profiles, D50, to linear sRGB."""
_MAX_TAGS = 100
_PARAMETERS = {0: 1, 1: 3, 2: 4, 3: 5, 4: 7}
"""By kind of parametric curve (§10.18)."""
_EQUAL = 0.004
"""Less can't be seen: one step of 255."""


@dataclass(frozen=True, slots=True)
class ColourProfile:
    curves: tuple[tuple[float, ...], tuple[float, ...], tuple[float, ...]]
    """Of red, green and blue: the light of each of the values 0 to 255, from 0 to 1."""
    matrix: tuple[Row, Row, Row]
    """Of red, green and blue light to the light of sRGB, which may lie outside of 0 to 1."""

    @property
    def is_srgb(self) -> bool:
        """Or so close that it makes no difference."""
        identity = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
        return all(
            abs(ours - theirs) < _EQUAL
            for row, same in zip(self.matrix, identity, strict=True)
            for ours, theirs in zip(row, same, strict=True)
        ) and all(
            abs(srgb_of(light) - value / 255) < _EQUAL for curve in self.curves for value, light in enumerate(curve)
        )


def srgb_of(light: float) -> float:
    """The value of sRGB for a light; both from 0 to 1 (IEC 61966-2-1)."""
    return 12.92 * light if light <= 0.0031308 else 1.055 * light ** (1 / 2.4) - 0.055


def read_profile(data: bytes) -> ColourProfile | None:
    """None for what is no such profile, or a broken one: the picture then is taken for sRGB, as by most who show it."""
    if data[16:24] != b"RGB XYZ " or data[36:40] != b"acsp":
        return None
    try:
        tags = _tags(data)
        colorants = [_xyz(tags[name]) for name in (b"rXYZ", b"gXYZ", b"bXYZ")]
        red, green, blue = (_curve(tags[name]) for name in (b"rTRC", b"gTRC", b"bTRC"))
    except (struct.error, KeyError, ValueError, ArithmeticError):
        return None
    first, second, third = (
        tuple(sum(share * part for share, part in zip(row, colorant, strict=True)) for colorant in colorants)
        for row in _FROM_XYZ
    )
    return ColourProfile((red, green, blue), (_row(first), _row(second), _row(third)))


def _row(numbers: tuple[float, ...]) -> Row:
    return numbers[0], numbers[1], numbers[2]


def _tags(data: bytes) -> dict[bytes, bytes]:
    (count,) = struct.unpack_from("!I", data, 128)
    found = {}
    for index in range(min(count, _MAX_TAGS)):
        name, offset, size = struct.unpack_from("!4sII", data, 132 + 12 * index)
        found[name] = data[offset : offset + size]
    return found


def _xyz(tag: bytes) -> Row:
    kind, x, y, z = struct.unpack_from("!4s4x3i", tag)
    if kind != b"XYZ ":
        raise ValueError(kind)
    return x / 65536, y / 65536, z / 65536


def _curve(tag: bytes) -> tuple[float, ...]:
    kind, first = struct.unpack_from("!4s4xH", tag)
    if kind == b"para":
        numbers = struct.unpack_from(f"!{_PARAMETERS[first]}i", tag, 12)
        return _parametric(first, [number / 65536 for number in numbers])
    if kind != b"curv":
        raise ValueError(kind)
    (count,) = struct.unpack_from("!I", tag, 8)
    if count == 0:
        return _parametric(0, [1.0])
    if count == 1:
        return _parametric(0, [struct.unpack_from("!H", tag, 12)[0] / 256])
    table = [number / 65535 for (number,) in struct.iter_unpack("!H", tag[12 : 12 + 2 * count])]
    if len(table) != count:
        raise ValueError(count)
    return tuple(_between(table, value / 255 * (count - 1)) for value in range(256))


def _parametric(kind: int, numbers: list[float]) -> tuple[float, ...]:
    """§10.18, table 68; with fewer parameters than the last kind has, those that are left out have no effect."""
    g, a, b, c, d, e, f = (*numbers, *(1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0)[len(numbers) :])
    if kind in {1, 2}:
        # One offset for both parts, and the straight part is level.
        c, d, e, f = 0.0, -b / a, c, c
    return tuple(
        min(1.0, max(0.0, max(0.0, a * x + b) ** g + e if x >= d else c * x + f))
        for x in (value / 255 for value in range(256))
    )


def _between(table: list[float], place: float) -> float:
    below = min(int(place), len(table) - 2)
    share = place - below
    return table[below] * (1 - share) + table[below + 1] * share
