"""Peer clocks: what our clock showed when that of another server showed something; both are clocks that nobody sets."""

from math import inf

MAX_PEERS = 64


class PeerClocks:
    """All times are seconds, of another origin at each server."""

    def __init__(self) -> None:
        self._offsets: dict[str, float] = {}
        """By server: what to add to its time to get ours. That of the message that was quickest: no other says more."""

    def heard(self, server: str, sent_at: float, now: float) -> None:
        """A message that was sent at ``sent_at`` by the server's clock has come at ``now`` by ours."""
        self._offsets[server] = min(self._offsets.pop(server, inf), now - sent_at)
        if len(self._offsets) > MAX_PEERS:
            del self._offsets[next(iter(self._offsets))]  # which was not heard for longest

    def ours(self, server: str, at: float) -> float:
        """Our time of a moment of a server that has been heard; later by as long as its quickest message took."""
        return at + self._offsets[server]
