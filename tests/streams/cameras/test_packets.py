import asyncio
import logging
import os
import signal
import subprocess
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import imageio_ffmpeg
import pytest
from aiohttp import web

from streams.access_unit import AccessUnit
from streams.cameras.packets import PacketsReader, Timeouts
from streams.errors import (
    SourceEnded,
    SourceError,
    SourceGarbled,
    SourceRefused,
    SourceSilent,
    SourceUnreachable,
    SourceUnsupported,
)
from tests.fakes.silent_server import silent_server
from tests.streams.cameras.reading import read

VIDEO = ("-f", "lavfi", "-i", "testsrc=size=160x96:rate=25")
H264 = ("-c:v", "libx264", "-g", "15", "-pix_fmt", "yuv420p")


def _ffmpeg(*arguments: str | Path) -> None:
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-nostdin", "-loglevel", "error", "-y", *arguments]
    subprocess.run(command, check=True, timeout=30)


@pytest.fixture(scope="module")
def videos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Short clips of 15 pictures in several containers, and a playlist with segments of 0.6 s."""
    folder = tmp_path_factory.mktemp("videos")
    for name, options in {
        "reordered.mp4": (*H264, "-bf", "2"),
        "plain.mkv": (*H264, "-bf", "0"),
        "plain.ts": (*H264, "-bf", "0"),
        "plain.264": (*H264, "-bf", "0"),
        "h265.mp4": ("-c:v", "libx265", "-x265-params", "log-level=none", "-pix_fmt", "yuv420p"),
        "mpeg4.avi": ("-c:v", "mpeg4"),
    }.items():
        _ffmpeg(*VIDEO, "-frames:v", "15", *options, folder / name)
    _ffmpeg("-f", "lavfi", "-i", "sine", "-t", "0.2", folder / "sound.mp4")
    _ffmpeg(
        *VIDEO, "-frames:v", "60", *H264, "-bf", "0", "-sc_threshold", "0",
        "-f", "hls", "-hls_time", "0.6", "-hls_list_size", "0", folder / "vod.m3u8",
    )  # fmt: skip
    return folder


# Files


@pytest.mark.parametrize("name", ["reordered.mp4", "plain.mkv", "plain.ts", "plain.264"])
async def test_a_file_is_played_in_real_time_over_and_over(videos: Path, name: str) -> None:
    units, _ = await read((videos / name).as_uri(), 18)

    assert [n for n, unit in enumerate(units) if unit.is_key] == [0, 15]
    assert {(unit.parameters.width, unit.parameters.height) for unit in units} == {(160, 96)}
    assert [unit.timestamp for unit in units] == pytest.approx([3600 * n for n in range(18)], abs=200)
    assert units[17].captured_at - units[0].captured_at == pytest.approx(17 / 25, abs=0.3)
    assert units[15].data == units[0].data
    # Length-prefixed, without parameter sets.
    assert int.from_bytes(units[1].data[:4], "big") <= len(units[1].data) - 4
    assert all(unit.data[4] & 0x1F not in {7, 8, 9} for unit in units)


async def test_reordered_pictures_say_when_they_are_shown(videos: Path) -> None:
    reordered, _ = await read((videos / "reordered.mp4").as_uri(), 15)
    plain, _ = await read((videos / "plain.mkv").as_uri(), 3)

    shown = [(unit.timestamp or 0) + unit.composition_offset for unit in reordered]
    assert sorted(shown) != shown
    assert len(set(shown)) == 15
    assert {unit.composition_offset for unit in plain} == {0}


@pytest.mark.parametrize(
    ("name", "kind", "words"),
    [
        ("mpeg4.avi", SourceUnsupported, "The video is in MPEG-4 Part 2"),
        ("sound.mp4", SourceUnsupported, "no video"),
        ("not-there.mp4", SourceUnreachable, "There is no file not-there.mp4"),
        (".", SourceUnreachable, "There is no file"),
    ],
)
async def test_what_can_not_be_played_is_said_in_words(
    videos: Path, name: str, kind: type[SourceError], words: str
) -> None:
    units, error = await read((videos / name).as_uri())

    assert units == []
    assert isinstance(error, kind)
    assert words in str(error)


async def test_broken_files_are_garbled(videos: Path, tmp_path: Path) -> None:
    whole = (videos / "reordered.mp4").read_bytes()
    for content in (b"", b"nothing of a video", bytes(5000), whole[:300], whole[:40] + b"\xff" * 2000):
        (tmp_path / "broken.mp4").write_bytes(content)
        units, error = await read((tmp_path / "broken.mp4").as_uri())

        assert units == []
        assert isinstance(error, SourceGarbled | SourceEnded | SourceUnsupported)


async def test_a_playlist_among_the_files_is_not_followed(videos: Path, tmp_path: Path) -> None:
    (tmp_path / "list.m3u8").write_text((videos / "vod.m3u8").read_text())
    (tmp_path / "list.txt").write_text(f"ffconcat version 1.0\nfile '{videos / 'plain.mkv'}'\n")
    for name in ("list.m3u8", "list.txt"):
        _, error = await read((tmp_path / name).as_uri())

        assert isinstance(error, SourceGarbled)


@pytest.mark.parametrize(
    "url", ["rtsp://host/x", "http://127.0.0.1/x.mp4", "file://other-host/x.mp4", "file:x.mp4", "http://[::1/x.m3u8"]
)
async def test_other_addresses_are_refused(url: str) -> None:
    _, error = await read(url)

    assert isinstance(error, SourceUnsupported | SourceUnreachable)


# HLS


@asynccontextmanager
async def _server(answer: Callable[[web.Request], web.StreamResponse]) -> AsyncIterator[str]:
    async def handle(request: web.Request) -> web.StreamResponse:
        return answer(request)

    app = web.Application()
    app.router.add_get("/{name:.*}", handle)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


def _file(folder: Path, request: web.Request) -> web.StreamResponse:
    path = folder / request.path.strip("/")
    return web.Response(body=path.read_bytes()) if path.is_file() else web.Response(status=404)


async def test_hls_is_played_to_its_end(videos: Path) -> None:
    async with _server(lambda request: _file(videos, request)) as url:
        units, error = await read(f"{url}/vod.m3u8")

    assert isinstance(error, SourceEnded)
    assert len(units) == 60
    assert [n for n, unit in enumerate(units) if unit.is_key] == [0, 15, 30, 45]
    assert units[59].captured_at - units[0].captured_at == pytest.approx(59 / 25, abs=0.4)


async def test_hls_with_a_password_begins_at_the_newest_segment_and_outlives_one_that_vanished(videos: Path) -> None:
    signed = aiohttp.encode_basic_auth("viewer", "s3cret")
    asked: list[str] = []
    vanished: list[str] = []

    def answer(request: web.Request) -> web.StreamResponse:
        if request.headers.get("Authorization") != signed:
            return web.Response(status=401, headers={"WWW-Authenticate": 'Basic realm="x"'})
        asked.append(request.path)
        if request.path != "/live.m3u8":
            if request.path == "/vod2.ts" and not vanished:
                vanished.append(request.path)
                return web.Response(status=404)
            return _file(videos, request)
        newest = min(3, asked.count("/live.m3u8"))
        names = "".join(f"#EXTINF:0.6,\nvod{n}.ts\n" for n in range(newest + 1))
        end = "#EXT-X-ENDLIST\n" if newest == 3 else ""
        return web.Response(text=f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXT-X-MEDIA-SEQUENCE:0\n{names}{end}")

    async with _server(answer) as url:
        units, error = await read(f"{url}/live.m3u8", username="viewer", password="s3cret")
        _, refused = await read(f"{url}/live.m3u8", username="viewer", password="wrong")

    assert isinstance(error, SourceEnded)
    assert vanished == ["/vod2.ts"]
    assert "/vod0.ts" not in asked
    assert len(units) >= 30
    assert isinstance(refused, SourceRefused)
    assert "user name or the password" in str(refused)


async def test_hls_whose_token_ends_goes_on_by_the_address_that_was_configured(videos: Path) -> None:
    tokens: list[int] = []

    def answer(request: web.Request) -> web.StreamResponse:
        if request.path == "/live.m3u8":
            tokens.append(0)
            return web.Response(text=f"#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nlist.m3u8?token={len(tokens)}\n")
        token = int(request.query.get("token", "0")) or len(tokens)
        if request.path == "/list.m3u8":
            tokens[token - 1] += 1
            if token < len(tokens) or tokens[token - 1] > 2:
                return web.Response(status=403)
            names = "".join(f"#EXTINF:0.6,\nvod{n}.ts?token={token}\n" for n in range(len(tokens)))
            return web.Response(text=f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXT-X-MEDIA-SEQUENCE:0\n{names}")
        return _file(videos, request)

    async with _server(answer) as url:
        units, error = await read(f"{url}/live.m3u8", 45)

    assert error is None
    assert len(tokens) == 3
    assert [n for n, unit in enumerate(units) if unit.is_key] == [0, 15, 30]
    clock = [unit.timestamp or 0 for unit in units]
    assert clock == sorted(clock)


async def test_hls_whose_password_is_not_taken_any_more_ends_in_words(videos: Path) -> None:
    asked: list[str] = []

    def answer(request: web.Request) -> web.StreamResponse:
        asked.append(request.path)
        if request.path == "/live.m3u8":
            times = asked.count("/live.m3u8")
            if times > 5:
                return web.Response(status=403)
            names = "".join(f"#EXTINF:0.6,\nvod{n}.ts\n" for n in range(min(3, times) + 1))
            return web.Response(text=f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXT-X-MEDIA-SEQUENCE:0\n{names}")
        return _file(videos, request)

    async with _server(answer) as url:
        units, error = await read(f"{url}/live.m3u8")

    assert len(units) >= 30
    assert isinstance(error, SourceRefused)
    assert "does not allow" in str(error)


async def test_hls_goes_on_after_a_discontinuity_with_another_size_and_another_clock(
    videos: Path, tmp_path: Path
) -> None:
    _ffmpeg(
        "-f", "lavfi", "-i", "testsrc=size=320x180:rate=25", "-frames:v", "15", *H264, "-bf", "0",
        "-output_ts_offset", "500", tmp_path / "other.ts",
    )  # fmt: skip
    names = "#EXTINF:0.6,\nvod0.ts\n#EXT-X-DISCONTINUITY\n#EXTINF:0.6,\nother.ts\n"
    text = f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n{names}#EXT-X-DISCONTINUITY\n#EXTINF:0.6,\nvod1.ts\n#EXT-X-ENDLIST\n"

    def answer(request: web.Request) -> web.StreamResponse:
        if request.path == "/list.m3u8":
            return web.Response(text=text)
        return _file(tmp_path if request.path == "/other.ts" else videos, request)

    async with _server(answer) as url:
        units, error = await read(f"{url}/list.m3u8")

    assert isinstance(error, SourceEnded)
    assert [unit.parameters.width for unit in units] == [160] * 15 + [320] * 15 + [160] * 15
    assert [n for n, unit in enumerate(units) if unit.is_key] == [0, 15, 30]
    assert units[44].captured_at - units[0].captured_at < 10


@pytest.mark.parametrize(
    ("segment", "words"),
    [
        ("http://localhost:{port}/vod0.ts", "another host (http://localhost)"),
        ("http://127.0.0.1:1/vod0.ts", "another host (http://127.0.0.1)"),
        ("http://169.254.169.254/latest/meta-data", "another host (http://169.254.169.254)"),
        ("file:///etc/passwd", ""),
        ("/elsewhere", "another host (http://localhost)"),
    ],
)
async def test_nothing_but_the_configured_host_is_opened(videos: Path, segment: str, words: str) -> None:
    asked: list[str] = []

    def answer(request: web.Request) -> web.StreamResponse:
        asked.append(request.path)
        port = request.url.port
        if request.path == "/elsewhere":
            return web.Response(status=302, headers={"Location": f"http://localhost:{port}/vod0.ts"})
        if request.path == "/list.m3u8":
            name = segment.format(port=port)
            return web.Response(text=f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:0.6,\n{name}\n#EXT-X-ENDLIST\n")
        return _file(videos, request)

    async with _server(answer) as url:
        units, error = await read(f"{url}/list.m3u8")

    assert units == []
    assert "/vod0.ts" not in asked
    assert isinstance(error, SourceRefused if words else SourceError)
    assert words in str(error)


async def test_an_encrypted_playlist_is_refused_in_words(videos: Path) -> None:
    key = '#EXT-X-KEY:METHOD=AES-128,URI="key"\n'
    text = f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n{key}#EXTINF:0.6,\nvod0.ts\n#EXT-X-ENDLIST\n"

    def answer(request: web.Request) -> web.StreamResponse:
        return web.Response(text=text) if request.path == "/list.m3u8" else web.Response(body=bytes(16))

    async with _server(answer) as url:
        _, error = await read(f"{url}/list.m3u8")

    assert isinstance(error, SourceRefused)
    assert "encrypted" in str(error)


@pytest.mark.parametrize(
    ("status", "text", "kind"),
    [(404, "", SourceRefused), (403, "", SourceRefused), (200, "<html>", SourceGarbled), (200, "", SourceGarbled)],
)
async def test_no_playlist_is_said_in_words(status: int, text: str, kind: type[SourceError]) -> None:
    async with _server(lambda _: web.Response(status=status, text=text)) as url:
        _, error = await read(f"{url}/list.m3u8")

    assert isinstance(error, kind)


async def test_a_server_that_is_not_there() -> None:
    _, refused = await read("http://127.0.0.1:9/list.m3u8")
    _, unknown = await read("http://no-such-host.invalid/list.m3u8")

    assert isinstance(refused, SourceUnreachable)
    assert isinstance(unknown, SourceUnreachable)


async def test_a_server_that_accepts_and_says_nothing() -> None:
    async with silent_server() as port:
        _, error = await read(f"http://127.0.0.1:{port}/x.m3u8", timeouts=Timeouts(first_picture_s=1.0))

    assert isinstance(error, SourceSilent)
    assert str(error) == "No picture came within 1 s."


# The process


@asynccontextmanager
async def _playing(videos: Path, caplog: pytest.LogCaptureFixture) -> AsyncIterator[tuple[int, asyncio.Task[None]]]:
    """A reader that plays, and the id of its process."""
    playing = asyncio.Event()
    with caplog.at_level(logging.INFO, "streams.cameras.packets"):
        reader = PacketsReader((videos / "plain.mkv").as_uri(), username="viewer", password="s3cret")
        task = asyncio.create_task(reader.run(lambda _: playing.set()))
        try:
            async with asyncio.timeout(10):
                await playing.wait()
            (pid,) = [record.__dict__["pid"] for record in caplog.records if "pid" in record.__dict__]
            yield pid, task
        finally:
            task.cancel()
            await asyncio.wait({task})


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGKILL])
async def test_a_crash_is_one_error(videos: Path, caplog: pytest.LogCaptureFixture, number: signal.Signals) -> None:
    async with _playing(videos, caplog) as (pid, task):
        os.kill(pid, number)
        async with asyncio.timeout(5):
            await asyncio.wait({task})
        with pytest.raises(SourceError, match=rf"was killed by {number.name}\."):
            task.result()


@pytest.mark.parametrize(
    ("mood", "kind", "words"),
    [
        ("crash", SourceError, "was killed by SIGSEGV"),
        ("hang", SourceSilent, "No picture came within 3 s"),
        ("eat", SourceError, "ended with code 1"),
        ("babble", SourceGarbled, "a message of kind 255"),
        ("spam", SourceGarbled, "more than any camera does"),
        ("swell", SourceGarbled, "and 4294967295 bytes"),
        ("unasked", SourceGarbled, "a picture without parameter sets"),
    ],
)
async def test_a_process_that_goes_wrong_costs_one_connection(
    videos: Path, mood: str, kind: type[SourceError], words: str
) -> None:
    bad = read(f"file:///{mood}", module="tests.streams.cameras.workers.moody", timeouts=Timeouts(3, 3))
    # Another camera is read by the same loop meanwhile.
    (units, error), (others, nothing) = await asyncio.gather(bad, read((videos / "plain.mkv").as_uri(), 25))

    assert units == []
    assert type(error) is kind
    assert words in str(error)
    assert len(others) == 25
    assert nothing is None


async def test_more_than_any_camera_sends_is_not_taken(videos: Path, tmp_path: Path) -> None:
    path = tmp_path / "long.flv"
    _ffmpeg(*VIDEO, "-frames:v", "1500", *H264, "-bf", "0", path)
    async with _server(lambda _: web.Response(body=path.read_bytes())) as url:
        units, error = await read(f"{url}/x.flv")

    assert isinstance(error, SourceGarbled)
    assert "more than any camera does" in str(error)
    assert len(units) < 1000


async def test_a_process_that_hangs_is_silent(videos: Path, caplog: pytest.LogCaptureFixture) -> None:
    reader = PacketsReader((videos / "plain.mkv").as_uri(), timeouts=Timeouts(silence_s=0.5))
    stopped: list[int] = []

    def freeze(_unit: AccessUnit) -> None:
        if not stopped:
            stopped.extend(record.__dict__["pid"] for record in caplog.records if "pid" in record.__dict__)
            os.kill(stopped[0], signal.SIGSTOP)

    with caplog.at_level(logging.INFO, "streams.cameras.packets"), pytest.raises(SourceSilent, match=r"for 1\.5 s"):
        await reader.run(freeze)

    with pytest.raises(ProcessLookupError):
        os.kill(stopped[0], 0)


async def test_cancelling_kills_the_process(videos: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with _playing(videos, caplog) as (pid, _):
        pass

    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


async def test_the_process_has_no_secrets_but_those_it_needs(
    videos: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SIGHTLINE_GUNSHOT_SECRET", "whsec_hidden")
    async with _playing(videos, caplog) as (pid, _):
        ps = await asyncio.create_subprocess_exec("ps", "eww", "-o", "command=", "-p", str(pid), stdout=PIPE)
        shown, _ = await ps.communicate()

    assert b"packets_worker" in shown
    assert b"hidden" not in shown
    assert b"s3cret" not in shown


def test_the_process_limits_itself() -> None:
    program = (
        "import resource, streams.cameras.packets_worker as w; w.LIMITS.set();"
        "print(resource.getrlimit(resource.RLIMIT_NOFILE)[1], resource.getrlimit(resource.RLIMIT_CORE)[1],"
        "resource.getrlimit(resource.RLIMIT_AS)[1] if hasattr(resource, 'RLIMIT_AS') else 0,"
        "resource.getrlimit(resource.RLIMIT_CPU)[0])"
    )
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()

    assert said[:2] == ["32", "0"]
    assert sys.platform != "linux" or int(said[2]) == 2**30
    assert 30 <= int(said[3]) <= 35


async def test_the_process_ends_with_its_parent(videos: Path) -> None:
    program = (
        "import asyncio; from streams.cameras.packets import PacketsReader;"
        f"asyncio.run(PacketsReader({(videos / 'plain.mkv').as_uri()!r}).run(lambda _: print('picture', flush=True)))"
    )
    parent = await asyncio.create_subprocess_exec(sys.executable, "-c", program, stdout=PIPE, stderr=PIPE)
    assert parent.stdout is not None
    assert parent.stderr is not None
    async with asyncio.timeout(20):
        assert await parent.stdout.readline() == b"picture\n"
        parent.kill()
        # The worker holds the same stderr: it ends when the last of them has ended.
        await parent.stderr.read()
        await parent.wait()


async def test_flv_whose_flags_lie_and_that_names_no_codec_is_read_by_what_its_pictures_say(
    videos: Path, tmp_path: Path
) -> None:
    _ffmpeg("-i", videos / "plain.mkv", "-c", "copy", "-f", "flv", tmp_path / "true.flv")
    true = (tmp_path / "true.flv").read_bytes()
    lying, position = bytearray(true[:13]), 13
    while position < len(true):
        size = int.from_bytes(true[position + 1 : position + 4])
        tag = bytearray(true[position : position + 15 + size])
        position += len(tag)
        if tag[0] == 18:  # what says sizes and codecs
            continue
        if tag[0] == 9 and tag[12] == 1:  # a picture: each says that it is no key frame
            tag[11] = 0x27
        lying += tag
    assert lying != true

    async with _server(lambda _: web.Response(body=bytes(lying))) as url:
        units, error = await read(f"{url}/x.flv")

    assert isinstance(error, SourceEnded)
    assert len(units) == 15
    assert [n for n, unit in enumerate(units) if unit.is_key] == [0]
    assert (units[0].parameters.width, units[0].parameters.height) == (160, 96)
