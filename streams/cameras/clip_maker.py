"""ClipMaker: makes many clips side by side, in processes, because drawing and encoding would block and hold the GIL."""

import asyncio
import json
import os
from asyncio.subprocess import Process
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

from streams.cameras.clips import Recipe, is_made
from streams.cameras.worker import worker
from streams.errors import StreamsError

Progress = Callable[[int, int], None]
"""Called with how many clips there are, and how many there shall be."""


async def make_all(
    recipes: Sequence[Recipe],
    folder: Path,
    *,
    on_progress: Progress | None = None,
    processes: int | None = None,
    each_within_s: float = 300.0,
) -> list[Path]:
    """The files of all recipes, in their order; those that are there already are not made again.

    Args:
        processes: how many at a time; as many as there are processors when left out.
        each_within_s: of one clip; the longest takes 8 s of an idle machine.

    Raises:
        StreamsError: a clip could not be made; the sentence says why.
    """
    paths = [folder / recipe.file_name for recipe in recipes]
    made, whole_path = await asyncio.to_thread(lambda: ([is_made(path) for path in paths], folder.absolute()))
    # The long ones first, so that no process is left alone with one at the end.
    missing = {r.file_name: r for r, is_there in zip(recipes, made, strict=True) if not is_there}
    waiting = deque(sorted(missing.values(), key=lambda recipe: -recipe.frames * recipe.width * recipe.height))
    done = len(recipes) - len(waiting)

    def say() -> None:
        if on_progress is not None:
            on_progress(done, len(recipes))

    async def work() -> None:
        nonlocal done
        async with worker("streams.cameras.clip_encoder") as process:
            while waiting:
                recipe = waiting.popleft()
                try:
                    async with asyncio.timeout(each_within_s):
                        await _make_in(process, recipe, whole_path)
                except TimeoutError as error:
                    raise StreamsError(
                        f"the clip '{recipe.title}' was not made within {each_within_s:g} s: is the machine that busy?"
                    ) from error
                done += 1
                say()

    say()
    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(min(processes or os.cpu_count() or 1, len(waiting))):
                group.create_task(work())
    except* StreamsError as errors:
        raise errors.exceptions[0] from None
    return paths


async def _make_in(process: Process, recipe: Recipe, folder: Path) -> None:
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        process.stdin.write(json.dumps({"folder": str(folder), "recipe": asdict(recipe)}).encode() + b"\n")
        await process.stdin.drain()
        answer = await process.stdout.readline()
    except ConnectionError:
        answer = b""
    error = json.loads(answer)["error"] if answer else f"the worker ended with code {await process.wait()}"
    if error:
        raise StreamsError(f"the clip '{recipe.title}' could not be made: {error}")
