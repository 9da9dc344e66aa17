import asyncio
import hashlib
from pathlib import Path

import pytest

from server.errors import ClipUnavailable
from server.media.clip_cutter import cut
from server.media.clip_part import ClipPart
from streams.cameras.muxer import Muxer
from streams.fragment import Flag, Fragment, Kind, pack
from tests.streams.filming import START_S, complaints, film, fragments, hashes, later, source_hashes

START_MS = int(START_S * 1000)


def part(folder: Path, *sent: Fragment) -> Path:
    async def write() -> Path:
        one = await ClipPart.begin(folder, 7, 1)
        await one.append(sent)
        return one.path

    return asyncio.run(write())


def test_the_file_holds_the_pictures_as_they_came(tmp_path: Path) -> None:
    target = tmp_path / "000007.1.mp4"
    made = cut(part(tmp_path, *fragments(film())), target, until_ms=START_MS + 60_000)
    assert made is not None
    data = target.read_bytes()
    assert (made.name, made.bytes, made.sha256) == (target.name, len(data), hashlib.sha256(data).hexdigest())
    assert (made.codec, made.pictures) == ("avc1", 50)
    assert complaints(target) == ""
    assert hashes(target) == source_hashes(film())
    assert all(unit.data in data for unit in film())
    assert target.stat().st_mode & 0o777 == 0o600


def test_what_came_later_is_left_out(tmp_path: Path) -> None:
    target = tmp_path / "000007.1.mp4"
    made = cut(part(tmp_path, *fragments(film())), target, until_ms=START_MS + 1000)
    assert made is not None
    assert made.pieces[0].last_ms == START_MS + 1000
    assert hashes(target) == source_hashes(film())[:26]


def test_the_same_pictures_are_the_same_file(tmp_path: Path) -> None:
    path = part(tmp_path, *fragments(film()))
    made = [cut(path, tmp_path / name, until_ms=2**50) for name in ("a", "b")]
    assert made[0]
    assert made[1]
    assert made[0].sha256 == made[1].sha256


def test_holes_are_known_afterwards(tmp_path: Path) -> None:
    muxer = Muxer(4)
    sent = [*fragments(film()[:20], muxer), muxer.gap(START_MS + 800), *fragments(later(film()[:20], 4.0), muxer)]
    made = cut(part(tmp_path, *sent), tmp_path / "clip", until_ms=2**50)
    assert made is not None
    assert [(piece.why, piece.starts_ms) for piece in made.pieces] == [("", 0), ("gap", 4000)]


def test_of_no_picture_there_is_no_file(tmp_path: Path) -> None:
    target = tmp_path / "clip"
    assert cut(part(tmp_path), target, until_ms=2**50) is None
    assert cut(part(tmp_path, fragments(film())[0]), target, until_ms=2**50) is None
    assert not target.exists()


def test_a_full_disk_is_told_in_words_and_leaves_no_half_file(tmp_path: Path) -> None:
    target = tmp_path / "clip"
    target.symlink_to("/dev/full")
    with pytest.raises(ClipUnavailable, match="No space left on device"):
        cut(part(tmp_path, *fragments(film())), target, until_ms=2**50)
    assert not target.is_symlink()


def test_what_is_no_picture_is_left_out(tmp_path: Path) -> None:
    odd = pack(Kind.JPEG, Flag.KEY, camera_number=4, sequence=0, captured_ms=0, dts=0, body=b"no JPEG")
    assert cut(part(tmp_path, odd), tmp_path / "clip", until_ms=2**50) is None


def test_what_is_no_recording_is_told_in_words(tmp_path: Path) -> None:
    path = tmp_path / "000007.1.part"
    path.write_bytes(b"\0\0\0\4none")
    with pytest.raises(ClipUnavailable, match="can't be read: not a fragment message"):
        cut(path, tmp_path / "clip", until_ms=2**50)
