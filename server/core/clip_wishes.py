"""ClipWishes: which clips an alert wants to be kept, by itself."""

from collections.abc import Iterable, Mapping

from server.core.alerts import AlertRecord
from server.core.camera_states import CameraState
from server.core.clips import ClipOrder
from server.core.nearest import Sight, nearest
from streams.config import CameraConfig
from streams.geo import Circle

BEFORE_MS = 30 * 1000
AFTER_MS = 60 * 1000
MAX_CAMERAS = 4
LOWEST_PRIORITY = 2
STATUSES = ("Actual", "Exercise")
"""A drill is to be learned from. A test is of wires: nobody's street is filmed for it."""
MAX_LATE_MS = 60 * 1000
"""Of an event that was longer ago than that nothing is kept any more; then the alert itself is what is filmed."""
DEFAULT_RADIUS_M = 25.0


def moment_of(alert: AlertRecord) -> int:
    """When it happened, as far as that can still be seen."""
    onset_ms = alert.onset_ms
    if onset_ms is not None and alert.received_ms - MAX_LATE_MS <= onset_ms <= alert.received_ms:
        return onset_ms
    return alert.received_ms


def of_alert(
    alert: AlertRecord, cameras: Iterable[CameraConfig], states: Mapping[str, CameraState], now_ms: int
) -> list[ClipOrder]:
    """Half a minute before and a minute after, of the cameras that see the place best; [] when it wants none.

    None is wanted of what is over, of low priority, a test or internal, without a place, or happened too long ago; nor
    of those of a flood but the first: they are within 200 m of each other, and one minute is one minute.
    """
    moment_ms = moment_of(alert)
    if (
        alert.state.is_over
        or alert.priority > LOWEST_PRIORITY
        or alert.status not in STATUSES
        or alert.point is None
        or alert.group_id is not None
        or now_ms > moment_ms + AFTER_MS
    ):
        return []
    found = nearest(cameras, states, Circle(alert.point, alert.radius_m or DEFAULT_RADIUS_M))
    seeing = [one for one in found.candidates if one.is_working and one.sight is not Sight.AWAY]
    return [
        ClipOrder(
            # The same from every server, so that one of them orders it.
            id=f"{alert.id}:{one.camera.number}",
            camera=one.camera.id,
            from_ms=moment_ms - BEFORE_MS,
            to_ms=moment_ms + AFTER_MS,
            why=f"Alert #{alert.number}: {alert.event}"[:500],
            alert_id=alert.id,
        )
        for one in seeing[:MAX_CAMERAS]
    ]
