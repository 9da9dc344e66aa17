import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from streams.access_unit import AccessUnit, VideoParameters
from streams.cameras.allowance import MAX_PICTURES
from streams.cameras.certificates import client_tls
from streams.cameras.mjpeg import MjpegReader, Timeouts
from streams.errors import (
    SourceEnded,
    SourceError,
    SourceFull,
    SourceGarbled,
    SourceRefused,
    SourceSilent,
    SourceUnreachable,
    SourceUnsupported,
)
from streams.formats.digest import Challenge, Credentials, verify
from tests.fakes.tls_front import CERTIFICATE, KEY
from tests.streams.formats import jpegs
from tests.streams.until import until

PICTURES = [jpegs.picture(64, 48), jpegs.picture(64, 48), jpegs.picture(80, 48)]
HEAD = b"HTTP/1.0 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=--b\r\n\r\n"
QUICK = Timeouts(connect_s=1, first_picture_s=0.8, silence_s=0.4)
PARTS = b"".join(b"--b\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n%s\r\n" % (len(p), p) for p in PICTURES)


class Camera:
    """A camera that answers every request as told, and keeps what it was asked."""

    def __init__(self, answer: Callable[[str], bytes], *, stays: bool) -> None:
        self.asked: list[str] = []
        self.url = ""
        self._answer = answer
        self._stays = stays
        self._writers: list[asyncio.StreamWriter] = []
        self._tasks: list[asyncio.Task[None] | None] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.append(writer)
        self._tasks.append(asyncio.current_task())
        request = (await reader.read(4096)).decode("latin-1")
        self.asked.append(request)
        writer.write(self._answer(request) if request.startswith("GET") else b"HTTP/1.0 400 Bad Request\r\n\r\n")
        if self._stays:
            await reader.read()
        writer.close()

    def send(self, data: bytes) -> None:
        for writer in self._writers:
            writer.write(data)

    async def stop(self) -> None:
        for writer in self._writers:
            writer.transport.abort()
        await asyncio.gather(*(task for task in self._tasks if task), return_exceptions=True)


@asynccontextmanager
async def _camera(
    answer: bytes | Callable[[str], bytes], *, stays: bool = False, tls: ssl.SSLContext | None = None
) -> AsyncIterator[Camera]:
    camera = Camera((lambda _: answer) if isinstance(answer, bytes) else answer, stays=stays)
    server = await asyncio.start_server(camera.serve, "127.0.0.1", 0, ssl=tls)
    camera.url = f"{'https' if tls else 'http'}://127.0.0.1:{server.sockets[0].getsockname()[1]}/mjpg?q=1"
    try:
        yield camera
    finally:
        server.close()
        await camera.stop()


async def _run(
    url: str, *, username: str = "", password: str = "", tls_verify: bool = True, user_agent: str = "Sightline"
) -> tuple[list[AccessUnit], SourceError]:
    units: list[AccessUnit] = []
    reader = MjpegReader(
        url,
        timeouts=QUICK,
        clock=lambda: 1795201382.5,
        username=username,
        password=password,
        tls_verify=tls_verify,
        user_agent=user_agent,
    )
    async with asyncio.timeout(5):
        with pytest.raises(SourceError) as caught:
            await reader.run(units.append)
    return units, caught.value


async def test_each_picture_is_an_access_unit() -> None:
    async with _camera(HEAD + PARTS) as camera:
        units, end = await _run(camera.url)

    assert isinstance(end, SourceEnded)
    assert [unit.data for unit in units] == PICTURES
    assert units[0] == AccessUnit(VideoParameters("mjpeg", 64, 48, "image/jpeg"), PICTURES[0], True, 1795201382.5)
    assert units[2].parameters == VideoParameters("mjpeg", 80, 48, "image/jpeg")
    assert "GET /mjpg?q=1 HTTP/1.1\r\n" in camera.asked[0]
    assert "User-Agent: Sightline\r\n" in camera.asked[0]


@pytest.mark.parametrize("length", ["", "Content-Length: 7\r\n", "Content-Length: 99999999\r\n"])
async def test_a_wrong_or_missing_length_of_the_parts_does_not_matter(length: str) -> None:
    parts = b"".join(b"b\r\n" + length.encode() + b"\r\n" + picture + b"\r\n" for picture in PICTURES)
    async with _camera(HEAD + parts) as camera:
        units, _ = await _run(camera.url)

    assert [unit.data for unit in units] == PICTURES


async def test_chunked_transfer_is_understood() -> None:
    head = HEAD.replace(b"1.0", b"1.1").replace(b"\r\n\r\n", b"\r\nTransfer-Encoding: chunked\r\n\r\n")
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(c), c) for c in (PARTS[:100], PARTS[100:])) + b"0\r\n\r\n"
    async with _camera(head + chunks) as camera:
        units, _ = await _run(camera.url)

    assert [unit.data for unit in units] == PICTURES


ASKS = {
    "digest": Challenge("digest", {"realm": "cam", "nonce": "n1", "qop": "auth"}),
    "sha-256": Challenge("digest", {"realm": "cam", "nonce": "n1", "algorithm": "SHA-256"}),
    "basic": Challenge("basic", {"realm": "cam"}),
}


@pytest.mark.parametrize("way", ASKS)
@pytest.mark.parametrize("password", ["s3:cr@t", "schlüssel", "wrong"])
async def test_signing_in(way: str, password: str) -> None:
    known = Credentials("viewer-ü", password if password != "wrong" else "right")
    challenge = ASKS[way]
    fields = ", ".join(f'{name}="{value}"' for name, value in challenge.parameters.items())

    def answer(request: str) -> bytes:
        for line in request.split("\r\n"):
            name, _, value = line.partition(": ")
            if name == "Authorization" and verify(value, known, method="GET", challenges=[challenge]):
                return HEAD + PARTS
        return f"HTTP/1.0 401 No\r\nWWW-Authenticate: {challenge.scheme} {fields}\r\n\r\n".encode()

    async with _camera(answer) as camera:
        units, end = await _run(camera.url, username="viewer-ü", password=password)

    assert len(camera.asked) == 2
    if password == "wrong":
        assert isinstance(end, SourceRefused)
        assert "refused the user name or the password" in str(end)
    else:
        assert len(units) == 3
    assert password not in str(end)


async def test_credentials_in_the_address_are_used_but_not_sent_in_it() -> None:
    def answer(request: str) -> bytes:
        is_signed = "Authorization: Basic dmlld2VyOnNlY3JldA==" in request
        return HEAD + PARTS if is_signed else b"HTTP/1.0 401 No\r\nWWW-Authenticate: Basic realm=x\r\n\r\n"

    async with _camera(answer) as camera:
        units, _ = await _run(camera.url.replace("http://", "http://viewer:secret@"))

    assert len(units) == 3
    assert "viewer" not in camera.asked[0].lower()


async def test_no_password_configured_is_said() -> None:
    async with _camera(b"HTTP/1.0 401 No\r\nWWW-Authenticate: Basic realm=x\r\n\r\n") as camera:
        _, end = await _run(camera.url)

    assert isinstance(end, SourceRefused)
    assert "Put them into the configuration" in str(end)


async def test_a_redirection_is_followed_on_the_same_host_only() -> None:
    def answer(request: str) -> bytes:
        if request.startswith("GET /live "):
            return HEAD + PARTS
        return b"HTTP/1.0 302 Moved\r\nLocation: /live\r\n\r\n"

    async with _camera(answer) as camera:
        units, _ = await _run(camera.url)
    async with _camera(b"HTTP/1.0 302 Moved\r\nLocation: http://localhost:1/\r\n\r\n") as camera:
        _, other = await _run(camera.url, username="u", password="p")
    async with _camera(b"HTTP/1.0 302 Moved\r\nLocation: /again\r\n\r\n") as camera:
        _, endless = await _run(camera.url)

    assert len(units) == 3
    assert isinstance(other, SourceRefused)
    assert "another host (localhost)" in str(other)
    assert isinstance(endless, SourceRefused)


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        (b"HTTP/1.0 404 Not Found\r\n\r\n", SourceRefused, "no stream at this address"),
        (b"HTTP/1.0 403 Forbidden\r\n\r\n", SourceRefused, "does not allow"),
        (b"HTTP/1.0 503 Busy\r\n\r\n", SourceFull, "no place for another viewer"),
        (b"HTTP/1.0 500 Oops\x1b[2J\r\n\r\n", SourceError, ""),
        (b"HTTP/1.0 200 OK\r\nContent-Type: text/html\r\n\r\n<html>", SourceUnsupported, "gives a page (text/html)"),
        (b"HTTP/1.0 200 OK\r\nContent-Type: image/jpeg\r\n\r\n" + PICTURES[0], SourceUnsupported, "single picture"),
        (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", SourceGarbled, "not in HTTP"),
        (b"", SourceEnded, "closed the connection"),
        (HEAD + b"x" * 100_000, SourceGarbled, "no pictures that can be read"),
        (HEAD + b"\xff\xd8\xff\xda\x00\x02\xff\xd9" * 50, SourceGarbled, "without a frame header"),
    ],
)
async def test_what_is_no_stream_is_said_in_words(answer: bytes, kind: type[SourceError], words: str) -> None:
    async with _camera(answer) as camera:
        _, end = await _run(camera.url)

    assert isinstance(end, kind)
    assert words in str(end)
    assert "\x1b" not in str(end)


async def test_a_camera_that_accepts_and_says_nothing() -> None:
    async with _camera(b"", stays=True) as camera:
        _, end = await _run(camera.url)

    assert isinstance(end, SourceSilent)
    assert "no picture came within 0.8 s" in str(end)


async def test_a_camera_that_stalls() -> None:
    async with _camera(HEAD + PARTS, stays=True) as camera:
        units, end = await _run(camera.url)

    assert len(units) == 3
    assert isinstance(end, SourceSilent)
    assert str(end) == "No picture for 0.4 s."


async def test_a_host_that_is_not_there() -> None:
    async with _camera(b"") as camera:
        url = camera.url
    _, refused = await _run(url)
    _, unknown = await _run("http://no-such-host.invalid/")
    _, none = await _run("ftp://camera/x")

    assert isinstance(refused, SourceUnreachable)
    assert "refused the connection on port" in str(refused)
    assert isinstance(unknown, SourceUnreachable)
    assert "no host named 'no-such-host.invalid'" in str(unknown)
    assert isinstance(none, SourceUnreachable)


async def test_a_camera_without_tls_asked_by_https() -> None:
    async with _camera(HEAD + PARTS) as camera:
        _, end = await _run(camera.url.replace("http:", "https:"))

    assert isinstance(end, SourceUnreachable)
    assert "speaks no TLS" in str(end)


async def test_cancelling_closes_the_connection() -> None:
    arrived = asyncio.Event()
    async with _camera(HEAD + PARTS, stays=True) as camera:
        task = asyncio.create_task(MjpegReader(camera.url).run(lambda _: arrived.set()))
        async with asyncio.timeout(5):
            await arrived.wait()
            task.cancel()
            await asyncio.wait({task})

    assert task.cancelled()


@pytest.mark.parametrize(("asked", "wait_s"), [("", 0), ("30", 30), ("99999", 120), ("Sat, 21 Nov 2026", 0)])
async def test_a_full_camera_says_how_long_it_wants_to_be_left_alone(asked: str, wait_s: float) -> None:
    async with _camera(f"HTTP/1.0 503 Busy\r\nRetry-After: {asked}\r\n\r\n".encode()) as camera:
        _, end = await _run(camera.url)

    assert isinstance(end, SourceFull)
    assert end.wait_s == wait_s


async def test_another_word_for_who_asks_is_sent_by_http_where_a_camera_wants_one() -> None:
    async with _camera(HEAD + PARTS) as camera:
        await _run(camera.url, user_agent="VLC/3")

    assert "User-Agent: VLC/3\r\n" in camera.asked[0]


@pytest.mark.parametrize("is_trusted", [False, True])
@pytest.mark.parametrize("tls_verify", [False, True])
async def test_the_certificate_of_an_https_camera_is_verified_unless_the_configuration_says_no(
    monkeypatch: pytest.MonkeyPatch, *, is_trusted: bool, tls_verify: bool
) -> None:
    if is_trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))
    client_tls.cache_clear()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE, KEY)
    async with _camera(HEAD + PARTS, tls=context) as camera:
        units, end = await _run(camera.url, tls_verify=tls_verify)
    client_tls.cache_clear()

    if is_trusted or not tls_verify:
        assert len(units) == 3
    else:
        assert isinstance(end, SourceUnreachable)
        assert "certificate is not trusted" in str(end)
        assert "tls_verify = false" in str(end)


async def test_more_pictures_than_any_camera_sends_are_not_taken() -> None:
    async with _camera(HEAD + PARTS * (MAX_PICTURES // 3 + 1)) as camera:
        units, end = await _run(camera.url)

    assert len(units) == MAX_PICTURES
    assert isinstance(end, SourceGarbled)
    assert "more than any camera does" in str(end)


async def test_a_camera_that_sends_a_jpeg_now_and_then_is_not_left() -> None:
    """Its gaps are longer than the silence that others are allowed."""
    units: list[AccessUnit] = []

    def came(count: int) -> Callable[[], bool]:
        return lambda: len(units) == count

    async with _camera(HEAD, stays=True) as camera:
        task = asyncio.create_task(MjpegReader(camera.url, timeouts=Timeouts(silence_s=0.1)).run(units.append))
        async with asyncio.timeout(10):
            for number in range(4):
                await until(lambda: bool(camera.asked))
                camera.send(PARTS[: PARTS.index(b"--b", 5)])
                await until(came(number + 1))
                await asyncio.sleep(0.2)  # the gap itself is what is tried
        assert not task.done()
        task.cancel()
        await asyncio.wait({task})
