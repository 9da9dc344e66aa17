"""`sightline up` as a person starts it: real processes, real signals."""

import json
import re
import signal
import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest

from tests.free_port import free_port
from tests.server.launcher import Launcher, are_gone, can_be_bound, configuration, kill, launched, until

PASSWORD = {"ADMIN_PASSWORD": "correct horse"}


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def running(tmp_path: Path, port: int) -> Iterator[Launcher]:
    """Everything up: Valkey, streams, server."""
    file = configuration(tmp_path, port)
    with launched(["up", "--config", str(file)], environ=PASSWORD) as launcher:
        launcher.says("Sightline is ready")
        yield launcher


def is_healthy(port: int) -> bool:
    try:
        with urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5) as answer:
            return bool(json.load(answer)["status"] == "ok")
    except OSError:
        return False


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_everything_and_frees_the_port(running: Launcher, port: int, number: int) -> None:
    assert f"Sightline is ready: http://127.0.0.1:{port}\n" in running.text
    assert is_healthy(port)
    children = running.children()
    assert set(children) == {"valkey", "streams", "server"}
    running.process.send_signal(number)
    assert running.process.wait(30) == 0
    assert are_gone(list(children.values()))
    assert can_be_bound(port)
    assert running.text.endswith("Stopped.\n")
    assert "did not stop" not in running.text
    assert "Traceback" not in running.text


def test_killing_the_launcher_leaves_no_orphan(running: Launcher, port: int) -> None:
    children = running.children()
    assert len(children) == 3
    kill(running.process.pid)
    until(lambda: are_gone(list(children.values())))
    until(lambda: can_be_bound(port))


@pytest.mark.parametrize("name", ["server", "streams"])
def test_a_killed_part_comes_back(running: Launcher, port: int, name: str) -> None:
    before = running.children()
    kill(before[name])
    running.says(f"{name} was killed by SIGKILL; starting it again")
    running.says("is back")
    until(lambda: is_healthy(port))
    after = running.children()
    assert after[name] != before[name]
    assert {other: pid for other, pid in after.items() if other != name} == {
        other: pid for other, pid in before.items() if other != name
    }


def test_a_second_launcher_on_the_same_data_is_refused(running: Launcher, tmp_path: Path) -> None:
    other = configuration(tmp_path, free_port())
    with launched(["up", "--config", str(other)], environ=PASSWORD) as second:
        assert second.process.wait(30) == 1
        until(lambda: "another Sightline is running on" in second.text)
    assert running.process.poll() is None


def test_a_port_in_use_is_one_sentence(tmp_path: Path, port: int) -> None:
    with (
        socket.create_server(("127.0.0.1", port)),
        launched(["up", "--config", str(configuration(tmp_path, port))], environ=PASSWORD) as launcher,
    ):
        assert launcher.process.wait(30) == 1
        until(lambda: "--port" in launcher.text)
    assert launcher.text == (
        f"sightline: Port {port} on 127.0.0.1 is in use by another program; "
        "choose another one with --port, SIGHTLINE_PORT or web.port in the configuration.\n"
    )


def test_a_wrong_configuration_is_one_sentence(tmp_path: Path, port: int) -> None:
    with launched(["up", "--config", str(configuration(tmp_path, port))]) as launcher:
        assert launcher.process.wait(30) == 1
        until(lambda: launcher.text.endswith("\n"))
    assert launcher.text == (
        "sightline: person[0].password_env: the environment variable ADMIN_PASSWORD is not set or empty\n"
    )


def test_the_port_of_the_command_line_wins(tmp_path: Path, port: int) -> None:
    file = configuration(tmp_path, 1)
    with launched(["up", "--config", str(file), "--port", str(port)], environ=PASSWORD) as launcher:
        launcher.says(f"Sightline is ready: http://127.0.0.1:{port}")
        assert is_healthy(port)


def test_port_0_takes_a_free_one_and_says_which(tmp_path: Path) -> None:
    with launched(["up", "--config", str(configuration(tmp_path, 0))], environ=PASSWORD) as launcher:
        launcher.says("Ctrl-C stops it")
        (chosen,) = re.findall(r"ready: http://127\.0\.0\.1:(\d+)\n", launcher.text)
        assert is_healthy(int(chosen))


def test_a_part_that_cannot_start_stops_the_others(tmp_path: Path, port: int) -> None:
    file = configuration(tmp_path, port)
    file.write_text('city_file = "none.geojson"\n' + file.read_text())
    with launched(["up", "--config", str(file)], environ=PASSWORD) as launcher:
        assert launcher.process.wait(60) == 1
        until(lambda: "city_file" in launcher.text)
        assert "sightline: server ended with status 1.\ncity_file: " in launcher.text
    assert can_be_bound(port)
