"""The command line."""

import json
import signal
import socket
from pathlib import Path

import pytest

from server.__main__ import main
from tests.free_port import free_port
from tests.server.launcher import are_gone, launched, processes, until


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


def a_list(folder: Path, text: str = "name,url,lat,lon\nMain St,rtsp://192.0.2.1/,41.7,-72.6\n") -> Path:
    file = folder / "cameras.csv"
    file.write_text(text)
    return file


def test_a_list_of_cameras_is_checked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = a_list(tmp_path)
    assert main(["cameras", "check", str(file)]) == 0
    assert capsys.readouterr().out == "1 entries: 1 cameras, 0 left out, 0 remarks.\n"
    with file.open("a") as stream:
        stream.write("Main St,rtsp://192.0.2.1/,41.7,-72.6\n")
    assert main(["cameras", "check", str(file)]) == 1
    assert "line 3 (Main St): left out: duplicate: its address is that of line 2 too\n" in capsys.readouterr().out


def test_the_usable_cameras_of_a_list_are_written_down_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, to = a_list(tmp_path), tmp_path / "cameras.json"
    assert main(["cameras", "import", str(file), "--to", str(to)]) == 0
    assert [camera["id"] for camera in json.loads(to.read_text())] == ["main-st"]
    capsys.readouterr()
    assert main(["cameras", "import", str(file), "--to", str(to)]) == 1
    assert capsys.readouterr().err == f"sightline: {to}: File exists\n"


@pytest.mark.parametrize(("text", "sentence"), [("name\nMain St\n", "column names"), (None, "No such file")])
def test_what_is_no_list_of_cameras_is_a_sentence(
    text: str | None, sentence: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "none.csv" if text is None else a_list(tmp_path, text)
    assert main(["cameras", "import", str(file), "--to", str(tmp_path / "to.json")]) == 1
    answer = capsys.readouterr()
    assert answer.out == ""
    assert answer.err.startswith(f"sightline: {file}: ")
    assert sentence in answer.err
    assert not (tmp_path / "to.json").exists()


def test_a_list_without_a_usable_camera_writes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = a_list(tmp_path, "url\nftp://192.0.2.1/\n")
    assert main(["cameras", "import", str(file), "--to", str(tmp_path / "to.json")]) == 1
    assert "1 left out (1 unknown scheme)" in capsys.readouterr().out
    assert not (tmp_path / "to.json").exists()


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
