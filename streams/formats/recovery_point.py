"""Recovery points of H.264 (ITU-T H.264 §D.1.8): where a decoder can start in a stream without IDR pictures."""

from collections.abc import Sequence

from streams.access_unit import CLOCK_HZ
from streams.errors import FormatError
from streams.formats.bits import BitReader
from streams.formats.h264 import NalType, is_key, nal_type

WITHOUT_IDR_TICKS = 5 * CLOCK_HZ
"""So long without one, and a stream counts as one that has none. Where there are any, only they begin cleanly."""
_LONGEST_TICKS = 2 * CLOCK_HZ
_RECOVERY_POINT = 6
_MAX_MESSAGES = 64
_MAX_RECOVERY_PICTURES = 1024
"""Cameras refresh their picture within some seconds; who says more is not believed."""


class RecoveryPoints:
    """Tells at which pictures a decoder can start: at IDR pictures; and where none come, at recovery points.

    From a recovery point on it takes a decoder the pictures of one refresh to have them whole.
    """

    def __init__(self) -> None:
        self._timestamp: int | None = None
        self._ticks = 0
        """Since the last IDR picture."""

    def take(self, nals: Sequence[bytes], timestamp: int) -> bool:
        """Whether one can start at this picture, each of which must be given; ``timestamp`` in 1/90000 s wraps at
        2**32."""
        if any(map(is_key, nals)):
            self._ticks, self._timestamp = 0, timestamp
            return True
        step = 0 if self._timestamp is None else (timestamp - self._timestamp) % 2**32
        self._timestamp = timestamp
        self._ticks += step if step < _LONGEST_TICKS else 0
        return self._ticks >= WITHOUT_IDR_TICKS and any(recovery_pictures(nal) is not None for nal in nals)


def recovery_pictures(nal: bytes) -> int | None:
    """``recovery_frame_cnt`` of a NAL unit; None when there is no recovery point in it, or a broken one."""
    if nal_type(nal) != NalType.SEI:
        return None
    # Sizes count the bytes without those that keep start codes from appearing (§7.3.1).
    body = nal[1:].replace(b"\0\0\3", b"\0\0")
    position = 0
    for _ in range(_MAX_MESSAGES):
        if position + 2 > len(body):
            break
        kind, position = _number(body, position)
        size, position = _number(body, position)
        if kind == _RECOVERY_POINT:
            try:
                count = BitReader(body[position : position + size]).ue()
            except FormatError:
                return None
            return count if count <= _MAX_RECOVERY_PICTURES else None
        position += size
    return None


def _number(body: bytes, position: int) -> tuple[int, int]:
    """``ff_byte``s and a last one (§7.3.2.3.1), and where it ends."""
    value = 0
    while position < len(body) and body[position] == 0xFF:
        value += 255
        position += 1
    return value + (body[position] if position < len(body) else 0), position + 1
