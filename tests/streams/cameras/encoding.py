"""A camera that plays a clip into an encoder, and keeps what comes back."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest

from streams.access_unit import AccessUnit
from streams.cameras.clips import Clip
from streams.cameras.encoder import Encoder
from streams.errors import SourceError
from streams.rendition import Rendition
from tests.streams.until import until

SOURCE_AND_240P = frozenset({Rendition.SOURCE, Rendition.P240})
START_S = 1_700_000_000.0


class Camera:
    """As fast as it is asked to."""

    def __init__(
        self, clip: Clip, caplog: pytest.LogCaptureFixture, hangs_after_s: float, opening: Sequence[AccessUnit]
    ) -> None:
        self.made: dict[Rendition, list[AccessUnit]] = defaultdict(list)
        self.losses: list[SourceError] = []
        self.encoder = Encoder(
            lambda which, unit: self.made[which].append(unit),
            opening=lambda: opening,
            on_lost=self.losses.append,
            hangs_after_s=hangs_after_s,
        )
        self.number = 0
        self._clip = clip
        self._caplog = caplog

    @property
    def pids(self) -> list[int]:
        return [record.__dict__["pid"] for record in self._caplog.records if "pid" in record.__dict__]

    def unit(self) -> AccessUnit:
        index = self.number % len(self._clip)
        unit = AccessUnit(
            self._clip.parameters,
            self._clip[index],
            self._clip.is_key(index),
            START_S + self.number / 25,
            self.number * 3600,
        )
        self.number += 1
        return unit

    def push(self, count: int) -> None:
        for _ in range(count):
            self.encoder.push(self.unit())

    async def push_until_made(self, which: Rendition, count: int) -> None:
        """Picture by picture until so many of a rendition are there."""

        def is_there() -> bool:
            if len(self.made[which]) < count:
                self.push(1)
            return len(self.made[which]) >= count

        await until(is_there)

    def times(self, which: Rendition) -> list[float]:
        return [each.captured_at for each in self.made[which]]


@asynccontextmanager
async def encoding(
    clip: Clip,
    caplog: pytest.LogCaptureFixture,
    *,
    hangs_after_s: float = 10.0,
    opening: Sequence[AccessUnit] = (),
) -> AsyncIterator[Camera]:
    with caplog.at_level(logging.INFO, "streams.cameras.encoder"):
        camera = Camera(clip, caplog, hangs_after_s, opening)
        task = asyncio.create_task(camera.encoder.run())
        try:
            yield camera
        finally:
            task.cancel()
            await asyncio.wait({task})


async def start(camera: Camera, renditions: frozenset[Rendition] = SOURCE_AND_240P) -> int:
    """Process id."""
    processes = len(camera.pids)
    made = len(camera.made[max(renditions)])
    camera.encoder.want(renditions)
    await until(lambda: len(camera.pids) > processes)
    await camera.push_until_made(max(renditions), made + 1)
    return camera.pids[-1]
