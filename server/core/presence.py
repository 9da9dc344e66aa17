"""Presence: who is connected to any server."""

import math
from collections.abc import Collection


class Presence:
    """What the other servers said last, each good for a while. ``now`` is seconds of any origin."""

    def __init__(self) -> None:
        self._leases: dict[str, tuple[frozenset[str], float]] = {}

    def heard(self, server: str, people: Collection[str], *, until: float) -> bool:
        """Take in what another server says.

        Returns:
            Whether it is new to us, and so we probably to it.
        """
        is_new = server not in self._leases
        self._leases[server] = (frozenset(people), until)
        return is_new

    def good_until(self) -> float:
        """When what the others said ends to be good, if they say nothing more."""
        return min((until for _, until in self._leases.values()), default=math.inf)

    def people(self, here: Collection[str], now: float) -> frozenset[str]:
        """Everybody who is connected to this server or to one that was heard in time."""
        self._leases = {server: lease for server, lease in self._leases.items() if lease[1] > now}
        return frozenset(here).union(*(people for people, _ in self._leases.values()))
