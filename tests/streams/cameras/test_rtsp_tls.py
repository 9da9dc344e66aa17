"""RTSPS: the same camera, behind a certificate it made itself."""

import asyncio
import ssl
from collections.abc import Iterator

import pytest
import uvloop

from streams.cameras.certificates import client_tls
from streams.cameras.rtsp import RtspReader, Timeouts
from streams.errors import SourceRefused, SourceUnreachable
from streams.formats.rtsp_message import Response
from tests.fakes.rtsp_camera import IDR, SLICE, RtspCamera
from tests.fakes.tls_front import CERTIFICATE, KEY
from tests.streams.cameras.test_rtsp import always, failure, watching

PATIENT = Timeouts(connect_s=5, play_s=5, first_picture_s=5, silence_s=5, keep_alive_s=5)


@pytest.fixture(autouse=True)
def fresh_certificates() -> Iterator[None]:
    client_tls.cache_clear()
    yield
    client_tls.cache_clear()


@pytest.fixture
def trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    """The certificate of the camera is among those that this machine trusts."""
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))


def tls_camera() -> RtspCamera:
    camera = RtspCamera()
    camera.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    camera.tls.load_cert_chain(CERTIFICATE, KEY)
    return camera


async def play(*, tls_verify: bool) -> None:
    """From the handshake to pictures and TEARDOWN."""
    async with tls_camera() as camera:
        async with watching(RtspReader(camera.url, tls_verify=tls_verify, timeouts=PATIENT)) as viewer:
            await camera.is_playing.wait()
            camera.send(camera.picture(0, IDR) + camera.picture(3600, SLICE))
            assert [unit.timestamp for unit in await viewer.until(2)] == [0, 3600]
        await camera.has_closed.wait()
        assert camera.methods()[-1] == "TEARDOWN"
        assert {request.uri.partition("://")[0] for request in camera.requests} == {"rtsps"}


@pytest.mark.usefixtures("trusted")
async def test_pictures_come_through_tls_when_the_certificate_is_trusted() -> None:
    await play(tls_verify=True)


async def test_a_certificate_that_nobody_vouches_for_is_refused_in_words() -> None:
    async with tls_camera() as camera:
        error = await failure(camera, PATIENT)
        assert isinstance(error, SourceUnreachable)
        assert "The certificate of 127.0.0.1 is not trusted: self-signed certificate." in str(error)
        assert "tls_verify = false" in str(error)
        assert camera.requests == []


async def test_a_certificate_that_nobody_vouches_for_is_taken_where_the_configuration_says_so() -> None:
    await play(tls_verify=False)


@pytest.mark.usefixtures("trusted")
async def test_a_certificate_for_another_host_is_refused() -> None:
    async with tls_camera() as camera:
        error = await failure(camera.url.replace("127.0.0.1", "127.1"), PATIENT)
    assert isinstance(error, SourceUnreachable)
    assert "not valid for '127.1'" in str(error)


def test_it_runs_on_uvloop_through_tls_as_well() -> None:
    async def run() -> None:
        async with asyncio.timeout(10):
            await play(tls_verify=False)
            async with tls_camera() as camera:
                assert "is not trusted: self-signed certificate." in str(await failure(camera, PATIENT))

    uvloop.run(run())


@pytest.mark.parametrize(
    ("answer", "words"),
    [(b"RTSP/1.0 400 Bad Request\r\n\r\n", "speaks no TLS that we know on port"), (b"", "it hung up at once")],
    ids=["answers", "hangs up"],
)
async def test_a_camera_that_speaks_no_tls_is_told_so(answer: bytes, words: str) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(answer)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        error = await failure(f"rtsps://127.0.0.1:{server.sockets[0].getsockname()[1]}/live", PATIENT)
    assert isinstance(error, SourceUnreachable)
    assert words in str(error)


async def test_a_redirection_out_of_tls_is_refused() -> None:
    async with tls_camera() as camera:
        camera.answers["describe"] = always(Response(302, (("Location", camera.url.replace("rtsps:", "rtsp:")),)))
        reader = RtspReader(camera.url, tls_verify=False, timeouts=PATIENT)
        with pytest.raises(SourceRefused, match="from rtsps to rtsp"):
            await reader.run(lambda unit: None)
