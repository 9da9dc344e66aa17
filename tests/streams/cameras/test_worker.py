import asyncio
import json
import os

import pytest

from streams.cameras.worker import worker


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
