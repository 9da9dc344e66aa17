"""SentLog: when each picture left the camera, and how long it took to arrive.

A picture is known by the last 12 bytes of its access unit: they survive RTP, muxing and WebSocket unchanged, so nothing
has to be added to the pictures. The same bytes come again with every loop of the clip; what was sent last counts.
"""

import struct
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

_ENTRY = struct.Struct(">12sQ")
TAIL_BYTES = 12


class SentLog:
    def __init__(self) -> None:
        self._entries: list[bytes] = []

    def note(self, at_ns: int, tail: bytes) -> None:
        """When a picture with this end was written; CLOCK_MONOTONIC is one clock for all processes."""
        self._entries.append(_ENTRY.pack(tail, at_ns))

    def content(self) -> bytes:
        return b"".join(self._entries)


@dataclass(frozen=True, slots=True)
class Arrivals:
    latencies_ms: list[float]
    sent: int
    """Pictures in the window."""
    missing: int
    """Pictures × viewers of the window that did not arrive."""


def arrivals(
    sent_log: bytes, received: Iterable[tuple[int, bytes, int]], *, viewers: int, from_ns: int, until_ns: int
) -> Arrivals:
    """Match what was sent in the window with what came.

    Args:
        received: viewer, tail, ns; in any order.

    Raises:
        ValueError: two pictures of the clip end alike, so they cannot be told apart.
    """
    times: dict[bytes, list[int]] = defaultdict(list)
    for tail, at_ns in _ENTRY.iter_unpack(sent_log):
        times[tail].append(at_ns)
    shortest = min((b - a for each in times.values() for a, b in pairwise(each)), default=10**10)
    if shortest < 2 * 10**9:
        raise ValueError("two pictures of the clip end with the same 12 bytes")
    window = {at_ns for each in times.values() for at_ns in each if from_ns <= at_ns < until_ns}
    latencies_ms = []
    arrived: Counter[int] = Counter()
    for _, tail, at_ns in received:
        each = times.get(tail, [])
        index = bisect_right(each, at_ns) - 1
        if index >= 0 and each[index] in window:
            arrived[each[index]] += 1
            latencies_ms.append((at_ns - each[index]) / 1e6)
    missing = sum(viewers - arrived[at_ns] for at_ns in window)
    return Arrivals(latencies_ms, len(window), missing)
