"""Caption: what a camera burns into its pictures: its title, that it is simulated, and the clock."""

import math

import cv2
import numpy as np

from streams.cameras.perspective import Image

_FONT = cv2.FontFace("sans")


class Caption:
    def __init__(self, title: str, width: int, height: int) -> None:
        self._title, self._width, self._height = title, width, height
        self._size = max(11, height // 22)
        self._clock_left = width - round(self._size * 3.2) - 2 * (self._size // 2)

    def draw_title(self, background: Image) -> None:
        """And the places of the title and the clock, darker."""
        size, pad = self._size, self._size // 2
        (_, _, wide, _) = cv2.getTextSize((self._width, self._height), self._title, (0, 0), _FONT, size, 500)
        _shade(background, 0, wide + 2 * pad, size + 2 * pad)
        cv2.putText(background, self._title, (pad, size + pad // 2), (236, 238, 238), _FONT, size, 500)
        small = max(9, self._height // 34)
        low = self._height - small // 2
        cv2.putText(background, "SIMULATED", (pad, low), (150, 152, 152), _FONT, small, 400)
        _shade(background, self._clock_left, self._width - self._clock_left, size + 2 * pad)

    def draw_clock(self, image: Image, position_s: float) -> None:
        # Tenths cut off, not rounded: a clock shows the tenth that has begun.
        text = f":{math.floor(position_s * 10 + 1e-6) / 10:04.1f}"
        size = self._size
        cv2.putText(image, text, (self._clock_left + size // 2, size + size // 4), (236, 238, 238), _FONT, size, 500)


def _shade(image: Image, left: int, wide: int, tall: int) -> None:
    part = image[:tall, left : left + wide]
    part[:] = (part * 0.35).astype(np.uint8)
