"""A clip through the whole product: recorded from a camera while the server is killed, taken away, and verified."""

import asyncio
import json
import sqlite3
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import av
import pytest
from aiohttp import ClientError, ClientSession

from streams.cameras.clip_encoder import make
from streams.cameras.clips import Clip, Recipe
from streams.cameras.simulated import SimulatedCamera, SimulatedCity
from tests.free_port import free_port
from tests.server import launcher
from tests.server.running import PASSWORD, Client
from tests.streams.filming import complaints

PATIENCE_S = 60.0


@pytest.fixture
async def clip(tmp_path: Path) -> Clip:
    recipe = Recipe(title="01  Main St", seed=1, width=320, height=180, length_s=2, key_every_s=1)
    return await asyncio.to_thread(lambda: Clip.open(make(recipe, tmp_path)))


@pytest.fixture
async def camera(clip: Clip) -> AsyncIterator[str]:
    async with SimulatedCity([SimulatedCamera("main", clip)]) as city:
        yield city.url("main")


def _configuration(folder: Path, port: int, camera: str) -> Path:
    file = folder / "sightline.toml"
    file.write_text(
        f"data_folder = {json.dumps(str(folder / 'data'))}\n[web]\nport = {port}\n"
        "[clips]\nkeep_free_gib = 0\n"
        f'[[camera]]\nid = "main"\nurl = "{camera}"\nalways_on = true\n'
        '[[person]]\nid = "operator"\nrole = "operator"\npassword_env = "E2E_PASSWORD"\n'
    )
    return file


async def _until(client: Client, path: str, is_so: Callable[[Any], bool]) -> Any:
    """What is there, once it is as wanted; the server may be away for a while."""
    seen: Any = None
    try:
        async with asyncio.timeout(PATIENCE_S):
            while True:
                with suppress(ClientError):
                    answer = await client.get(path)
                    seen = answer.json
                    if answer.status == 200 and is_so(seen):
                        return seen
                await asyncio.sleep(0.05)
    except TimeoutError:
        raise AssertionError(f"waited {PATIENCE_S:.0f} s in vain, the last was {seen}") from None


async def _until_remembered(client: Client, at_ms: int) -> None:
    """That the camera remembers what it has shown then."""
    async with asyncio.timeout(PATIENCE_S):
        to_ms = 0
        while to_ms < at_ms:
            answer = await client.request("HEAD", f"/api/cameras/main/past?from_ms={at_ms}&to_ms={at_ms + 1}")
            to_ms = int(answer.headers.get("Sightline-To-Ms", "0"))


async def _until_clip(client: Client, state: str) -> Any:
    return (await _until(client, "/api/clips/clip-1", lambda seen: seen["clip"]["state"] == state))["clip"]


def _let_lapse(database: Path) -> None:
    """As half a minute does."""
    with sqlite3.connect(database, timeout=10) as connection:
        connection.execute("UPDATE clips SET lease_ms = 1 WHERE lease_ms IS NOT NULL")
    connection.close()


def _samples(path: Path) -> list[bytes]:
    with av.open(path) as container:
        return [bytes(packet) for packet in container.demux(video=0) if packet.size]


async def test_a_clip_survives_the_kill_of_its_server_and_stands_for_itself(
    clip: Clip, camera: str, tmp_path: Path
) -> None:
    port = free_port()
    file = _configuration(tmp_path, port, camera)
    running = await asyncio.to_thread(
        launcher.Launcher.start, ["up", "--config", str(file)], environ={"E2E_PASSWORD": PASSWORD}
    )
    try:
        await asyncio.to_thread(running.says, "Sightline is ready")
        async with ClientSession() as http:
            operator = await Client(http, f"http://127.0.0.1:{port}").sign_in("operator")
            await _until(operator, "/api/cameras", lambda seen: seen["cameras"][0]["state"]["state"] == "live")
            live_ms = time.time_ns() // 1_000_000
            await _until_remembered(operator, live_ms + 1_000)
            order = {
                "id": "clip-1",
                "camera": "main",
                "from_ms": live_ms,
                "to_ms": live_ms + 7_500,
                "why": "Test",
            }
            assert (await operator.post("/api/clips", order)).status == 201
            await _until_clip(operator, "recording")
            await asyncio.to_thread(launcher.kill, (await asyncio.to_thread(running.children))["server"])
            await _until_clip(operator, "recording")
            await asyncio.to_thread(_let_lapse, tmp_path / "data" / "sightline.db")
            kept = await _until_clip(operator, "kept")
            files = []
            for part, name in (("video", "clip.mp4"), ("manifest", "clip.json")):
                async with http.get(f"{operator.address}/api/clips/clip-1/{part}", headers=operator.headers) as answer:
                    files.append(tmp_path / name)
                    files[-1].write_bytes(await answer.read())
            files.append(tmp_path / "key.json")
            files[-1].write_text((await operator.get("/api/clips/key")).text)
    finally:
        await asyncio.to_thread(running.end)
    assert kept["holes"] == []
    assert kept["pictures"] >= 7.4 * clip.fps
    assert await asyncio.to_thread(complaints, files[0]) == ""
    source = {clip[number] for number in range(len(clip))}
    samples = await asyncio.to_thread(_samples, files[0])
    assert len(samples) == kept["pictures"]
    assert set(samples) <= source, "the pictures are those of the camera, byte for byte"
    command = [sys.executable, "-m", "server", "verify", str(files[0]), str(files[1]), "--key", str(files[2])]
    verdict = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, timeout=60, check=False)
    assert (verdict.returncode, verdict.stdout.splitlines()[0]) == (0, "HOLDS.")
    assert "camera 1, main (main)" in verdict.stdout
