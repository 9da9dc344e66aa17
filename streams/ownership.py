"""Ownership: which cameras are ours, of all that several streams processes could read.

Nobody asks anybody: each says every second that it lives and which cameras it knows, and each works out the same from
what it hears (rendezvous hashing). When one dies only its cameras move, and when one comes only its share.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from typing import Any

from streams.errors import FormatError

SAY_EVERY_S = 1.0
SILENT_AFTER_S = 4.0
SETTLE_S = 1.0
"""After we have been heard first. The others answer at once; one that is busy says so a second later."""
ECHO_WITHIN_S = 2.0
"""Who does not hear himself for so long has no bus, or slept."""
MAX_OTHERS = 256
_MASK = (1 << 64) - 1


@dataclass(frozen=True, slots=True)
class Sign:
    """A sign of life."""

    streams: str
    """Names the process."""
    name: str
    """Names its place, which it shares with nobody: who is started again under it has the same cameras."""
    cameras: frozenset[int]
    """Numbers of those it knows: not every process need have the same list."""
    is_gone: bool = False
    """The last one."""

    def to_json(self) -> str:
        fields: dict[str, Any] = {"streams": self.streams, "name": self.name, "cameras": _ranges(self.cameras)}
        return json.dumps(fields | ({"gone": True} if self.is_gone else {}))

    @classmethod
    def from_json(cls, payload: bytes) -> "Sign":
        """
        Raises:
            FormatError: something else.
        """
        return _read(payload)


@dataclass(slots=True)
class _Other:
    streams: str
    cameras: frozenset[int]
    heard_s: float
    """When, in seconds with a bus."""


class Ownership:
    """``now`` is seconds of any origin.

    Without a bus nobody is heard, and that says nothing: time counts only while we hear ourselves. Until then
    everything stays as it was, and before the first time nothing is ours.
    """

    def __init__(self, own: Sign) -> None:
        self._own = own
        self._others: dict[str, _Other] = {}
        """By name."""
        self._with_bus_s = 0.0
        self._echo_at: float | None = None
        self._settled_at: float | None = None
        self._shared_with: Mapping[str, frozenset[int]] | None = None
        self._owned: frozenset[int] = frozenset()

    def hear(self, sign: Sign, now: float) -> bool:
        """Take a sign of life, our own too.

        Returns:
            Whether it is of one who comes: he shall hear of us at once.
        """
        if sign.name == self._own.name:
            if sign.streams == self._own.streams:
                self._hear_ourselves(now)
            return False
        known = self._others.get(sign.name)
        is_new = known is None or known.streams != sign.streams
        if sign.is_gone:
            if not is_new:
                del self._others[sign.name]
            return False
        if known is None and len(self._others) >= MAX_OTHERS:
            return False
        self._others[sign.name] = _Other(sign.streams, sign.cameras, self._bus_clock(now))
        return is_new

    def owned(self, now: float) -> frozenset[int]:
        """The numbers of our cameras; the same object while nothing changes."""
        if self._settled_at is None or now < self._settled_at:
            return self._owned
        limit_s = self._bus_clock(now) - SILENT_AFTER_S
        for name in [name for name, other in self._others.items() if other.heard_s <= limit_s]:
            del self._others[name]
        sharing = {name: other.cameras for name, other in self._others.items()}
        if sharing != self._shared_with:
            self._shared_with = sharing
            owned = frozenset(_share(self._own, sharing))
            if owned != self._owned:
                self._owned = owned
        return self._owned

    def next_look_s(self, now: float) -> float:
        """In how many seconds something may change, if nothing is heard until then."""
        if self._settled_at is not None and now < self._settled_at:
            return self._settled_at - now
        clock_s = self._bus_clock(now)
        return min((max(0.0, other.heard_s + SILENT_AFTER_S - clock_s) for other in self._others.values()), default=60)

    def _hear_ourselves(self, now: float) -> None:
        clock_s = self._bus_clock(now)
        if self._echo_at is None:
            self._settled_at = now + SETTLE_S
        elif now - self._echo_at > ECHO_WITHIN_S:
            # The others have missed the bus, too, and may come back later than we.
            for other in self._others.values():
                other.heard_s = clock_s
        self._with_bus_s, self._echo_at = clock_s, now

    def _bus_clock(self, now: float) -> float:
        return self._with_bus_s + (0.0 if self._echo_at is None else min(now - self._echo_at, ECHO_WITHIN_S))


@lru_cache(maxsize=MAX_OTHERS)
def _read(payload: bytes) -> Sign:
    """Each says the same every second: for 10,000 cameras that costs 2 ms, once."""
    try:
        fields = json.loads(payload)
        cameras = frozenset(
            number
            for first, last in fields["cameras"]
            for number in range(max(1, int(first)), min(int(last), 65535) + 1)
        )
        return Sign(str(fields["streams"]), str(fields["name"]), cameras, bool(fields.get("gone", False)))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise FormatError(f"not a sign of life: {payload[:100]!r}") from error


def _share(own: Sign, others: Mapping[str, frozenset[int]]) -> Iterable[int]:
    """Of our cameras those for which nobody who knows them has a better claim."""
    key = _key(own.name)
    rivals = [(_key(name), name, cameras) for name, cameras in others.items()]
    for number in own.cameras:
        claim = _claim(key, number), own.name
        if all(number not in cameras or (_claim(rival, number), name) < claim for rival, name, cameras in rivals):
            yield number


def _key(name: str) -> int:
    return int.from_bytes(blake2b(name.encode(), digest_size=8).digest())


def _claim(key: int, number: int) -> int:
    """A number that looks random and is the same for everybody (splitmix64). Hashing anew for each camera of a city and
    each process would hold up pictures for half a second."""
    mixed = (key + number * 0x9E3779B97F4A7C15) & _MASK
    mixed = ((mixed ^ mixed >> 30) * 0xBF58476D1CE4E5B9) & _MASK
    mixed = ((mixed ^ mixed >> 27) * 0x94D049BB133111EB) & _MASK
    return mixed ^ mixed >> 31


def _ranges(numbers: Iterable[int]) -> list[list[int]]:
    """As first and last of those in a row."""
    ranges: list[list[int]] = []
    for number in sorted(numbers):
        if ranges and ranges[-1][1] == number - 1:
            ranges[-1][1] = number
        else:
            ranges.append([number, number])
    return ranges
