"""Traffic: the cars and walkers of a street, each where it is at a share of the loop."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from random import Random

import cv2

from streams.cameras.perspective import Colour, Image
from streams.cameras.street import Street

_FAR, _NEAR = 60.0, 3.2
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


class Traffic:
    """
    Args:
        width: of the picture, in pixels.
    """

    def __init__(self, street: Street, width: int, random: Random) -> None:
        self._street, self._view, self._width = street, street.view, width
        self._cars = _cars(random)
        self._walkers = [
            (street.crossing_m - random.uniform(5.6, 7.4), random.uniform(0.64, 0.80), random.choice((1, -1)))
            for _ in range(4)
        ]

    def draw(self, image: Image, share: float, position_s: float) -> None:
        """What is near over what is far.

        Args:
            share: of the loop, that has passed at ``position_s``.
        """
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
                at = self._street.crossing_m + (1.6 if way > 0 else -1.6)
                across = way * (progress - 0.5) * 2 * (self._width / self._view.scale * at * 0.75 + 6)
                found.append((at, across, _PAINT[(order * 3 + len(self._cars)) % len(_PAINT)]))
        return found

    def _draw_side_view(self, image: Image, across: float, at: float, paint: Colour) -> None:
        body = self._shown(paint)
        self._view.box(image, across - 2.1, across + 2.1, 0.25, 1.0, at, body)
        self._view.box(image, across - 1.2, across + 1.1, 1.0, 1.55, at, (58, 52, 46))
        radius = self._view.pixels(0.33, at)
        for wheel in (-1.3, 1.3):
            cv2.circle(image, self._view.spot(across + wheel, 0.3, at), radius, (22, 22, 22), -1, cv2.LINE_AA)

    def _shown(self, paint: Colour) -> Colour:
        shade = 0.55 if self._street.palette.lamps else 1.0
        return int(paint[0] * shade), int(paint[1] * shade), int(paint[2] * shade)

    def _draw_car(self, image: Image, car: _Car, distance: float) -> None:
        half, tall = (1.05, 2.3) if car.is_van else (0.92, 1.45)
        body = self._shown(car.paint)
        left, right = car.lane_m - half, car.lane_m + half
        self._view.box(image, left - 0.1, right + 0.1, 0.0, 0.14, distance, (24, 23, 22))
        self._view.box(image, left, right, 0.22, tall * 0.62, distance, body)
        roof = [
            (left + 0.04, tall * 0.6, distance),
            (left + 0.26, tall, distance),
            (right - 0.26, tall, distance),
            (right - 0.04, tall * 0.6, distance),
        ]
        self._view.fill(image, roof, body)
        glass = [
            (left + 0.2, tall * 0.64, distance),
            (left + 0.34, tall * 0.94, distance),
            (right - 0.34, tall * 0.94, distance),
            (right - 0.2, tall * 0.64, distance),
        ]
        self._view.fill(image, glass, (72, 66, 58))
        for wheel in (left + 0.16, right - 0.16):
            self._view.box(image, wheel - 0.14, wheel + 0.14, 0.0, 0.4, distance, (20, 20, 20))
        lamp = (206, 236, 246) if car.towards else (52, 46, 196)
        radius = max(1, round(self._view.scale * (0.2 if self._street.palette.lamps else 0.13) / distance))
        for side in (left + 0.22, right - 0.22):
            cv2.circle(image, self._view.spot(side, 0.66, distance), radius, lamp, -1, cv2.LINE_AA)

    def _draw_walker(self, image: Image, distance: float, across_m: float, position_s: float) -> None:
        stride = 0.22 * math.sin(position_s * math.tau * 1.5 + distance)
        thick = self._view.pixels(0.14, distance)
        hip = self._view.spot(across_m, 0.85, distance)
        dark, coat = (40, 38, 36), _PAINT[int(distance * 10) % len(_PAINT)]
        for leg in (stride, -stride):
            cv2.line(image, hip, self._view.spot(across_m + leg, 0.0, distance), dark, thick, cv2.LINE_AA)
        cv2.line(image, hip, self._view.spot(across_m, 1.45, distance), coat, thick * 2 + 1, cv2.LINE_AA)
        head = self._view.pixels(0.13, distance)
        cv2.circle(image, self._view.spot(across_m, 1.68, distance), head, (120, 140, 168), -1, cv2.LINE_AA)


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
