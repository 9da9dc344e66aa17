"""Street: what stands still in the picture: sky, houses, road and lamps, and the traffic light."""

from dataclasses import dataclass
from random import Random

import cv2
import numpy as np

from streams.cameras.palette import IRON, Palette
from streams.cameras.perspective import Image, Perspective

ROAD = 7.0
"""Half width of the road, in metres like all lengths of a street."""


@dataclass(frozen=True, slots=True)
class Street:
    view: Perspective
    palette: Palette
    crossing_m: float
    """How far away the cross street is."""

    def draw(self, width: int, height: int, random: Random) -> Image:
        look = self.palette
        rows = np.linspace(0.0, 1.0, height)[:, None, None]
        share = np.clip(rows * height / self.view.horizon, 0, 1)
        sky = np.array(look.sky_top) * (1 - share) + np.array(look.sky_low) * share
        image: Image = np.repeat(sky, width, axis=1).astype(np.uint8)
        image[round(self.view.horizon) :] = look.ground
        for side in (-1, 1):
            self._draw_houses(image, side, random)
        self.view.fill(image, [(-ROAD, 0, 90), (ROAD, 0, 90), (ROAD, 0, 1.5), (-ROAD, 0, 1.5)], look.road)
        wide, at = 400.0, self.crossing_m
        self.view.fill(image, [(-wide, 0, at + 4), (wide, 0, at + 4), (wide, 0, at - 4), (-wide, 0, at - 4)], look.road)
        for side in (-1, 1):
            edge = side * (ROAD - 0.35)
            self.view.fill(
                image, [(edge, 0, 90), (edge + 0.12, 0, 90), (edge + 0.12, 0, 1.5), (edge, 0, 1.5)], look.marking
            )
        for start in range(2, 60, 3):
            if not at - 9 < start < at + 5:
                stripe = [(-0.1, 0.0, start + 1.4), (0.1, 0.0, start + 1.4), (0.1, 0.0, start), (-0.1, 0.0, start)]
                self.view.fill(image, stripe, look.marking)
        for bar in range(-6, 7):
            zebra = [
                (bar - 0.3, 0.0, at - 5.2),
                (bar + 0.3, 0.0, at - 5.2),
                (bar + 0.3, 0.0, at - 7.8),
                (bar - 0.3, 0.0, at - 7.8),
            ]
            self.view.fill(image, zebra, look.marking)
        for distance in (34.0, 22.0, 11.0):
            for side in (-1, 1):
                self._draw_lamp(image, side * (ROAD + 1), distance)
        return cv2.GaussianBlur(image, (3, 3), 0).astype(np.uint8, copy=False)

    def _draw_houses(self, image: Image, side: int, random: Random) -> None:
        """A row of fronts along the street, from far to near, with a gap for the cross street."""
        far = 90.0
        while far > 4.5:
            near = far * random.uniform(0.60, 0.78)
            if near < self.crossing_m + 5 < far:
                near = self.crossing_m + 5
            if far <= self.crossing_m + 5:
                far, near = min(far, self.crossing_m - 5), min(near, (self.crossing_m - 5) * 0.7)
            tall = random.uniform(8, 26)
            shade = self.palette.facade * (0.55 + 0.45 * (1 - far / 120)) * random.uniform(0.82, 1.12)
            tint = random.uniform(-8, 10)
            wall = side * (ROAD + 4)
            front = (int(shade + tint), int(shade), int(shade - tint * 0.6))
            self.view.fill(image, [(wall, 0, far), (wall, tall, far), (wall, tall, near), (wall, 0, near)], front)
            end = tuple(int(value * 0.8) for value in front)
            self.view.fill(
                image,
                [(wall, 0, near), (wall, tall, near), (wall + side * 30, tall, near), (wall + side * 30, 0, near)],
                (end[0], end[1], end[2]),
            )
            self._draw_windows(image, wall, near, far, tall, random)
            far = near if near != self.crossing_m + 5 else self.crossing_m - 5

    def _draw_windows(self, image: Image, wall: float, near: float, far: float, tall: float, random: Random) -> None:
        columns = max(2, int((far - near) / 2.2))
        step = (far - near) / columns
        for floor in range(1, int(tall / 3.2)):
            for column in range(columns):
                lit = random.random() < self.palette.lit_windows
                dark = int(self.palette.facade * 0.42)
                warm = random.randint(120, 190)
                colour = (warm - 62, warm - 18, warm) if lit else (dark + 8, dark, dark - 4)
                a, b = near + (column + 0.28) * step, near + (column + 0.72) * step
                low, high = floor * 3.0 - 0.2, floor * 3.0 + 1.3
                self.view.fill(image, [(wall, low, b), (wall, high, b), (wall, high, a), (wall, low, a)], colour)

    def _draw_lamp(self, image: Image, across: float, distance: float) -> None:
        thick = self.view.pixels(0.16, distance)
        foot, head = self.view.spot(across, 0, distance), self.view.spot(across, 7.2, distance)
        arm = self.view.spot(across * 0.72, 7.4, distance)
        cv2.line(image, foot, head, IRON, thick, cv2.LINE_AA)
        cv2.line(image, head, arm, IRON, thick, cv2.LINE_AA)
        if self.palette.lamps:
            glow = image.copy()
            for radius_m, colour in ((1.2, (64, 90, 110)), (0.6, (112, 154, 180)), (0.24, (210, 234, 244))):
                cv2.circle(glow, arm, self.view.pixels(radius_m, distance, 2), colour, -1, cv2.LINE_AA)
            cv2.addWeighted(glow, 0.45, image, 0.55, 0, dst=image)

    def draw_light(self, image: Image, share: float) -> None:
        """A traffic light: green for our street in the first half of the loop."""
        lit = 2 if share < 0.44 else 1 if share < 0.5 else 0 if share < 0.97 else 1
        at = self.crossing_m + 5
        across = ROAD - 1.2
        top, low = self.view.spot(across - 0.5, 7.0, at), self.view.spot(across + 0.5, 4.0, at)
        cv2.line(image, self.view.spot(ROAD + 1, 0, at), self.view.spot(ROAD + 1, 7.2, at), IRON, 2, cv2.LINE_AA)
        cv2.line(image, self.view.spot(ROAD + 1, 7.2, at), self.view.spot(across, 7.0, at), IRON, 2, cv2.LINE_AA)
        cv2.rectangle(image, top, low, (26, 26, 24), -1)
        for place, colour in enumerate(((70, 70, 230), (60, 190, 240), (120, 220, 110))):
            spot = self.view.spot(across, 6.5 - place, at)
            shown = colour if place == lit else (44, 46, 44)
            cv2.circle(image, spot, self.view.pixels(0.38, at, 2), shown, -1, cv2.LINE_AA)
