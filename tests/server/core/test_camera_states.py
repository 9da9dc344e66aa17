from typing import Any

import pytest

from server.core.camera_figures import CameraFigures
from server.core.camera_states import CameraState, CameraStates
from server.core.renditions import Refusal
from streams.rendition import Rendition


def said(**cameras: str) -> dict[str, Any]:
    states = {name: {"number": 1, "state": state, "since_ms": 5, "reason": ""} for name, state in cameras.items()}
    return {"streams": "s", "full": True, "at_ms": 10, "cameras": states}


def test_a_camera_is_unknown_until_its_reader_is_heard_of() -> None:
    states = CameraStates(["main"], now_ms=1000)
    assert states["main"].state == "unknown"
    assert states.heard(said(main="live"), now=1) == {"main": CameraState("live", 5)}
    assert states["main"] == CameraState("live", 5)


def test_only_changes_are_told() -> None:
    states = CameraStates(["main", "park"], now_ms=1000)
    states.heard(said(main="live", park="live"), now=1)
    assert states.heard(said(main="live", park="down"), now=2) == {"park": CameraState("down", 5)}


def test_a_camera_is_unknown_when_its_reader_falls_silent() -> None:
    states = CameraStates(["main", "park"], now_ms=1000)
    states.heard(said(main="live", park="live"), now=1)
    states.heard(said(park="live"), now=5)
    assert states.silent(7.0, now_ms=7000) == {}
    gone = states.silent(7.1, now_ms=7100)
    assert list(gone) == ["main"]
    assert gone["main"].state == "unknown"
    assert gone["main"].since_ms == 7100
    assert states.silent(8, now_ms=8000) == {}, "said once"


def test_cameras_and_states_that_this_server_does_not_know_are_left_out() -> None:
    states = CameraStates(["main"], now_ms=1000)
    assert states.heard(said(other="live", main="dancing"), now=1) == {}
    assert list(states.all()) == ["main"]


@pytest.mark.parametrize(
    "message",
    [
        {},
        {"cameras": []},
        {"cameras": {"main": {}}},
        {"cameras": {"main": None}},
        {"cameras": {"main": {"state": "live", "since_ms": 1, "reason": "", "losses": float("inf")}}},
    ],
)
def test_garbage_raises_what_a_listener_catches(message: dict[str, Any]) -> None:
    with pytest.raises((KeyError, TypeError, ValueError, OverflowError, AttributeError)):
        CameraStates(["main"], now_ms=0).heard(message, now=1)


def test_figures_are_those_that_were_heard_last_and_go_with_the_reader() -> None:
    states = CameraStates(["main"], now_ms=1000)
    assert states.figures("main") is None
    message = said(main="live")
    message["cameras"]["main"] |= {"fps": 24.9, "bitrate_bps": 2_000_000, "gop_pictures": 50, "picture_ms": 900}
    states.heard(message, now=1)
    assert states.figures("main") == CameraFigures(24.9, 2_000_000, 50, 0, 900)
    message["cameras"]["main"]["fps"] = 25
    assert states.heard(message, now=2) == {}, "no other state"
    assert states.figures("main") == CameraFigures(25, 2_000_000, 50, 0, 900)
    states.silent(8.1, now_ms=8100)
    assert states.figures("main") is None


def test_a_reader_that_was_not_understood_can_fall_silent_too() -> None:
    states = CameraStates(["main"], now_ms=1000)
    with pytest.raises(ValueError, match="fps"):
        states.heard({"cameras": {"main": {"state": "live", "since_ms": 1, "reason": "", "fps": "fps"}}}, now=1)
    assert list(states.silent(8, now_ms=8000)) == ["main"]


def test_what_can_not_be_encoded_is_what_was_heard_last_and_goes_with_the_reader() -> None:
    states = CameraStates(["main"], now_ms=1000)
    message = said(main="live")
    message["cameras"]["main"] |= {"refused": ["480p"], "refusal": "All encoders are in use."}
    states.heard(message, now=1)
    assert states.refusal("main") == Refusal(frozenset({Rendition.P480}), "All encoders are in use.")
    states.silent(8, now_ms=8000)
    assert states.refusal("main") == Refusal()
    states.heard(message, now=9)
    states.heard(said(main="live"), now=10)
    assert states.refusal("main") == Refusal()
