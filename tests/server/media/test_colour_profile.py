import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.media.colour_profile import ColourProfile, read_profile, srgb_of
from tests.vectors.photos.profiles import ADOBE, CURVE_OF_SRGB, DISPLAY_P3, P3, SRGB, parametric, profile, table


def shown(found: ColourProfile | None, *colour: int) -> tuple[int, ...]:
    """The colour in sRGB."""
    assert found is not None
    lights = [curve[value] for curve, value in zip(found.curves, colour, strict=True)]
    mixed = [sum(share * light for share, light in zip(row, lights, strict=True)) for row in found.matrix]
    return tuple(round(255 * srgb_of(min(1.0, max(0.0, light)))) for light in mixed)


@pytest.mark.parametrize(
    ("data", "colour", "of_srgb"),
    [
        # CSS Color 4: what sRGB's own red, green and blue are in display-p3 and a98-rgb.
        (P3, (234, 51, 35), (255, 0, 0)),
        (P3, (117, 251, 76), (0, 255, 0)),
        (P3, (0, 0, 245), (0, 0, 255)),
        (ADOBE, (219, 0, 0), (255, 0, 0)),
        (ADOBE, (144, 255, 60), (0, 255, 0)),
        (P3, (255, 255, 255), (255, 255, 255)),
        (ADOBE, (0, 0, 0), (0, 0, 0)),
        (P3, (255, 0, 0), (255, 0, 0)),
    ],
)
def test_colours_come_out_as_they_were_meant(data: bytes, colour: tuple[int, ...], of_srgb: tuple[int, ...]) -> None:
    assert shown(read_profile(data), *colour) == pytest.approx(of_srgb, abs=3)


def test_that_of_srgb_is_known_as_such_and_others_are_not() -> None:
    values = (round(65535 * (x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4)) for x in _steps(1024))
    for curve in (CURVE_OF_SRGB, table(*values)):
        found = read_profile(profile(SRGB, curve))
        assert found is not None
        assert found.is_srgb
    for data in (P3, ADOBE, profile(SRGB, table())):
        found = read_profile(data)
        assert found is not None
        assert not found.is_srgb


def _steps(count: int) -> list[float]:
    return [step / (count - 1) for step in range(count)]


@pytest.mark.parametrize(
    ("curve", "lights"),
    [
        (table(), {0: 0, 51: 0.2, 255: 1}),
        (table(512), {0: 0, 51: 0.04, 255: 1}),
        (table(0, 0, 65535), {51: 0, 153: 0.2, 255: 1}),
        (parametric(0, 2.0), {51: 0.04, 255: 1}),
        (parametric(1, 2.0, 2.0, -1.0), {102: 0, 204: 0.36, 255: 1}),
        (parametric(2, 2.0, 2.0, -1.0, 0.25), {102: 0.25, 204: 0.61, 255: 1}),
        (parametric(3, 2.0, 1.0, 0.0, 0.5, 0.5), {51: 0.1, 204: 0.64}),
        (parametric(4, 2.0, 1.0, 0.0, 0.5, 0.5, 0.25, 0.125), {51: 0.225, 153: 0.61}),
    ],
)
def test_every_kind_of_curve_is_read(curve: bytes, lights: dict[int, float]) -> None:
    found = read_profile(profile(DISPLAY_P3, curve))
    assert found is not None
    for one in found.curves:
        assert {value: one[value] for value in lights} == pytest.approx(lights, abs=1e-4)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        P3[:200],
        profile(DISPLAY_P3, CURVE_OF_SRGB, space=b"CMYK"),
        profile(DISPLAY_P3, parametric(9)),
        profile(DISPLAY_P3, parametric(0, -2.0)),
        profile(DISPLAY_P3, parametric(1, 2.0, 0.0, 1.0)),
        profile(DISPLAY_P3, struct.pack("!4s4xI", b"curv", 2**32 - 1)),
        profile(DISPLAY_P3, b"mft2" + bytes(60)),
        P3.replace(b"XYZ \0", b"Lab \0"),
        P3.replace(b"gTRC", b"kTRC"),
    ],
)
def test_what_cannot_be_used_is_left(data: bytes) -> None:
    assert read_profile(data) is None


@given(st.integers(128, len(P3) - 1), st.integers(0, 255))
def test_one_that_lies_never_does_worse_than_wrong_colours(at: int, byte: int) -> None:
    found = read_profile(P3[:at] + bytes((byte,)) + P3[at + 1 :])
    if found is not None:
        assert all(len(curve) == 256 and 0 <= min(curve) <= max(curve) <= 1 for curve in found.curves)
