"""The whole product while its processes are killed: nothing accepted is lost, nothing comes twice, pictures return."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from clients.cli import address
from clients.cli.client import Client
from clients.cli.errors import ClientError
from clients.cli.events import Entry, Events, Snapshot
from clients.cli.fragment import Fragment
from clients.cli.video import Watch
from streams.cameras.clip_encoder import make
from streams.cameras.clips import Clip, Recipe
from streams.cameras.simulated import SimulatedCamera, SimulatedCity
from tests.free_port import free_port
from tests.server import launcher

PATIENCE_S = 45.0


@dataclass
class History:
    """What was accepted, and what a listener saw."""

    accepted: list[str] = field(default_factory=list)
    seen: list[str] = field(default_factory=list)
    positions: list[int] = field(default_factory=list)
    newest_picture_ms: float = 0.0


@pytest.fixture
async def camera(tmp_path: Path) -> AsyncIterator[str]:
    recipe = Recipe(title="01  Main St", seed=1, width=320, height=180, length_s=2, key_every_s=1)
    clip = await asyncio.to_thread(lambda: Clip.open(make(recipe, tmp_path)))
    async with SimulatedCity([SimulatedCamera("main", clip)]) as city:
        yield city.url("main")


def _configuration(folder: Path, port: int, camera: str) -> Path:
    file = folder / "sightline.toml"
    file.write_text(
        f"data_folder = {json.dumps(str(folder / 'data'))}\n[web]\nport = {port}\n"
        f'[[camera]]\nid = "main"\nurl = "{camera}"\n'
        '[[person]]\nid = "operator"\nrole = "operator"\npassword_env = "E2E_PASSWORD"\n'
    )
    return file


async def _eventually(condition: Callable[[], object], what: str) -> None:
    try:
        async with asyncio.timeout(PATIENCE_S):
            while not condition():  # noqa: ASYNC110 - what it waits for happens in other processes
                await asyncio.sleep(0.02)
    except TimeoutError:
        raise AssertionError(f"waited {PATIENCE_S:.0f} s in vain for {what}") from None


async def _raise_alerts(client: Client, history: History) -> None:
    number = 0
    while True:
        number += 1
        identifier = f"e2e-{number}"
        # A sender repeats an alert until it is accepted: the answer may have been lost with the server.
        while identifier not in history.accepted:
            with suppress(ClientError):
                await client.raise_alert({"identifier": identifier, "event": "Shots"})
                history.accepted.append(identifier)
        await asyncio.sleep(0.02)


async def _listen(client: Client, history: History) -> None:
    async with Events(client) as events:
        async for event in events:
            if isinstance(event, Snapshot):
                # Once, at the beginning: after a kill it resumes.
                history.seen.extend(alert["source_id"] for alert in event.alerts)
            if isinstance(event, Entry) and event.kind == "alert":
                history.seen.append(event.content["source_id"])
                history.positions.append(event.position)


async def _watch(client: Client, history: History) -> None:
    async with Watch(client, "main", purpose="end-to-end test") as watch:
        async for seen in watch:
            if isinstance(seen, Fragment) and seen.kind == 1:
                history.newest_picture_ms = seen.captured_ms


async def test_alerts_and_pictures_survive_the_kill_of_every_process(camera: str, tmp_path: Path) -> None:
    port = free_port()
    file = _configuration(tmp_path, port, camera)
    running = await asyncio.to_thread(
        launcher.Launcher.start, ["up", "--config", str(file)], environ={"E2E_PASSWORD": "end-to-end"}
    )
    history = History()
    try:
        await asyncio.to_thread(running.says, "Sightline is ready")
        async with Client(address.parse(f"http://127.0.0.1:{port}")) as client:
            await client.sign_in("operator", "end-to-end")
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(work(client, history)) for work in (_listen, _watch, _raise_alerts)]
                await _eventually(lambda: history.newest_picture_ms and history.seen, "the first picture and alert")
                for victim in ("valkey", "streams", "server", "valkey", "server"):
                    await _kill(running, victim)
                    killed_ms, accepted = time.time() * 1000, len(history.accepted)
                    await _eventually(
                        lambda ms=killed_ms: history.newest_picture_ms > ms + 500,  # type: ignore[misc]
                        f"pictures after {victim} was killed",
                    )
                    await _eventually(
                        lambda n=accepted: len(history.accepted) > n + 2,  # type: ignore[misc]
                        f"alerts to be accepted after {victim} was killed",
                    )
                tasks[2].cancel()
                await _eventually(lambda: set(history.accepted) <= set(history.seen), "the last alerts")
                for task in tasks:
                    task.cancel()
    finally:
        await asyncio.to_thread(running.end)
    assert len(history.seen) == len(set(history.seen)), "an alert came twice"
    assert history.positions == sorted(set(history.positions)), "entries came out of order"


async def _kill(running: launcher.Launcher, victim: str) -> None:
    pids = await asyncio.to_thread(running.children)
    await asyncio.to_thread(launcher.kill, pids[victim])
