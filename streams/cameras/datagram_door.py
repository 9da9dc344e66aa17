"""DatagramDoor: MPEG-TS that comes by UDP, as FFmpeg reads it. Runs in the worker: blocks.

The socket is ours, not FFmpeg's: that one listens at every address of the machine and takes what anybody sends.
"""

import ipaddress
import socket
from collections.abc import Mapping
from urllib.parse import parse_qs, urlsplit

from streams.errors import SourceError, SourceRefused, SourceSilent, SourceUnreachable
from streams.networks import Networks

_TIMEOUT_S = 5.0
_BUFFER_BYTES = 2 * 1024 * 1024
"""In the kernel, if it lets us: a key frame comes at once."""
_MAX_DATAGRAM_BYTES = 65536
_WRITE = 2  # AVIO_FLAG_WRITE


class DatagramDoor:
    """``udp://ADDRESS:PORT[?sources=IP]``: an address of this machine to listen at, or a group to join.

    One sender is the camera: that of ``sources``, else the first one. Datagrams of others are left alone.
    """

    def __init__(self, url: str, networks: Networks) -> None:
        """
        Raises:
            SourceUnreachable: not such an address, or its port is taken.
        """
        self.failure: SourceError | None = None
        self._url = url
        self._networks = networks
        self._sender, self._socket = _listen(url)

    def __call__(self, url: str, flags: int, options: Mapping[str, str]) -> "DatagramDoor":
        if url != self._url or flags & _WRITE:
            self.failure = SourceRefused("The stream points to another address, which is not opened.")
            raise self.failure
        return self

    def read(self, size: int) -> bytes:
        """One datagram. FFmpeg asks for 32 KiB, which no datagram of MPEG-TS has.

        Raises:
            SourceSilent: none came.
            SourceRefused: its sender is outside of the networks.
        """
        try:
            while True:
                data, (sender, *_) = self._socket.recvfrom(_MAX_DATAGRAM_BYTES)
                if not self._sender:
                    self._networks.check(sender)
                    self._sender = sender
                if sender == self._sender and data:
                    return data[:size]
        except TimeoutError as error:
            raise SourceSilent(f"No datagram came within {_TIMEOUT_S:g} s.") from error

    def close(self) -> None:
        self._socket.close()


def _listen(url: str) -> tuple[str, socket.socket]:
    """The only sender, "" for not yet known, and the socket."""
    try:
        parts = urlsplit(url)
        address = ipaddress.ip_address(parts.hostname or "")
        sender = "".join(parse_qs(parts.query).get("sources", []))
        sender = str(ipaddress.ip_address(sender)) if sender else ""
        port = parts.port or 0
        if not port:
            raise ValueError("no port")
    except ValueError as error:
        raise SourceUnreachable(
            "The address can't be used: expected udp://IP:PORT, an address of this machine to listen at or a group."
        ) from error
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    receiver = socket.socket(family, socket.SOCK_DGRAM)
    try:
        receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER_BYTES)
        if address.is_multicast:
            # Several processes of one machine may have joined the group.
            receiver.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        receiver.bind((str(address), port))
        if address.is_multicast and family == socket.AF_INET:
            receiver.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, address.packed + bytes(4))
        elif address.is_multicast:
            receiver.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, address.packed + bytes(4))
    except OSError as error:
        receiver.close()
        raise SourceUnreachable(f"Can't listen at {address} port {port}: {error.strerror}.") from error
    receiver.settimeout(_TIMEOUT_S)
    return sender, receiver
