from dataclasses import replace
from typing import Any

import pytest

from server.core.alerts import AlertRecord, AlertState
from server.core.camera_states import CameraState
from server.core.clip_wishes import moment_of, of_alert
from server.core.clips import ClipOrder
from streams.config import CameraConfig
from streams.geo import Point
from tests.server.samples import NOW_MS, an_alert

HERE = Point(41.76, -72.67)
CAMERAS = tuple(
    CameraConfig(
        f"camera-{number}", number, f"Camera {number}", "rtsp://127.0.0.1/", lat=41.76 + number / 10_000, lon=-72.67
    )
    for number in range(1, 8)
)
STATES = {camera.id: CameraState("idle", NOW_MS) for camera in CAMERAS}


def alert(**changes: Any) -> AlertRecord:
    record = AlertRecord.of(an_alert(), alert_id="alert-1", number=17, source="gunshot", priority=1, received_ms=NOW_MS)
    return replace(record, **changes)


def wishes(record: AlertRecord, now_ms: int = NOW_MS, states: Any = STATES) -> list[ClipOrder]:
    return of_alert(record, CAMERAS, states, now_ms)


def test_half_a_minute_before_and_a_minute_after_of_the_best_four_cameras() -> None:
    wanted = wishes(alert())
    assert [one.camera for one in wanted] == ["camera-1", "camera-2", "camera-3", "camera-4"]
    assert {(one.from_ms, one.to_ms, one.alert_id) for one in wanted} == {(NOW_MS - 30_000, NOW_MS + 60_000, "alert-1")}
    assert wanted[0].id == "alert-1:1"
    assert wanted[0].why == "Alert #17: Multiple gunshots"


def test_every_server_means_the_same_clips() -> None:
    assert wishes(alert()) == wishes(alert(), NOW_MS + 900)


@pytest.mark.parametrize(
    ("onset_ms", "moment_ms"),
    [
        (None, NOW_MS),
        (NOW_MS - 8_000, NOW_MS - 8_000),
        (NOW_MS - 60_001, NOW_MS),
        (NOW_MS + 1, NOW_MS),
    ],
)
def test_it_goes_by_when_it_happened_as_long_as_that_can_be_seen(onset_ms: int | None, moment_ms: int) -> None:
    assert moment_of(alert(onset_ms=onset_ms)) == moment_ms


@pytest.mark.parametrize(
    ("changes", "is_wanted"),
    [
        ({"priority": 2}, True),
        ({"priority": 3}, False),
        ({"status": "Exercise"}, True),
        ({"status": "Test"}, False),
        ({"status": "System"}, False),
        ({"status": "Draft"}, False),
        ({"point": None}, False),
        ({"group_id": "alert-0"}, False),
        ({"state": AlertState.CANCELLED}, False),
        ({"state": AlertState.ACKNOWLEDGED}, True),
        ({"received_ms": NOW_MS - 60_000}, True),
        ({"received_ms": NOW_MS - 60_001}, False),
    ],
)
def test_not_every_alert_wants_clips(changes: dict[str, Any], is_wanted: bool) -> None:
    assert bool(wishes(alert(**changes))) == is_wanted


def test_cameras_that_do_not_work_or_look_elsewhere_are_not_asked() -> None:
    states = {**STATES, "camera-1": CameraState("down", NOW_MS), "camera-2": CameraState("live", NOW_MS)}
    away = (replace(CAMERAS[2], heading_deg=0.0, fov_deg=60), replace(CAMERAS[3], heading_deg=180.0, fov_deg=60))
    found = of_alert(alert(), [*CAMERAS[:2], *away], states, NOW_MS)
    # North of the place: who looks south sees it.
    assert {one.camera for one in found} == {"camera-2", "camera-4"}


def test_without_a_view_there_is_nothing_to_keep() -> None:
    assert wishes(alert(point=Point(10, 10))) == []
    assert of_alert(alert(), [], {}, NOW_MS) == []
