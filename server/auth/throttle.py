"""Throttle: five wrong passwords within 15 minutes, and the account is refused for 15 minutes."""

from collections.abc import Sequence

MAX_FAILURES = 5
WINDOW_MS = 15 * 60 * 1000
REFUSED_MS = 15 * 60 * 1000
MEMORY_MS = WINDOW_MS + REFUSED_MS
"""How far back failures can still matter."""


def refused_until_ms(failures_ms: Sequence[int], now_ms: int) -> int | None:
    """Until when the account is refused; None when it is not.

    Args:
        failures_ms: when it failed, oldest first; attempts while it was refused are not among them.
    """
    last = failures_ms[-MAX_FAILURES:]
    if len(last) < MAX_FAILURES or last[-1] - last[0] > WINDOW_MS:
        return None
    until_ms = last[-1] + REFUSED_MS
    return until_ms if now_ms < until_ms else None
