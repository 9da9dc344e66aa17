"""``watch`` against the whole way of a picture: a real camera, the intake, Valkey, the server, a process of ours."""

import asyncio
import signal
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import imageio_ffmpeg
import pytest
from aiohttp import web

from streams.cameras.clip_encoder import make
from streams.cameras.clips import Clip, Recipe
from streams.cameras.simulated import SimulatedCamera, SimulatedCity
from streams.config import CameraConfig
from streams.valkey import EmbeddedValkey
from tests.clients.cli.conftest import CommandLine, ended, next_line
from tests.clients.cli.wire_examples import payload
from tests.e2e.whole_way import whole_way

JPEG = payload("jpeg")[24:]


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> tuple[Clip, Clip]:
    folder = tmp_path_factory.mktemp("clips")
    sizes = ((320, 180), (256, 144))
    recipes = [Recipe("Main St", seed=4, width=w, height=h, fps=25, length_s=2, key_every_s=0.4) for w, h in sizes]
    wide, narrow = (Clip.open(make(recipe, folder)) for recipe in recipes)
    return wide, narrow


@asynccontextmanager
async def command_line(folder: Path, valkey: EmbeddedValkey, camera_url: str) -> AsyncIterator[CommandLine]:
    """Intake and server for one camera, and the command line of an operator."""
    camera = CameraConfig("main-4th", 4, "Main St / 4th Ave", camera_url)
    async with asyncio.timeout(60), whole_way(folder, valkey, camera) as server:
        yield CommandLine(server.address, "operator", folder / "operator")


def pictures(file: Path) -> int:
    """How many pictures the file plays; fails when ffmpeg has anything to say about it."""
    ffmpeg = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "warning", "-i", str(file)]
    played = subprocess.run(
        [*ffmpeg, "-fps_mode", "passthrough", "-f", "framemd5", "-"],
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    assert played.stderr == ""
    return sum(not line.startswith("#") for line in played.stdout.splitlines())


async def test_a_saved_camera_plays_in_ffmpeg(tmp_path: Path, valkey: EmbeddedValkey, clips: tuple[Clip, Clip]) -> None:
    file = tmp_path / "out.mp4"
    async with (
        SimulatedCity([SimulatedCamera("main-4th", clips[0])]) as city,
        command_line(tmp_path, valkey, city.url("main-4th")) as operator,
    ):
        saved = await operator("watch", "main-4th", "--save", str(file), "--seconds", "2", "--json")
    assert saved.code == 0, saved.words
    seconds = [line for line in saved.lines if line["type"] == "second"]
    assert max(line["fps"] for line in seconds) > 10
    assert min(line["age_ms"] for line in seconds if line["age_ms"] is not None) < 1000
    assert "live" in {line["state"] for line in saved.lines if line["type"] == "state"}
    assert "sends avc1." in saved.words
    assert await asyncio.to_thread(pictures, file) >= 50


async def test_another_resolution_goes_into_another_file(
    tmp_path: Path, valkey: EmbeddedValkey, clips: tuple[Clip, Clip]
) -> None:
    camera = SimulatedCamera("main-4th", clips[0])
    file = tmp_path / "out.mp4"
    async with (
        SimulatedCity([camera]) as city,
        command_line(tmp_path, valkey, city.url("main-4th")) as operator,
    ):
        watching = await operator.start("watch", "main-4th", "--save", str(file), "--seconds", "3", "--json")
        while (await next_line(watching, "second"))["fps"] == 0:
            pass
        camera.change_resolution(clips[1])
        saved = await ended(watching)
    assert saved.code == 0, saved.words
    assert await asyncio.to_thread(pictures, file) > 0
    assert await asyncio.to_thread(pictures, tmp_path / "out-2.mp4") > 0


async def test_a_camera_that_is_lost_and_comes_back_is_said_and_saved(
    tmp_path: Path, valkey: EmbeddedValkey, clips: tuple[Clip, Clip]
) -> None:
    camera = SimulatedCamera("main-4th", clips[0])
    file = tmp_path / "out.mp4"
    async with (
        SimulatedCity([camera]) as city,
        command_line(tmp_path, valkey, city.url("main-4th")) as operator,
    ):
        watching = await operator.start("watch", "main-4th", "--save", str(file), "--json")
        while (await next_line(watching, "second"))["fps"] == 0:
            pass
        camera.drop_connections()
        while (await next_line(watching, "state"))["state"] != "live":
            pass
        for _ in range(2):
            while (await next_line(watching, "second"))["fps"] <= 10:
                pass
        watching.send_signal(signal.SIGINT)
        saved = await ended(watching)
    assert saved.code == 130
    assert "its pictures broke off" in saved.words
    assert await asyncio.to_thread(pictures, file) > 20


@asynccontextmanager
async def mjpeg_camera() -> AsyncIterator[str]:
    """One that sends the same JPEG ten times a second; its address."""

    async def serve(request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "multipart/x-mixed-replace; boundary=b"})
        await response.prepare(request)
        while True:
            head = f"--b\r\nContent-Type: image/jpeg\r\nContent-Length: {len(JPEG)}\r\n\r\n"
            await response.write(head.encode() + JPEG + b"\r\n")
            await asyncio.sleep(0.1)

    runner = web.ServerRunner(web.Server(serve), shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/video"
    finally:
        await runner.cleanup()


async def test_jpeg_pictures_are_saved_in_a_row_and_refused_for_mp4(tmp_path: Path, valkey: EmbeddedValkey) -> None:
    file = tmp_path / "out.mjpeg"
    async with mjpeg_camera() as url, command_line(tmp_path, valkey, url) as operator:
        refused = await operator("watch", "main-4th", "--save", str(tmp_path / "out.mp4"))
        saved = await operator("watch", "main-4th", "--save", str(file), "--seconds", "1")
    assert refused.code == 5
    assert "save them to a name that ends in .mjpeg" in refused.words
    assert saved.code == 0, saved.words
    content = await asyncio.to_thread(file.read_bytes)
    assert content == JPEG * (len(content) // len(JPEG))
    assert len(content) // len(JPEG) > 5
