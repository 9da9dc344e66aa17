"""The server as a process: its ready line, its refusals, its end."""

import asyncio
import json
import os
import signal
import socket
import sys
from asyncio.subprocess import PIPE, Process, create_subprocess_exec
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from aiohttp import ClientSession

from server.media.folder import MediaFolder
from server.store import media
from server.store.db import Database
from streams.errors import ConfigError
from streams.valkey import EmbeddedValkey
from tests.free_port import free_port
from tests.server.running import a_config, running
from tests.server.samples import AT_THE_DESK, PICTURE
from tests.streams.until import until


def write_config(folder: Path, *, port: int, bus_url: str, extra: str = "") -> Path:
    file = folder / "sightline.toml"
    file.write_text(f"""
data_folder = "{folder}"
[web]
port = {port}
[bus]
url = "{bus_url}"
[[person]]
id = "operator"
role = "operator"
password_env = "OPERATOR_PASSWORD"
{extra}
""")
    return file


@asynccontextmanager
async def process(config: Path) -> AsyncIterator[Process]:
    environ = {**os.environ, "OPERATOR_PASSWORD": "correct horse"}
    arguments = (sys.executable, "-m", "server", "server", "--config", str(config))
    child = await create_subprocess_exec(*arguments, stdout=PIPE, stderr=PIPE, env=environ)
    try:
        yield child
    finally:
        if child.returncode is None:
            child.kill()
        await child.communicate()


async def test_it_says_when_it_is_ready_and_stops_when_it_is_told(tmp_path: Path, valkey: EmbeddedValkey) -> None:
    port = free_port()
    async with process(write_config(tmp_path, port=port, bus_url=valkey.url)) as child, asyncio.timeout(30):
        assert child.stdout is not None
        ready = json.loads(await child.stdout.readline())
        assert ready == {"ready": "server", "address": f"http://127.0.0.1:{port}"}
        body = {"username": "operator", "password": "correct horse"}
        async with ClientSession() as http, http.post(f"{ready['address']}/api/session", json=body) as answer:
            assert answer.status == 201
        child.send_signal(signal.SIGTERM)
        _, log = await child.communicate()
        assert child.returncode == 0
        assert b"Traceback" not in log
        assert b"correct horse" not in log


async def test_a_port_in_use_is_one_clear_sentence(tmp_path: Path, valkey: EmbeddedValkey) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        async with process(write_config(tmp_path, port=port, bus_url=valkey.url)) as child, asyncio.timeout(30):
            _, log = await child.communicate()
    assert child.returncode == 1
    (sentence,) = log.decode().splitlines()
    assert f"Port {port} on 127.0.0.1 is in use" in sentence


async def test_a_server_alone_needs_the_address_of_the_bus(tmp_path: Path) -> None:
    async with process(write_config(tmp_path, port=0, bus_url="")) as child, asyncio.timeout(30):
        _, log = await child.communicate()
    assert child.returncode == 1
    (sentence,) = log.decode().splitlines()
    assert "bus.url" in sentence


async def test_a_database_that_can_not_be_reached_is_one_clear_sentence(tmp_path: Path, valkey: EmbeddedValkey) -> None:
    extra = f'[database]\nurl = "sqlite:///{tmp_path}/none/such/log.db"\n'
    (tmp_path / "none").write_text("a file where a folder should be")
    config = write_config(tmp_path, port=0, bus_url=valkey.url, extra=extra)
    async with process(config) as child, asyncio.timeout(30):
        _, log = await child.communicate()
    assert child.returncode == 1
    assert b"Traceback" not in log


async def test_it_starts_and_takes_alerts_without_the_bus(tmp_path: Path) -> None:
    config = a_config(tmp_path, f"unix://{tmp_path}/no.sock")
    async with running(config) as server:
        operator = await server.signed_in("operator")
        assert (await operator.post("/api/alerts", {"event": "A"})).status == 201


async def test_it_finds_its_data_again(tmp_path: Path, valkey: EmbeddedValkey) -> None:
    config = a_config(tmp_path, valkey.url)
    async with running(config) as server:
        operator = await server.signed_in("operator")
        alert = (await operator.post("/api/alerts", {"event": "A"})).json["alert"]
    async with running(config) as server:
        operator.address = server.address
        operator.http = server.http
        assert (await operator.get("/api/alerts")).json["alerts"] == [alert], "with the session from before"


async def test_it_cleans_up_what_is_left_from_before(tmp_path: Path, valkey: EmbeddedValkey) -> None:
    config = a_config(tmp_path, valkey.url)
    database = await Database.open(config.database.url)
    media_id = await MediaFolder(tmp_path / "media").put(b"never shown")
    (path,) = (tmp_path / "media").rglob("*.jpg")
    os.utime(path, (1, 1))
    picture = replace(PICTURE, id=media_id)
    await database.write(lambda conn: media.add(conn, picture, actor=AT_THE_DESK, now_ms=1_000))
    await database.close()
    async with running(config):
        await until(lambda: not path.exists())


async def test_the_host_has_to_be_one_of_this_machine(tmp_path: Path, valkey: EmbeddedValkey) -> None:
    config = a_config(tmp_path, valkey.url)
    web = type(config.web)(host="192.0.2.1", port=0)
    with pytest.raises(ConfigError, match=r"web\.host: cannot listen on 192\.0\.2\.1"):
        async with running(a_config(tmp_path, valkey.url, web=web)):
            pass
