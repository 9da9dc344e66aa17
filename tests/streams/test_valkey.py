"""The embedded server: it answers, comes back, dies with us."""

import asyncio
import os
import signal
import sys
import tempfile
from asyncio.subprocess import PIPE
from pathlib import Path

import pytest

from streams import valkey as valkey_module
from streams.bus.connection import Connection
from streams.errors import BusError
from streams.valkey import EmbeddedValkey
from tests.streams.until import until, until_ended

ROOT = Path(__file__).resolve().parents[2]
PARENT = """
import asyncio, sys
from pathlib import Path
from streams.valkey import EmbeddedValkey
async def main():
    async with EmbeddedValkey(Path(sys.argv[1])) as valkey:
        print(valkey.pid, flush=True)
        await asyncio.Event().wait()
asyncio.run(main())
"""


async def _ping(url: str) -> None:
    connection = Connection(url, name="test")
    await connection.connect()
    connection.close()


async def _until_it_answers(url: str) -> None:
    async with asyncio.timeout(20):
        while True:
            try:
                await _ping(url)
            except BusError:
                await asyncio.sleep(0.01)
            else:
                return


async def test_it_answers_on_a_private_socket_and_leaves_nothing_running(tmp_path: Path) -> None:
    async with EmbeddedValkey(tmp_path / "not" / "yet") as server:
        await _ping(server.url)
        pid = server.pid
        path = Path(server.url.removeprefix("unix://"))
        mode = (await asyncio.to_thread(path.stat)).st_mode
        assert mode & 0o077 == 0
    assert pid is not None
    await until_ended(pid, timeout_s=1)
    assert not await asyncio.to_thread(path.exists)


async def test_it_is_stopped_when_it_is_left_at_once(tmp_path: Path) -> None:
    async with EmbeddedValkey(tmp_path) as server:
        pid = server.pid
    assert pid is not None
    await until_ended(pid, timeout_s=1)
    async with EmbeddedValkey(tmp_path):
        pass


async def test_it_is_started_again_when_it_dies(valkey: EmbeddedValkey) -> None:
    pid = valkey.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    await _until_it_answers(valkey.url)
    await until(lambda: valkey.restarts == 1)
    assert valkey.pid not in {None, pid}


async def test_a_frozen_server_is_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(valkey_module, "PING_EVERY_S", 0.2)
    monkeypatch.setattr(valkey_module, "FROZEN_AFTER_S", 0.6)
    async with EmbeddedValkey(tmp_path) as server:
        assert server.pid is not None
        os.kill(server.pid, signal.SIGSTOP)
        await until(lambda: server.restarts > 0)
        await _until_it_answers(server.url)


async def test_it_dies_with_us_and_its_socket_is_no_obstacle(tmp_path: Path) -> None:
    parent = await asyncio.create_subprocess_exec(sys.executable, "-c", PARENT, str(tmp_path), stdout=PIPE, cwd=ROOT)
    assert parent.stdout is not None
    async with asyncio.timeout(20):
        pid = int(await parent.stdout.readline())
        parent.kill()
        await parent.wait()
    await until_ended(pid)
    assert await asyncio.to_thread((tmp_path / "valkey.sock").exists)
    async with EmbeddedValkey(tmp_path) as server:
        await _ping(server.url)


async def test_a_second_one_in_the_same_folder_is_refused_and_the_first_goes_on(valkey: EmbeddedValkey) -> None:
    folder = Path(valkey.url.removeprefix("unix://")).parent
    with pytest.raises(BusError, match=rf"Process {os.getpid()} already runs a Valkey server in .*another data_folder"):
        await EmbeddedValkey(folder).start()
    await _ping(valkey.url)


async def test_a_folder_with_a_long_path_works_too(tmp_path: Path) -> None:
    async with EmbeddedValkey(tmp_path / ("long" * 30)) as server:
        path = Path(server.url.removeprefix("unix://"))
        assert len(bytes(path)) <= 100
        await _ping(server.url)
    assert not await asyncio.to_thread(path.parent.exists)


async def test_a_server_that_does_not_start_says_why(tmp_path: Path) -> None:
    await asyncio.to_thread((tmp_path / "valkey.sock").mkdir)
    with pytest.raises(BusError, match=r"ended with code 1 at its start: .*socket: bind: Address already in use"):
        await EmbeddedValkey(tmp_path).start()


def test_a_socket_path_of_another_user_in_the_temporary_folder_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    folder = tmp_path / ("long" * 30)
    short = valkey_module._socket_folder(folder)
    assert short == valkey_module._socket_folder(folder)
    short.chmod(0o777)
    with pytest.raises(BusError, match="not a private folder"):
        valkey_module._socket_folder(folder)
