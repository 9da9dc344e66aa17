"""Several streams processes on one bus: real ones, killed and started, and who watches through it."""

import asyncio
import json
import logging
import os
import signal
import sys
import time
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from streams.cameras.clip_encoder import make
from streams.cameras.clips import Clip, Recipe
from streams.cameras.simulated import SimulatedCamera, SimulatedCity
from streams.fragment import Kind
from streams.valkey import EmbeddedValkey
from tests.fakes.watching_server import WatchingServer
from tests.streams.until import until

ROOT = Path(__file__).resolve().parents[2]
CAMERAS = range(1, 9)

logger = logging.getLogger(__name__)


@pytest.fixture
async def file(tmp_path: Path) -> AsyncIterator[Path]:
    """A configuration with real cameras."""
    recipe = Recipe(title="01  Main St", seed=1, width=320, height=180, length_s=2, key_every_s=1)
    clip = await asyncio.to_thread(lambda: Clip.open(make(recipe, tmp_path)))
    async with SimulatedCity([SimulatedCamera(f"camera-{n}", clip) for n in CAMERAS]) as city:
        cameras = [f'[[camera]]\nid = "camera-{n}"\nurl = "{city.url(f"camera-{n}")}"\n' for n in CAMERAS]
        file = tmp_path / "sightline.toml"
        await asyncio.to_thread(file.write_text, 'data_folder = "data"\n' + "".join(cameras))
        yield file


@asynccontextmanager
async def _streams(file: Path, bus: str, name: str) -> AsyncIterator[Process]:
    """A streams process, ready."""
    environ = {key: value for key, value in os.environ.items() if not key.startswith("SIGHTLINE_")}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "streams", "--config", str(file), "--name", name),
        stdout=PIPE,
        stderr=DEVNULL,
        cwd=ROOT,
        env=environ | {"SIGHTLINE_BUS_URL": bus},
    )
    try:
        assert process.stdout is not None
        async with asyncio.timeout(30):
            assert json.loads(await process.stdout.readline())["ready"] == "streams"
        yield process
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.communicate()


class Viewer(WatchingServer):
    """Knows who told of each camera last."""

    def owners(self) -> dict[int, str]:
        owners: dict[int, str] = {}
        for message in self.messages:
            for state in message["cameras"].values():
                owners[state["number"]] = message["streams"]
        return owners

    def of(self, streams_id: str) -> frozenset[int]:
        return frozenset(number for number, owner in self.owners().items() if owner == streams_id)

    def has_pictures_of(self, numbers: Iterable[int], since_ms: float = 0.0) -> bool:
        newest = {one.camera_number: one.captured_ms for one in self.taken if one.kind is Kind.FRAME}
        return all(newest.get(number, 0.0) > since_ms for number in numbers)

    def tells_of(self, streams_id: str) -> set[int]:
        """Everything that the process tells of in its newest whole message."""
        whole = [one for one in self.messages if one["streams"] == streams_id and one["full"]]
        return {state["number"] for state in whole[-1]["cameras"].values()} if whole else set()

    def interruptions(self, numbers: Iterable[int]) -> dict[int, int]:
        """How often the pictures of each camera ended, or began anew."""
        ends = [one.camera_number for one in self.got if one.kind is Kind.GAP]
        firsts = [one.camera_number for one in self.taken if one.kind is Kind.FRAME and one.sequence == 0]
        return {number: ends.count(number) + firsts.count(number) for number in numbers}


async def _until_shared(viewer: Viewer, processes: int) -> dict[int, str]:
    """Return who has which cameras, when that is settled and all are seen."""
    await until(
        lambda: (
            len(owners := set(viewer.owners().values())) == processes
            and all(viewer.tells_of(one) == viewer.of(one) for one in owners)
            and viewer.has_pictures_of(CAMERAS)
        )
    )
    return viewer.owners()


async def test_the_cameras_of_one_who_is_killed_are_taken_over_and_the_others_go_on(
    file: Path, valkey: EmbeddedValkey
) -> None:
    viewer = Viewer(valkey.url)
    async with (
        viewer.running(),
        _streams(file, valkey.url, "one") as victim,
        asyncio.timeout(120),
    ):
        await viewer.want(*CAMERAS)
        await _until_shared(viewer, 1)
        (victim_id,) = set(viewer.owners().values())
        async with _streams(file, valkey.url, "two"):
            await _until_shared(viewer, 2)
            lost = viewer.of(victim_id)
            kept = frozenset(CAMERAS) - lost
            assert lost
            assert kept
            before = viewer.interruptions(kept)
            victim.kill()
            await victim.wait()
            killed_ms = time.time_ns() / 1_000_000
            await until(lambda: viewer.has_pictures_of(lost, killed_ms + 100))
            logger.info("%d cameras back after %.1f s", len(lost), time.time_ns() / 1e9 - killed_ms / 1000)
            await until(lambda: victim_id not in viewer.owners().values())
            assert viewer.interruptions(kept) == before, "pictures of the others were never interrupted"


async def test_who_comes_takes_his_share_only_and_who_leaves_gives_it_back(file: Path, valkey: EmbeddedValkey) -> None:
    viewer = Viewer(valkey.url)
    async with viewer.running(), _streams(file, valkey.url, "one"), asyncio.timeout(120):
        await viewer.want(*CAMERAS)
        await _until_shared(viewer, 1)
        (first,) = set(viewer.owners().values())
        before = viewer.interruptions(CAMERAS)
        async with _streams(file, valkey.url, "two") as guest:
            await _until_shared(viewer, 2)
            moved = frozenset(CAMERAS) - viewer.of(first)
            (second,) = set(viewer.owners().values()) - {first}
            stayed = frozenset(CAMERAS) - moved
            assert moved
            assert stayed
            now_ms = time.time_ns() / 1_000_000
            await until(lambda: viewer.has_pictures_of(CAMERAS, now_ms))
            assert viewer.interruptions(stayed) == {number: before[number] for number in stayed}
            assert viewer.tells_of(first) == stayed
            guest.send_signal(signal.SIGTERM)
            assert await guest.wait() == 0
        farewell = next(
            one
            for one in reversed(viewer.messages)
            if one["streams"] == second and {each["state"] for each in one["cameras"].values()} == {"unknown"}
        )
        assert {state["number"] for state in farewell["cameras"].values()} == moved
        left_ms = time.time_ns() / 1_000_000
        await until(lambda: viewer.has_pictures_of(CAMERAS, left_ms))
        await until(lambda: viewer.tells_of(first) == frozenset(CAMERAS))
        assert viewer.interruptions(stayed) == {number: before[number] for number in stayed}


async def test_who_is_started_again_in_his_place_has_the_cameras_that_he_had(
    file: Path, valkey: EmbeddedValkey
) -> None:
    viewer = Viewer(valkey.url)
    async with viewer.running(), _streams(file, valkey.url, "one"), asyncio.timeout(120):
        await viewer.want(*CAMERAS)
        await _until_shared(viewer, 1)
        (first,) = set(viewer.owners().values())
        async with _streams(file, valkey.url, "two") as victim:
            await _until_shared(viewer, 2)
            kept = viewer.of(first)
            before = viewer.interruptions(kept)
            victim.kill()
            await victim.wait()
        async with _streams(file, valkey.url, "two"):
            await until(lambda: len(set(viewer.owners().values()) - {first}) == 1 and viewer.of(first) == kept)
            now_ms = time.time_ns() / 1_000_000
            await until(lambda: viewer.has_pictures_of(CAMERAS, now_ms))
            assert viewer.tells_of(first) == kept
            assert viewer.interruptions(kept) == before
