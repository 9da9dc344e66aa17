import asyncio
from pathlib import Path

import pytest

from streams.cameras.clip_maker import make_all
from streams.cameras.clips import Recipe, is_made
from streams.errors import StreamsError

RECIPES = [Recipe(title=f"camera {n}", seed=n, width=320, height=180, fps=5, length_s=1) for n in range(3)]


async def test_clips_are_made_side_by_side_with_progress(tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []

    paths = await make_all(RECIPES, tmp_path / "clips", on_progress=lambda *now: seen.append(now), processes=2)

    assert [path.name for path in paths] == [recipe.file_name for recipe in RECIPES]
    assert await asyncio.to_thread(lambda: all(is_made(path) for path in paths))
    assert seen == [(0, 3), (1, 3), (2, 3), (3, 3)]


async def test_clips_that_are_there_need_no_process(tmp_path: Path) -> None:
    await make_all(RECIPES[:1], tmp_path, processes=1)
    seen: list[tuple[int, int]] = []

    await make_all(RECIPES[:1], tmp_path, on_progress=lambda *now: seen.append(now), processes=0)

    assert seen == [(1, 1)]


async def test_a_folder_that_can_not_be_made_is_said() -> None:
    with pytest.raises(StreamsError, match=r"'camera 0' could not be made: .*Not a directory"):
        await make_all(RECIPES[:1], Path(__file__) / "clips")


async def test_a_clip_is_not_waited_for_without_end(tmp_path: Path) -> None:
    with pytest.raises(StreamsError, match=r"was not made within 0 s"):
        await make_all(RECIPES[:1], tmp_path, each_within_s=0.0)
