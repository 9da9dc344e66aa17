"""What the soak would find."""

import time

from tests.soak.sample import Sample
from tests.soak.truth import Truth
from tests.soak.viewer import Viewer


class _Believer(Viewer):
    """Shows everything as live."""

    @property
    def is_there(self) -> bool:
        return True

    @property
    def shows_live(self) -> bool:
        return True


def test_a_silent_camera_that_is_shown_as_live_is_found() -> None:
    truth, viewers = Truth(), [_Believer("", camera, 0) for camera in (3, 4)]
    truth.obeyed("stall", 3, time.monotonic() - 5)
    truth.obeyed("kill", 4, time.monotonic() - 1)
    assert truth.lies(viewers) == ["camera-3 has been silent for 5.0 s and is shown as live"]
    truth.obeyed("resume", 3, time.monotonic())
    assert truth.lies(viewers) == []


def test_what_has_grown_is_found() -> None:
    before = Sample(memory_bytes=100_000_000, processes=4, descriptors=80, threads=9, tasks=300)
    assert Sample(101_000_000, 4, 80, 9, 290).grown_since(before) == []
    assert Sample(102_000_000, 5, 80, 9, 301).grown_since(before) == [
        "memory has grown by 2.0%, to 97.3 MiB",
        "5 processes, there were 4",
        "301 tasks, there were 300",
    ]
