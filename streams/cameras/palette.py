"""Palette: the colours of a street by day, at dusk and at night."""

from dataclasses import dataclass

from streams.cameras.clips import Light
from streams.cameras.perspective import Colour

IRON: Colour = (44, 42, 40)


@dataclass(frozen=True, slots=True)
class Palette:
    sky_top: Colour
    sky_low: Colour
    ground: Colour
    road: Colour
    marking: Colour
    facade: int
    """Brightness of the nearest house front."""
    lit_windows: float
    lamps: bool


PALETTES: dict[Light, Palette] = {
    "day": Palette((148, 128, 108), (186, 176, 162), (112, 112, 106), (84, 82, 78), (176, 178, 178), 128, 0.08, False),
    "dusk": Palette((84, 62, 52), (124, 118, 132), (66, 62, 60), (56, 53, 50), (134, 138, 140), 78, 0.38, True),
    "night": Palette((36, 26, 20), (58, 46, 38), (44, 40, 37), (40, 37, 34), (104, 108, 110), 48, 0.30, True),
}
