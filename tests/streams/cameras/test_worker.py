import asyncio
import json
import logging
import os
import signal
import sys
from pathlib import Path

import pytest

from streams.cameras.worker import end, worker
from tests.streams.until import until


async def test_a_worker_answers_and_is_killed_when_the_block_is_left() -> None:
    async with worker("streams.cameras.clip_encoder") as process:
        assert process.stdin is not None
        assert process.stdout is not None
        order = {"folder": "/dev/null/x", "recipe": {"title": "x", "seed": 1, "fps": 5, "length_s": 1}}
        process.stdin.write(json.dumps(order).encode() + b"\n")
        async with asyncio.timeout(10):
            assert "Not a directory" in json.loads(await process.stdout.readline())["error"]

    assert process.returncode == -9
    with pytest.raises(ProcessLookupError):
        os.kill(process.pid, 0)


async def test_a_worker_that_has_ended_by_itself_is_no_trouble() -> None:
    async with worker("streams.cameras.no_such_module") as process:
        async with asyncio.timeout(10):
            assert await process.wait() == 1


async def test_a_killed_worker_that_is_not_gone_is_not_waited_for_for_ever(caplog: pytest.LogCaptureFixture) -> None:
    async with worker("streams.cameras.clip_encoder") as process:
        # No process is gone at once, which stands for one that the kernel holds.
        await end(process, within_s=0)
        assert [record.levelno for record in caplog.records if record.name == "streams.cameras.worker"] == [
            logging.ERROR
        ]
        assert "has not gone within 0 s" in caplog.text

    assert process.returncode == -signal.SIGKILL


async def test_nothing_is_left_of_a_worker_that_said_more_than_anybody_read() -> None:
    def open_files() -> int:
        return len(list(Path("/proc/self/fd").iterdir())) if sys.platform == "linux" else 0

    async with worker("streams.cameras.no_such_module"):
        pass  # The loop opens what it needs for all children.
    before = open_files()
    async with worker("tests.streams.cameras.workers.moody") as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(b'{"url": "file:///babble"}\n')
        stdout = process.stdout
        await until(lambda: vars(stdout)["_paused"])

    await until(lambda: open_files() <= before)


async def test_what_a_worker_has_started_is_killed_with_it() -> None:
    async with asyncio.timeout(10), worker("tests.streams.cameras.workers.parent") as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert await process.stdout.readline() == b"started\n"
        await end(process)
        # The one it started holds the same pipe: its end is told when nobody has it any more.
        assert await process.stdout.read() == b""
