"""What happens in one cycle of the soak, drawn from its seed. Pure."""

import random
from collections.abc import Iterator
from dataclasses import dataclass

EVENT_EVERY_S = 4.0
COMES_EVERY_S = 1.0
FAULTS = ("stall", "kill", "change")


@dataclass(frozen=True, slots=True)
class Event:
    at_s: float
    """From the beginning of the cycle."""
    what: str
    """``stall``, ``kill``, ``change`` or ``resume`` a camera; a viewer's ``leave`` or ``join``."""
    number: int
    """Of the camera or the viewer."""


def cycle(seed: str, *, cameras: int, viewers: int, length_s: float) -> list[Event]:
    """Events in order. At the end every camera is resumed and every viewer is there."""
    chance = random.Random(seed)
    events = [*_faults(chance, cameras, length_s), *_visits(chance, viewers, length_s)]
    return sorted(events, key=lambda event: event.at_s)


def _faults(chance: random.Random, cameras: int, length_s: float) -> Iterator[Event]:
    busy_until = [0.0] * cameras
    at_s = 0.0
    while (at_s := at_s + chance.uniform(0.5, 1.5) * EVENT_EVERY_S) < length_s:
        free = [number for number in range(cameras) if busy_until[number] <= at_s]
        if not free:
            continue
        number, what = chance.choice(free), chance.choice(FAULTS)
        ends_at = min(at_s + chance.uniform(5, 20), length_s)
        busy_until[number] = ends_at
        yield Event(at_s, what, number)
        if what != "change":
            yield Event(ends_at, "resume", number)


def _visits(chance: random.Random, viewers: int, length_s: float) -> Iterator[Event]:
    away_until = [0.0] * viewers
    at_s = 0.0
    while (at_s := at_s + chance.uniform(0.5, 1.5) * COMES_EVERY_S) < length_s:
        number = chance.randrange(viewers)
        if away_until[number] > at_s:
            continue
        away_until[number] = min(at_s + chance.uniform(0.5, 15), length_s)
        yield Event(at_s, "leave", number)
        yield Event(away_until[number], "join", number)
