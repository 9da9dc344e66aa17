"""Loaded at the start of servers whose clock is moved: libfaketime takes the end of ``time.sleep``, a time of the
monotonic clock, for a time of day, so that it lasts an hour or fails. ``select`` is told how long.
"""

import select
import time


def _sleep(seconds: float) -> None:
    select.select([], [], [], seconds)


time.sleep = _sleep  # type: ignore[assignment]
