"""RTSP 1.0 (RFC 2326) over TCP, with RTP interleaved (§10.12): a stream of bytes to messages and packets, both sides.

No I/O: feed a ``Parser`` what was received, send what ``encode`` and ``interleave`` give.
"""

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass

from streams.errors import FormatError
from streams.formats.rtsp_message import Request, Response, content_length, parse_head

MAX_HEAD_BYTES = 16 * 1024
MAX_LOST_BYTES = 1024 * 1024
MAX_LOSSES = 10

_HEAD_END = re.compile(rb"\r?\n\r?\n")
_BETWEEN = b"\r\n\0 "  # stray bytes between messages, of several cameras
_STARTS = frozenset(b"$\r\n\0 ABCDEFGHIJKLMNOPQRSTUVWXYZ")
_CANDIDATE = re.compile(rb"\$|RTSP/1\.0 \d")


@dataclass(frozen=True, slots=True)
class Interleaved:
    """RTP or RTCP packets, one right after the other; together, as there are hundreds a second of each camera."""

    channel: int
    packets: list[bytes]


@dataclass(frozen=True, slots=True)
class Lost:
    """The framing was lost and found again; packets may have been lost or cut."""

    skipped: int
    """Bytes thrown away."""


Event = Request | Response | Interleaved | Lost


def interleave(channel: int, packet: bytes) -> bytes:
    """Wrap one RTP or RTCP packet of up to 65535 bytes."""
    return struct.pack(">BBH", 0x24, channel, len(packet)) + packet


class Parser:
    """Splits what one side sends into messages and packets.

    Cameras lose count of their own packets; where the next thing should begin and does not, the parser looks for the
    next believable packet or response and says ``Lost``. It gives up when that happens too often.
    """

    def __init__(self) -> None:
        self.channels: set[int] = set()
        """Channels that were agreed on. While the framing is lost only their packets are believed."""
        self.has_begun = False
        """Whether anything of RTSP has come yet."""
        self._rest = b""
        self._message: Request | Response | None = None
        self._body: list[bytes] = []
        self._body_missing = 0
        self._is_lost = False
        self._skipped = 0
        self._losses = 0
        self._good_bytes = 0

    def feed(self, data: bytes) -> Iterator[Event]:
        """Take what was received, in pieces of any size, and give what is complete. Iterate to the end.

        Raises:
            FormatError: it is not RTSP, or a message with a larger head or body than is allowed. Nothing can be fed
                after that.
        """
        if self._message is not None:
            data = self._read_body(data)
            if self._body_missing:
                return
            yield self._finish()
        elif self._rest:
            data = self._rest + data
        self._rest = b""

        position, end = 0, len(data)
        while position < end:
            if self._is_lost:
                is_found, position = self._find(data, position)
                if not is_found:
                    break
                self._is_lost = False
                yield Lost(self._skipped)
                self._skipped = 0
                continue
            first = data[position]
            if first == 0x24:
                packets, following = _packets(data, position)
                if packets:
                    self.has_begun = True
                    yield Interleaved(data[position + 1], packets)
                    position = following
                elif _is_whole(data, position):
                    # A wrong length shows by what comes next; then this packet is wrong too.
                    self._lose(data, position)
                else:
                    break
            elif first in _BETWEEN:
                position += 1
            else:
                following = self._read_head(data, position)
                if following < 0:
                    break
                position = following
                if self._message is not None and not self._body_missing:
                    yield self._finish()
        self._good_bytes += position
        self._rest = data[position:] if position < end else b""

    def _read_head(self, data: bytes, position: int) -> int:
        """Where it goes on behind a head and what is there of its body; -1 when more bytes are needed.

        Where there is no head the framing is lost.
        """
        head = _HEAD_END.search(data, position, position + MAX_HEAD_BYTES)
        if head is None and _may_become_a_head(data, position):
            if len(data) - position >= MAX_HEAD_BYTES:
                raise FormatError(f"an RTSP message with a header of more than {MAX_HEAD_BYTES} bytes")
            return -1
        message = None if head is None else parse_head(data[position : head.start()])
        if head is None or message is None:
            self._lose(data, position)
            return position
        self.has_begun = True
        self._message, self._body, self._body_missing = message, [], content_length(message)
        rest = self._read_body(data[head.end() :])
        return len(data) - len(rest)

    def _read_body(self, data: bytes) -> bytes:
        """What does not belong to it any more."""
        piece = data[: self._body_missing]
        self._body.append(piece)
        self._body_missing -= len(piece)
        return data[len(piece) :]

    def _finish(self) -> Request | Response:
        message, body = self._message, b"".join(self._body)
        assert message is not None
        self._message, self._body = None, []
        if isinstance(message, Request):
            return Request(message.method, message.uri, message.headers, body)
        return Response(message.status, message.headers, body, message.reason)

    def _lose(self, data: bytes, position: int) -> None:
        if not self.has_begun:
            raise FormatError(f"expected RTSP, got {_quoted(data[position : position + 40])}")
        if self._good_bytes > 4 * MAX_LOST_BYTES:
            self._losses = 0
        self._good_bytes = 0
        self._losses += 1
        if self._losses > MAX_LOSSES:
            raise FormatError(f"the framing of interleaved packets was lost {self._losses} times")
        self._is_lost = True

    def _find(self, data: bytes, position: int) -> tuple[bool, int]:
        """The place of the next thing to believe; else False and the place from which more bytes are needed."""
        start, is_found = position, False
        for match in _CANDIDATE.finditer(data, position + (0 if self._skipped else 1)):
            position = match.start()
            verdict = self._believes(data, position)
            if verdict is not False:
                is_found = verdict is True
                break
        else:
            # The last bytes may be the beginning of "RTSP/".
            position = max(start, len(data) - 4)
        self._skipped += position - start
        if self._skipped > MAX_LOST_BYTES:
            raise FormatError(f"{self._skipped} bytes in which no RTSP was found")
        return is_found, position

    def _believes(self, data: bytes, position: int) -> bool | None:
        """None: can't be said before more bytes have come."""
        if data[position] != 0x24:
            return True
        if position + 5 > len(data):
            return None
        channel, size = data[position + 1], data[position + 2] << 8 | data[position + 3]
        following = position + 4 + size
        if (self.channels and channel not in self.channels) or size < 8 or data[position + 4] >> 6 != 2:
            return False
        if following >= len(data):
            return None
        return data[following] in _STARTS


def _packets(data: bytes, position: int) -> tuple[list[bytes], int]:
    """Packets of one channel from a ``$`` on, each whole and followed by what looks like RTSP, and where they end."""
    packets: list[bytes] = []
    end = len(data)
    last = end - 4
    if position > last:
        return packets, position
    channel = data[position + 1]
    while True:
        following = position + 4 + (data[position + 2] << 8 | data[position + 3])
        if following > end or (following < end and data[following] not in _STARTS):
            return packets, position
        packets.append(data[position + 4 : following])
        if following > last or data[following] != 0x24 or data[following + 1] != channel:
            return packets, following
        position = following


def _is_whole(data: bytes, position: int) -> bool:
    """Whether the packet at a ``$`` has come to its end."""
    begin = position + 4
    return begin <= len(data) and begin + (data[position + 2] << 8 | data[position + 3]) <= len(data)


def _quoted(data: bytes) -> str:
    """The first line for people; what is no text is the same for every try, so that nothing is said again and again."""
    line = data.decode("latin-1").partition("\r")[0].partition("\n")[0]
    return f"'{line}'" if line.isascii() and line.isprintable() and line else "bytes that are no text"


def _may_become_a_head(data: bytes, position: int) -> bool:
    line = data[position : position + 24].split(b"\n")[0]
    return bool(re.match(rb"(?:RTSP/\d|[A-Z_]{3,20} )", line)) or (
        len(line) < 22 and b"\n" not in data[position : position + 24] and bool(re.fullmatch(rb"[A-Z_/]+", line))
    )
