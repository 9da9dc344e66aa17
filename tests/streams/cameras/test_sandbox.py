"""What a worker can do in its sandbox, as one tells that tries."""

import json
import os
import signal
import socket
import sys
from asyncio.subprocess import PIPE, create_subprocess_exec
from pathlib import Path

import pytest

from streams import landlock
from streams.cameras.packets import Timeouts
from streams.cameras.worker import worker
from streams.errors import SourceError
from tests.streams.cameras.reading import read

HAS_FILTER = sys.platform == "linux" and os.uname().machine in {"x86_64", "aarch64"}
filtered = pytest.mark.skipif(not HAS_FILTER, reason="there is no filter of system calls for this machine")
SANDBOXES = ["reader", "encoder"]


async def _tried(sandbox: str, deed: str, path: Path, **more: object) -> tuple[int | None, list[str]]:
    """How the worker ended, and what it said."""
    order = json.dumps({"sandbox": sandbox, "deed": deed, "path": str(path), **more}).encode() + b"\n"
    async with worker("tests.streams.cameras.workers.intruder") as process:
        said, _ = await process.communicate(order)
    return process.returncode, said.decode().splitlines()


def _left(path: Path) -> dict[str, bytes]:
    return {each.name: each.read_bytes() for each in path.parent.iterdir()}


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    path = tmp_path / "secret"
    path.write_bytes(b"secret")
    return path


@filtered
@pytest.mark.parametrize("sandbox", SANDBOXES)
@pytest.mark.parametrize(
    "deed",
    [
        *("become", "write", "append", "change", "cut", "remove", "rename"),
        *("trace", "look into the parent", "older thread"),
    ],
)
async def test_it_is_killed_for_what_only_an_intruder_does(sandbox: str, deed: str, secret: Path) -> None:
    assert await _tried(sandbox, deed, secret) == (-signal.SIGSYS, ["begun"])
    assert _left(secret) == {"secret": b"secret"}


@filtered
@pytest.mark.parametrize("sandbox", SANDBOXES)
@pytest.mark.parametrize("deed", ["run", "fork", "signal", "loosen the parent", "type"])
async def test_what_is_forbidden_does_not_happen(sandbox: str, deed: str, secret: Path) -> None:
    assert await _tried(sandbox, deed, secret) == (0, ["begun", "Operation not permitted"])


@filtered
@pytest.mark.parametrize("deed", ["internet", "local"])
async def test_an_encoder_that_wants_a_socket_is_killed(deed: str, secret: Path) -> None:
    assert await _tried("encoder", deed, secret) == (-signal.SIGSYS, ["begun"])


@filtered
async def test_an_encoder_opens_no_file_and_a_reader_no_local_socket(secret: Path) -> None:
    """At such a socket the bus listens."""
    assert await _tried("encoder", "read", secret) == (0, ["begun", "Operation not permitted"])
    assert await _tried("reader", "local", secret) == (0, ["begun", "Operation not permitted"])


@pytest.mark.parametrize(
    ("sandbox", "deed", "outcome"),
    [
        ("reader", "internet", ""),
        ("reader", "look up", ""),
        *((sandbox, deed, "") for sandbox in SANDBOXES for deed in ("thread", "compute")),
    ],
)
async def test_what_work_needs_goes_on(sandbox: str, deed: str, outcome: str, secret: Path) -> None:
    assert await _tried(sandbox, deed, secret) == (0, ["begun", outcome])


async def test_a_reader_reads_its_file(secret: Path) -> None:
    assert await _tried("reader", "read", secret, file=True) == (0, ["begun", "secret"])


@pytest.mark.skipif(landlock.version() < 1, reason="this kernel does not restrict files")
@pytest.mark.parametrize("deed", ["read beside", "list"])
async def test_a_reader_reads_no_other_file(deed: str, secret: Path) -> None:
    """Not the database, and not the configuration."""
    (secret.parent / "beside").write_bytes(b"secret")
    assert await _tried("reader", deed, secret, file=True) == (0, ["begun", "Permission denied"])
    assert await _tried("reader", "read", secret) == (0, ["begun", "Permission denied"])


async def test_a_reader_connects_to_the_port_of_its_camera(secret: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as camera, socket.create_server(("127.0.0.1", 0)) as other:
        own, another = camera.getsockname()[1], other.getsockname()[1]
        assert await _tried("reader", "connect", secret, port=own, to=own) == (0, ["begun", ""])
        if landlock.version() >= 4:
            refused = (0, ["begun", "Permission denied"])
            assert await _tried("reader", "connect", secret, port=own, to=another) == refused
            assert await _tried("reader", "connect", secret, to=own) == refused


@filtered
@pytest.mark.parametrize("mood", ["run", "write"])
async def test_a_reader_that_breaks_out_costs_one_connection(mood: str) -> None:
    units, error = await read(
        f"file:///{mood}", module="tests.streams.cameras.workers.moody", timeouts=Timeouts(first_picture_s=10)
    )

    assert units == []
    assert type(error) is SourceError
    assert str(error) == "The process that reads this source was killed by SIGSYS."


async def test_without_a_filter_it_runs_with_limits_alone_and_the_log_says_so(secret: Path) -> None:
    order = json.dumps({"sandbox": "none", "deed": "cut", "path": str(secret)}).encode() + b"\n"
    process = await create_subprocess_exec(
        *(sys.executable, "-m", "tests.streams.cameras.workers.intruder", str(os.getpid())),
        stdin=PIPE,
        stdout=PIPE,
        stderr=PIPE,
    )
    said, logged = await process.communicate(order)

    assert (process.returncode, said.decode().splitlines()) == (0, ["begun", ""])
    assert _left(secret) == {"secret": b""}
    assert "this system filters no system calls" in logged.decode()
