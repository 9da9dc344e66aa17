"""Loaded at the start of servers whose time of day is moved (tests/chaos/clock.py): everything in the process that asks
Python for it is told another one. Monotonic clocks go on as they do on a machine whose clock is set.
"""

import mmap
import os
import struct
import time
from pathlib import Path

_OFF_S = struct.Struct("=q")
_true_time_ns = time.time_ns

with Path(os.environ["CHAOS_CLOCK"]).open("rb") as _file:
    _shared = mmap.mmap(_file.fileno(), _OFF_S.size, access=mmap.ACCESS_READ)


def _time_ns() -> int:
    (off_s,) = _OFF_S.unpack_from(_shared)
    return _true_time_ns() + int(off_s) * 1_000_000_000


def _time() -> float:
    return _time_ns() / 1e9


time.time_ns = _time_ns
time.time = _time
