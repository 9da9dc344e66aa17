"""A streams process of a test's own that tells what cameras have shown, as the real one does."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from math import inf

from streams.bus.past_answers import PastAnswers
from streams.fragment import Fragment
from streams.pasts import Pasts


class PastKeeper:
    def __init__(self, url: str, streams_id: str, past_s: float) -> None:
        self.pasts = Pasts(past_s=past_s, past_bytes=1 << 25, total_bytes=inf)
        self.owned_s: float | None = inf
        """For how long its cameras have been its own; None: they are not any more."""
        self.answers = PastAnswers(url, self.pasts, streams_id=streams_id, owned_s=lambda _: self.owned_s)

    @property
    def is_telling(self) -> bool:
        """Whether anybody is being told."""
        return bool(self.answers._credits)

    def has(self, camera_number: int) -> None:
        """The camera is one of this process."""
        self.pasts.of(camera_number)

    def keep(self, fragments: Sequence[Fragment]) -> Sequence[Fragment]:
        for fragment in fragments:
            past = self.pasts.of(fragment.camera_number)
            assert past is not None, "it keeps something"
            past.append(fragment)
        return fragments

    def forget(self, camera_number: int) -> None:
        past = self.pasts.of(camera_number)
        assert past is not None, "it keeps something"
        while past.reach():
            past.forget_oldest()


@asynccontextmanager
async def open_past_keeper(url: str, streams_id: str = "streams-1", past_s: float = 60) -> AsyncIterator[PastKeeper]:
    keeper = PastKeeper(url, streams_id, past_s)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(keeper.answers.run())
        async with asyncio.timeout(10):
            await keeper.answers.listens.wait()
        yield keeper
        task.cancel()
