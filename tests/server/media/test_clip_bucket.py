"""Against a store of the test's own that checks every signature; and against a stranger's, that of rclone, where RCLONE
names the program (1.65 or newer) or it is on PATH."""

import asyncio
import os
import shutil
import subprocess
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from aiohttp import ClientError, ClientSession, web

from server.errors import ClipUnavailable
from server.media.clip_bucket import ClipBucket
from server.media.s3_signature import S3Key
from tests.fakes.bucket import ACCESS_KEY, REGION, SECRET_KEY, Bucket
from tests.free_port import free_port
from tests.server.media import clip_store
from tests.server.media.clip_store import DATA, NAME, put, read

KEY = S3Key(ACCESS_KEY, SECRET_KEY, REGION)
RCLONE = shutil.which(os.environ.get("RCLONE", "rclone"))


def now_ms() -> int:
    return time.time_ns() // 1_000_000


@pytest.fixture
async def bucket() -> AsyncIterator[Bucket]:
    async with Bucket.open() as bucket:
        yield bucket


@pytest.fixture
async def strangers(tmp_path: Path) -> AsyncIterator[str]:
    """The address of a bucket of rclone's."""
    if RCLONE is None:
        pytest.skip("no rclone on PATH, nor named by RCLONE")
    port = free_port()
    (tmp_path / "store" / "clips").mkdir(parents=True)
    command = [RCLONE, "serve", "s3", "--auth-key", f"{ACCESS_KEY},{SECRET_KEY}", "--addr", f"127.0.0.1:{port}"]
    process = await asyncio.create_subprocess_exec(*command, str(tmp_path / "store"), stderr=subprocess.DEVNULL)
    try:
        async with asyncio.timeout(30), ClientSession() as http:
            while True:
                try:
                    await http.get(f"http://127.0.0.1:{port}/")
                    break
                except ClientError:
                    await asyncio.sleep(0.05)
        yield f"http://127.0.0.1:{port}/clips"
    finally:
        process.kill()
        await process.wait()


@pytest.fixture(params=["of our own", "of rclone"])
def address(request: pytest.FixtureRequest) -> str:
    if request.param == "of rclone":
        return str(request.getfixturevalue("strangers"))
    own: Bucket = request.getfixturevalue("bucket")
    return own.address


async def test_what_was_put_can_be_read_whole_and_in_part(address: str, tmp_path: Path) -> None:
    async with ClipBucket(address, KEY, now_ms=now_ms) as store:
        await clip_store.gives_back_what_was_put(store, tmp_path)


async def test_what_was_removed_is_gone(address: str, tmp_path: Path) -> None:
    async with ClipBucket(address, KEY, now_ms=now_ms) as store:
        await clip_store.forgets_what_was_removed(store, tmp_path)


async def test_a_wrong_key_is_told_in_words_and_the_file_stays(address: str, tmp_path: Path) -> None:
    async with ClipBucket(address, replace(KEY, secret_key="guessed"), now_ms=now_ms) as store:
        with pytest.raises(ClipUnavailable, match=r"answered with status 403\. Check clips\.bucket"):
            await put(store, tmp_path)
    assert (tmp_path / NAME).exists()


async def test_a_store_that_is_away_is_told_in_words(tmp_path: Path) -> None:
    async with ClipBucket(f"http://127.0.0.1:{free_port()}/clips", KEY, now_ms=now_ms) as store:
        with pytest.raises(ClipUnavailable, match="can't be reached"):
            await put(store, tmp_path)


@pytest.mark.parametrize("status", [302, 507])
async def test_nothing_but_a_yes_is_a_yes(bucket: Bucket, tmp_path: Path, status: int) -> None:
    bucket.answers = [web.Response(status=status, headers={"Location": "/"})]
    async with ClipBucket(bucket.address, KEY, now_ms=now_ms) as store:
        with pytest.raises(ClipUnavailable, match=f"status {status}"):
            await put(store, tmp_path)


async def test_a_file_that_ends_too_early_is_not_given_as_whole(bucket: Bucket, tmp_path: Path) -> None:
    async with ClipBucket(bucket.address, KEY, now_ms=now_ms) as store:
        await clip_store.gives_nothing_short_as_whole(store, tmp_path)
        # Some send all of it.
        bucket.answers = [web.Response(body=DATA)]
        assert await read(store, 0, 10) == DATA[:10]
        bucket.answers = [web.Response(body=DATA)]
        with pytest.raises(ClipUnavailable, match="another part"):
            await read(store, 5, 10)


async def test_a_name_that_is_none_leads_nowhere(bucket: Bucket) -> None:
    async with ClipBucket(bucket.address, KEY, now_ms=now_ms) as store:
        with pytest.raises(ClipUnavailable, match="no file of a clip"):
            await store.remove("../other")
