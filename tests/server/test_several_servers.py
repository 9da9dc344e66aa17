"""`sightline up` with several servers on one port and several intake processes: real processes, killed."""

import asyncio
import re
import signal
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from clients.cli import address
from clients.cli.client import Client
from clients.cli.errors import ClientError
from clients.cli.events import Entry, Events, Snapshot
from tests.free_port import free_port
from tests.server.launcher import Launcher, can_be_bound, kill, launched, processes, until

SERVERS = 3
ALERTS = 60


@contextmanager
def _up(folder: Path, port: int, *, database: str = "") -> Iterator[Launcher]:
    file = folder / "sightline.toml"
    file.write_text(
        f'data_folder = "data"\n[web]\nport = {port}\nprocesses = {SERVERS}\n[streams]\nprocesses = 2\n'
        '[notify]\ncontact = "mailto:it@example.org"\n'
        '[[camera]]\nid = "gone"\nurl = "rtsp://127.0.0.1:9/"\n'
        '[[person]]\nid = "operator"\nrole = "operator"\npassword_env = "OPERATOR_PASSWORD"\n'
    )
    environ = {"OPERATOR_PASSWORD": "correct horse"} | ({"SIGHTLINE_DATABASE_URL": database} if database else {})
    with launched(["up", "--config", str(file)], environ=environ) as launcher:
        launcher.says("Sightline is ready")
        yield launcher


def _pids(launcher: Launcher, words: str) -> set[int]:
    return {pid for pid, parent, args in processes() if parent == launcher.process.pid and words in args}


def _servers(launcher: Launcher) -> set[int]:
    return _pids(launcher, "server server")


def test_all_are_ready_before_it_is_said_and_a_signal_stops_them_all(tmp_path: Path) -> None:
    port = free_port()
    with _up(tmp_path, port) as launcher:
        said = launcher.text[: launcher.text.index("Sightline is ready")]
        assert sorted(re.findall(r"(server \d|streams \d) +is ready", said)) == [
            *(f"server {n + 1}" for n in range(SERVERS)),
            "streams 1",
            "streams 2",
        ]
        assert len(_servers(launcher)) == SERVERS
        launcher.process.send_signal(signal.SIGTERM)
        assert launcher.process.wait(30) == 0
        assert "did not stop" not in launcher.text
        assert "Traceback" not in launcher.text
    assert can_be_bound(port)


def test_one_that_dies_is_started_again_alone(tmp_path: Path) -> None:
    with _up(tmp_path, free_port()) as launcher:
        before, intake = _servers(launcher), _pids(launcher, "streams --config")
        victim = min(before)
        kill(victim)
        launcher.says("is back")
        until(lambda: len(_servers(launcher)) == SERVERS)
        assert before - _servers(launcher) == {victim}
        assert _pids(launcher, "streams --config") == intake
        assert len(re.findall(r"starting it again", launcher.text)) == 1


def test_what_is_once_is_made_once_by_servers_that_start_at_the_same_moment(tmp_path: Path) -> None:
    with _up(tmp_path, free_port()):
        pass
    with sqlite3.connect(tmp_path / "data" / "sightline.db") as log:
        assert log.execute("SELECT count(*) FROM installation").fetchone() == (1,)
        added = log.execute("SELECT count(*) FROM audit WHERE action LIKE 'person.%'").fetchone()
        assert added == (1,), "one server has added the person, and none has changed him"
    log.close()
    assert not list((tmp_path / "data").glob(".*.pem.*")), "drafts of keys"


async def test_of_alerts_nothing_is_lost_and_nothing_comes_twice_while_servers_of_the_port_are_killed(
    tmp_path: Path, database_url: str
) -> None:
    port = free_port()
    accepted: list[str] = []
    seen: dict[int, list[str]] = {}
    one_by_one = asyncio.Lock()

    async def send(client: Client) -> None:
        for number in range(ALERTS):
            identifier = f"alert-{number}"
            while identifier not in accepted:
                try:
                    async with asyncio.timeout(10):
                        await client.raise_alert({"identifier": identifier, "event": "Shots"})
                except (ClientError, TimeoutError):
                    await asyncio.sleep(0.02)
                else:
                    accepted.append(identifier)

    async def listen(number: int) -> None:
        async with Client(address.parse(f"http://127.0.0.1:{port}")) as client:
            async with one_by_one:
                await client.sign_in("operator", "correct horse")
            seen[number] = []
            await follow(client, number)

    async def follow(client: Client, number: int) -> None:
        async with Events(client) as events:
            async for event in events:
                if isinstance(event, Snapshot):
                    seen[number] += [alert["source_id"] for alert in event.alerts]
                if isinstance(event, Entry) and event.kind == "alert":
                    seen[number].append(event.content["source_id"])

    with _up(tmp_path, port, database=database_url) as launcher:
        async with Client(address.parse(f"http://127.0.0.1:{port}")) as client, asyncio.TaskGroup() as group:
            await client.sign_in("operator", "correct horse")
            # Enough that every server has some of them, wherever the system puts a connection.
            listeners = [group.create_task(listen(number)) for number in range(8)]
            await _eventually(lambda: len(seen) == len(listeners))
            sending = group.create_task(send(client))
            for step in (1, 2, 3):
                await _eventually(lambda step=step: len(accepted) >= step * ALERTS // 4)  # type: ignore[misc]
                await asyncio.to_thread(lambda: kill(min(_servers(launcher))))
            await sending
            await _eventually(lambda: all(set(each) >= set(accepted) for each in seen.values()))
            for listener in listeners:
                listener.cancel()
    assert len(accepted) == ALERTS
    for each in seen.values():
        assert len(each) == len(set(each)), "an alert came twice"


async def _eventually(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110 - what it waits for happens in other processes
            await asyncio.sleep(0.02)
