"""The command line."""

import signal
import socket
from pathlib import Path

import pytest

from server.__main__ import main
from tests.server.launcher import are_gone, free_port, launched, processes, until


def write(folder: Path, text: str) -> Path:
    file = folder / "sightline.toml"
    file.write_text(text)
    return file


def test_check_config_prints_what_is_in_force(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check-config", "--config", str(write(tmp_path, "[web]\nport = 9000\n"))]) == 0
    assert '[web]\nhost = "127.0.0.1"\nport = 9000\n' in capsys.readouterr().out


def test_check_config_says_what_is_wrong_in_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check-config", "--config", str(write(tmp_path, "[web]\nprot = 9000\n"))]) == 1
    answer = capsys.readouterr()
    assert (answer.out, answer.err) == ("", "sightline: web.prot: unknown key; did you mean port?\n")


@pytest.mark.parametrize("command", ["up", "server", "streams", "check-config"])
def test_a_file_that_is_not_there_is_a_sentence(command: str, tmp_path: Path) -> None:
    with launched([command, "--config", str(tmp_path / "none.toml")]) as launcher:
        assert launcher.process.wait(30) == 1
        until(lambda: launcher.text.endswith("\n"))
    assert launcher.text == (
        f"sightline: {tmp_path}/none.toml: cannot read the configuration: No such file or directory\n"
    )


def test_a_server_alone_needs_a_bus(tmp_path: Path) -> None:
    with launched(["server", "--config", str(write(tmp_path, ""))]) as launcher:
        assert launcher.process.wait(30) == 1
        until(lambda: "bus.url: is missing" in launcher.text)


@pytest.mark.parametrize("port", ["0", "65536", "http"])
def test_a_wrong_port_is_a_wrong_command_line(port: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["demo", "--port", port])
    assert caught.value.code == 2
    assert "--port" in capsys.readouterr().err


def test_a_demo_on_a_taken_port_says_how_to_choose_another_and_writes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        monkeypatch.setenv("SIGHTLINE_PORT", str(port))
        assert main(["demo", "--data", str(tmp_path / "var")]) == 1
    assert f"Port {port} on 127.0.0.1 is in use" in capsys.readouterr().err
    assert not (tmp_path / "var").exists()


def test_a_data_folder_that_cannot_be_written_is_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").touch()
    assert main(["demo", "--port", str(free_port()), "--data", str(tmp_path / "file" / "var")]) == 1
    assert "sightline: data_folder: cannot write to" in capsys.readouterr().err


def test_ctrl_c_while_things_are_starting_stops_them(tmp_path: Path) -> None:
    with launched(["simulate", "--data", str(tmp_path)]) as launcher:
        launcher.says("drawing the streets of the simulated cameras: 0 of 12")
        below = [pid for pid, parent, _ in processes() if parent == launcher.process.pid]
        assert below
        launcher.process.send_signal(signal.SIGINT)
        assert launcher.process.wait(30) == 0
        until(lambda: are_gone(below))
        until(lambda: launcher.text.endswith("Stopped.\n"))
