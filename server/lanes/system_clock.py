"""SystemClock: what the system says of its own clock."""

import ctypes
import struct
import sys
from dataclasses import dataclass

_TIMEX = struct.Struct("@I4xqqqqi")
"""The beginning of ``struct timex`` of Linux: modes, offset, frequency, maximum error (µs), estimated error, status."""
_TIMEX_BYTES = 512
_TIME_ERROR = 5
_UNSYNCHRONIZED = 0x40


@dataclass(frozen=True, slots=True)
class SystemClock:
    is_synchronized: bool
    """It follows a time server."""
    max_error_ms: int
    """By how much it may be off, as the kernel reckons; without a time server that only grows."""


def system_clock() -> SystemClock | None:
    """None where the system does not say (adjtimex(2) is of Linux)."""
    if not sys.platform.startswith("linux"):
        return None
    try:
        adjtimex = ctypes.CDLL(None).adjtimex
    except (OSError, AttributeError):
        return None
    # Modes 0: it is asked, not set.
    buffer = ctypes.create_string_buffer(_TIMEX_BYTES)
    state = adjtimex(buffer)
    if state < 0:
        return None
    _, _, _, max_error_us, _, status = _TIMEX.unpack_from(buffer.raw)
    is_synchronized = state != _TIME_ERROR and not status & _UNSYNCHRONIZED
    return SystemClock(is_synchronized, max_error_us // 1000)
