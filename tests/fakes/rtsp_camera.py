"""RtspCamera: a camera on a real socket whose every answer a test can choose, wrong ones above all."""

import asyncio
import base64
import ssl
import struct
from collections.abc import Callable
from types import TracebackType
from typing import Self

from streams.formats.rtp_h264 import pack
from streams.formats.rtp_packetiser import Packetiser
from streams.formats.rtsp import Parser, interleave
from streams.formats.rtsp_message import Fields, Request, Response

PATIENCE_S = 15

SPS = bytes.fromhex("674d001e95a82d0f69b80808083c2010a8")  # says that no picture is reordered
"""720x480"""
OTHER_SPS = bytes.fromhex("674d001f95a814016e40")
"""1280x720"""
PPS = bytes.fromhex("68ee3c80")
IDR = b"\x65\x88" + b"i" * 3000
SLICE = b"\x41\x9a" + b"p" * 300

SDP = (
    b"v=0\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=control:track1\r\n"
    b"a=fmtp:96 packetization-mode=1;sprop-parameter-sets="
    + b",".join(base64.b64encode(nal) for nal in (SPS, PPS))
    + b"\r\n"
)

Answer = Callable[[Request], Response | bytes | None]
"""None: no answer; bytes are sent as they are."""


class RtspCamera:
    """Answers as a good camera does, but for what ``answers`` says by method.

    Use it as a context; what runs inside has ``PATIENCE_S``, then a TimeoutError.
    """

    def __init__(self, **answers: Answer) -> None:
        self.requests: list[Request] = []
        self.replies: list[Response] = []
        self.answers = answers
        self.tls: ssl.SSLContext | None = None
        """Set it before the context is entered."""
        self.port = 0
        self.connections = 0
        self.is_playing = asyncio.Event()
        self.has_closed = asyncio.Event()
        """A client has gone."""
        self.changed = asyncio.Condition()
        self._packetiser = Packetiser(pack, payload_type=96, ssrc=1)
        self._writers: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None
        self._patience = asyncio.timeout(PATIENCE_S)

    @property
    def url(self) -> str:
        return f"{'rtsps' if self.tls else 'rtsp'}://127.0.0.1:{self.port}/live"

    def methods(self) -> list[str]:
        return [request.method for request in self.requests]

    async def until(self, is_so: Callable[[], bool]) -> None:
        """Wait for something that requests change."""
        async with self.changed:
            await self.changed.wait_for(is_so)

    def send(self, data: bytes) -> None:
        for writer in self._writers:
            writer.write(data)

    def picture(self, timestamp: int, *nals: bytes, channel: int = 0) -> bytes:
        """Its interleaved packets."""
        packets = self._packetiser.packets(nals, timestamp)
        return b"".join(interleave(channel, packet) for packet in packets)

    def report(self) -> bytes:
        """An RTCP sender report, as cameras go on sending when their picture has stopped."""
        return interleave(1, struct.pack(">BBHI", 0x80, 200, 6, 1) + bytes(20))

    def hang_up(self) -> None:
        for writer in self._writers:
            writer.transport.abort()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self.tls)
        self.port = self._server.sockets[0].getsockname()[1]
        await self._patience.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        assert self._server is not None
        try:
            await self._patience.__aexit__(kind, error, traceback)
        finally:
            self._server.close()
            self.hang_up()
            await self._server.wait_closed()
            async with asyncio.timeout(5):
                await self.until(lambda: not self._writers)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._writers.add(writer)
        parser = Parser()
        try:
            while data := await reader.read(65536):
                for event in parser.feed(data):
                    if isinstance(event, Request):
                        self._take(event, writer)
                    elif isinstance(event, Response):
                        self.replies.append(event)
                async with self.changed:
                    self.changed.notify_all()
        except ConnectionError:
            pass
        finally:
            writer.close()
            self._writers.discard(writer)
            self.has_closed.set()
            async with self.changed:
                self.changed.notify_all()

    def _take(self, request: Request, writer: asyncio.StreamWriter) -> None:
        self.requests.append(request)
        answer = self.answers.get(request.method.lower(), self.good)(request)
        if isinstance(answer, Response):
            fields: Fields = (("CSeq", request.header("CSeq")), *answer.headers)
            writer.write(Response(answer.status, fields, answer.body, answer.reason).encode())
        elif answer is not None:
            writer.write(answer)
        if request.method == "PLAY":
            self.is_playing.set()

    def good(self, request: Request) -> Response:
        if request.method == "OPTIONS":
            return Response(200, (("Public", "OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN, GET_PARAMETER"),))
        if request.method == "DESCRIBE":
            return Response(200, (("Content-Base", f"{self.url}/"),), SDP)
        if request.method == "SETUP":
            return Response(200, (("Transport", request.header("Transport")), ("Session", "abc;timeout=60")))
        return Response(200, (("Session", "abc"),))
