"""RtspDatagrams: the pair of UDP ports for the video of a camera that does not send over TCP (RFC 2326 §12.39)."""

import asyncio
import contextlib
import socket
from collections.abc import Callable
from typing import Any, cast

from streams.errors import SourceUnreachable
from streams.formats.rtp_order import PacketOrder
from streams.formats.rtsp import Interleaved, Lost

CHANNEL = 256
"""Of what comes here; no channel of a connection has that number."""

_TRIES = 50
_BUFFER_BYTES = 1024 * 1024
_EMPTY_RTP = b"\x80" + bytes(11)
_EMPTY_REPORT = b"\x80\xc9\x00\x01" + bytes(4)


class RtspDatagrams(asyncio.DatagramProtocol):
    """Takes datagrams from the camera's own address only, and gives its packets in order.

    Args:
        camera: address (no name) of the camera.
        take: called on the event loop for what comes.
    """

    def __init__(self, camera: str, take: Callable[[Interleaved | Lost], None]) -> None:
        self.port = 0
        """For RTP, an even one; the next is for reports."""
        self._camera = camera
        self._take = take
        self._order = PacketOrder(CHANNEL)
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.DatagramTransport | None = None
        self._reports: socket.socket | None = None

    @classmethod
    async def open(cls, local: str, camera: str, take: Callable[[Interleaved | Lost], None]) -> "RtspDatagrams":
        """Listen on ``local``, an address of this machine.

        Raises:
            SourceUnreachable: no two ports in a row are free.
        """
        pictures, reports = _pair(local)
        datagrams = cls(camera, take)
        datagrams.port = pictures.getsockname()[1]
        # Nobody reads them: a closed port would be answered by ICMP, after which some cameras stop.
        datagrams._reports = reports
        try:
            await asyncio.get_running_loop().create_datagram_endpoint(lambda: datagrams, sock=pictures)
        except BaseException:
            pictures.close()
            reports.close()
            raise
        return datagrams

    def knock(self, port: int) -> None:
        """Send something to the camera's ports, so that what stands in between lets the answer through."""
        assert self._transport is not None
        assert self._reports is not None
        self._transport.sendto(_EMPTY_RTP, (self._camera, port))
        with contextlib.suppress(OSError):
            self._reports.sendto(_EMPTY_REPORT, (self._camera, port + 1))

    def close(self) -> None:
        if self._transport is not None:
            self._transport.abort()
        if self._reports is not None:
            self._reports.close()

    # Called by the event loop.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, sender: tuple[str | Any, int]) -> None:
        if sender[0] == self._camera:
            for event in self._order.push(data, self._loop.time()):
                self._take(event)


def _pair(local: str) -> tuple[socket.socket, socket.socket]:
    family = socket.AF_INET6 if ":" in local else socket.AF_INET
    for _ in range(_TRIES):
        pictures, reports = (socket.socket(family, socket.SOCK_DGRAM) for _ in range(2))
        try:
            pictures.bind((local, 0))
            port = pictures.getsockname()[1]
            if port % 2 == 0:
                reports.bind((local, port + 1))
                pictures.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER_BYTES)
                pictures.setblocking(False)
                reports.setblocking(False)
                return pictures, reports
        except OSError:
            pass
        pictures.close()
        reports.close()
    raise SourceUnreachable("No two UDP ports in a row are free on this machine for the camera to send to.")
