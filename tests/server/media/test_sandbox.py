"""What a process in the sandbox can do, as one tells that tries."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from server.media import photo_worker
from streams.cameras.worker import worker

IS_LINUX = sys.platform == "linux"
HAS_FILTER = IS_LINUX and os.uname().machine in {"x86_64", "aarch64"}
FORBIDDEN = "Operation not permitted"


@pytest.fixture
async def prisoner(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    monkeypatch.setenv("SIGHTLINE_GUNSHOT_SECRET", "whsec_hidden")
    async with worker("tests.server.media.workers.prisoner") as process:
        told, _ = await process.communicate()
    found: dict[str, Any] = json.loads(told)
    return found


async def test_it_can_open_nothing(prisoner: dict[str, Any]) -> None:
    tried = {name: prisoner[name] for name in ("read", "write", "socket", "pipe")}
    assert tried == dict.fromkeys(tried, FORBIDDEN if HAS_FILTER else "Too many open files")


@pytest.mark.skipif(not HAS_FILTER, reason="there is no filter of system calls for this machine")
def test_it_can_do_nothing_to_files_and_processes_that_takes_no_open_file(prisoner: dict[str, Any]) -> None:
    tried = {name: prisoner[name] for name in ("remove", "rename", "truncate", "signal", "fork")}
    assert tried == dict.fromkeys(tried, FORBIDDEN)


async def test_it_knows_no_secret(prisoner: dict[str, Any]) -> None:
    assert not [name for name in prisoner["environment"] if "SIGHTLINE" in name]
    assert "PYTHONPATH" in prisoner["environment"]


async def test_its_time_and_memory_are_limited(prisoner: dict[str, Any]) -> None:
    assert prisoner["cpu"] == [photo_worker.CPU_S] * 2
    assert prisoner["core"] == [0, 0]
    assert not IS_LINUX or prisoner["memory"] == [photo_worker.MEMORY_BYTES] * 2


def namespaces_are_allowed() -> bool:
    unshare = shutil.which("unshare")
    return unshare is not None and subprocess.run([unshare, "--user", "--net", "true"], check=False).returncode == 0


@pytest.mark.skipif(not IS_LINUX or not namespaces_are_allowed(), reason="this system allows no namespaces")
def test_it_has_a_network_of_its_own(prisoner: dict[str, Any]) -> None:
    assert prisoner["network"].startswith("net:[")
    assert prisoner["network"] != str(Path("/proc/self/ns/net").readlink())
