"""A street as a city camera sees it, drawn with OpenCV.

A scene is periodic: the picture at ``length_s`` equals the picture at 0. The burned-in clock shows the position in
seconds, so a loop of 60 s played at wall clock shows the true second of the minute.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from random import Random

import cv2
import numpy as np
import numpy.typing as npt

from streams.cameras.clips import Light

Image = npt.NDArray[np.uint8]
"""``(height, width, 3)`` uint8, BGR."""
Colour = tuple[int, int, int]

_FONT = cv2.FontFace("sans")
_IRON: Colour = (44, 42, 40)
_FAR, _NEAR = 60.0, 3.2
_CAMERA_HEIGHT = 5.4
_ROAD = 7.0
"""Half width of the road, in metres like all lengths of the scene."""


@dataclass(frozen=True, slots=True)
class _Palette:
    sky_top: Colour
    sky_low: Colour
    ground: Colour
    road: Colour
    marking: Colour
    facade: int
    """Brightness of the nearest house front."""
    lit_windows: float
    lamps: bool


_PALETTES: dict[Light, _Palette] = {
    "day": _Palette((148, 128, 108), (186, 176, 162), (112, 112, 106), (84, 82, 78), (176, 178, 178), 128, 0.08, False),
    "dusk": _Palette((84, 62, 52), (124, 118, 132), (66, 62, 60), (56, 53, 50), (134, 138, 140), 78, 0.38, True),
    "night": _Palette((36, 26, 20), (58, 46, 38), (44, 40, 37), (40, 37, 34), (104, 108, 110), 48, 0.30, True),
}
_PAINT: tuple[Colour, ...] = (
    (150, 140, 132),
    (92, 82, 74),
    (60, 58, 118),
    (132, 96, 64),
    (176, 172, 168),
    (70, 88, 66),
    (64, 116, 140),
    (48, 46, 46),
)


@dataclass(frozen=True, slots=True)
class _Car:
    lane_m: float
    towards: bool
    start: float
    """When it comes into the picture, as a share of the loop."""
    stay: float
    """How long it takes to drive through."""
    paint: Colour
    is_van: bool


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
        self._palette = _PALETTES[light]
        self._horizon = height * random.uniform(0.30, 0.40)
        self._vanish = width * random.uniform(0.32, 0.68)
        self._scale = width * random.uniform(0.60, 0.74)
        self._crossing_m = random.uniform(23, 29)
        self._cars = _cars(random)
        self._walkers = [
            (self._crossing_m - random.uniform(5.6, 7.4), random.uniform(0.64, 0.80), random.choice((1, -1)))
            for _ in range(4)
        ]
        self._background = self._draw_background(random)
        self._draw_title(title)
        self._grain = _noise(seed, width, height, grain)
        self._shifts = random

    def draw(self, position_s: float) -> Image:
        """The picture at a position of the loop; a new array."""
        image = self._background.copy()
        share = position_s / self._length_s
        self._draw_light(image, share)
        things: list[tuple[float, Callable[[], None]]] = [
            (distance, partial(self._draw_car, image, car, distance)) for distance, car in self._on_our_street(share)
        ]
        things += [
            (distance, partial(self._draw_side_view, image, across, distance, paint))
            for distance, across, paint in self._on_the_cross_street(share)
        ]
        for distance, middle, way in self._walkers:
            # Out of the picture at both ends; on the road while the cars have red.
            across = way * ((share - middle + 0.5) % 1.0 - 0.5) * 50
            things.append((distance, partial(self._draw_walker, image, distance, across, position_s)))
        for _, draw in sorted(things, key=lambda thing: -thing[0]):
            draw()
        self._draw_clock(image, position_s)
        if self._grain is not None:
            down, right = self._shifts.randrange(64), self._shifts.randrange(64)
            window = self._grain[down : down + self._height, right : right + self._width]
            image = cv2.add(image, window, dtype=cv2.CV_8U).astype(np.uint8, copy=False)
        return image

    def _spot(self, across_m: float, up_m: float, distance_m: float) -> tuple[int, int]:
        """Where a point of the street is in the picture."""
        ratio = self._scale / distance_m
        return (
            round(self._vanish + across_m * ratio),
            round(self._horizon + (_CAMERA_HEIGHT - up_m) * ratio),
        )

    def _fill(self, image: Image, corners: list[tuple[float, float, float]], colour: Colour) -> None:
        points = np.array([self._spot(*corner) for corner in corners], dtype=np.int32)
        cv2.fillConvexPoly(image, points, colour, cv2.LINE_AA)

    def _draw_background(self, random: Random) -> Image:
        look = self._palette
        rows = np.linspace(0.0, 1.0, self._height)[:, None, None]
        share = np.clip(rows * self._height / self._horizon, 0, 1)
        sky = np.array(look.sky_top) * (1 - share) + np.array(look.sky_low) * share
        image: Image = np.repeat(sky, self._width, axis=1).astype(np.uint8)
        image[round(self._horizon) :] = look.ground
        for side in (-1, 1):
            self._draw_houses(image, side, random)
        self._fill(image, [(-_ROAD, 0, 90), (_ROAD, 0, 90), (_ROAD, 0, 1.5), (-_ROAD, 0, 1.5)], look.road)
        wide, at = 400.0, self._crossing_m
        self._fill(image, [(-wide, 0, at + 4), (wide, 0, at + 4), (wide, 0, at - 4), (-wide, 0, at - 4)], look.road)
        for side in (-1, 1):
            edge = side * (_ROAD - 0.35)
            self._fill(
                image, [(edge, 0, 90), (edge + 0.12, 0, 90), (edge + 0.12, 0, 1.5), (edge, 0, 1.5)], look.marking
            )
        for start in range(2, 60, 3):
            if not at - 9 < start < at + 5:
                stripe = [(-0.1, 0.0, start + 1.4), (0.1, 0.0, start + 1.4), (0.1, 0.0, start), (-0.1, 0.0, start)]
                self._fill(image, stripe, look.marking)
        for bar in range(-6, 7):
            zebra = [
                (bar - 0.3, 0.0, at - 5.2),
                (bar + 0.3, 0.0, at - 5.2),
                (bar + 0.3, 0.0, at - 7.8),
                (bar - 0.3, 0.0, at - 7.8),
            ]
            self._fill(image, zebra, look.marking)
        for distance in (34.0, 22.0, 11.0):
            for side in (-1, 1):
                self._draw_lamp(image, side * (_ROAD + 1), distance)
        return cv2.GaussianBlur(image, (3, 3), 0).astype(np.uint8, copy=False)

    def _draw_houses(self, image: Image, side: int, random: Random) -> None:
        """A row of fronts along the street, from far to near, with a gap for the cross street."""
        far = 90.0
        while far > 4.5:
            near = far * random.uniform(0.60, 0.78)
            if near < self._crossing_m + 5 < far:
                near = self._crossing_m + 5
            if far <= self._crossing_m + 5:
                far, near = min(far, self._crossing_m - 5), min(near, (self._crossing_m - 5) * 0.7)
            tall = random.uniform(8, 26)
            shade = self._palette.facade * (0.55 + 0.45 * (1 - far / 120)) * random.uniform(0.82, 1.12)
            tint = random.uniform(-8, 10)
            wall = side * (_ROAD + 4)
            front = (int(shade + tint), int(shade), int(shade - tint * 0.6))
            self._fill(image, [(wall, 0, far), (wall, tall, far), (wall, tall, near), (wall, 0, near)], front)
            end = tuple(int(value * 0.8) for value in front)
            self._fill(
                image,
                [(wall, 0, near), (wall, tall, near), (wall + side * 30, tall, near), (wall + side * 30, 0, near)],
                (end[0], end[1], end[2]),
            )
            self._draw_windows(image, wall, near, far, tall, random)
            far = near if near != self._crossing_m + 5 else self._crossing_m - 5

    def _draw_windows(self, image: Image, wall: float, near: float, far: float, tall: float, random: Random) -> None:
        columns = max(2, int((far - near) / 2.2))
        step = (far - near) / columns
        for floor in range(1, int(tall / 3.2)):
            for column in range(columns):
                lit = random.random() < self._palette.lit_windows
                dark = int(self._palette.facade * 0.42)
                warm = random.randint(120, 190)
                colour = (warm - 62, warm - 18, warm) if lit else (dark + 8, dark, dark - 4)
                a, b = near + (column + 0.28) * step, near + (column + 0.72) * step
                low, high = floor * 3.0 - 0.2, floor * 3.0 + 1.3
                self._fill(image, [(wall, low, b), (wall, high, b), (wall, high, a), (wall, low, a)], colour)

    def _draw_lamp(self, image: Image, across: float, distance: float) -> None:
        thick = max(1, round(self._scale * 0.16 / distance))
        foot, head = self._spot(across, 0, distance), self._spot(across, 7.2, distance)
        arm = self._spot(across * 0.72, 7.4, distance)
        cv2.line(image, foot, head, _IRON, thick, cv2.LINE_AA)
        cv2.line(image, head, arm, _IRON, thick, cv2.LINE_AA)
        if self._palette.lamps:
            glow = image.copy()
            for radius_m, colour in ((1.2, (64, 90, 110)), (0.6, (112, 154, 180)), (0.24, (210, 234, 244))):
                cv2.circle(glow, arm, max(2, round(self._scale * radius_m / distance)), colour, -1, cv2.LINE_AA)
            cv2.addWeighted(glow, 0.45, image, 0.55, 0, dst=image)

    def _draw_light(self, image: Image, share: float) -> None:
        """A traffic light: green for our street in the first half of the loop."""
        lit = 2 if share < 0.44 else 1 if share < 0.5 else 0 if share < 0.97 else 1
        at = self._crossing_m + 5
        across = _ROAD - 1.2
        top, low = self._spot(across - 0.5, 7.0, at), self._spot(across + 0.5, 4.0, at)
        cv2.line(image, self._spot(_ROAD + 1, 0, at), self._spot(_ROAD + 1, 7.2, at), _IRON, 2, cv2.LINE_AA)
        cv2.line(image, self._spot(_ROAD + 1, 7.2, at), self._spot(across, 7.0, at), _IRON, 2, cv2.LINE_AA)
        cv2.rectangle(image, top, low, (26, 26, 24), -1)
        for place, colour in enumerate(((70, 70, 230), (60, 190, 240), (120, 220, 110))):
            spot = self._spot(across, 6.5 - place, at)
            shown = colour if place == lit else (44, 46, 44)
            cv2.circle(image, spot, max(2, round(self._scale * 0.38 / at)), shown, -1, cv2.LINE_AA)

    def _on_our_street(self, share: float) -> list[tuple[float, _Car]]:
        """Distances of the cars in the picture; they pass the crossing while the light is green."""
        found = []
        for car in self._cars:
            way = ((share - car.start) % 1.0) / car.stay
            distance = _FAR - way * (_FAR - _NEAR) if car.towards else _NEAR + way * (_FAR - _NEAR)
            if way < 1:
                found.append((distance, car))
        return found

    def _on_the_cross_street(self, share: float) -> list[tuple[float, float, Colour]]:
        """Distance, place across and paint of cars on the cross street, while our light is red."""
        found = []
        for order in range(6):
            progress = (share - 0.52 - order * 0.06) / 0.13
            if 0 < progress < 1:
                way = 1 if order % 2 else -1
                at = self._crossing_m + (1.6 if way > 0 else -1.6)
                across = way * (progress - 0.5) * 2 * (self._width / self._scale * at * 0.75 + 6)
                found.append((at, across, _PAINT[(order * 3 + len(self._cars)) % len(_PAINT)]))
        return found

    def _draw_side_view(self, image: Image, across: float, at: float, paint: Colour) -> None:
        body = self._shown(paint)
        self._box(image, across - 2.1, across + 2.1, 0.25, 1.0, at, body)
        self._box(image, across - 1.2, across + 1.1, 1.0, 1.55, at, (58, 52, 46))
        radius = max(1, round(self._scale * 0.33 / at))
        for wheel in (-1.3, 1.3):
            cv2.circle(image, self._spot(across + wheel, 0.3, at), radius, (22, 22, 22), -1, cv2.LINE_AA)

    def _shown(self, paint: Colour) -> Colour:
        shade = 0.55 if self._palette.lamps else 1.0
        return int(paint[0] * shade), int(paint[1] * shade), int(paint[2] * shade)

    def _draw_car(self, image: Image, car: _Car, distance: float) -> None:
        half, tall = (1.05, 2.3) if car.is_van else (0.92, 1.45)
        body = self._shown(car.paint)
        left, right = car.lane_m - half, car.lane_m + half
        self._box(image, left - 0.1, right + 0.1, 0.0, 0.14, distance, (24, 23, 22))
        self._box(image, left, right, 0.22, tall * 0.62, distance, body)
        roof = [
            (left + 0.04, tall * 0.6, distance),
            (left + 0.26, tall, distance),
            (right - 0.26, tall, distance),
            (right - 0.04, tall * 0.6, distance),
        ]
        self._fill(image, roof, body)
        glass = [
            (left + 0.2, tall * 0.64, distance),
            (left + 0.34, tall * 0.94, distance),
            (right - 0.34, tall * 0.94, distance),
            (right - 0.2, tall * 0.64, distance),
        ]
        self._fill(image, glass, (72, 66, 58))
        for wheel in (left + 0.16, right - 0.16):
            self._box(image, wheel - 0.14, wheel + 0.14, 0.0, 0.4, distance, (20, 20, 20))
        lamp = (206, 236, 246) if car.towards else (52, 46, 196)
        radius = max(1, round(self._scale * (0.2 if self._palette.lamps else 0.13) / distance))
        for side in (left + 0.22, right - 0.22):
            cv2.circle(image, self._spot(side, 0.66, distance), radius, lamp, -1, cv2.LINE_AA)

    def _box(
        self, image: Image, left: float, right: float, low: float, high: float, distance: float, colour: Colour
    ) -> None:
        cv2.rectangle(image, self._spot(left, high, distance), self._spot(right, low, distance), colour, -1)

    def _draw_walker(self, image: Image, distance: float, across_m: float, position_s: float) -> None:
        stride = 0.22 * math.sin(position_s * math.tau * 1.5 + distance)
        thick = max(1, round(self._scale * 0.14 / distance))
        hip = self._spot(across_m, 0.85, distance)
        dark, coat = (40, 38, 36), _PAINT[int(distance * 10) % len(_PAINT)]
        for leg in (stride, -stride):
            cv2.line(image, hip, self._spot(across_m + leg, 0.0, distance), dark, thick, cv2.LINE_AA)
        cv2.line(image, hip, self._spot(across_m, 1.45, distance), coat, thick * 2 + 1, cv2.LINE_AA)
        head = max(1, round(self._scale * 0.13 / distance))
        cv2.circle(image, self._spot(across_m, 1.68, distance), head, (120, 140, 168), -1, cv2.LINE_AA)

    def _draw_title(self, title: str) -> None:
        size = max(11, self._height // 22)
        pad = size // 2
        (_, _, wide, _) = cv2.getTextSize((self._width, self._height), title, (0, 0), _FONT, size, 500)
        self._shade(0, 0, wide + 2 * pad, size + 2 * pad)
        cv2.putText(self._background, title, (pad, size + pad // 2), (236, 238, 238), _FONT, size, 500)
        small = max(9, self._height // 34)
        low = self._height - small // 2
        cv2.putText(self._background, "SIMULATED", (pad, low), (150, 152, 152), _FONT, small, 400)
        self._clock_left = self._width - round(size * 3.2) - 2 * pad
        self._shade(self._clock_left, 0, self._width - self._clock_left, size + 2 * pad)

    def _shade(self, left: int, top: int, wide: int, tall: int) -> None:
        part = self._background[top : top + tall, left : left + wide]
        part[:] = (part * 0.35).astype(np.uint8)

    def _draw_clock(self, image: Image, position_s: float) -> None:
        size = max(11, self._height // 22)
        # Tenths cut off, not rounded: a clock shows the tenth that has begun.
        text = f":{math.floor(position_s * 10 + 1e-6) / 10:04.1f}"
        cv2.putText(image, text, (self._clock_left + size // 2, size + size // 4), (236, 238, 238), _FONT, size, 500)


def _cars(random: Random) -> list[_Car]:
    """A few in each of four lanes, so far apart that none runs into another."""
    cars = []
    for lane_m, towards in ((-4.9, True), (-1.9, True), (1.9, False), (4.9, False)):
        stay = random.uniform(0.10, 0.15)
        start = random.uniform(-0.05, 0.05)
        while start + stay / 2 < 0.45:
            cars.append(_Car(lane_m, towards, start, stay, random.choice(_PAINT), random.random() < 0.25))
            start += random.uniform(0.06, 0.16)
    return cars


def _noise(seed: int, width: int, height: int, strength: int) -> npt.NDArray[np.int16] | None:
    """A field larger than the picture; every picture shows another part of it."""
    if strength == 0:
        return None
    generator = np.random.default_rng(seed)
    field = generator.integers(-strength, strength + 1, size=(height + 64, width + 64, 1), dtype=np.int16)
    return np.repeat(field, 3, axis=2)
