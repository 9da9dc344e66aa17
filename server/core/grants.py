"""Grants: who may watch a camera now."""

from collections.abc import Iterable

from server.core.people import Person
from server.core.pushes import PushRecord


def may_watch(person: Person, camera_id: str, pushes: Iterable[PushRecord], now_ms: int) -> bool:
    """Staff may watch every camera; an officer those of a push to him, until it is recalled or expires.

    Args:
        pushes: at least the live ones to this person; others do no harm.
    """
    return person.is_staff or camera_id in watchable(person, pushes, now_ms)


def watchable(person: Person, pushes: Iterable[PushRecord], now_ms: int) -> frozenset[str]:
    """The ids of the cameras that pushes let this person watch (for staff that is not all they may)."""
    return frozenset(
        camera.id for push in pushes if push.is_live(now_ms) and person.id in push.recipients for camera in push.cameras
    )
