import asyncio
from pathlib import Path

import pytest

from server.errors import ClipUnavailable
from server.media.clip_part import ClipPart, messages, remove, sweep
from streams.fragment import Fragment
from tests.streams.filming import film, fragments

SENT = fragments(film(pictures=20))


async def written(one: ClipPart) -> list[Fragment]:
    return await asyncio.to_thread(lambda: list(messages(one.path)))


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


async def part(folder: Path, *, turn: int = 1, number: int = 7) -> ClipPart:
    return await ClipPart.begin(folder, number, turn)


async def test_what_was_appended_is_there_in_order(tmp_path: Path) -> None:
    one = await part(tmp_path / "parts")
    began_with = one.last
    assert began_with is None
    await one.append(SENT[:5])
    await one.append([])
    await one.append(SENT[5:])
    assert one.last == SENT[-1]
    assert await written(one) == SENT
    assert one.path.stat().st_mode & 0o777 == 0o600
    assert one.path.parent.stat().st_mode & 0o777 == 0o700


async def test_the_next_server_goes_on_with_what_is_whole(tmp_path: Path) -> None:
    first = await part(tmp_path)
    await first.append(SENT[:5])
    with first.path.open("ab") as file:
        file.write(first.path.read_bytes()[:100])  # it was killed in the middle
    third = await part(tmp_path, turn=3)
    assert third.last == SENT[4]
    await third.append(SENT[5:])
    # The frozen one wakes up.
    await first.append(SENT[5:7])
    assert await written(third) == SENT


async def test_it_does_not_go_on_with_another_clip(tmp_path: Path) -> None:
    await (await part(tmp_path)).append(SENT)
    assert (await part(tmp_path, number=17, turn=2)).last is None


async def test_a_full_disk_is_told_in_words(tmp_path: Path) -> None:
    (tmp_path / "000007.1.part").symlink_to("/dev/full")
    one = await part(tmp_path)
    with pytest.raises(ClipUnavailable, match=r"can't be written: No space left on device\."):
        await one.append(SENT)


async def test_what_the_log_needs_is_left_to_it(tmp_path: Path) -> None:
    with pytest.raises(ClipUnavailable, match=r"Less than 1048576 GiB are free on the disk of the data folder\."):
        await ClipPart.begin(tmp_path, 7, 1, keep_free_bytes=2**50)
    assert names(tmp_path) == []


async def test_a_folder_that_can_not_be_made_is_told_in_words(tmp_path: Path) -> None:
    (tmp_path / "parts").write_text("a file")
    with pytest.raises(ClipUnavailable):
        await part(tmp_path / "parts")


async def test_what_is_done_leaves_nothing_behind(tmp_path: Path) -> None:
    for number, turn in ((7, 1), (7, 2), (8, 1), (9, 1)):
        await part(tmp_path, number=number, turn=turn)
    (tmp_path / "000007.2.mp4").touch()
    await asyncio.to_thread(remove, tmp_path, 7)
    assert names(tmp_path) == ["000008.1.part", "000009.1.part"]
    await part(tmp_path, number=10)
    await asyncio.to_thread(sweep, tmp_path, {9}, 9)
    assert names(tmp_path) == ["000009.1.part", "000010.1.part"], "the last one was begun meanwhile"
    await asyncio.to_thread(sweep, tmp_path / "none", (), 9)
