"""Packetiser: pictures to RTP packets (RFC 3550), as cameras send them."""

import struct
from collections.abc import Callable, Sequence

_HEADER = struct.Struct(">BBHII")


class Packetiser:
    """Cuts pictures into packets.

    Args:
        pack: of the codec: ``rtp_h264.pack`` for one.
    """

    def __init__(
        self,
        pack: Callable[[Sequence[bytes], int], list[bytes]],
        *,
        payload_type: int,
        ssrc: int,
        sequence: int = 0,
        max_packet_bytes: int = 1400,
    ) -> None:
        self._pack = pack
        self._payload_type = payload_type
        self._ssrc = ssrc
        self._sequence = sequence
        self._max_payload = max_packet_bytes - _HEADER.size

    def packets(self, nals: Sequence[bytes], timestamp: int) -> list[bytes]:
        """Packets of one picture in order; the last has the marker bit. ``timestamp`` is taken modulo 2**32."""
        payloads = self._pack(nals, self._max_payload)
        last = len(payloads) - 1
        return [self._packet(payload, timestamp, index == last) for index, payload in enumerate(payloads)]

    def _packet(self, payload: bytes, timestamp: int, marker: bool) -> bytes:
        second = self._payload_type | (0x80 if marker else 0)
        header = _HEADER.pack(0x80, second, self._sequence, timestamp & 0xFFFFFFFF, self._ssrc)
        self._sequence = (self._sequence + 1) & 0xFFFF
        return header + payload
