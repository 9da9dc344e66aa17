"""Clips of many kinds through the packets reader: a stranger decodes of its fragments what it decodes of the clip."""

import subprocess
from dataclasses import replace
from itertools import groupby
from pathlib import Path

import av
import imageio_ffmpeg
import pytest
from aiohttp import web

from streams.access_unit import CLOCK_HZ, AccessUnit
from streams.cameras.muxer import Muxer
from streams.errors import SourceEnded
from streams.formats import fmp4
from streams.formats.h264 import split_avcc
from streams.formats.h265 import is_skipped
from streams.fragment import Kind
from tests.streams.cameras.reading import read

VECTORS = Path(__file__).parents[2] / "vectors"
FFMPEG = imageio_ffmpeg.get_ffmpeg_exe()
PICTURES = ("-f", "lavfi", "-i", "testsrc=size=162x98:rate=25", "-frames:v", "40", "-pix_fmt", "yuv420p")
H265 = ("-c:v", "libx265", "-preset", "ultrafast", "-x265-params")
PLAIN, OPEN = "log-level=none:keyint=12:bframes=0", "log-level=none:keyint=12:bframes=3:open-gop=1:slices=2"
MADE = {
    "plain.mp4": (*H265, PLAIN, "-tag:v", "hvc1"),
    "open.mp4": (*H265, OPEN, "-tag:v", "hev1"),
    "open.ts": (*H265, OPEN),
    "open.mkv": (*H265, OPEN),
    "plain.265": (*H265, PLAIN, "-f", "hevc"),
    "open.flv": (*H265, OPEN),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("clips")
    for name, options in MADE.items():
        _ffmpeg(*PICTURES, *options, made / name)
    _ffmpeg(*PICTURES, "-vf", "scale=320:180", *MADE["plain.265"], made / "larger.265")
    (made / "growing.265").write_bytes((made / "plain.265").read_bytes() + (made / "larger.265").read_bytes())
    return made


@pytest.mark.parametrize("name", MADE)
async def test_h265_plays_through_from_any_container(folder: Path, name: str, tmp_path: Path) -> None:
    units = await _play(folder / name)

    assert len(units) == 40
    assert [n for n, unit in enumerate(units) if unit.is_key] == _keys(folder / name)
    assert {unit.parameters.codec_string[:7] for unit in units} == {"hvc1.1."}
    assert {(unit.parameters.width, unit.parameters.height) for unit in units} == {(162, 98)}
    (relayed,) = _muxed(units, tmp_path)
    assert _hashes(relayed) == _hashes(folder / name)


@pytest.mark.parametrize(
    "path", [*(VECTORS / "h264").glob("*.264"), *(VECTORS / "h265").glob("*.mp4")], ids=lambda path: path.stem
)
async def test_clips_of_others_play_through(path: Path, tmp_path: Path) -> None:
    """With B-frames, many slices, a lost IDR picture, several parameter sets, open groups."""
    relayed = _muxed(await _play(path), tmp_path)

    assert [found for each in relayed for found in _hashes(each)] == _hashes(path)


async def test_a_size_that_changes_is_a_new_init_segment(folder: Path, tmp_path: Path) -> None:
    before, after = _muxed(await _play(folder / "growing.265"), tmp_path)

    assert _hashes(before) == _hashes(folder / "plain.265")
    assert _hashes(after) == _hashes(folder / "larger.265")
    assert fmp4.read_init(after.read_bytes()).width == 320


async def test_after_a_damage_what_looks_back_behind_the_next_key_frame_is_left_out(
    folder: Path, tmp_path: Path
) -> None:
    whole = await _play(folder / "open.ts")
    keys = _keys(folder / "open.ts")
    looking_back = [n for n, unit in enumerate(whole) if any(map(is_skipped, split_avcc(unit.data)))]
    assert [n for n in looking_back if keys[1] < n < keys[2]]
    assert [n for n in looking_back if keys[2] < n < keys[3]]
    damaged = tmp_path / "damaged.ts"
    damaged.write_bytes(_without_a_packet((folder / "open.ts").read_bytes(), of_picture=5))
    pictures = [unit.data for unit in whole]
    shown = [pictures.index(unit.data) for unit in await _play(damaged)]

    missing = sorted(set(range(40)) - set(shown))
    assert missing[0] in {4, 5}
    assert missing == [*range(missing[0], keys[1]), *(n for n in looking_back if n < keys[2])]


async def test_h265_comes_by_http_flv(folder: Path) -> None:
    body = (folder / "open.flv").read_bytes()

    async def answer(_request: web.Request) -> web.Response:
        return web.Response(body=body)

    app = web.Application()
    app.router.add_get("/x.flv", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        units, error = await read(f"http://127.0.0.1:{runner.addresses[0][1]}/x.flv")
    finally:
        await runner.cleanup()

    assert isinstance(error, SourceEnded)
    assert len(units) == 40
    assert {unit.parameters.codec for unit in units} == {"h265"}


async def _play(path: Path) -> list[AccessUnit]:
    units, error = await read(path.as_uri(), module="tests.streams.cameras.workers.hurried")
    assert isinstance(error, SourceEnded)
    return units


def _muxed(units: list[AccessUnit], folder: Path) -> list[Path]:
    """As fragments, a file for each init segment."""
    muxer = Muxer(4)
    made = [
        fragment
        for unit in units
        for fragment in muxer.push(replace(unit, captured_at=1000 + (unit.timestamp or 0) / CLOCK_HZ))
    ]
    files: list[Path] = []
    for is_init, fragments in groupby(made, lambda fragment: fragment.kind is Kind.INIT):
        body = b"".join(fragment.body for fragment in fragments)
        if is_init:
            files.append(folder / f"{len(files)}.mp4")
            files[-1].write_bytes(body)
        else:
            files[-1].write_bytes(files[-1].read_bytes() + body)
    return files


def _without_a_packet(data: bytes, *, of_picture: int) -> bytes:
    """MPEG-TS that has lost one of the packets of a picture, not its first."""
    packets = [data[at : at + 188] for at in range(0, len(data), 188)]
    video = [n for n, packet in enumerate(packets) if (packet[1] & 0x1F) << 8 | packet[2] == 0x100]
    begins = [at for at, n in enumerate(video) if packets[n][1] & 0x40]
    del packets[video[begins[of_picture] + 1]]
    return b"".join(packets)


def _keys(path: Path) -> list[int]:
    """Numbers of the key frames in decode order, as FFmpeg finds them."""
    with av.open(path, "r") as container:
        packets = [packet for packet in container.demux(video=0) if packet.size]
    return [n for n, packet in enumerate(packets) if packet.is_keyframe]


def _hashes(path: Path) -> list[str]:
    to_hashes = ("-map", "0:v:0", "-fps_mode", "passthrough", "-f", "framemd5", "-")
    done = subprocess.run(
        [FFMPEG, "-v", "error", "-i", str(path), *to_hashes], check=True, capture_output=True, text=True, timeout=60
    )
    assert done.stderr == ""
    return [line.rsplit(",", 1)[1].strip() for line in done.stdout.splitlines() if not line.startswith("#")]


def _ffmpeg(*arguments: str | Path) -> None:
    subprocess.run([FFMPEG, "-nostdin", "-v", "error", "-y", *arguments], check=True, timeout=60)
