from pathlib import Path

import av
import pytest

from streams.cameras.clip_encoder import make
from streams.cameras.clips import Clip, Recipe, is_made
from streams.errors import FormatError

TINY = Recipe(title="04  Main St / 4th Ave", seed=4, width=320, height=180, fps=10, length_s=2)


def _decode(clip: Clip) -> list[av.VideoFrame]:
    decoder = av.CodecContext.create("h264", "r")
    sets = b"".join(b"\0\0\0\1" + nal for nal in (*clip.parameters.sps, *clip.parameters.pps))
    frames: list[av.VideoFrame] = []
    for number in range(len(clip)):
        unit = clip[number]
        parts, at = [sets], 0
        while at < len(unit):
            end = at + 4 + int.from_bytes(unit[at : at + 4], "big")
            parts.append(b"\0\0\0\1" + unit[at + 4 : end])
            at = end
        frames += [frame for frame in decoder.decode(av.Packet(b"".join(parts))) if isinstance(frame, av.VideoFrame)]
    return frames + [frame for frame in decoder.decode(None) if isinstance(frame, av.VideoFrame)]


def test_a_clip_decodes_to_as_many_pictures_as_it_has_access_units(tmp_path: Path) -> None:
    clip = Clip.open(make(TINY, tmp_path))
    frames = _decode(clip)

    assert (len(clip), clip.fps, clip.length_s) == (20, 10, 2)
    assert len(frames) == 20
    assert {(frame.width, frame.height) for frame in frames} == {(320, 180)}
    assert all(frame.pict_type != av.video.frame.PictureType.B for frame in frames)


def test_a_clip_is_h264_high_with_a_key_frame_every_second(tmp_path: Path) -> None:
    clip = Clip.open(make(TINY, tmp_path))

    assert clip.parameters.codec_string.startswith("avc1.6400")
    assert (clip.parameters.width, clip.parameters.height) == (320, 180)
    assert [number for number in range(len(clip)) if clip.is_key(number)] == [0, 10]


def test_a_clip_is_made_once(tmp_path: Path) -> None:
    first = make(TINY, tmp_path)
    written = first.stat().st_mtime_ns

    assert make(TINY, tmp_path) == first
    assert first.stat().st_mtime_ns == written
    assert list(tmp_path.iterdir()) == [first]


def test_another_recipe_has_another_file() -> None:
    other = Recipe(title=TINY.title, seed=5, width=320, height=180, fps=10, length_s=2)

    assert TINY.file_name.startswith("04-main-st-4th-ave-")
    assert TINY.file_name != other.file_name


def test_a_damaged_clip_is_noticed_and_made_again(tmp_path: Path) -> None:
    path = make(TINY, tmp_path)
    whole = path.read_bytes()
    for damaged in (whole[:-1], b"", b"SLCLIP01", whole[:40], b"x" * 100):
        path.write_bytes(damaged)

        assert not is_made(path)
        with pytest.raises(FormatError):
            Clip.open(path)

    make(TINY, tmp_path)
    assert is_made(path)


def test_a_recipe_that_can_not_be_encoded_is_refused() -> None:
    with pytest.raises(ValueError, match="divisor"):
        Recipe(title="x", seed=1, fps=7)
    with pytest.raises(ValueError, match="even"):
        Recipe(title="x", seed=1, width=321)


def test_with_grain_every_access_unit_ends_differently(tmp_path: Path) -> None:
    recipe = Recipe(title="x", seed=1, width=320, height=180, fps=10, length_s=2, grain=8, max_bitrate_bps=500_000)
    clip = Clip.open(make(recipe, tmp_path))

    assert len({clip[number][-12:] for number in range(len(clip))}) == len(clip)
