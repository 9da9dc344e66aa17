"""Run: cycles of faults and visits, each ending in the same calm, in which nothing may be more than before."""

import asyncio
import itertools
import json
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.bench import product
from tests.bench.program import Program
from tests.soak import plan
from tests.soak.sample import Sample
from tests.soak.truth import Truth
from tests.soak.viewer import Viewer

CALM_S = 75.0
"""What lingers has gone by then, and what is kept of the past, 60 s, is of the calm."""
ALL_LIVE_WITHIN_S = 60.0
ACK_S = 0.5
LOOK_S = 0.25
METRICS_TOKEN = "soak-soak-soak-soak-soak"


@dataclass(frozen=True, slots=True)
class Wish:
    seed: str
    minutes: float
    cameras: int = 20
    viewers: int = 100
    cycle_s: float = 225.0
    calm_s: float = CALM_S


@dataclass(slots=True)
class Found:
    violations: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    samples: list[Sample] = field(default_factory=list)


class Soak:
    def __init__(self, wish: Wish, cameras: Program, running: product.Product, say: Callable[[str], None]) -> None:
        self._wish = wish
        self._cameras = cameras
        self._product = running
        self._say = say
        self._truth = Truth()
        self._viewers: list[Viewer] = []
        self.found = Found()

    async def run(self) -> Found:
        tokens = [await asyncio.to_thread(self._product.sign_in, f"soak-{n}") for n in range(self._wish.viewers)]
        self._viewers = [Viewer(token, n % self._wish.cameras, self._product.port) for n, token in enumerate(tokens)]
        for viewer in self._viewers:
            await viewer.join()
        around = [asyncio.create_task(self._acknowledge()), asyncio.create_task(self._look())]
        try:
            until = time.monotonic() + self._wish.minutes * 60
            for number in itertools.count():
                await self._cycle(number)
                if time.monotonic() >= until:
                    break
        finally:
            for task in around:
                task.cancel()
            for viewer in self._viewers:
                viewer.leave()
        self._compare()
        self.found.counts["pictures"] = sum(viewer.pictures for viewer in self._viewers)
        self.found.counts["drops"] = sum(viewer.drops for viewer in self._viewers)
        return self.found

    async def _cycle(self, number: int) -> None:
        wish = self._wish
        seed = f"{wish.seed}/{number}"
        events = plan.cycle(seed, cameras=wish.cameras, viewers=wish.viewers, length_s=wish.cycle_s)
        began = time.monotonic()
        for event in events:
            await asyncio.sleep(began + event.at_s - time.monotonic())
            await self._do(event)
        await self._until_all_live()
        await asyncio.sleep(wish.calm_s)
        sample = await asyncio.to_thread(
            lambda: Sample.of(self._product.processes(), port=self._product.port, metrics_token=METRICS_TOKEN)
        )
        self.found.samples.append(sample)
        self._say(f"cycle {number}: {len(self.found.violations)} violations, {sample}")

    async def _do(self, event: plan.Event) -> None:
        self.found.counts[event.what] += 1
        if event.what in {"leave", "join"}:
            viewer = self._viewers[event.number]
            if event.what == "leave":
                viewer.leave()
            elif not viewer.is_there:
                await viewer.join()
            return
        self._cameras.say(f"{event.what} {event.number}")
        at = (await asyncio.to_thread(self._cameras.line, timeout_s=20))["at"]
        self._truth.obeyed(event.what, event.number, at)

    async def _until_all_live(self) -> None:
        began = time.monotonic()
        while dark := [viewer for viewer in self._viewers if not (viewer.is_there and viewer.shows_live)]:
            if time.monotonic() - began > ALL_LIVE_WITHIN_S:
                cameras = sorted({viewer.camera for viewer in dark})
                self._violated(f"{len(dark)} viewers have no live picture, of cameras {cameras}")
                return
            await asyncio.sleep(LOOK_S)

    async def _acknowledge(self) -> None:
        while True:
            for viewer in self._viewers:
                viewer.acknowledge()
            await asyncio.sleep(ACK_S)

    async def _look(self) -> None:
        while True:
            for sentence in self._truth.lies(self._viewers):
                self._violated(sentence)
            for viewer in self._viewers:
                flaws, viewer.flaws = viewer.flaws, []
                for flaw in flaws:
                    self._violated(flaw)
            await asyncio.sleep(LOOK_S)

    def _violated(self, sentence: str) -> None:
        self.found.violations.append(sentence)
        if len(self.found.violations) <= 50:
            self._say(sentence)

    def _compare(self) -> None:
        """The last calm with the second: in the first some things are made that stay."""
        samples = self.found.samples
        if len(samples) > 2:
            self.found.violations += samples[-1].grown_since(samples[1])


def run(wish: Wish, clips: Path, say: Callable[[str], None]) -> Found:
    """The whole of it, with a product of its own. Blocks."""
    with _running(wish, clips) as (cameras, running):
        return asyncio.run(Soak(wish, cameras, running, say).run())


@contextmanager
def _running(wish: Wish, clips: Path) -> Iterator[tuple[Program, product.Product]]:
    with tempfile.TemporaryDirectory(prefix="sightline-soak-") as name:
        folder = Path(name)
        arguments = ["-m", "tests.soak.cameras", str(clips), str(wish.cameras)]
        with Program(arguments, log=folder / "cameras.log") as cameras:
            urls = cameras.line(timeout_s=120)["urls"]
            more = "".join(
                f'\n[[camera]]\nid = "camera-{n}"\nnumber = {n + 2}\nurl = {json.dumps(url)}\nalways_on = true\n'
                for n, url in enumerate(urls)
            )
            environ = {"SOAK_TOKEN": METRICS_TOKEN}
            with product.up(
                folder, camera_url=urls[0], more=more, web='metrics_token_env = "SOAK_TOKEN"', environ=environ
            ) as up:
                yield cameras, up
