from typing import Any

import pytest

from server.core.camera_states import CameraState, CameraStates


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


@pytest.mark.parametrize("message", [{}, {"cameras": []}, {"cameras": {"main": {}}}, {"cameras": {"main": None}}])
def test_garbage_raises_what_a_listener_catches(message: dict[str, Any]) -> None:
    with pytest.raises((KeyError, TypeError, ValueError, AttributeError)):
        CameraStates(["main"], now_ms=0).heard(message, now=1)
