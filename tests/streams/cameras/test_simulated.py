import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
from asyncio.subprocess import DEVNULL, PIPE
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import imageio_ffmpeg
import pytest

from streams.access_unit import AccessUnit
from streams.cameras.clip_encoder import make
from streams.cameras.clips import Clip
from streams.cameras.rtsp import RtspReader, Timeouts
from streams.cameras.simulated import SignIn, SimulatedCamera, SimulatedCity, recipes
from streams.city import generate
from streams.errors import (
    SourceEnded,
    SourceError,
    SourceGarbled,
    SourceRefused,
    SourceSilent,
    SourceUnreachable,
    SourceUnsupported,
)
from streams.formats.digest import Credentials
from streams.formats.rtp import Depacketiser
from streams.formats.rtp_h264 import Unpacker
from streams.formats.rtsp import Event, Interleaved, Lost, Parser
from streams.formats.rtsp_message import Fields, Request, Response

CREDENTIALS = Credentials("viewer", "s3:cr@t/ü")
QUICK = Timeouts(connect_s=2, play_s=1, first_picture_s=2, silence_s=0.5)


class Client:
    """Speaks RTSP by hand."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, url: str) -> None:
        self._reader = reader
        self._writer = writer
        self._events: deque[Event] = deque()
        self._parser = Parser()
        self._cseq = 0
        self.url = url
        self.session = ""

    async def ask(self, method: str, *headers: tuple[str, str], path: str = "") -> Response:
        self._cseq += 1
        fields: Fields = (("CSeq", str(self._cseq)), *headers)
        if self.session:
            fields = (*fields, ("Session", self.session))
        self._writer.write(Request(method, self.url + path, fields).encode())
        while True:
            event = await self.next()
            if isinstance(event, Response):
                assert event.header("CSeq") == str(self._cseq)
                return event

    async def next(self) -> Event:
        async with asyncio.timeout(5):
            while not self._events:
                data = await self._reader.read(65536)
                if not data:
                    raise EOFError
                self._events.extend(self._parser.feed(data))
            return self._events.popleft()

    async def play(self, transport: str = "RTP/AVP/TCP;unicast;interleaved=0-1") -> None:
        answer = await self.ask("SETUP", ("Transport", transport), path="/track1")
        self.session = answer.header("Session").partition(";")[0]
        assert (await self.ask("PLAY")).status == 200

    async def packet(self, channel: int) -> bytes:
        while True:
            event = await self.next()
            if isinstance(event, Interleaved) and event.channel == channel:
                first, *others = event.packets
                if others:
                    self._events.appendleft(Interleaved(channel, others))
                return first


@asynccontextmanager
async def _client(url: str) -> AsyncIterator[Client]:
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    try:
        yield Client(reader, writer, url)
    finally:
        writer.close()


@asynccontextmanager
async def _city(clip: Clip, **options: object) -> AsyncIterator[tuple[SimulatedCity, SimulatedCamera]]:
    camera = SimulatedCamera("main-4th", clip)
    async with SimulatedCity([camera], **options) as city:  # type: ignore[arg-type]
        yield city, camera


class Watching:
    """A reader at work, and what it has emitted."""

    def __init__(self, url: str, *, username: str = "", password: str = "") -> None:
        self.units: list[AccessUnit] = []
        self._new = asyncio.Event()
        reader = RtspReader(url, username=username, password=password, timeouts=QUICK)
        self._task = asyncio.create_task(reader.run(self._take))

    def _take(self, unit: AccessUnit) -> None:
        self.units.append(unit)
        self._new.set()

    async def until(self, condition: Callable[[list[AccessUnit]], bool]) -> None:
        async with asyncio.timeout(5):
            while not condition(self.units):
                if self._task.done():
                    await self._task
                self._new.clear()
                wait = asyncio.create_task(self._new.wait())
                await asyncio.wait({wait, self._task}, return_when=asyncio.FIRST_COMPLETED)
                wait.cancel()

    async def more(self, count: int = 5) -> list[AccessUnit]:
        before = len(self.units)
        await self.until(lambda units: len(units) >= before + count)
        return self.units[before:]

    async def failure(self) -> SourceError:
        async with asyncio.timeout(5):
            with pytest.raises(SourceError) as caught:
                await self._task
        return caught.value

    async def stop(self) -> None:
        self._task.cancel()
        await asyncio.wait({self._task})


@asynccontextmanager
async def _watching(url: str, *, username: str = "", password: str = "") -> AsyncIterator[Watching]:
    watching = Watching(url, username=username, password=password)
    try:
        yield watching
    finally:
        await watching.stop()


async def _ffmpeg(*arguments: str) -> tuple[int | None, str, bytes]:
    """Exit code, what it complained of, and its output."""
    program = await asyncio.create_subprocess_exec(
        imageio_ffmpeg.get_ffmpeg_exe(), "-hide_banner", "-nostdin", "-loglevel", "warning", *arguments,
        stdin=DEVNULL, stdout=PIPE, stderr=PIPE,
    )  # fmt: skip
    async with asyncio.timeout(20):
        output, complaints = await program.communicate()
    return program.returncode, complaints.decode(), output


# Playing


async def test_ffmpeg_plays_it_without_a_complaint(clip: Clip) -> None:
    async with _city(clip) as (city, _):
        code, complaints, output = await _ffmpeg(
            "-rtsp_transport", "tcp", "-i", city.url("main-4th"), "-frames:v", "50", "-f", "framecrc", "-"
        )  # fmt: skip

    assert (code, complaints) == (0, "")
    assert len([line for line in output.splitlines() if not line.startswith(b"#")]) == 50


async def test_ffmpeg_signs_in_with_digest(clip: Clip) -> None:
    async with _city(clip, sign_in=SignIn(Credentials("viewer", "secret"))) as (city, _):
        url = city.url("main-4th")
        signed = url.replace("rtsp://", "rtsp://viewer:secret@")
        code, complaints, _ = await _ffmpeg("-rtsp_transport", "tcp", "-i", signed, "-frames:v", "5", "-f", "null", "-")
        refused, why, _ = await _ffmpeg("-rtsp_transport", "tcp", "-i", url, "-frames:v", "5", "-f", "null", "-")

    assert (code, complaints) == (0, "")
    assert refused != 0
    assert "401" in why


@pytest.mark.parametrize("schemes", [("MD5",), ("SHA-256", "MD5"), ("basic",), ("basic", "MD5")])
async def test_our_reader_plays_it_with_every_way_to_sign_in(clip: Clip, schemes: tuple[str, ...]) -> None:
    async with (
        _city(clip, sign_in=SignIn(CREDENTIALS, schemes)) as (city, _),
        _watching(city.url("main-4th"), username="viewer", password=CREDENTIALS.password) as watching,
    ):
        units = await watching.more(12)

    assert units[0].is_key
    assert {unit.parameters for unit in units} == {clip.parameters}


async def test_a_wrong_password_is_refused(clip: Clip) -> None:
    async with (
        _city(clip, sign_in=SignIn(CREDENTIALS)) as (city, _),
        _watching(city.url("main-4th"), username="viewer", password="wrong") as watching,
    ):
        assert isinstance(await watching.failure(), SourceRefused)


async def test_pictures_are_those_of_the_wall_clock_for_every_player(clip: Clip) -> None:
    sent: list[tuple[int, int, bytes]] = []
    async with _city(clip) as (city, camera):
        camera.on_send = lambda *each: sent.append(each)
        async with _watching(city.url("main-4th")) as one, _watching(city.url("main-4th")) as two:
            await one.more(10)
            await two.more(10)

    by_tail = {tail: number for number, _, tail in sent}
    for unit in one.units:
        number = by_tail[unit.data[-12:]]
        assert clip[number % len(clip)] == unit.data
        assert unit.timestamp == number * 3600 % 2**32
        # Written when its time had come, and not a picture later.
        assert 0 <= unit.captured_at - number / 25 < 0.5
    assert {unit.data for unit in one.units} & {unit.data for unit in two.units}


async def test_a_picture_is_packetised_once_for_all_players(clip: Clip) -> None:
    async with _city(clip) as (city, _), _client(city.url("main-4th")) as one, _client(city.url("main-4th")) as two:
        await one.play()
        await two.play("RTP/AVP/TCP;unicast;interleaved=8-9")
        first = [await one.packet(0) for _ in range(45)]
        second = [await two.packet(8) for _ in range(45)]

    assert len(set(first) & set(second)) > 5


async def test_the_first_picture_is_a_key_frame_with_parameter_sets_in_band(clip: Clip) -> None:
    depacketiser = Depacketiser(96, Unpacker())
    async with _city(clip) as (city, _), _client(city.url("main-4th")) as client:
        await client.play()
        pictures = depacketiser.push(await client.packet(0), 0)
        while not pictures:
            pictures = depacketiser.push(await client.packet(0), 0)

    assert pictures[0].nals[:2] == [*clip.parameters.sps, *clip.parameters.pps]
    assert pictures[0].nals[2][0] & 0x1F == 5


async def test_nothing_runs_when_nobody_plays(clip: Clip) -> None:
    sent: list[int] = []
    async with _city(clip) as (city, camera):
        camera.on_send = lambda number, _at, _tail: sent.append(number)
        async with _client(city.url("main-4th")) as client:
            await client.play()
            await client.packet(0)
            assert (await client.ask("TEARDOWN")).status == 200
            assert camera.players == set()
            count = len(sent)
            assert (await client.ask("OPTIONS")).status == 200
            await asyncio.sleep(0.1)

    assert len(sent) == count


async def test_reports_come_beside_the_pictures(clip: Clip) -> None:
    async with _city(clip) as (city, _), _client(city.url("main-4th")) as client:
        await client.play()
        report = await client.packet(1)

    assert report[:4] == b"\x80\xc8\x00\x06"
    assert abs(int.from_bytes(report[8:12], "big") - 2_208_988_800 - time.time()) < 5
    assert report[28:30] == b"\x81\xca"
    assert len(report) == 28 + 4 + 4 * int.from_bytes(report[30:32], "big")


async def test_a_player_that_does_not_read_costs_no_memory(clip: Clip) -> None:
    big = SimulatedCamera("main-4th", clip)
    async with SimulatedCity([big]) as city, _client(city.url("main-4th")) as client:
        await client.play()
        (player,) = big.players
        async with asyncio.timeout(5):
            while not player.is_behind:
                player.write(bytes(500_000))
                await asyncio.sleep(0)
        await asyncio.sleep(0)
        big._send(0)

        assert player.waits_for_key


# Talking


async def test_the_answers_of_one_session(clip: Clip) -> None:
    async with _city(clip) as (city, _), _client(city.url("main-4th")) as client:
        options = await client.ask("OPTIONS")
        described = await client.ask("DESCRIBE", ("Accept", "application/sdp"))
        udp = await client.ask("SETUP", ("Transport", "RTP/AVP;unicast;client_port=5000-5001"), path="/track1")
        early = await client.ask("PLAY")
        either = "RTP/AVP;unicast;client_port=5000-5001,RTP/AVP/TCP;unicast;interleaved=4-5"
        set_up = await client.ask("SETUP", ("Transport", either), path="/track1")
        client.session = set_up.header("Session").partition(";")[0]
        kept = await client.ask("GET_PARAMETER")
        played = await client.ask("PLAY")
        recorded = await client.ask("RECORD")
        client.session = "another"
        other = await client.ask("PLAY")

    assert "GET_PARAMETER" in options.header("Public")
    assert described.header("Content-Type") == "application/sdp"
    assert described.header("Content-Base") == city.url("main-4th") + "/"
    assert b"sprop-parameter-sets=" in described.body
    assert (udp.status, early.status, kept.status, played.status) == (461, 454, 200, 200)
    assert (recorded.status, other.status) == (405, 454)
    assert set_up.header("Transport") == "RTP/AVP/TCP;unicast;interleaved=4-5"
    assert set_up.header("Session").endswith(";timeout=60")


async def test_an_unknown_path_is_404(clip: Clip) -> None:
    async with _city(clip) as (city, _), _client(city.url("nowhere")) as client:
        assert (await client.ask("DESCRIBE")).status == 404


async def test_a_client_that_says_nothing_is_cut_off(clip: Clip) -> None:
    async with _city(clip, session_timeout_s=0.3) as (city, camera), _client(city.url("main-4th")) as client:
        await client.play()
        with pytest.raises((EOFError, ConnectionResetError)):
            await client.packet(7)

        assert camera.players == set()


async def test_a_client_that_sends_garbage_is_cut_off(clip: Clip) -> None:
    async with _city(clip) as (city, _):
        reader, writer = await asyncio.open_connection("127.0.0.1", city.port)
        writer.write(b"\x16\x03\x01 this is no RTSP at all\r\n\r\n")
        async with asyncio.timeout(5):
            answer = await reader.read()
        writer.close()

    assert answer.startswith(b"RTSP/1.0 400 ")


async def test_a_port_in_use_is_said(clip: Clip) -> None:
    async with _city(clip) as (city, _):
        with pytest.raises(SourceError, match=rf"can't listen on 127.0.0.1:{city.port}: "):
            await SimulatedCity([], port=city.port).start()


# Failing


async def test_stall_and_resume(clip: Clip) -> None:
    async with _city(clip) as (city, camera), _watching(city.url("main-4th")) as watching:
        await watching.more()
        camera.stall()
        assert isinstance(await watching.failure(), SourceSilent)

        async with _watching(city.url("main-4th")) as again:
            camera.resume()
            assert (await again.more())[0].is_key


async def test_a_stall_shorter_than_the_patience_goes_on_with_a_key_frame(clip: Clip) -> None:
    async with _city(clip) as (city, camera), _watching(city.url("main-4th")) as watching:
        await watching.more()
        camera.stall()
        await asyncio.sleep(0.2)
        camera.resume()

        assert (await watching.more())[0].is_key


async def test_dropped_connections_can_come_back(clip: Clip) -> None:
    async with _city(clip) as (city, camera), _watching(city.url("main-4th")) as watching:
        await watching.more()
        camera.drop_connections()
        assert isinstance(await watching.failure(), SourceEnded)

        async with _watching(city.url("main-4th")) as again:
            await again.more()


async def test_the_resolution_changes_at_a_key_frame_without_a_new_connection(clip: Clip, other_clip: Clip) -> None:
    async with _city(clip) as (city, camera), _watching(city.url("main-4th")) as watching:
        await watching.more()
        camera.change_resolution(other_clip)
        await watching.until(lambda units: units[-1].parameters == other_clip.parameters)
        await watching.more(3)

    changed = [unit for unit in watching.units if unit.parameters == other_clip.parameters]
    before = watching.units[watching.units.index(changed[0]) - 1]
    assert changed[0].is_key
    assert all(unit in changed for unit in watching.units[watching.units.index(changed[0]) :])
    assert before.timestamp is not None
    assert changed[0].timestamp is not None
    assert 0 < (changed[0].timestamp - before.timestamp) % 2**32 <= 9000


async def test_a_wrong_interleaved_length_and_garbage_lose_the_framing_but_not_the_camera(clip: Clip) -> None:
    async with _city(clip) as (city, camera), _client(city.url("main-4th")) as client:
        await client.play()
        client._parser.channels = {0, 1}
        await client.packet(0)
        for fault in (camera.wrong_interleaved_length, camera.send_garbage):
            fault()
            while not isinstance(await client.next(), Lost):
                pass
            await client.packet(0)

    async with _city(clip) as (city, camera), _watching(city.url("main-4th")) as watching:
        await watching.more()
        camera.wrong_interleaved_length()
        camera.send_garbage()
        assert any(unit.is_key for unit in await watching.more(30))


async def test_a_flood_of_garbage_is_garbled(clip: Clip) -> None:
    async with _city(clip) as (city, camera), _watching(city.url("main-4th")) as watching:
        await watching.more()
        camera.send_garbage(b"\xff" * 2_000_000)

        assert isinstance(await watching.failure(), SourceGarbled)


async def test_refused_mute_and_killed(clip: Clip) -> None:
    async with _city(clip) as (city, camera):
        url = city.url("main-4th")
        for fault, error in (
            (camera.refuse, SourceRefused),
            (camera.mute, SourceSilent),
            (camera.kill, SourceEnded),
        ):
            fault()
            async with _watching(url) as watching:
                assert isinstance(await watching.failure(), error)
            camera.resume()
            async with _watching(url) as watching:
                await watching.more()


async def test_the_whole_city_killed_and_back_on_the_same_port(clip: Clip) -> None:
    async with _city(clip) as (city, _):
        url = city.url("main-4th")
        async with _watching(url) as watching:
            await watching.more()
            await city.kill()
            assert isinstance(await watching.failure(), SourceEnded)
        async with _watching(url) as watching:
            assert isinstance(await watching.failure(), SourceUnreachable)
        await city.start()
        assert city.url("main-4th") == url
        async with _watching(url) as watching:
            await watching.more()


async def test_a_camera_that_claims_to_send_what_nobody_reads(clip: Clip) -> None:
    async with _city(clip) as (city, camera):
        camera.encoding = "VP8"
        async with _watching(city.url("main-4th")) as watching:
            failure = await watching.failure()

    assert isinstance(failure, SourceUnsupported)
    assert "VP8" in str(failure)


# As a process


@pytest.fixture(scope="module")
def city_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The clips of the whole city under their right names, but small ones: making the real ones takes long."""
    folder = tmp_path_factory.mktemp("city")
    wanted = recipes(generate(7))
    tiny = make(type(wanted[0])(title="tiny", seed=1, width=320, height=180, fps=25, length_s=2), folder).read_bytes()
    for recipe in wanted:
        (folder / recipe.file_name).write_bytes(tiny)
    return folder


def test_each_camera_of_a_city_has_its_own_recipe() -> None:
    wanted = recipes(generate(7))

    assert len({recipe.file_name for recipe in wanted}) == 12
    assert wanted[3].title == "04   Main St / 4th Ave"
    assert sorted({(recipe.width, recipe.height, recipe.fps) for recipe in wanted}) == [(640, 360, 15), (1280, 720, 25)]
    assert {recipe.length_s for recipe in wanted} == {60}


async def test_the_process_says_when_it_is_ready_and_stops_on_sigterm(city_folder: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "streams.cameras.simulated", "--folder", str(city_folder), "--port", "0",
        "--username", "viewer", stdout=PIPE, env={**os.environ, "SIGHTLINE_CAMERA_PASSWORD": "secret"},
    )  # fmt: skip
    assert process.stdout is not None
    try:
        async with asyncio.timeout(20):
            lines = [json.loads(await process.stdout.readline())]
            while not lines[-1].get("ready"):
                lines.append(json.loads(await process.stdout.readline()))
            assert lines[0] == {"progress": "drawing the streets of the simulated cameras: 12 of 12"}
            assert len(lines[-1]["cameras"]) == 12
            async with _watching(lines[-1]["cameras"]["main-4th"], username="viewer", password="secret") as watching:
                await watching.more()
            process.send_signal(signal.SIGTERM)
            assert await process.wait() == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def test_the_process_ends_with_its_parent(city_folder: Path) -> None:
    command = [sys.executable, "-m", "streams.cameras.simulated", "--folder", str(city_folder), "--port", "0"]
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c",
        f"import os, subprocess; subprocess.run({command!r} + ['--parent', str(os.getpid())])", stdout=PIPE,
    )  # fmt: skip
    assert parent.stdout is not None
    async with asyncio.timeout(20):
        while not json.loads(await parent.stdout.readline()).get("ready"):
            pass
        parent.kill()
        # The pipe ends when the last process that holds it has ended.
        await parent.stdout.read()
        await parent.wait()


def test_a_port_in_use_ends_the_process_with_a_sentence(city_folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = subprocess.run(
            [sys.executable, "-m", "streams.cameras.simulated", "--folder", city_folder, "--port", str(port)],
            capture_output=True, text=True, timeout=20, check=False,
        )  # fmt: skip

    assert ended.returncode == 1
    assert f"can't listen on 127.0.0.1:{port}: " in ended.stderr
    assert "Traceback" not in ended.stderr
