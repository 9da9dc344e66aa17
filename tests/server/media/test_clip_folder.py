from pathlib import Path

import pytest

from server.errors import ClipUnavailable
from server.media.clip_folder import ClipFolder, ClipStore
from tests.server.media import clip_store


@pytest.fixture
def store(tmp_path: Path) -> ClipStore:
    return ClipFolder(tmp_path / "clips")


async def test_what_was_put_can_be_read_whole_and_in_part(store: ClipStore, tmp_path: Path) -> None:
    await clip_store.gives_back_what_was_put(store, tmp_path)


async def test_what_was_removed_is_gone(store: ClipStore, tmp_path: Path) -> None:
    await clip_store.forgets_what_was_removed(store, tmp_path)


async def test_a_file_that_ends_too_early_is_not_given_as_whole(store: ClipStore, tmp_path: Path) -> None:
    await clip_store.gives_nothing_short_as_whole(store, tmp_path)


@pytest.mark.parametrize("name", ["../000007.1.mp4", "000007.1.mp4/..", "", "/etc/passwd", "000007.1.part"])
async def test_a_name_that_is_none_leads_nowhere(store: ClipStore, name: str) -> None:
    with pytest.raises(ClipUnavailable, match="no file of a clip"):
        await store.size(name)
