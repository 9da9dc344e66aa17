"""The intake process as others see it: its ready line, its exit, its manners."""

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from streams.valkey import EmbeddedValkey
from tests.fakes.watching_server import WatchingServer
from tests.streams.until import until, until_ended

ROOT = Path(__file__).resolve().parents[2]
CONFIG = """
data_folder = "data"
[[camera]]
id = "main-4th"
url = "rtsp://127.0.0.1:9/nobody-listens"
"""


@asynccontextmanager
async def _intake(folder: Path, *options: str, config: str = CONFIG, bus: str = "") -> AsyncIterator[Process]:
    file = folder / "sightline.toml"
    await asyncio.to_thread(file.write_text, config)
    environ = {key: value for key, value in os.environ.items() if not key.startswith("SIGHTLINE_")}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "streams", "--config", str(file), *options),
        stdout=PIPE,
        stderr=PIPE,
        cwd=ROOT,
        env=environ | ({"SIGHTLINE_BUS_URL": bus} if bus else {}),
    )
    try:
        async with asyncio.timeout(30):
            yield process
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.communicate()


async def _ready_line(process: Process) -> object:
    assert process.stdout is not None
    return json.loads(await process.stdout.readline())


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
async def test_it_says_when_it_is_ready_and_stops_in_order(tmp_path: Path, number: signal.Signals) -> None:
    async with _intake(tmp_path) as process:
        assert await _ready_line(process) == {"ready": "streams", "cameras": 1}
        process.send_signal(number)
        out, err = await process.communicate()
        assert (process.returncode, out) == (0, b"")
        assert b"stopped: 0 fragments published, 0 dropped" in err
        assert b"Traceback" not in err
        assert not await asyncio.to_thread((tmp_path / "data" / "valkey.sock").exists)


async def test_a_wanted_camera_that_can_not_be_reached_is_told_on_the_bus(
    tmp_path: Path, valkey: EmbeddedValkey
) -> None:
    async with WatchingServer(valkey.url).running() as server, _intake(tmp_path, bus=valkey.url) as process:
        await _ready_line(process)
        await server.want(1)
        await until(lambda: server.state("main-4th").get("state") == "down")
        assert server.state("main-4th")["code"] == "source.unreachable"
        process.terminate()
        assert await process.wait() == 0
        await until(lambda: server.state("main-4th")["state"] == "unknown")


async def test_it_ends_in_order_with_the_process_it_was_told_of(tmp_path: Path, valkey: EmbeddedValkey) -> None:
    code = (
        "import os, subprocess, sys, time\n"
        "argv = [sys.executable, '-m', 'streams', '--with-parent', str(os.getpid()), *sys.argv[1:]]\n"
        "process = subprocess.Popen(argv, stdout=subprocess.PIPE)\n"
        "process.stdout.readline()\n"
        "print(process.pid, flush=True)\n"
        "time.sleep(600)\n"
    )
    file = tmp_path / "sightline.toml"
    await asyncio.to_thread(file.write_text, CONFIG)
    async with WatchingServer(valkey.url).running() as server:
        parent = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", code, "--config", str(file)),
            stdout=PIPE,
            cwd=ROOT,
            env=os.environ | {"SIGHTLINE_BUS_URL": valkey.url},
        )
        try:
            assert parent.stdout is not None
            async with asyncio.timeout(30):
                pid = int(await parent.stdout.readline())
            await until(lambda: server.state("main-4th").get("state") == "idle")
        finally:
            parent.kill()
            await parent.wait()
        await until_ended(pid)
        await until(lambda: server.state("main-4th")["state"] == "unknown")


async def test_it_waits_for_a_bus_that_is_not_there_yet(tmp_path: Path) -> None:
    folder = tmp_path / "bus"
    async with _intake(tmp_path, bus=f"unix://{folder}/valkey.sock") as process:
        assert process.stderr is not None
        assert b"bus unavailable" in await process.stderr.readline()
        async with EmbeddedValkey(folder):
            assert await _ready_line(process) == {"ready": "streams", "cameras": 1}


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ("[[camera]]\nid = 'a'\nurl = 'gopher://h'", b"expected an address that begins with rtsp://"),
        ("[bus]\nurl = 'redis://h/name'", b"sightline: bus.url: not an address"),
    ],
)
async def test_a_wrong_configuration_is_told_in_a_line(tmp_path: Path, config: str, words: bytes) -> None:
    async with _intake(tmp_path, config=config) as process:
        _, err = await process.communicate()
        assert process.returncode == 1
        assert words in err
        assert b"Traceback" not in err


async def test_a_second_one_with_the_same_data_folder_is_refused(tmp_path: Path) -> None:
    async with _intake(tmp_path) as first:
        await _ready_line(first)
        async with _intake(tmp_path) as second:
            _, err = await second.communicate()
            assert second.returncode == 1
            assert b"already runs a Valkey server" in err
        assert first.returncode is None
