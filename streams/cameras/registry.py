"""Which reader reads which address: the one table of camera protocols."""

from urllib.parse import urlsplit

from streams.cameras.mjpeg import MjpegReader
from streams.cameras.packets import PacketsReader
from streams.cameras.packets_source import FLASH, PLAYLISTS
from streams.cameras.reader import USER_AGENT, Reader
from streams.cameras.rtsp import RtspReader
from streams.config import CameraConfig
from streams.errors import SourceUnsupported
from streams.networks import ANYWHERE, Networks

READERS: dict[str, type[RtspReader | MjpegReader | PacketsReader]] = {
    "rtsp": RtspReader,
    "rtsps": RtspReader,
    "http": MjpegReader,
    "https": MjpegReader,
    "file": PacketsReader,
    "rtmp": PacketsReader,
    "rtmps": PacketsReader,
    "udp": PacketsReader,
    "srt": PacketsReader,
}
"""By scheme of the address."""


def open_reader(camera: CameraConfig, networks: Networks = ANYWHERE) -> Reader:
    """The reader of a camera; it has not connected yet, and connects to nothing outside of ``networks``.

    Raises:
        SourceUnsupported: there is none for the scheme.
    """
    parts = urlsplit(camera.url)
    reader = READERS.get(parts.scheme)
    if reader is None:
        known = ", ".join(f"{scheme}://" for scheme in READERS)
        raise SourceUnsupported(f"There is no reader for {parts.scheme or 'no'}:// addresses, only for {known}.")
    if reader is RtspReader:
        return RtspReader(
            camera.url,
            username=camera.username,
            password=camera.password,
            networks=networks,
            tls_verify=camera.tls_verify,
            udp=camera.udp,
            http_tunnel=camera.http_tunnel,
            user_agent=camera.user_agent or USER_AGENT,
        )
    if reader is MjpegReader and parts.path.lower().endswith(PLAYLISTS + FLASH):
        reader = PacketsReader
    return reader(
        camera.url,
        username=camera.username,
        password=camera.password,
        networks=networks,
        tls_verify=camera.tls_verify,
        user_agent=camera.user_agent or USER_AGENT,
    )
