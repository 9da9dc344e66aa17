"""What every ``ClipStore`` promises, whatever it keeps clips in."""

from pathlib import Path

import pytest

from server.errors import ClipUnavailable
from server.media.clip_folder import CHUNK_BYTES, ClipStore, name_of

NAME = name_of(7, 1)
DATA = bytes(range(256)) * (CHUNK_BYTES // 256) * 4 + b"the end"


async def put(store: ClipStore, folder: Path, data: bytes = DATA) -> Path:
    source = folder / NAME
    source.write_bytes(data)
    await store.put(source)
    return source


async def read(store: ClipStore, start: int, end: int) -> bytes:
    return b"".join([chunk async for chunk in store.read(NAME, start, end)])


async def gives_back_what_was_put(store: ClipStore, folder: Path) -> None:
    source = await put(store, folder)
    assert not source.exists()
    assert await store.size(NAME) == len(DATA)
    assert await read(store, 0, len(DATA)) == DATA
    assert await read(store, 100, 300) == DATA[100:300]
    assert await read(store, 100, 100) == b""


async def forgets_what_was_removed(store: ClipStore, folder: Path) -> None:
    await put(store, folder)
    await store.remove(NAME)
    await store.remove(NAME)
    with pytest.raises(ClipUnavailable, match=r"[Nn]o such file"):
        await store.size(NAME)
    with pytest.raises(ClipUnavailable):
        await read(store, 0, 1)


async def gives_nothing_short_as_whole(store: ClipStore, folder: Path) -> None:
    await put(store, folder)
    with pytest.raises(ClipUnavailable, match="too early"):
        await read(store, 0, len(DATA) + 1)
