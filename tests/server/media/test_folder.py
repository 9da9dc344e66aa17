import hashlib
import logging
import os
import stat
from pathlib import Path

import pytest

from server.errors import LogUnavailable
from server.media.folder import MediaFolder, MediaStore

DATA = b"the bytes of a photo"
ID = hashlib.sha256(DATA).hexdigest()
LATER_MS = 2**42


@pytest.fixture
def store(tmp_path: Path) -> MediaStore:
    return MediaFolder(tmp_path / "media")


def files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


async def test_what_is_put_can_be_got_by_its_hash(store: MediaStore) -> None:
    assert await store.put(DATA) == ID
    assert await store.get(ID) == DATA


async def test_the_same_bytes_are_one_file(store: MediaStore, tmp_path: Path) -> None:
    await store.put(DATA)
    (path,) = files(tmp_path)
    before = path.stat()
    assert await store.put(DATA) == ID
    assert files(tmp_path) == [path]
    assert path.stat().st_ino == before.st_ino
    assert path == tmp_path / "media" / ID[:2] / f"{ID}.jpg"


async def test_only_the_owner_can_read_it(store: MediaStore, tmp_path: Path) -> None:
    await store.put(DATA)
    (path,) = files(tmp_path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert {stat.S_IMODE(folder.stat().st_mode) for folder in (path.parent, path.parent.parent)} == {0o700}


async def test_what_was_removed_is_missing(store: MediaStore, tmp_path: Path) -> None:
    await store.put(DATA)
    await store.remove(ID, put_before_ms=LATER_MS)
    await store.remove(ID, put_before_ms=LATER_MS)
    assert await store.get(ID) is None
    assert files(tmp_path) == []


async def test_what_was_put_again_is_not_removed(store: MediaStore, tmp_path: Path) -> None:
    await store.put(DATA)
    (path,) = files(tmp_path)
    os.utime(path, (1_000, 1_000))
    await store.put(DATA)
    await store.remove(ID, put_before_ms=1_000_001)
    assert await store.get(ID) == DATA
    os.utime(path, (1_000, 1_000))
    await store.remove(ID, put_before_ms=1_000_001)
    assert files(tmp_path) == []


@pytest.mark.parametrize("media_id", ["", "0" * 64, "../../log.db", ID.upper(), ID + "\n", f"../{ID[3:]}", "\0" * 64])
async def test_what_is_no_id_is_missing(store: MediaStore, tmp_path: Path, media_id: str) -> None:
    await store.put(DATA)
    (tmp_path / "log.db").write_bytes(b"the log")
    assert await store.get(media_id) is None
    await store.remove(media_id, put_before_ms=LATER_MS)
    assert len(files(tmp_path)) == 2


async def test_what_was_changed_since_counts_as_missing_and_can_be_put_again(
    store: MediaStore, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    await store.put(DATA)
    (path,) = files(tmp_path)
    path.write_bytes(b"another face")
    with caplog.at_level(logging.ERROR):
        assert await store.get(ID) is None
    assert "not what it was" in caplog.text
    await store.put(DATA)
    assert await store.get(ID) == DATA


async def test_a_folder_that_can_not_be_written_is_an_answer_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "media").write_bytes(b"a file stands in the way")
    with pytest.raises(LogUnavailable, match="can't be"):
        await MediaFolder(tmp_path / "media").put(DATA)
    folder = tmp_path / "other"
    (folder / ID[:2] / f"{ID}.jpg").mkdir(parents=True)
    with pytest.raises(LogUnavailable, match="can't be"):
        await MediaFolder(folder).put(DATA)
    assert [path.name for path in files(folder)] == []
