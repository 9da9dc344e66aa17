from pathlib import Path

import pytest

from server.errors import ClipUnavailable
from server.media.clip_folder import CHUNK_BYTES, ClipFolder, ClipStore, name_of

NAME = name_of(7, 1)
DATA = bytes(range(256)) * (CHUNK_BYTES // 256 + 1)


@pytest.fixture
def store(tmp_path: Path) -> ClipStore:
    return ClipFolder(tmp_path / "clips")


async def put(store: ClipStore, folder: Path, data: bytes = DATA) -> Path:
    source = folder / NAME
    source.write_bytes(data)
    await store.put(source)
    return source


async def read(store: ClipStore, start: int, end: int) -> bytes:
    return b"".join([chunk async for chunk in store.read(NAME, start, end)])


async def test_what_was_put_can_be_read_whole_and_in_part(store: ClipStore, tmp_path: Path) -> None:
    source = await put(store, tmp_path)
    assert not source.exists()
    assert await store.size(NAME) == len(DATA)
    assert await read(store, 0, len(DATA)) == DATA
    assert await read(store, 100, 300) == DATA[100:300]
    assert await read(store, 100, 100) == b""


async def test_what_was_removed_is_gone(store: ClipStore, tmp_path: Path) -> None:
    await put(store, tmp_path)
    await store.remove(NAME)
    await store.remove(NAME)
    with pytest.raises(ClipUnavailable, match="No such file"):
        await store.size(NAME)
    with pytest.raises(ClipUnavailable):
        await read(store, 0, 1)


async def test_a_file_that_ends_too_early_is_not_given_as_whole(store: ClipStore, tmp_path: Path) -> None:
    await put(store, tmp_path)
    with pytest.raises(ClipUnavailable, match="too early"):
        await read(store, 0, len(DATA) + 1)


@pytest.mark.parametrize("name", ["../000007.1.mp4", "000007.1.mp4/..", "", "/etc/passwd", "000007.1.part"])
async def test_a_name_that_is_none_leads_nowhere(store: ClipStore, name: str) -> None:
    with pytest.raises(ClipUnavailable, match="no file of a clip"):
        await store.size(name)
