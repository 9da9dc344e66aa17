"""Which reader an address gets."""

import pytest

from streams.cameras.mjpeg import MjpegReader
from streams.cameras.packets import PacketsReader
from streams.cameras.registry import READERS, open_reader
from streams.cameras.rtsp import RtspReader
from streams.config import CAMERA_SCHEMES, CameraConfig
from streams.errors import SourceUnsupported


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
        ("udp://239.1.2.3:1234", PacketsReader),
        ("srt://192.0.2.10:9000", PacketsReader),
    ],
)
def test_the_scheme_decides_and_a_playlist_is_hls(url: str, reader: type[object]) -> None:
    assert type(open_reader(_camera(url))) is reader


def test_there_is_a_reader_for_every_scheme_that_the_configuration_takes() -> None:
    assert set(READERS) == set(CAMERA_SCHEMES)


def test_an_address_without_a_reader_is_refused_in_words() -> None:
    with pytest.raises(SourceUnsupported, match=r"no reader for gopher:// addresses, only for rtsp://"):
        open_reader(_camera("gopher://192.0.2.10/live"))
