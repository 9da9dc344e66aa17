"""Tiny clips: a tenth of a second to make, once for all tests of this folder."""

from pathlib import Path

import pytest

from streams.cameras.clip_encoder import make
from streams.cameras.clips import Clip, Recipe


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Clip:
    """320x180, 25 pictures a second, a key frame every 0.2 s, 2 s."""
    return _make(tmp_path_factory, width=320, height=180)


@pytest.fixture(scope="session")
def other_clip(tmp_path_factory: pytest.TempPathFactory) -> Clip:
    """The same in 256x144, with 10 pictures a second."""
    return _make(tmp_path_factory, width=256, height=144, fps=10)


def _make(tmp_path_factory: pytest.TempPathFactory, *, width: int, height: int, fps: int = 25) -> Clip:
    folder: Path = tmp_path_factory.mktemp("clips")
    recipe = Recipe(
        title="04  Main St", seed=4, width=width, height=height, fps=fps, length_s=2, key_every_s=0.2, grain=3
    )
    return Clip.open(make(recipe, folder))
