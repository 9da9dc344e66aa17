"""RTSP through HTTP, with a camera that is asked by two connections."""

import asyncio
import base64
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

import pytest

from streams.cameras.rtsp import RtspReader, Timeouts
from streams.errors import SourceEnded, SourceError, SourceFull, SourceGarbled, SourceRefused, SourceSilent
from streams.formats.digest import Challenge, Credentials, verify
from tests.fakes.rtsp_camera import IDR, SLICE, RtspCamera
from tests.streams.cameras.test_rtsp import Viewer, watching

PATIENT = Timeouts(connect_s=5, play_s=5, first_picture_s=5, silence_s=5, keep_alive_s=5)
WELCOME = b"HTTP/1.0 200 OK\r\nContent-Type: application/x-rtsp-tunnelled\r\n\r\n"
CHALLENGE = Challenge("digest", {"realm": "cam", "nonce": "n1"})
RIGHT = Credentials("viewer", "s3cret")


class Gate:
    """The web server of a camera: what comes by POST goes to the camera, what it says goes into the answer to GET."""

    def __init__(self, camera: RtspCamera, answer: Callable[[str], bytes]) -> None:
        self.heads: list[str] = []
        self.port = 0
        self._camera = camera
        self._answer = answer
        self._behind: dict[str, asyncio.StreamWriter] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._writers: set[asyncio.StreamWriter] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self._writers.add(writer)
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            self.heads.append(head)
            cookie = field(head, "x-sessioncookie")
            if head.startswith("POST"):
                text = b""
                while data := await reader.read(4096):
                    text += data
                    whole = len(text) // 4 * 4
                    for group in re.findall(rb"[^=]+={0,2}", text[:whole]):
                        self._behind[cookie].write(base64.b64decode(group))
                    text = text[whole:]
                self._behind[cookie].close()
            elif (answer := self._answer(head)).startswith(WELCOME):
                behind, self._behind[cookie] = await asyncio.open_connection("127.0.0.1", self._camera.port)
                writer.write(answer)
                while data := await behind.read(4096):
                    writer.write(data)
            else:
                writer.write(answer)
                if answer == b"":
                    await reader.read()
        writer.close()

    async def stop(self) -> None:
        for behind in self._behind.values():
            behind.transport.abort()
        for writer in self._writers:
            writer.transport.abort()
        await asyncio.gather(*self._tasks)


def field(head: str, name: str) -> str:
    return next((line.partition(": ")[2] for line in head.split("\r\n") if line.startswith(f"{name}: ")), "")


@asynccontextmanager
async def gate(camera: RtspCamera, answer: Callable[[str], bytes] = lambda _: WELCOME) -> AsyncIterator[Gate]:
    opened = Gate(camera, answer)
    server = await asyncio.start_server(opened.serve, "127.0.0.1", 0)
    opened.port = server.sockets[0].getsockname()[1]
    try:
        yield opened
    finally:
        server.close()
        await opened.stop()


def reader(port: int, *, password: str = "", timeouts: Timeouts = PATIENT) -> RtspReader:
    url = f"rtsp://127.0.0.1:{port}/live?q=1"
    return RtspReader(
        url, username="viewer" if password else "", password=password, http_tunnel=True, timeouts=timeouts
    )


async def test_pictures_come_through_http_and_the_session_ends_with_teardown() -> None:
    async with RtspCamera() as camera, gate(camera) as opened:
        async with watching(reader(opened.port)) as viewer:
            await camera.is_playing.wait()
            camera.send(camera.picture(0, IDR) + camera.picture(3600, SLICE))
            assert [unit.timestamp for unit in await viewer.until(2)] == [0, 3600]
        await camera.has_closed.wait()
        assert camera.methods() == ["OPTIONS", "DESCRIBE", "SETUP", "PLAY", "TEARDOWN"]
        get, post = opened.heads
        assert get.startswith("GET /live?q=1 HTTP/1.0\r\n")
        assert post.startswith("POST /live?q=1 HTTP/1.0\r\n")
        assert field(get, "x-sessioncookie") == field(post, "x-sessioncookie") != ""
        assert field(get, "Accept") == field(post, "Content-Type") == "application/x-rtsp-tunnelled"


@pytest.mark.parametrize("password", ["s3cret", "wrong", ""])
async def test_the_tunnel_is_opened_with_the_password_of_the_camera(password: str) -> None:
    def answer(head: str) -> bytes:
        if verify(field(head, "Authorization"), RIGHT, method="GET", challenges=[CHALLENGE]):
            return WELCOME
        return b'HTTP/1.0 401 No\r\nWWW-Authenticate: Digest realm="cam", nonce="n1"\r\n\r\n'

    async with RtspCamera() as camera, gate(camera, answer) as opened:
        if password == "s3cret":
            async with watching(reader(opened.port, password=password)) as viewer:
                await camera.is_playing.wait()
                camera.send(camera.picture(0, IDR))
                await viewer.until(1)
            post = opened.heads[-1]
            assert verify(field(post, "Authorization"), RIGHT, method="POST", challenges=[CHALLENGE])
        else:
            with pytest.raises(SourceRefused, match="password"):
                await reader(opened.port, password=password).run(Viewer().emit)
            assert len(opened.heads) == (2 if password else 1)


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        (b"HTTP/1.1 404 Not Found\r\n\r\n", SourceRefused, "opens no tunnel for RTSP at this path"),
        (b"HTTP/1.1 503 Busy\r\n\r\n", SourceFull, "no place for another viewer"),
        (b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<html>", SourceRefused, "'text/html'"),
        (b"RTSP/1.0 400 Bad Request\r\n\r\n", SourceGarbled, "not in HTTP"),
        (b"HTTP" + b"x" * 20_000, SourceGarbled, "not in HTTP"),
        (b"HTTP/1.1 200 OK\r\n", SourceEnded, "closed the connection"),
        (b"", SourceSilent, "no answer to a tunnel by HTTP within 0.5 s"),
    ],
)
async def test_what_is_no_tunnel_is_said_in_words(answer: bytes, kind: type[SourceError], words: str) -> None:
    timeouts = Timeouts(connect_s=0.5) if kind is SourceSilent else PATIENT
    async with RtspCamera() as camera, gate(camera, lambda _: answer) as opened:
        with pytest.raises(kind, match=re.escape(words)):
            await reader(opened.port, timeouts=timeouts).run(Viewer().emit)


async def test_a_tunnel_that_ends_is_the_end_of_the_camera() -> None:
    async with RtspCamera() as camera, gate(camera) as opened:
        task = asyncio.create_task(reader(opened.port).run(Viewer().emit))
        await camera.is_playing.wait()
        camera.hang_up()
        with pytest.raises(SourceEnded, match="closed the connection"):
            await task
