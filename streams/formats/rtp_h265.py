"""H.265 inside RTP packets (RFC 7798 §4.4): payloads to NAL units and back."""

from collections.abc import Iterable, Iterator, Sequence

from streams.formats import h265
from streams.formats.h264 import iter_annex_b
from streams.formats.h265 import is_first_slice, is_vcl

_HEADER_BYTES = 2
_PAYLOAD_AT, _FLAGS_AT, _PIECE_AT = 12, 14, 15
"""In a packet whose header is as short as most are."""
_AGGREGATE, _FRAGMENT = 48, 49
_START, _END = 0x80, 0x40
_ORDER_BYTES, _DIFFERENCE_BYTES = 2, 1
"""DONL and DOND."""


class Unpacker:
    """Single NAL units, aggregates and fragments. See ``rtp.Unpacker``.

    Decoding order numbers are skipped: what a camera sends comes in decoding order, even where it numbers it.
    """

    is_vcl = staticmethod(h265.is_vcl)
    is_first_slice = staticmethod(h265.is_first_slice)
    is_skipped = staticmethod(h265.is_skipped)

    def __init__(self, *, has_order_numbers: bool = False) -> None:
        """
        Args:
            has_order_numbers: ``sprop-max-don-diff`` of the description is greater than 0.
        """
        self.fragments: list[bytes] = []
        self.orphans = 0
        self._order_bytes = _ORDER_BYTES if has_order_numbers else 0
        self._difference_bytes = _DIFFERENCE_BYTES if has_order_numbers else 0

    def push(self, payload: bytes) -> list[bytes]:
        """NAL units that one payload completes. What is too short is ignored, as are PACI and unknown types."""
        if len(payload) <= _HEADER_BYTES:
            return []
        kind = payload[0] >> 1 & 0x3F
        if kind == _FRAGMENT:
            return self._add_fragment(payload)
        nals = self.end()
        if kind == _AGGREGATE:
            nals.extend(self._split(payload))
        elif kind < _AGGREGATE:
            nals.append(_without(payload, self._order_bytes))
        return nals

    def extend(self, packet: bytes) -> bool:
        if len(packet) < _PIECE_AT or packet[_FLAGS_AT] >= _END or packet[_PAYLOAD_AT] >> 1 & 0x3F != _FRAGMENT:
            return False
        self.fragments.append(packet[_PIECE_AT:])
        return True

    def end(self) -> list[bytes]:
        nal = b"".join(self.fragments)
        self.fragments = []
        return [nal] if len(nal) > _HEADER_BYTES else []

    def lose(self) -> None:
        self.fragments = []

    def parts(self, nal: bytes) -> Iterable[bytes]:
        if (not is_vcl(nal) or nal.startswith(b"\0\0")) and b"\0\0\1" in nal:
            return (part for part in iter_annex_b(nal) if len(part) > _HEADER_BYTES)
        return (nal,) if len(nal) > _HEADER_BYTES else ()

    def begins_picture(self, payload: bytes) -> bool:
        if len(payload) <= _HEADER_BYTES:
            return False
        kind = payload[0] >> 1 & 0x3F
        if kind == _FRAGMENT:
            at = _HEADER_BYTES + 1 + self._order_bytes
            return len(payload) > at and payload[_HEADER_BYTES] & _START != 0 and payload[at] & 0x80 != 0
        return kind == _AGGREGATE or not is_vcl(payload) or is_first_slice(_without(payload, self._order_bytes))

    def starts(self, nals: Sequence[bytes], timestamp: int) -> bool:
        return any(map(h265.is_key, nals))

    def _add_fragment(self, payload: bytes) -> list[bytes]:
        """§4.4.3"""
        if len(payload) <= _HEADER_BYTES + 1:
            return []
        header = payload[_HEADER_BYTES]
        nals: list[bytes] = []
        begin = _HEADER_BYTES + 1
        if header & _START:
            nals = self.end()
            # The type of the first fragment holds, whatever the others say.
            self.fragments = [bytes((payload[0] & 0x81 | (header & 0x3F) << 1, payload[1]))]
            begin += self._order_bytes
        if self.fragments:
            self.fragments.append(payload[begin:])
        else:
            self.orphans += 1
        if header & _END:
            nals += self.end()
        return nals

    def _split(self, payload: bytes) -> Iterator[bytes]:
        """§4.4.2"""
        position = _HEADER_BYTES + self._order_bytes
        while position + 2 < len(payload):
            size = payload[position] << 8 | payload[position + 1]
            position += 2
            yield payload[position : position + size]
            position += size + self._difference_bytes


def pack(nals: Sequence[bytes], max_bytes: int) -> list[bytes]:
    """Payloads of at most ``max_bytes`` (more than 3): single NAL units and fragments, without order numbers."""
    payloads: list[bytes] = []
    for nal in nals:
        if len(nal) <= max_bytes:
            payloads.append(nal)
            continue
        header, kind = bytes((nal[0] & 0x81 | _FRAGMENT << 1, nal[1])), nal[0] >> 1 & 0x3F
        step = max_bytes - len(header) - 1
        for begin in range(_HEADER_BYTES, len(nal), step):
            flags = (_START if begin == _HEADER_BYTES else 0) | (_END if begin + step >= len(nal) else 0)
            payloads.append(header + bytes((flags | kind,)) + nal[begin : begin + step])
    return payloads


def _without(payload: bytes, order_bytes: int) -> bytes:
    """A single NAL unit (§4.4.1) without what stands behind its header."""
    return payload[:_HEADER_BYTES] + payload[_HEADER_BYTES + order_bytes :] if order_bytes else payload
