"""A street as a city camera sees it, drawn with OpenCV.

A scene is periodic: the picture at ``length_s`` equals the picture at 0. The burned-in clock shows the position in
seconds, so a loop of 60 s played at wall clock shows the true second of the minute.
"""

from random import Random

import cv2
import numpy as np
import numpy.typing as npt

from streams.cameras.caption import Caption
from streams.cameras.clips import Light
from streams.cameras.palette import PALETTES
from streams.cameras.perspective import Image, Perspective
from streams.cameras.street import Street
from streams.cameras.traffic import Traffic


class Scene:
    """One camera's view.

    Args:
        title: shown at the top left.
        seed: which houses, cars and walkers; another seed is visibly another street.
        grain: strength of the sensor noise in grey levels, 0 for none; it costs bits and makes every picture unique.
    """

    def __init__(
        self, title: str, *, seed: int, width: int, height: int, length_s: int, light: Light, grain: int = 0
    ) -> None:
        random = Random(seed)  # noqa: S311 - a repeatable picture, no secret
        self._width, self._height, self._length_s = width, height, length_s
        view = Perspective(
            horizon=height * random.uniform(0.30, 0.40),
            vanish=width * random.uniform(0.32, 0.68),
            scale=width * random.uniform(0.60, 0.74),
        )
        self._street = Street(view, PALETTES[light], crossing_m=random.uniform(23, 29))
        self._traffic = Traffic(self._street, width, random)
        self._caption = Caption(title, width, height)
        self._background = self._street.draw(width, height, random)
        self._caption.draw_title(self._background)
        self._grain = _noise(seed, width, height, grain)
        self._shifts = random

    def draw(self, position_s: float) -> Image:
        """The picture at a position of the loop; a new array."""
        image = self._background.copy()
        share = position_s / self._length_s
        self._street.draw_light(image, share)
        self._traffic.draw(image, share, position_s)
        self._caption.draw_clock(image, position_s)
        if self._grain is not None:
            down, right = self._shifts.randrange(64), self._shifts.randrange(64)
            window = self._grain[down : down + self._height, right : right + self._width]
            image = cv2.add(image, window, dtype=cv2.CV_8U).astype(np.uint8, copy=False)
        return image


def _noise(seed: int, width: int, height: int, strength: int) -> npt.NDArray[np.int16] | None:
    """A field larger than the picture; every picture shows another part of it."""
    if strength == 0:
        return None
    generator = np.random.default_rng(seed)
    field = generator.integers(-strength, strength + 1, size=(height + 64, width + 64, 1), dtype=np.int16)
    return np.repeat(field, 3, axis=2)
