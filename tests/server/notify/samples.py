"""What bells are rung for."""

from typing import Any

from server.core.audience import EVERYBODY, Audience
from server.core.entry import Entry
from tests.server.samples import NOW_MS


def an_alert(**changes: Any) -> dict[str, Any]:
    """As docs/wire.md §3 has it, as far as a bell looks at it."""
    return {
        "id": "alert-1",
        "number": 1,
        "revision": 1,
        "priority": 1,
        "status": "Actual",
        "event": "Multiple gunshots",
        "headline": "4 rounds near Main St",
        "expires_ms": None,
        "state": "new",
        "shelved": None,
        "revised_ms": 0,
        **changes,
    }


def an_alert_entry(*, audience: Audience = EVERYBODY, at_ms: int = NOW_MS, position: int = 1, **changes: Any) -> Entry:
    return Entry(position, at_ms, "alert", {"alert": an_alert(**changes)}, audience)
