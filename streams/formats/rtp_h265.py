"""H.265 inside RTP packets (RFC 7798 §4.4): payloads to NAL units and back."""

from collections.abc import Iterator, Sequence

_HEADER_BYTES = 2
_AGGREGATE, _FRAGMENT = 48, 49
_START, _END = 0x80, 0x40
_ORDER_BYTES, _DIFFERENCE_BYTES = 2, 1
"""DONL and DOND."""


class Unpacker:
    """Puts NAL units together from payloads in order.

    Decoding order numbers are skipped: what a camera sends comes in decoding order, even where it numbers it.
    """

    def __init__(self, *, has_order_numbers: bool = False) -> None:
        """
        Args:
            has_order_numbers: ``sprop-max-don-diff`` of the description is greater than 0.
        """
        self.orphans = 0
        """Fragments without the beginning of their NAL unit."""
        self._order_bytes = _ORDER_BYTES if has_order_numbers else 0
        self._difference_bytes = _DIFFERENCE_BYTES if has_order_numbers else 0
        self._fragments: list[bytes] = []

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
        return [nal for nal in nals if len(nal) > _HEADER_BYTES]

    def end(self) -> list[bytes]:
        """The picture is over: the NAL unit that is not, because its last fragment isn't marked as such."""
        nals = [b"".join(self._fragments)] if self._fragments else []
        self._fragments = []
        return nals

    def lose(self) -> None:
        """Packets were lost: what had begun will not be whole."""
        self._fragments = []

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
            self._fragments = [bytes((payload[0] & 0x81 | (header & 0x3F) << 1, payload[1]))]
            begin += self._order_bytes
        if self._fragments:
            self._fragments.append(payload[begin:])
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
