"""PacketOrder: RTP packets that came by UDP, back in the order of their sequence numbers (RFC 3550 §5.1)."""

from streams.formats.rtsp import Interleaved, Lost

_MAX_WAITING = 64
_MAX_WAIT_S = 0.1
"""For a packet that is missing; one that was only overtaken comes sooner, whatever the bitrate."""
_MAX_LATE = 64
"""Packets in a row from before the one that is awaited: the camera counts anew."""
_HEADER_BYTES = 12


class PacketOrder:
    """Gives packets as they would have come over TCP: in order, each once, with a ``Lost`` where some are missing.

    Args:
        channel: of the packets that are given.
    """

    def __init__(self, channel: int) -> None:
        self._channel = channel
        self._expected: int | None = None
        self._waiting: dict[int, tuple[bytes, float]] = {}
        """By sequence number, with the time of arrival; the oldest stands first."""
        self._late = 0

    def push(self, packet: bytes, arrived_at: float) -> list[Interleaved | Lost]:
        """Take one datagram; what is no RTP is ignored.

        Args:
            arrived_at: seconds, any origin.
        """
        if len(packet) < _HEADER_BYTES or packet[0] >> 6 != 2:
            return []
        sequence = packet[2] << 8 | packet[3]
        if self._expected is None:
            self._expected = sequence
        ahead = (sequence - self._expected) & 0xFFFF
        if ahead >= 0x8000:
            self._late += 1
            if self._late <= _MAX_LATE:
                return []
            self._waiting = {}
            self._expected = sequence
            self._late = 0
            return [Lost(0), *self._follow(packet)]
        self._late = 0
        if ahead == 0:
            return self._follow(packet)
        self._waiting.setdefault(sequence, (packet, arrived_at))
        events: list[Interleaved | Lost] = []
        while self._has_waited(arrived_at):
            expected = self._expected
            self._expected = min(self._waiting, key=lambda waiting: (waiting - expected) & 0xFFFF)
            events += (Lost(0), *self._follow(self._waiting.pop(self._expected)[0]))
        return events

    def _has_waited(self, now: float) -> bool:
        """Whether it is time to give up what is missing."""
        if not self._waiting:
            return False
        _, oldest_at = next(iter(self._waiting.values()))
        return len(self._waiting) > _MAX_WAITING or now - oldest_at >= _MAX_WAIT_S

    def _follow(self, packet: bytes) -> list[Interleaved | Lost]:
        """The packet that was awaited, and those that have waited for it."""
        assert self._expected is not None
        packets = [packet]
        self._expected = (self._expected + 1) & 0xFFFF
        while self._expected in self._waiting:
            packets.append(self._waiting.pop(self._expected)[0])
            self._expected = (self._expected + 1) & 0xFFFF
        return [Interleaved(self._channel, packets)]
