"""Where a server is."""

import ipaddress
from dataclasses import dataclass
from urllib.parse import urlsplit

from clients.cli.errors import Refused

DEFAULT = "http://127.0.0.1:8080"


@dataclass(frozen=True, slots=True)
class Address:
    """``http`` or ``https``, host and port; no path."""

    origin: str

    def http(self, path: str) -> str:
        return self.origin + path

    def websocket(self, path: str) -> str:
        return "ws" + self.origin.removeprefix("http") + path


def parse(text: str) -> Address:
    """Read an address as people write it: ``rtcc.example`` means ``https://rtcc.example``.

    Raises:
        Refused: it is no address of a server, or it would carry a password over a network in the clear.
    """
    text = text.strip()
    try:
        parts = urlsplit(text if "://" in text else f"https://{text}")
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise Refused(f"The server address {text!r} has no usable host or port: {error}.") from error
    if parts.scheme not in ("http", "https") or not host:
        raise Refused(f"The server address is {text!r}, expected something like https://rtcc.example:8443.")
    if parts.path.strip("/") or parts.query or parts.fragment or parts.username is not None:
        raise Refused("The server address holds more than host and port; give only https://host:port.")
    if parts.scheme == "http" and not _is_loopback(host):
        raise Refused(f"http:// would carry your password to {host} in the clear; use https://.")
    bracketed = f"[{host}]" if ":" in host else host
    return Address(f"{parts.scheme}://{bracketed}" + (f":{port}" if port else ""))


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
