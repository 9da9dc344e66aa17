"""Which reader an address gets."""

import asyncio
from dataclasses import replace

import pytest

from streams.cameras.mjpeg import MjpegReader
from streams.cameras.packets import PacketsReader
from streams.cameras.registry import READERS, open_reader
from streams.cameras.rtsp import RtspReader
from streams.config import CAMERA_SCHEMES, CameraConfig
from streams.errors import SourceError, SourceRefused, SourceUnsupported
from streams.networks import Networks


def _camera(url: str) -> CameraConfig:
    return CameraConfig(id="a", number=1, name="", url=url, username="viewer", password="secret")


@pytest.mark.parametrize(
    ("url", "reader"),
    [
        ("rtsp://192.0.2.10/stream1", RtspReader),
        ("RTSP://192.0.2.10/stream1", RtspReader),
        ("rtsps://192.0.2.10/stream1", RtspReader),
        ("http://192.0.2.10/video.mjpg?fps=5", MjpegReader),
        ("https://192.0.2.10/axis-cgi/mjpg/video.cgi", MjpegReader),
        ("https://video.example/live/index.m3u8", PacketsReader),
        ("http://video.example/live/INDEX.M3U8?token=1", PacketsReader),
        ("http://192.0.2.10/video.cgi?list=a.m3u8", MjpegReader),
        ("file:///clips/main.mp4", PacketsReader),
        ("http://192.0.2.10/flv?port=1935&app=bcs", PacketsReader),
        ("https://video.example/live/main.FLV", PacketsReader),
        ("rtmp://192.0.2.10/live/main", PacketsReader),
        ("rtmps://192.0.2.10/live/main", PacketsReader),
        ("udp://239.1.2.3:1234", PacketsReader),
        ("srt://192.0.2.10:9000", PacketsReader),
    ],
)
def test_the_scheme_decides_and_a_playlist_is_hls(url: str, reader: type[object]) -> None:
    assert type(open_reader(_camera(url))) is reader


def test_what_a_camera_allows_reaches_its_reader() -> None:
    camera = replace(_camera("rtsps://192.0.2.10/stream1"), tls_verify=False, http_tunnel=True)
    reader = open_reader(camera)
    assert isinstance(reader, RtspReader)
    assert (reader._tls_verify, reader._http_tunnel) == (False, True)
    udp = open_reader(replace(_camera("rtsp://192.0.2.10/stream1"), udp=True))
    assert isinstance(udp, RtspReader)
    assert udp._udp
    plain = open_reader(_camera("rtsp://192.0.2.10/stream1"))
    assert isinstance(plain, RtspReader)
    assert (plain._tls_verify, plain._udp, plain._http_tunnel) == (True, False, False)


@pytest.mark.parametrize("url", ["rtsps://192.0.2.10/main", "https://192.0.2.10/mjpg", "https://192.0.2.10/x.m3u8"])
def test_every_reader_is_told_of_certificates_and_of_the_word_for_who_asks(url: str) -> None:
    usual, other = open_reader(_camera(url)), open_reader(replace(_camera(url), tls_verify=False, user_agent="VLC"))
    assert isinstance(usual, RtspReader | MjpegReader | PacketsReader)
    assert isinstance(other, RtspReader | MjpegReader | PacketsReader)
    assert (usual._tls_verify, usual._user_agent) == (True, "Sightline")
    assert (other._tls_verify, other._user_agent) == (False, "VLC")


def test_there_is_a_reader_for_every_scheme_that_the_configuration_takes() -> None:
    assert set(READERS) == set(CAMERA_SCHEMES)


def test_an_address_without_a_reader_is_refused_in_words() -> None:
    with pytest.raises(SourceUnsupported, match=r"no reader for gopher:// addresses, only for rtsp://"):
        open_reader(_camera("gopher://192.0.2.10/live"))


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
@pytest.mark.parametrize(
    "address",
    [
        "rtsp://{}/main",
        "rtsps://{}/main",
        "http://{}/mjpg",
        "http://{}/x.m3u8",
        "http://{}/x.flv",
        "rtmp://{}/live/main",
        "rtmps://{}/live/main",
    ],
)
async def test_no_reader_connects_to_anything_outside_of_the_networks(host: str, address: str) -> None:
    came: list[object] = []

    async def accept(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        came.append(writer.get_extra_info("peername"))
        writer.close()

    async with await asyncio.start_server(accept, host, 0) as server:
        url = address.format(f"{host}:{server.sockets[0].getsockname()[1]}")
        for networks, kind in (
            (Networks.of(["10.0.0.0/8", "2001:db8::/32"]), SourceRefused),
            (Networks(), SourceError),
        ):
            assert came == []
            async with asyncio.timeout(20):
                with pytest.raises(kind) as caught:
                    await open_reader(_camera(url), networks).run(lambda _: None)
            assert networks == Networks() or "camera_networks" in str(caught.value)
    # Without the list it is the same address that is connected to.
    assert came
