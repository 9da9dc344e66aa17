"""Streams that FFmpeg reads while a stranger sends them: RTMP, HTTP-FLV, MPEG-TS by UDP."""

import asyncio
import socket
import ssl
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import pairwise
from pathlib import Path

import imageio_ffmpeg
import pytest

from streams.cameras.packets import Timeouts
from streams.cameras.packets_source import Source, file_of, port_of
from streams.errors import (
    SourceEnded,
    SourceError,
    SourceRefused,
    SourceSilent,
    SourceUnreachable,
    SourceUnsupported,
)
from streams.networks import Networks
from tests.fakes.rtmp_server import RtmpServer
from tests.fakes.silent_server import silent_server
from tests.fakes.tls_front import CERTIFICATE, KEY
from tests.free_port import free_port
from tests.streams.cameras.reading import read
from tests.streams.until import until

H264 = ("-c:v", "libx264", "-g", "10", "-bf", "0", "-pix_fmt", "yuv420p", "-tune", "zerolatency")
PATIENT = Timeouts(first_picture_s=10, silence_s=5)


@asynccontextmanager
async def _sender(*arguments: str, pictures: int = 10_000, size: str = "160x96") -> AsyncIterator[Process]:
    """FFmpeg, which sends in real time until the block is left."""
    process = await asyncio.create_subprocess_exec(
        imageio_ffmpeg.get_ffmpeg_exe(), "-loglevel", "error", "-re",
        "-f", "lavfi", "-i", f"testsrc=size={size}:rate=25",
        "-frames:v", str(pictures), *H264, *arguments, stdin=PIPE,
    )  # fmt: skip
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def _read_when_up(
    url: str, count: int, *, username: str = "", password: str = ""
) -> tuple[list[int], SourceError | None]:
    """Key frames among so many pictures. Tried again until the sender listens: it does not say when it does."""
    while True:
        units, error = await read(url, count, username=username, password=password, timeouts=PATIENT)
        if not isinstance(error, SourceUnreachable):
            assert {(unit.parameters.width, unit.parameters.height) for unit in units} <= {(160, 96)}
            return [n for n, unit in enumerate(units) if unit.is_key], error


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
async def test_rtmp_is_played(host: str) -> None:
    port = free_port()
    async with _sender("-f", "flv", "-listen", "1", f"rtmp://127.0.0.1:{port}/live/cam"):
        keys, error = await _read_when_up(f"rtmp://{host}:{port}/live/cam", 25)

    assert error is None
    assert keys == [0, 10, 20]


async def test_http_flv_is_played_to_its_end() -> None:
    port = free_port()
    async with _sender("-f", "flv", "-listen", "1", f"http://127.0.0.1:{port}/x.flv", pictures=30):
        keys, error = await _read_when_up(f"http://127.0.0.1:{port}/x.flv", 40)

    assert isinstance(error, SourceEnded)
    assert keys == [0, 10, 20]


async def test_mpegts_by_udp_is_played() -> None:
    port = free_port(socket.SOCK_DGRAM)
    async with _sender("-f", "mpegts", f"udp://127.0.0.1:{port}?pkt_size=1316"):
        keys, error = await _read_when_up(f"udp://127.0.0.1:{port}", 25)

    assert error is None
    assert keys[0] == 0
    assert keys[1] == 10


async def test_of_two_senders_the_named_one_is_the_camera() -> None:
    port = free_port(socket.SOCK_DGRAM)
    url = f"udp://127.0.0.1:{port}?pkt_size=1316"
    async with _sender("-f", "mpegts", url, size="320x180"), _sender("-f", "mpegts", f"{url}&localaddr=127.0.0.2"):
        units, error = await read(f"udp://127.0.0.1:{port}?sources=127.0.0.2", 20)

    assert error is None
    assert {(unit.parameters.width, unit.parameters.height) for unit in units} == {(160, 96)}


async def test_after_a_lost_datagram_nothing_is_shown_until_the_next_key_frame(tmp_path: Path) -> None:
    path = tmp_path / "short.ts"
    async with asyncio.timeout(10), _sender("-f", "mpegts", str(path), pictures=40) as process:
        await process.wait()
    data = path.read_bytes()
    datagrams = [data[at : at + 1316] for at in range(0, len(data), 1316)]
    whole = [unit.data for unit in (await read(path.as_uri(), 40))[0]]
    port = free_port(socket.SOCK_DGRAM)
    reading = asyncio.create_task(read(f"udp://127.0.0.1:{port}", timeouts=Timeouts(10, 1)))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.connect(("127.0.0.1", port))
        await until(lambda: _is_heard(sender))
        del datagrams[len(datagrams) // 2]
        for datagram in datagrams:
            sender.send(datagram)
        units, _ = await reading

    shown = [whole.index(unit.data) for unit in units]
    (lost,) = [n for n, (here, after) in enumerate(pairwise(shown)) if after != here + 1]
    assert shown[0] == 0
    assert shown[lost + 1] in {20, 30}
    assert units[lost + 1].is_key


def _is_heard(sender: socket.socket) -> bool:
    try:
        for _ in range(2):  # The second one learns what became of the first.
            sender.send(b"")
    except ConnectionRefusedError:
        return False
    return True


@pytest.mark.parametrize(
    "url", ["rtmp://127.0.0.1:9/live/cam", "rtmp://no-such-host.invalid/live/cam", "http://127.0.0.1:9/x.flv"]
)
async def test_a_sender_that_is_not_there(url: str) -> None:
    units, error = await read(url)

    assert units == []
    assert isinstance(error, SourceUnreachable)


async def test_an_rtmp_server_that_accepts_and_says_nothing() -> None:
    async with silent_server() as port:
        _, error = await read(f"rtmp://127.0.0.1:{port}/live/cam", timeouts=Timeouts(first_picture_s=1.0))

    assert isinstance(error, SourceSilent)


@pytest.mark.parametrize(
    ("server", "words"),
    [
        (RtmpServer(connect="NetConnection.Connect.Rejected", description="code=403 need auth"), "user name"),
        (RtmpServer(connect="NetConnection.Connect.InvalidApp"), "the first part of the path"),
        (RtmpServer(play="NetStream.Play.StreamNotFound"), "no such stream"),
        (RtmpServer(play="NetStream.Play.Failed"), "no such stream"),
    ],
)
async def test_what_an_rtmp_server_refuses_is_said(server: RtmpServer, words: str) -> None:
    async with server:
        units, error = await read(f"rtmp://127.0.0.1:{server.port}/live/cam")

    assert units == []
    assert type(error) is SourceRefused
    assert words in str(error)


async def test_srt_is_refused_in_words() -> None:
    _, error = await read("srt://127.0.0.1:9000")

    assert isinstance(error, SourceUnsupported)
    assert "built without it" in str(error)


async def test_an_rtmp_server_with_a_password_that_can_not_be_sent() -> None:
    with pytest.raises(SourceUnreachable, match="no password with a /") as caught:
        Source.of("rtmp://127.0.0.1/live/cam", username="viewer", password="s3/cret", networks=Networks())
    assert "s3" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "port"),
    [
        ("http://host/x.m3u8", 80),
        ("https://user:word@host/x.m3u8", 443),
        ("https://[::1]:8443/x.flv", 8443),
        ("rtmp://host/live/cam", 1935),
        ("rtmp://host:1936/live/cam", 1936),
        ("udp://239.1.1.1:5000", 0),
        ("file:///x.mp4", 0),
        ("http://host:port/x.m3u8", 0),
        ("http://[::1/x.m3u8", 0),
    ],
)
def test_the_one_port_that_is_connected_to_is_known_beforehand(url: str, port: int) -> None:
    assert port_of(url) == port


def test_the_one_file_that_is_read_is_known_beforehand() -> None:
    assert file_of("file:///videos/a%20b.mp4") == Path("/videos/a b.mp4")
    assert file_of("http://host/videos/x.m3u8") is None


@pytest.mark.parametrize(
    ("path", "application"),
    [("/cam", ""), ("/live/cam", "live"), ("/live/one/cam?user=x", "live/one"), ("/bcs/channel0.bcs?channel=0", "bcs")],
)
def test_a_name_is_looked_up_once_and_still_asked_for(path: str, application: str) -> None:
    source = Source.of(f"rtmp://localhost:1936{path}", username="viewer", password="s3cret", networks=Networks())

    assert source.address in {f"rtmp://viewer:s3cret@{host}:1936{path}" for host in ("127.0.0.1", "[::1]")}
    assert source.options["rtmp_tcurl"] == f"rtmp://localhost:1936/{application}"
    assert source.options["protocol_whitelist"] == "rtmp,tcp"


@pytest.mark.parametrize(
    ("host", "trusts", "tls_verify", "words"),
    [
        ("localhost", True, True, "no such stream"),
        ("localhost", False, False, "no such stream"),
        ("localhost", False, True, "certificate of the server is not trusted"),
        ("ip6-localhost.invalid", True, True, "no host named"),
    ],
)
async def test_rtmp_through_tls_is_verified_unless_the_configuration_says_no(
    monkeypatch: pytest.MonkeyPatch, host: str, words: str, *, trusts: bool, tls_verify: bool
) -> None:
    if trusts:
        monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))
    server = RtmpServer(play="NetStream.Play.StreamNotFound")
    server.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.tls.load_cert_chain(CERTIFICATE, KEY)
    async with server:
        _, error = await read(f"rtmps://{host}:{server.port}/live/main", tls_verify=tls_verify)

    assert words in str(error)


async def test_rtmps_of_a_server_without_tls_is_said() -> None:
    async with RtmpServer() as server:
        _, error = await read(f"rtmps://localhost:{server.port}/live/main", tls_verify=False)

    assert isinstance(error, SourceError)
