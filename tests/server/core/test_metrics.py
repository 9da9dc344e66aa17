from server.core.camera_figures import CameraFigures
from server.core.camera_states import CameraState
from server.core.metrics import exposition
from server.core.nearest import Fault
from server.core.picture_checks import Check, Finding, Outcome


def test_cameras_are_counted_by_state_and_measured_one_by_one() -> None:
    states = {"main-4th": CameraState("live", 1), "park": CameraState("unknown", 1), "gate": CameraState("live", 1)}
    figures = {"main-4th": CameraFigures(24.9, 2_123_456, 50, 1, 1000), "gate": CameraFigures()}
    checks = {
        "main-4th": Check(
            "main-4th", 250, "", Outcome.FAULTY, (Finding(Fault.FROZEN, "Frozen."), Finding(Fault.BLURRED, "Blurred."))
        ),
        "park": Check("park", 1000, "", Outcome.UNANSWERED, note="It gave no picture."),
    }
    assert (
        exposition(states, figures, checks, tasks=17, now_ms=1250)
        == """\
# HELP sightline_cameras Cameras by state.
# TYPE sightline_cameras gauge
sightline_cameras{state="idle"} 0
sightline_cameras{state="starting"} 0
sightline_cameras{state="live"} 2
sightline_cameras{state="stalled"} 0
sightline_cameras{state="down"} 0
sightline_cameras{state="unknown"} 1
# HELP sightline_tasks Tasks of this server process.
# TYPE sightline_tasks gauge
sightline_tasks 17
# HELP sightline_camera_fps Pictures per second.
# TYPE sightline_camera_fps gauge
sightline_camera_fps{camera="main-4th"} 24.9
sightline_camera_fps{camera="gate"} 0.0
# HELP sightline_camera_bits_per_second Bits of pictures per second.
# TYPE sightline_camera_bits_per_second gauge
sightline_camera_bits_per_second{camera="main-4th"} 2123456
sightline_camera_bits_per_second{camera="gate"} 0
# HELP sightline_camera_gop_pictures Pictures from key frame to key frame, 0 when not known.
# TYPE sightline_camera_gop_pictures gauge
sightline_camera_gop_pictures{camera="main-4th"} 50
sightline_camera_gop_pictures{camera="gate"} 0
# HELP sightline_camera_losses How often it was lost since it was last wanted.
# TYPE sightline_camera_losses gauge
sightline_camera_losses{camera="main-4th"} 1
sightline_camera_losses{camera="gate"} 0
# HELP sightline_camera_picture_age_seconds Since the last picture came, up to 2 s too high.
# TYPE sightline_camera_picture_age_seconds gauge
sightline_camera_picture_age_seconds{camera="main-4th"} 0.250
# HELP sightline_camera_up 1 while it gives pictures, 0 while it should; none while nobody asks.
# TYPE sightline_camera_up gauge
sightline_camera_up{camera="main-4th"} 1
sightline_camera_up{camera="park"} 0
sightline_camera_up{camera="gate"} 1
# HELP sightline_picture_checks Cameras by what the last check of their picture came to.
# TYPE sightline_picture_checks gauge
sightline_picture_checks{outcome="good"} 0
sightline_picture_checks{outcome="faulty"} 1
sightline_picture_checks{outcome="unsure"} 0
sightline_picture_checks{outcome="unanswered"} 1
# HELP sightline_camera_fault 1 when the last check of its picture has found this.
# TYPE sightline_camera_fault gauge
sightline_camera_fault{camera="main-4th",fault="blurred"} 1
sightline_camera_fault{camera="main-4th",fault="frozen"} 1
sightline_camera_fault{camera="park",fault="silent"} 1
# HELP sightline_camera_check_age_seconds Since its picture was checked last.
# TYPE sightline_camera_check_age_seconds gauge
sightline_camera_check_age_seconds{camera="main-4th"} 1.000
sightline_camera_check_age_seconds{camera="park"} 0.250
"""
    )
