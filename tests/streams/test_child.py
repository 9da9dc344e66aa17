"""Children die with their parent, however it dies."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from streams import child
from tests.streams.until import until_ended

ROOT = Path(__file__).resolve().parents[2]
TIMEOUT_S = 10

SLEEPER = "import sys, time; print('up', flush=True); time.sleep(600)"
POLITE = """
import signal, sys, time
from streams.child import die_with_parent
signal.signal(signal.SIGTERM, lambda *_: (open(sys.argv[2], 'w').close(), sys.exit()))
die_with_parent(int(sys.argv[1]), grace_s=30)
print('up', flush=True)
time.sleep(600)
"""
DEAF = """
import signal, sys, time
from streams.child import die_with_parent
signal.signal(signal.SIGTERM, signal.SIG_IGN)
die_with_parent(int(sys.argv[1]), grace_s=0.2)
print('up', flush=True)
time.sleep(600)
"""
ABRUPT = """
import sys, time
from streams.child import die_with_parent
die_with_parent(int(sys.argv[1]))
print('up', flush=True)
time.sleep(600)
"""
PARENT = """
import os, subprocess, sys
from streams import child
kind, program, *more = sys.argv[1:]
base = [sys.executable, '-c', program]
argv = child.command(base) if kind == 'wrapped' else [*base, str(os.getpid()), *more]
if kind == 'beside':
    code = f'from streams import child; import sys; sys.exit(child._run_beside({os.getpid()}, {base!r}))'
    argv = [sys.executable, '-c', code]
process = subprocess.Popen(argv, stdout=subprocess.PIPE)
assert process.stdout.readline() == b'up\\n'
print(process.pid, flush=True)
process.wait()
"""


@asynccontextmanager
async def _family(kind: str, program: str, *more: str) -> AsyncIterator[tuple[Process, int]]:
    """A parent and the pid of the child it has started."""
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PARENT, kind, program, *more, stdout=PIPE, cwd=ROOT
    )
    try:
        assert parent.stdout is not None
        async with asyncio.timeout(TIMEOUT_S):
            yield parent, int(await parent.stdout.readline())
    finally:
        with suppress(ProcessLookupError):
            parent.kill()
        await parent.wait()


@pytest.mark.parametrize(
    ("kind", "program"), [("wrapped", SLEEPER), ("beside", SLEEPER), ("own", ABRUPT), ("own", DEAF)]
)
async def test_a_child_ends_when_its_parent_is_killed(kind: str, program: str) -> None:
    async with _family(kind, program) as (parent, pid):
        os.kill(parent.pid, signal.SIGKILL)
        await until_ended(pid)


async def test_a_child_with_a_grace_time_stops_in_order(tmp_path: Path) -> None:
    stopped = tmp_path / "stopped"
    async with _family("own", POLITE, str(stopped)) as (parent, pid):
        os.kill(parent.pid, signal.SIGKILL)
        await until_ended(pid)
    assert await asyncio.to_thread(stopped.exists)


@pytest.mark.parametrize("program", [ABRUPT, DEAF])
async def test_a_child_whose_parent_is_gone_already_ends_at_once(program: str) -> None:
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", program, "1", cwd=ROOT, stdout=PIPE)
    async with asyncio.timeout(TIMEOUT_S):
        assert await process.wait() == -signal.SIGKILL
        await process.communicate()


async def test_the_wrapper_becomes_the_program_with_its_arguments_and_exit_code() -> None:
    argv = child.command(["sh", "-c", 'printf "%s|" "$@"; exit 7', "sh", "a b", "", "*"])
    process = await asyncio.create_subprocess_exec(*argv, stdout=PIPE)
    out, _ = await process.communicate()
    assert (out, process.returncode) == (b"a b||*|", 7)


async def test_the_watching_wrapper_passes_signals_on_and_ends_as_the_program_does() -> None:
    program = [sys.executable, "-c", SLEEPER]
    code = f"from streams import child; import sys; sys.exit(child._run_beside({os.getpid()}, {program!r}))"
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", code, stdout=PIPE, cwd=ROOT)
    assert process.stdout is not None
    async with asyncio.timeout(TIMEOUT_S):
        assert await process.stdout.readline() == b"up\n"
        process.terminate()
        assert await process.wait() == 128 + signal.SIGTERM


async def test_a_program_that_cannot_be_executed_is_named() -> None:
    argv = child.command(["/nowhere/valkey-server"])
    process = await asyncio.create_subprocess_exec(*argv, stderr=PIPE)
    _, err = await process.communicate()
    assert process.returncode == child.NOT_STARTED
    assert err == b"cannot run /nowhere/valkey-server: No such file or directory\n"
