import asyncio
import json
from collections.abc import Mapping
from typing import Any

import pytest

from server.core.camera_states import CameraState
from server.lanes.cameras import CameraBoard
from tests.server.running import CAMERAS
from tests.server.samples import NOW_MS


class Told:
    def __init__(self) -> None:
        self.changes: list[Mapping[str, CameraState]] = []
        self.board = CameraBoard(CAMERAS, now_ms=lambda: NOW_MS)
        self.board.listeners.append(self.changes.append)


def states(state: str) -> bytes:
    camera: dict[str, Any] = {"number": 4, "state": state, "since_ms": 1, "reason": ""}
    return json.dumps({"streams": "s", "full": True, "at_ms": 1, "cameras": {"main-4th": camera}}).encode()


async def test_listeners_are_told_what_has_changed() -> None:
    told = Told()
    for state in ("live", "live", "down"):
        told.board.on_states(states(state))
    assert told.changes == [{"main-4th": CameraState("live", 1)}, {"main-4th": CameraState("down", 1)}]
    assert told.board.state_of("main-4th").state == "down"
    assert told.board.state_of("harbor").state == "unknown"


@pytest.mark.parametrize("garbage", [b"", b"\xff", b"[]", b'{"cameras": 3}', b'{"cameras": {"main-4th": {}}}'])
async def test_a_message_that_is_not_understood_changes_nothing(garbage: bytes) -> None:
    told = Told()
    told.board.on_states(garbage)
    assert told.changes == []


async def test_each_process_speaks_of_its_own_cameras_and_the_last_word_counts() -> None:
    told = Told()
    told.board.on_states(states("live"))
    told.board.on_states(states("idle").replace(b"main-4th", b"harbor").replace(b'"s"', b'"another"'))
    assert told.board.state_of("main-4th").state == "live"
    assert told.board.state_of("harbor").state == "idle"
    told.board.on_states(states("starting").replace(b'"s"', b'"another"'))
    assert told.board.state_of("main-4th").state == "starting"


async def test_a_reader_that_falls_silent_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.lanes.cameras.SWEEP_S", 0.01)
    monkeypatch.setattr("server.core.camera_states.SILENT_AFTER_S", 0.05)
    told = Told()
    told.board.on_states(states("live"))
    sweeping = asyncio.create_task(told.board.run())
    async with asyncio.timeout(5):
        while len(told.changes) < 2:  # noqa: ASYNC110 - it has no event
            await asyncio.sleep(0.005)
    sweeping.cancel()
    assert told.changes[1]["main-4th"].state == "unknown"
