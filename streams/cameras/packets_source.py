"""Source: what a packets worker opens, and how. The scheme and the ending of the address say it."""

import ipaddress
import socket
import ssl
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import SplitResult, urlsplit
from urllib.request import url2pathname

from streams.cameras.datagram_door import DatagramDoor
from streams.cameras.packets_door import Door, FileDoor, WebDoor
from streams.cameras.reader import USER_AGENT
from streams.errors import SourceUnreachable, SourceUnsupported
from streams.networks import Networks

PLAYLISTS = (".m3u8", ".m3u")
FLASH = (".flv", "/flv")
SCHEMES = ("file", "http", "https", "rtmp", "rtmps", "udp", "srt")

_SEGMENTS = "mpegts,mov,mp4"
_FILES = "mov,mp4,matroska,webm,mpegts,flv,avi,h264,hevc,mpeg"
_RTMP_PORT = 1935
_RTMPS_PORT = 443
_PORTS = {"http": 80, "https": 443, "rtmp": _RTMP_PORT, "rtmps": _RTMPS_PORT}
"""Of TCP, by scheme."""
_LIVE = {
    # FFmpeg looks for 5 s at what comes before it gives the first picture; half a second tells the codec.
    "analyzeduration": "500000",
    "fpsprobesize": "0",
}
_HLS = {
    "format_whitelist": f"hls,{_SEGMENTS}",
    "live_start_index": "-1",
    # FFmpeg would talk HTTP by itself to keep connections, around our door.
    "http_persistent": "0",
    "http_multiple": "0",
    "seg_max_retry": "2",
    # The ending of a name says nothing: the formats are listed above.
    "extension_picky": "0",
    "allowed_extensions": "ALL",
}
_BUNDLES = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem")
"""Where systems have the certificates that they trust, all in one file, as FFmpeg wants them."""
_SILENCE_US = "5000000"


def file_of(url: str) -> Path | None:
    """The file that an address names; None for what is no file."""
    parts = urlsplit(url)
    return Path(url2pathname(parts.path)) if parts.scheme == "file" else None


def port_of(url: str) -> int:
    """The port that is connected to by TCP, 0 where none is."""
    try:
        parts = urlsplit(url)
        default = _PORTS.get(parts.scheme, 0)
        return (parts.port or default) if default else 0
    except ValueError:  # what makes no address is refused by who opens it
        return 0


def is_live(url: str) -> bool:
    """Whether pictures come one by one as they are taken, not in segments or from a file."""
    parts = urlsplit(url)
    return parts.scheme in {"rtmp", "rtmps", "udp"} or parts.path.lower().endswith(FLASH)


@dataclass(frozen=True, slots=True)
class Source:
    address: str
    door: Door | None
    """None: FFmpeg opens the address itself, and by ``protocol_whitelist`` nothing else."""
    format: str | None
    options: dict[str, str]
    repeats: bool = False
    is_live: bool = False
    """It comes at its own pace, and what is damaged must not be shown: the next key frame is near."""
    renews: bool = False
    """What it names (a playlist, segments) may be good for a while only; its own address names newer ones."""

    @property
    def is_tls(self) -> bool:
        """Whether FFmpeg itself speaks TLS."""
        return self.address.startswith("rtmps:")

    @classmethod
    def of(
        cls,
        url: str,
        *,
        username: str,
        password: str,
        networks: Networks,
        tls_verify: bool = True,
        user_agent: str = USER_AGENT,
    ) -> "Source":
        """
        Raises:
            SourceUnreachable: no such file or host, or the address can't be used.
            SourceUnsupported: nothing that is read here.
            SourceRefused: a server of RTMP outside of ``networks``.
        """
        parts = urlsplit(url)
        if parts.scheme == "file":
            return _file(parts)
        if parts.scheme in {"http", "https"} and parts.path.lower().endswith(PLAYLISTS + FLASH):
            is_flash = parts.path.lower().endswith(FLASH)
            door = WebDoor(
                url,
                username=username,
                password=password,
                tls_verify=tls_verify,
                user_agent=user_agent,
                is_endless=is_flash,
            )
            if is_flash:
                return cls(url, door, "flv", {"format_whitelist": "flv", **_LIVE}, is_live=True)
            return cls(url, door, "hls", _HLS, renews=True)
        if parts.scheme == "udp":
            return cls(
                url, DatagramDoor(url, networks), "mpegts", {"format_whitelist": "mpegts", **_LIVE}, is_live=True
            )
        if parts.scheme in {"rtmp", "rtmps"}:
            return _rtmp(parts, username, password, networks, tls_verify=tls_verify)
        if parts.scheme == "srt":
            raise SourceUnsupported(
                "SRT is not read here: the FFmpeg that comes with this installation is built without it."
                " Let a gateway send the stream as MPEG-TS over UDP, or as RTMP."
            )
        raise SourceUnsupported(
            "Expected file:///path, http://host/….m3u8, http://host/….flv, rtmp://host/app/stream (or rtmps://) or udp://IP:PORT;"
            " other addresses are not read here."
        )


def _file(parts: SplitResult) -> Source:
    path = Path(url2pathname(parts.path))
    if parts.hostname not in {None, "localhost"} or not path.is_absolute():
        raise SourceUnreachable("The address of a file is file:/// and its whole path.")
    if not path.is_file():
        raise SourceUnreachable(f"There is no file {path.name} at that path.")
    return Source(str(path), FileDoor(path), None, {"format_whitelist": _FILES}, repeats=True)


def _rtmp(parts: SplitResult, username: str, password: str, networks: Networks, *, tls_verify: bool) -> Source:
    """RTMP is spoken by FFmpeg. It gets an address instead of a name: what was looked up once is what it connects to.

    The name goes into what is asked of the server, which may serve several.
    """
    scheme, port = parts.scheme, parts.port or _PORTS[parts.scheme]
    ip = _resolve(parts.hostname or "", port)
    networks.check(str(ip))
    host = f"[{ip}]" if ip.version == 6 else str(ip)
    if any(character in "/?#" for character in username + password):
        raise SourceUnreachable("RTMP takes no user name and no password with a /, ? or # in it. Choose others.")
    user = f"{username}:{password}@" if username else ""
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    # As FFmpeg has it: of three names and more the first two are the application.
    names = parts.path.strip("/").split("/")
    application = "/".join(names[: 2 if len(names) > 2 else 1]) if len(names) > 1 else ""
    return Source(
        f"{scheme}://{user}{host}:{port}{path}",
        None,
        "flv",
        {
            "format_whitelist": "flv",
            "protocol_whitelist": "rtmp,tcp" if scheme == "rtmp" else "rtmps,tls,tcp",
            "rtmp_tcurl": f"{scheme}://{parts.netloc}/{application}",
            "rtmp_live": "live",
            "rw_timeout": _SILENCE_US,
            **({} if scheme == "rtmp" else _tls(parts.hostname or "", tls_verify=tls_verify)),
            **_LIVE,
        },
        is_live=True,
    )


def _tls(host: str, *, tls_verify: bool) -> dict[str, str]:
    """For FFmpeg, which connects to a number and must be told the name that the certificate is for."""
    if not tls_verify:
        return {"tls_verify": "0"}
    bundles = (ssl.get_default_verify_paths().cafile, *_BUNDLES)
    trusted = next((bundle for bundle in bundles if bundle and Path(bundle).is_file()), "")
    return {"tls_verify": "1", "verifyhost": host, **({"ca_file": trusted} if trusted else {})}


def _resolve(host: str, port: int) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise SourceUnreachable(f"There is no host named {host!r}. Check the address of the camera.") from error
    return ipaddress.ip_address(found[0][4][0])
