"""H.264 inside RTP packets (RFC 6184): payloads to NAL units and back."""

from collections.abc import Iterable, Sequence

from streams.formats import h264
from streams.formats.h264 import NalType, is_first_slice, iter_annex_b, nal_type
from streams.formats.recovery_point import RecoveryPoints

_STAP_A, _FU_A = 24, 28
_START, _END = 0x80, 0x40
_INDICATOR_AT, _FLAGS_AT, _PIECE_AT = 12, 13, 14
"""In a packet whose header is as short as most are."""


class Unpacker:
    """Single NAL units, STAP-A and FU-A (packetization-mode 0 and 1). See ``rtp.Unpacker``."""

    is_vcl = staticmethod(h264.is_vcl)
    is_first_slice = staticmethod(h264.is_first_slice)

    def __init__(self) -> None:
        self.fragments: list[bytes] = []
        self.orphans = 0
        self._points = RecoveryPoints()

    def push(self, payload: bytes) -> Sequence[bytes]:
        kind = payload[0] & 0x1F
        if kind == _FU_A:
            return self._add_fragment(payload)
        nals = self.end()
        if kind == _STAP_A:
            nals.extend(_split(payload))
        elif kind < _STAP_A:
            nals.append(payload)
        return nals

    def extend(self, packet: bytes) -> bool:
        if len(packet) < _PIECE_AT or packet[_FLAGS_AT] >= _END or packet[_INDICATOR_AT] & 0x1F != _FU_A:
            return False
        self.fragments.append(packet[_PIECE_AT:])
        return True

    def end(self) -> list[bytes]:
        nals = [b"".join(self.fragments)] if self.fragments else []
        self.fragments = []
        return nals

    def lose(self) -> None:
        self.fragments = []

    def parts(self, nal: bytes) -> Iterable[bytes]:
        kind = nal[0] & 0x1F
        if (kind == 0 or NalType.SEI <= kind <= NalType.DELIMITER) and b"\x00\x00\x01" in nal:
            return (part for part in iter_annex_b(nal) if nal_type(part))
        return (nal,) if kind else ()

    def begins_picture(self, payload: bytes) -> bool:
        kind = payload[0] & 0x1F
        if kind == _FU_A:
            return len(payload) > 2 and payload[1] & _START != 0 and payload[2] & 0x80 != 0
        if kind == _STAP_A or NalType.SEI <= kind <= NalType.DELIMITER:
            return True
        return kind in {NalType.SLICE, NalType.IDR} and is_first_slice(payload)

    def starts(self, nals: Sequence[bytes], timestamp: int) -> bool:
        return self._points.take(nals, timestamp)

    def is_skipped(self, nal: bytes) -> bool:
        """An IDR picture lets nothing look back behind it."""
        return False

    def _add_fragment(self, payload: bytes) -> Sequence[bytes]:
        """§5.8"""
        if len(payload) <= 2:
            return ()
        flags = payload[1]
        nals: list[bytes] = []
        if flags & _START:
            nals = self.end()
            # The type of the first fragment holds, whatever the others say.
            self.fragments = [bytes((payload[0] & 0xE0 | flags & 0x1F,)), payload[2:]]
        elif self.fragments:
            self.fragments.append(payload[2:])
        else:
            self.orphans += 1
        return nals + self.end() if flags & _END else nals


def pack(nals: Sequence[bytes], max_bytes: int) -> list[bytes]:
    """Payloads of at most ``max_bytes`` (more than 2): single NAL units and FU-A."""
    payloads: list[bytes] = []
    for nal in nals:
        if len(nal) <= max_bytes:
            payloads.append(nal)
            continue
        indicator, kind = nal[0] & 0xE0 | _FU_A, nal[0] & 0x1F
        step = max_bytes - 2
        for begin in range(1, len(nal), step):
            flags = (_START if begin == 1 else 0) | (_END if begin + step >= len(nal) else 0)
            payloads.append(bytes((indicator, flags | kind)) + nal[begin : begin + step])
    return payloads


def _split(payload: bytes) -> Iterable[bytes]:
    """STAP-A, §5.7.1."""
    position = 1
    while position + 2 < len(payload):
        size = payload[position] << 8 | payload[position + 1]
        position += 2
        yield payload[position : position + size]
        position += size
