"""Metrics: how the cameras are, in Prometheus' text format 0.0.4."""

from collections import Counter
from collections.abc import Callable, Mapping

from server.core.camera_figures import CameraFigures
from server.core.camera_states import STATES, CameraState
from server.core.nearest import Fault
from server.core.picture_checks import Check, Outcome

CONTENT_TYPE = "text/plain"
VERSION = "0.0.4"

_GAUGES: Mapping[str, tuple[str, Callable[[CameraFigures], float]]] = {
    "fps": ("Pictures per second.", lambda figures: figures.fps),
    "bits_per_second": ("Bits of pictures per second.", lambda figures: figures.bitrate_bps),
    "gop_pictures": ("Pictures from key frame to key frame, 0 when not known.", lambda figures: figures.gop_pictures),
    "losses": ("How often it was lost since it was last wanted.", lambda figures: figures.losses),
}


_UP: Mapping[str, int] = {"live": 1, "stalled": 0, "down": 0, "unknown": 0}
"""Of a camera that nobody asks for pictures nothing is known."""


def exposition(
    states: Mapping[str, CameraState],
    figures: Mapping[str, CameraFigures],
    checks: Mapping[str, Check],
    *,
    tasks: int,
    now_ms: int,
) -> str:
    """The whole page. Cameras without figures have no samples but in the counts, and whether they are up.

    Args:
        checks: the last check of each camera that was checked.
        tasks: of the event loop of this process.
        figures: by camera; ids are letters, digits and ``._-``, which need no escaping in a label.
    """
    counted = Counter(state.state for state in states.values())
    lines = _head("sightline_cameras", "Cameras by state.")
    lines += (f'sightline_cameras{{state="{state}"}} {counted[state]}' for state in STATES)
    lines += [*_head("sightline_tasks", "Tasks of this server process."), f"sightline_tasks {tasks}"]
    for name, (words, value) in _GAUGES.items():
        lines += _head(f"sightline_camera_{name}", words)
        lines += (f'sightline_camera_{name}{{camera="{camera}"}} {value(one)}' for camera, one in figures.items())
    lines += _head("sightline_camera_picture_age_seconds", "Since the last picture came, up to 2 s too high.")
    for camera, one in figures.items():
        if one.picture_ms is not None:
            age_s = max(0, now_ms - one.picture_ms) / 1000
            lines.append(f'sightline_camera_picture_age_seconds{{camera="{camera}"}} {age_s:.3f}')
    lines += _head("sightline_camera_up", "1 while it gives pictures, 0 while it should; none while nobody asks.")
    lines += (
        f'sightline_camera_up{{camera="{camera}"}} {_UP[state.state]}'
        for camera, state in states.items()
        if state.state in _UP
    )
    return "\n".join([*lines, *_of_checks(checks, now_ms)]) + "\n"


def _of_checks(checks: Mapping[str, Check], now_ms: int) -> list[str]:
    outcomes = Counter(check.outcome for check in checks.values())
    lines = _head("sightline_picture_checks", "Cameras by what the last check of their picture came to.")
    lines += (f'sightline_picture_checks{{outcome="{outcome}"}} {outcomes[outcome]}' for outcome in Outcome)
    lines += _head("sightline_camera_fault", "1 when the last check of its picture has found this.")
    for camera, check in checks.items():
        found = {finding.fault for finding in check.findings}
        if check.outcome is Outcome.UNANSWERED:
            found.add(Fault.SILENT)
        lines += (f'sightline_camera_fault{{camera="{camera}",fault="{fault}"}} 1' for fault in sorted(found))
    lines += _head("sightline_camera_check_age_seconds", "Since its picture was checked last.")
    for camera, check in checks.items():
        age_s = max(0, now_ms - check.at_ms) / 1000
        lines.append(f'sightline_camera_check_age_seconds{{camera="{camera}"}} {age_s:.3f}')
    return lines


def _head(name: str, words: str) -> list[str]:
    return [f"# HELP {name} {words}", f"# TYPE {name} gauge"]
