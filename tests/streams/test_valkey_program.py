"""Which server is run, and with which options."""

import os
from pathlib import Path

import pytest

from streams import valkey_program
from streams.errors import BusError
from streams.valkey_program import Program, find_program


def test_a_server_on_path_comes_first_and_what_does_not_run_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, script in {
        "valkey-server": "#!/bin/sh\nexit 3\n",
        "redis-server": "#!/bin/sh\necho 'Redis server v=6.0.16 sha=00000000:0'\n",
    }.items():
        (tmp_path / name).write_text(script)
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    program = find_program()
    assert program == Program(str(tmp_path / "redis-server"), is_valkey=False, version=(6, 0))
    assert "--maxmemory-clients" not in program.command(Path("/run/valkey.sock"))


def test_the_one_in_the_wheel_is_used_where_there_is_none_on_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    program = find_program()
    assert program.is_valkey
    assert "--maxmemory-clients" in program.command(Path("/run/valkey.sock"))


def test_where_there_is_no_server_the_error_says_what_was_tried_and_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = tmp_path / "redis-server"
    old.write_text("#!/bin/sh\necho 'Redis server v=4.0.9'\n")
    old.chmod(0o755)
    monkeypatch.setattr(valkey_program, "_candidates", lambda: iter([str(old), "/nowhere/valkey-server"]))
    with pytest.raises(BusError, match=r"too old.*does not run.*Install valkey.*or set bus\.url"):
        find_program()


def test_it_listens_on_a_private_socket_only_and_saves_nothing() -> None:
    words = Program("valkey-server", is_valkey=True, version=(9, 1)).command(Path("/run/valkey.sock"))
    options = dict(zip(words[1::2], words[2::2], strict=True))
    assert options["--port"] == "0"
    assert options["--unixsocket"] == "/run/valkey.sock"
    assert options["--unixsocketperm"] == "600"
    assert options["--save"] == ""
    assert options["--appendonly"] == "no"
