"""Two servers on one port and two streams processes, killed in turn: who watches sees every camera again."""

import asyncio
import json
import logging
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from clients.cli import address
from clients.cli.client import Client
from clients.cli.fragment import Fragment
from clients.cli.video import Watch
from streams.cameras.clip_encoder import make
from streams.cameras.clips import Clip, Recipe
from streams.cameras.simulated import SimulatedCamera, SimulatedCity
from tests.free_port import free_port
from tests.server import launcher

CAMERAS = [f"camera-{number}" for number in range(1, 5)]
PATIENCE_S = 45.0

logger = logging.getLogger(__name__)


@pytest.fixture
async def file(tmp_path: Path) -> AsyncIterator[Path]:
    recipe = Recipe(title="01  Main St", seed=1, width=320, height=180, length_s=2, key_every_s=1)
    clip = await asyncio.to_thread(lambda: Clip.open(make(recipe, tmp_path)))
    async with SimulatedCity([SimulatedCamera(camera, clip) for camera in CAMERAS]) as city:
        cameras = "".join(f'[[camera]]\nid = "{camera}"\nurl = "{city.url(camera)}"\n' for camera in CAMERAS)
        file = tmp_path / "sightline.toml"
        file.write_text(
            f"data_folder = {json.dumps(str(tmp_path / 'data'))}\n"
            f"[web]\nport = {free_port()}\nprocesses = 2\n[streams]\nprocesses = 2\n{cameras}"
            '[[person]]\nid = "operator"\nrole = "operator"\npassword_env = "E2E_PASSWORD"\n'
        )
        yield file


async def test_whichever_process_is_killed_every_camera_is_seen_again(file: Path) -> None:
    newest_ms: dict[str, float] = {}

    async def watch(client: Client, camera: str) -> None:
        async with Watch(client, camera, purpose="end-to-end test") as watch:
            async for seen in watch:
                if isinstance(seen, Fragment) and seen.kind == 1:
                    newest_ms[camera] = seen.captured_ms

    running = await asyncio.to_thread(
        launcher.Launcher.start, ["up", "--config", str(file)], environ={"E2E_PASSWORD": "end-to-end"}
    )
    try:
        await asyncio.to_thread(running.says, "Sightline is ready")
        origin = running.text.partition("Sightline is ready: ")[2].split()[0]
        async with Client(address.parse(origin)) as client, asyncio.TaskGroup() as group:
            await client.sign_in("operator", "end-to-end")
            tasks = [group.create_task(watch(client, camera)) for camera in CAMERAS]
            await _eventually(lambda: len(newest_ms) == len(CAMERAS), "the first pictures")
            for words in ("streams --config", "server server"):
                for victim in await asyncio.to_thread(_pids, running, words):
                    await asyncio.to_thread(launcher.kill, victim)
                    killed_ms = time.time() * 1000
                    await _eventually(
                        lambda ms=killed_ms: all(newest > ms + 500 for newest in newest_ms.values()),  # type: ignore[misc]
                        f"pictures of all cameras after one of {words!r} was killed",
                    )
                    logger.info("all cameras back after %.1f s", time.time() - killed_ms / 1000)
            for task in tasks:
                task.cancel()
    finally:
        await asyncio.to_thread(running.end)


def _pids(running: launcher.Launcher, words: str) -> list[int]:
    return [pid for pid, parent, args in launcher.processes() if parent == running.process.pid and words in args]


async def _eventually(condition: Callable[[], object], what: str) -> None:
    try:
        async with asyncio.timeout(PATIENCE_S):
            while not condition():  # noqa: ASYNC110 - what it waits for happens in other processes
                await asyncio.sleep(0.02)
    except TimeoutError:
        raise AssertionError(f"waited {PATIENCE_S:.0f} s in vain for {what}") from None
