"""Perspective: where the points of a street are in the picture of a camera above it, and shapes drawn there."""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

Image = npt.NDArray[np.uint8]
"""``(height, width, 3)`` uint8, BGR."""
Colour = tuple[int, int, int]

_CAMERA_HEIGHT = 5.4
"""In metres, like all lengths of a street."""


@dataclass(frozen=True, slots=True)
class Perspective:
    """All in pixels."""

    horizon: float
    """From the top."""
    vanish: float
    """Where the street ends, from the left."""
    scale: float
    """Of a metre at a distance of one."""

    def spot(self, across_m: float, up_m: float, distance_m: float) -> tuple[int, int]:
        """Where a point of the street is in the picture."""
        ratio = self.scale / distance_m
        return (
            round(self.vanish + across_m * ratio),
            round(self.horizon + (_CAMERA_HEIGHT - up_m) * ratio),
        )

    def pixels(self, length_m: float, distance_m: float, at_least: int = 1) -> int:
        return max(at_least, round(self.scale * length_m / distance_m))

    def fill(self, image: Image, corners: list[tuple[float, float, float]], colour: Colour) -> None:
        points = np.array([self.spot(*corner) for corner in corners], dtype=np.int32)
        cv2.fillConvexPoly(image, points, colour, cv2.LINE_AA)

    def box(
        self, image: Image, left: float, right: float, low: float, high: float, distance: float, colour: Colour
    ) -> None:
        cv2.rectangle(image, self.spot(left, high, distance), self.spot(right, low, distance), colour, -1)
