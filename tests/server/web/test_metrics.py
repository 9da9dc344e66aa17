import json
from pathlib import Path

import pytest

from server.config import WebConfig
from streams.valkey import EmbeddedValkey
from tests.server.running import Client, Running, a_config, running

TOKEN = "a-token-for-the-monitoring-system"


async def test_without_a_configured_token_there_is_no_such_door(server: Running, operator: Client) -> None:
    assert (await server.client().get("/metrics")).status == 404
    assert (await operator.get("/metrics")).status == 404
    empty = {"Authorization": "Bearer "}
    assert (await server.client().get("/metrics", headers=empty)).status == 404


async def test_who_shows_the_token_gets_the_figures(tmp_path: Path, valkey: EmbeddedValkey) -> None:
    async with running(a_config(tmp_path, valkey.url, web=WebConfig(port=0, metrics_token=TOKEN))) as server:
        said = {"cameras": {"main-4th": {"state": "live", "since_ms": 1, "reason": "", "fps": 25}}}
        server.services.board.on_states(json.dumps(said).encode())
        answer = await server.client().get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
        assert answer.status == 200
        assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
        assert 'sightline_cameras{state="live"} 1\n' in answer.text
        assert 'sightline_camera_fps{camera="main-4th"} 25.0\n' in answer.text


@pytest.mark.parametrize("shown", ["", "Bearer", "Bearer ", f"Bearer {TOKEN}x", f"Basic {TOKEN}", TOKEN, "Bearer \xe9"])
async def test_who_shows_something_else_does_not(tmp_path: Path, valkey: EmbeddedValkey, shown: str) -> None:
    async with running(a_config(tmp_path, valkey.url, web=WebConfig(port=0, metrics_token=TOKEN))) as server:
        answer = await server.client().get("/metrics", headers={"Authorization": shown} if shown else {})
        assert (answer.status, answer.code) == (401, "auth.required")
        operator = await server.signed_in("operator")
        assert (await operator.get("/metrics")).status == 401
