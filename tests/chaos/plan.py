"""Plan: which nemesis strikes when, drawn from a seed before anything starts. Pure.

Each track is a part of the product that can only suffer one thing at a time; tracks run beside each other.
"""

import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

TRACKS: Mapping[str, tuple[str, ...]] = {
    "server-0": ("kill", "stop"),
    "server-1": ("kill", "stop"),
    "valkey": ("valkey-kill", "valkey-freeze"),
    "database": ("outage",),
    "links": ("cut",),
    "devices": ("flap",),
    "readers": ("stall",),
    "clocks": ("jump",),
}
NEMESES = tuple(dict.fromkeys(name for names in TRACKS.values() for name in names))


@dataclass(frozen=True, slots=True)
class Strike:
    pause_s: float
    """After the one before it on its track has ended."""
    nemesis: str
    seed: str
    """For everything it chooses itself."""


def plan(seed: str, counts: Mapping[str, int], *, length_s: float) -> dict[str, list[Strike]]:
    """How often each nemesis strikes, spread over about ``length_s``; those of servers over both tracks."""
    chance = random.Random(seed)
    tracks: dict[str, list[str]] = {track: [] for track in TRACKS}
    for nemesis in NEMESES:
        homes = [track for track, names in TRACKS.items() if nemesis in names]
        for number in range(counts.get(nemesis, 0)):
            tracks[homes[number % len(homes)]].append(nemesis)
    planned = {}
    for track, names in tracks.items():
        chance.shuffle(names)
        mean_s = length_s / (len(names) + 1)
        planned[track] = [
            Strike(chance.uniform(0, 1.4 * mean_s), name, f"{seed}/{track}/{number}")
            for number, name in enumerate(names)
        ]
    return planned


def rounds(counts: Mapping[str, int], number: int) -> list[Counter[str]]:
    """``counts`` shared out over so many rounds, as evenly as whole numbers allow."""
    return [
        Counter({name: (each + 1) * count // number - each * count // number for name, count in counts.items()})
        for each in range(number)
    ]
