"""Demand: which server wants which streams. A camera of which nobody wants anything is not connected."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any

from streams.errors import FormatError
from streams.rendition import Rendition, split

LINGER_S = 10.0
"""A camera stays connected so long after its last lease: people come back, and connecting costs seconds."""
MAX_TTL_S = 60.0
MAX_SERVERS = 1000


@dataclass(frozen=True, slots=True)
class Demand:
    """What a server says every 2 s, and at once when it changes: all the streams that it wants now."""

    server: str
    cameras: frozenset[int]
    """Numbers of streams (rendition.py): a camera's own number is that of its source."""
    ttl_s: float = 6.0
    """Good for so long without being repeated."""
    join: frozenset[int] = frozenset()
    """Those of ``cameras`` that a burst is wanted for though they were wanted before: the server has missed pictures,
    or a viewer has come to a stream that has none."""

    def to_json(self) -> str:
        fields = {"server": self.server, "cameras": sorted(self.cameras), "ttl_s": self.ttl_s}
        if self.join:
            fields["join"] = sorted(self.join)
        return json.dumps(fields)

    @classmethod
    def from_json(cls, payload: bytes) -> "Demand":
        """Streams that there can't be are left out: a newer server may know of more renditions.

        Raises:
            FormatError: not a demand.
        """
        try:
            fields = json.loads(payload)
            ttl_s = float(fields["ttl_s"])
            if not ttl_s > 0:
                raise ValueError("never good")
            return cls(
                server=str(fields["server"]),
                cameras=_streams(fields["cameras"]),
                ttl_s=min(ttl_s, MAX_TTL_S),
                join=_streams(fields.get("join", ())),
            )
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise FormatError(f"not a demand: {payload[:100]!r}") from error


class Leases:
    """Who wants what, as of ``now`` (seconds, any origin)."""

    def __init__(self, linger_s: float = LINGER_S) -> None:
        self._linger_s = linger_s
        self._leases: dict[str, tuple[float, frozenset[int]]] = {}
        """Server → when its lease ends, and its streams."""
        self._left_at: dict[int, float] = {}
        """Stream → when its last lease ended; only while it lingers."""

    def take(self, demand: Demand, now: float) -> AbstractSet[int]:
        """Take in what a server says.

        Returns:
            The streams that it must be given a join burst of: those it has not wanted before, and those it asks for.
        """
        self._expire(now)
        _, before = self._leases.pop(demand.server, (now, frozenset[int]()))
        if demand.cameras and len(self._leases) < MAX_SERVERS:
            self._leases[demand.server] = now + demand.ttl_s, demand.cameras
        self._linger(before - demand.cameras, now)
        return demand.cameras - before | demand.cameras & demand.join

    def leased(self, now: float) -> AbstractSet[int]:
        """Streams that some server wants."""
        self._expire(now)
        return {number for _, cameras in self._leases.values() for number in cameras}

    def wanted(self, now: float) -> AbstractSet[int]:
        """Cameras to be connected: those of which a stream is leased, or was until some seconds ago."""
        return {split(number)[0] for number in self.leased(now) | set(self._left_at)}

    def renditions(self, now: float) -> Mapping[int, AbstractSet[Rendition]]:
        """What is leased, by camera."""
        found: dict[int, set[Rendition]] = defaultdict(set)
        for number in self.leased(now):
            camera_number, rendition = split(number)
            found[camera_number].add(rendition)
        return found

    def servers_of(self, number: int, now: float) -> list[str]:
        """Servers that want a stream."""
        self._expire(now)
        return [server for server, (_, cameras) in self._leases.items() if number in cameras]

    def _expire(self, now: float) -> None:
        for server, (ends_at, cameras) in list(self._leases.items()):
            if ends_at <= now:
                del self._leases[server]
                self._linger(cameras, ends_at)
        for number, left_at in list(self._left_at.items()):
            if now - left_at >= self._linger_s:
                del self._left_at[number]

    def _linger(self, cameras: AbstractSet[int], left_at: float) -> None:
        still = {number for _, wanted in self._leases.values() for number in wanted}
        for number in cameras - still:
            self._left_at[number] = left_at


def _streams(numbers: Iterable[Any]) -> frozenset[int]:
    return frozenset(number for number in map(int, numbers) if number > 0 and number >> 16 in set(Rendition))
