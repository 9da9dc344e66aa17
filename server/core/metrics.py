"""Metrics: how the cameras are, in Prometheus' text format 0.0.4."""

from collections import Counter
from collections.abc import Callable, Mapping

from server.core.camera_figures import CameraFigures
from server.core.camera_states import STATES, CameraState

CONTENT_TYPE = "text/plain"
VERSION = "0.0.4"

_GAUGES: Mapping[str, tuple[str, Callable[[CameraFigures], float]]] = {
    "fps": ("Pictures per second.", lambda figures: figures.fps),
    "bits_per_second": ("Bits of pictures per second.", lambda figures: figures.bitrate_bps),
    "gop_pictures": ("Pictures from key frame to key frame, 0 when not known.", lambda figures: figures.gop_pictures),
    "losses": ("How often it was lost since it was last wanted.", lambda figures: figures.losses),
}


def exposition(
    states: Mapping[str, CameraState], figures: Mapping[str, CameraFigures], *, tasks: int, now_ms: int
) -> str:
    """The whole page. Cameras without figures have no samples but in the count of states.

    Args:
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
    return "\n".join(lines) + "\n"


def _head(name: str, words: str) -> list[str]:
    return [f"# HELP {name} {words}", f"# TYPE {name} gauge"]
