import subprocess
from dataclasses import replace
from pathlib import Path

import imageio_ffmpeg
import pytest

from clients.cli.errors import NotUnderstood, Unrecordable
from clients.cli.fragment import Fragment, decode
from clients.cli.recording import Chunk, Recording
from tests.clients.cli.wire_examples import payload

INIT = decode(payload("init"))
FRAMES = [decode(payload(name)) for name in ("key_frame", "delta_frame", "delta_frame_2", "delta_frame_3")]
GAP = decode(payload("gap"))
JPEG = decode(payload("jpeg"))


def write(chunks: list[Chunk]) -> None:
    for chunk in chunks:
        with chunk.file.open("wb" if chunk.begins else "ab") as file:
            file.write(chunk.data)


def record(file: Path, fragments: list[Fragment]) -> Recording:
    recording = Recording(file)
    for fragment in fragments:
        write(recording.add(fragment))
    return recording


def timestamps(file: Path, form: str = "mp4") -> list[int]:
    """Presentation times of the pictures in 1/90000 s; fails when ffmpeg has anything to say."""
    ffmpeg = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "warning", "-copyts"]
    output = ["-fps_mode", "passthrough", "-enc_time_base", "1:90000", "-f", "framemd5", "-"]
    played = subprocess.run(
        [*ffmpeg, "-f", form, "-i", str(file), *output], capture_output=True, text=True, timeout=30, check=True
    )
    assert played.stderr == ""
    return [int(line.split(",")[2]) for line in played.stdout.splitlines() if not line.startswith("#")]


def later(fragment: Fragment, *, ms: float, dts: int, flags: int | None = None) -> Fragment:
    changed = replace(fragment, captured_ms=fragment.captured_ms + ms, dts=dts)
    return changed if flags is None else replace(changed, flags=flags)


def test_ffmpeg_plays_what_was_saved_from_time_0(tmp_path: Path) -> None:
    recording = record(tmp_path / "out.mp4", [INIT, *FRAMES])
    assert recording.pictures == 4
    assert timestamps(tmp_path / "out.mp4") == [0, 3600, 7200, 10800]


def test_recording_begins_with_a_key_frame(tmp_path: Path) -> None:
    recording = record(tmp_path / "out.mp4", [FRAMES[1], INIT, FRAMES[2], *FRAMES])
    assert recording.pictures == 4
    assert timestamps(tmp_path / "out.mp4") == [0, 3600, 7200, 10800]


def test_after_a_gap_it_waits_for_a_key_frame_and_time_goes_on(tmp_path: Path) -> None:
    again = later(FRAMES[0], ms=10_000, dts=FRAMES[0].dts + 900_000)
    record(tmp_path / "out.mp4", [INIT, *FRAMES[:3], GAP, FRAMES[3], INIT, again])
    assert timestamps(tmp_path / "out.mp4") == [0, 3600, 7200, 900_000]


def test_a_timeline_that_starts_again_goes_on_in_the_file(tmp_path: Path) -> None:
    again = later(FRAMES[0], ms=5_000, dts=0, flags=3)
    following = later(FRAMES[1], ms=5_000, dts=3600)
    record(tmp_path / "out.mp4", [INIT, *FRAMES[:2], GAP, INIT, again, following])
    assert timestamps(tmp_path / "out.mp4") == [0, 3600, 450_000, 453_600]


def test_another_resolution_begins_another_file(tmp_path: Path) -> None:
    larger = replace(INIT, body=INIT.body + b"\0\0\0\x08free")
    record(tmp_path / "out.mp4", [INIT, *FRAMES, larger, FRAMES[0]])
    assert len(timestamps(tmp_path / "out.mp4")) == 4
    assert timestamps(tmp_path / "out-2.mp4") == [0]


def test_an_existing_file_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "out.mp4").write_bytes(b"old" * 1000)
    record(tmp_path / "out.mp4", [INIT, *FRAMES])
    assert len(timestamps(tmp_path / "out.mp4")) == 4


def test_left_out_pictures_make_it_wait_for_a_key_frame() -> None:
    recording = Recording(Path("out.mp4"))
    for fragment in (INIT, FRAMES[0]):
        recording.add(fragment)
    recording.restart()
    assert recording.add(FRAMES[1]) == []


def test_jpeg_pictures_are_saved_in_a_row(tmp_path: Path) -> None:
    record(tmp_path / "out.mjpeg", [JPEG, JPEG])
    assert (tmp_path / "out.mjpeg").read_bytes() == JPEG.body * 2
    assert len(timestamps(tmp_path / "out.mjpeg", "mjpeg")) == 2


def test_jpeg_pictures_are_refused_for_mp4_in_words() -> None:
    with pytest.raises(Unrecordable, match=r"\.mjpeg"):
        Recording(Path("out.mp4")).add(JPEG)


def test_h264_is_refused_for_mjpeg_in_words() -> None:
    with pytest.raises(Unrecordable, match=r"\.mp4"):
        Recording(Path("out.mjpeg")).add(FRAMES[0])


def test_a_name_without_a_known_ending_is_refused() -> None:
    with pytest.raises(Unrecordable, match=r"\.mp4"):
        Recording(Path("out.avi"))


@pytest.mark.parametrize("body", [b"", b"\0\0\0\x10moof" + bytes(8), FRAMES[0].body.replace(b"tfdt\1", b"tfdt\0")])
def test_a_frame_without_a_decode_time_is_not_understood(body: bytes) -> None:
    recording = Recording(Path("out.mp4"))
    recording.add(INIT)
    with pytest.raises(NotUnderstood):
        recording.add(replace(FRAMES[0], body=body))
