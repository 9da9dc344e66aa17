"""RTSP 1.0 (RFC 2326) over TCP, with RTP interleaved (§10.12): bytes to messages and back, for both sides.

No I/O: feed a ``Parser`` what was received, send what ``encode`` and ``interleave`` give.
"""

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from streams.errors import FormatError

MAX_HEAD_BYTES = 16 * 1024
MAX_BODY_BYTES = 1024 * 1024
MAX_LOST_BYTES = 1024 * 1024
MAX_LOSSES = 10

Fields = tuple[tuple[str, str], ...]
"""Header fields in order. Characters are bytes (Latin-1), so that what a camera says can be given back unchanged."""

_REASONS = {
    200: "OK",
    301: "Moved Permanently",
    302: "Found",
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    453: "Not Enough Bandwidth",
    454: "Session Not Found",
    455: "Method Not Valid in This State",
    459: "Aggregate Operation Not Allowed",
    461: "Unsupported Transport",
    500: "Internal Server Error",
    501: "Not Implemented",
    503: "Service Unavailable",
}


_HEAD_END = re.compile(rb"\r?\n\r?\n")
_STATUS_LINE = re.compile(r"RTSP/\d\.\d +(\d{3})(?: +(.*))?")
_REQUEST_LINE = re.compile(r"([A-Z_]{3,20}) +(\S.*?) +RTSP/\d\.\d")
_BETWEEN = b"\r\n\0 "  # stray bytes between messages, of several cameras
_STARTS = frozenset(b"$\r\n\0 ABCDEFGHIJKLMNOPQRSTUVWXYZ")
_CANDIDATE = re.compile(rb"\$|RTSP/1\.0 \d")
_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]")


@dataclass(frozen=True, slots=True)
class Request:
    method: str
    uri: str
    headers: Fields = ()
    body: bytes = b""

    def header(self, name: str, default: str = "") -> str:
        """The first field of that name, whatever its case."""
        return _first(self.headers, name, default)

    def encode(self) -> bytes:
        """Raises ``ValueError`` for a line break or a character outside Latin-1 in method, URI or a field."""
        return _encode(f"{self.method} {self.uri} RTSP/1.0", self.headers, self.body)


@dataclass(frozen=True, slots=True)
class Response:
    status: int
    headers: Fields = ()
    body: bytes = b""
    reason: str = ""

    def header(self, name: str, default: str = "") -> str:
        """The first field of that name, whatever its case."""
        return _first(self.headers, name, default)

    def all(self, name: str) -> list[str]:
        """Every field of that name, whatever its case."""
        return [value for key, value in self.headers if key.lower() == name.lower()]

    def encode(self) -> bytes:
        """Raises ``ValueError`` for a line break or a character outside Latin-1 in reason or a field."""
        return _encode(
            f"RTSP/1.0 {self.status} {self.reason or _REASONS.get(self.status, '-')}", self.headers, self.body
        )


class Interleaved(NamedTuple):
    """One RTP or RTCP packet. A tuple, as there are hundreds a second of each camera."""

    channel: int
    packet: memoryview
    """Into the bytes that were fed, which it keeps alive."""


class Lost(NamedTuple):
    """The framing was lost and found again; packets may have been lost or cut."""

    skipped: int
    """Bytes thrown away."""


Event = Request | Response | Interleaved | Lost


def interleave(channel: int, packet: bytes) -> bytes:
    """Wrap one RTP or RTCP packet of up to 65535 bytes."""
    return struct.pack(">BBH", 0x24, channel, len(packet)) + packet


def parameters(value: str) -> dict[str, str]:
    """The parts of a ``Transport`` or ``Session`` value: ``{"rtp/avp/tcp": "", "interleaved": "0-1"}``, for example.

    Names in lower case, without quotes and spaces; of several transports only the first.
    """
    found: dict[str, str] = {}
    for part in value.split(",", maxsplit=1)[0].split(";"):
        name, _, content = part.partition("=")
        if name.strip():
            found.setdefault(name.strip().lower(), content.strip().strip('"'))
    return found


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
            FormatError: it is not RTSP, or a message larger than ``MAX_HEAD_BYTES`` and ``MAX_BODY_BYTES`` allow.
                Nothing can be fed after that.
        """
        if self._message is not None:
            piece = data[: self._body_missing]
            self._body.append(piece)
            self._body_missing -= len(piece)
            if self._body_missing:
                return
            yield self._finish()
            data = data[len(piece) :]
        elif self._rest:
            data = self._rest + data
        self._rest = b""

        view = memoryview(data)
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
                following = position + 4
                if following > end:
                    break
                following += data[position + 2] << 8 | data[position + 3]
                if following > end:
                    break
                # A wrong length shows by what comes next; then this packet is wrong too.
                if following < end and data[following] not in _STARTS:
                    self._lose(data, position)
                    continue
                self.has_begun = True
                yield Interleaved(data[position + 1], view[position + 4 : following])
                position = following
            elif first in _BETWEEN:
                position += 1
            else:
                head = _HEAD_END.search(data, position, position + MAX_HEAD_BYTES)
                if head is None:
                    if not _may_become_a_head(data, position):
                        self._lose(data, position)
                        continue
                    if end - position >= MAX_HEAD_BYTES:
                        raise FormatError(f"an RTSP message with a header of more than {MAX_HEAD_BYTES} bytes")
                    break
                message = _parse_head(data[position : head.start()])
                if message is None:
                    self._lose(data, position)
                    continue
                self.has_begun = True
                position = head.end()
                length = _content_length(message)
                piece = data[position : position + length]
                position += len(piece)
                self._message, self._body, self._body_missing = message, [piece], length - len(piece)
                if self._body_missing:
                    return
                yield self._finish()
        self._good_bytes += position
        self._rest = data[position:] if position < end else b""

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


def _quoted(data: bytes) -> str:
    """The first line for people; what is no text is the same for every try, so that nothing is said again and again."""
    line = data.decode("latin-1").partition("\r")[0].partition("\n")[0]
    return f"'{line}'" if line.isascii() and line.isprintable() and line else "bytes that are no text"


def _may_become_a_head(data: bytes, position: int) -> bool:
    line = data[position : position + 24].split(b"\n")[0]
    return bool(re.match(rb"(?:RTSP/\d|[A-Z_]{3,20} )", line)) or (
        len(line) < 22 and b"\n" not in data[position : position + 24] and bool(re.fullmatch(rb"[A-Z_/]+", line))
    )


def _parse_head(head: bytes) -> Request | Response | None:
    """None: not a head of RTSP."""
    if _CONTROL.search(head):
        return None
    first, *lines = re.split(r"\r?\n", head.decode("latin-1"))
    fields: list[tuple[str, str]] = []
    for line in lines:
        name, colon, value = line.partition(":")
        if line[:1] in {" ", "\t"} and fields:  # a folded line
            fields[-1] = (fields[-1][0], f"{fields[-1][1]} {line.strip()}")
        elif colon:
            fields.append((name.strip(), value.strip()))
    if match := _STATUS_LINE.fullmatch(first.rstrip()):
        return Response(int(match[1]), tuple(fields), reason=match[2] or "")
    if match := _REQUEST_LINE.fullmatch(first.rstrip()):
        return Request(match[1], match[2], tuple(fields))
    return None


def _content_length(message: Request | Response) -> int:
    value = message.header("Content-Length", "0")
    if not (value.isascii() and value.isdigit()):
        raise FormatError(f"a Content-Length of {value[:32]!r}, expected a number of bytes")
    if len(value) > 12 or int(value) > MAX_BODY_BYTES:
        raise FormatError(f"a message of {value[:32]} bytes was announced, expected at most {MAX_BODY_BYTES}")
    return int(value)


def _first(headers: Fields, name: str, default: str) -> str:
    name = name.lower()
    return next((value for key, value in headers if key.lower() == name), default)


def _encode(first: str, headers: Fields, body: bytes) -> bytes:
    lines = [first, *(f"{name}: {value}" for name, value in headers)]
    if body and not _first(headers, "Content-Length", ""):
        lines.append(f"Content-Length: {len(body)}")
    if any("\r" in line or "\n" in line for line in lines):
        raise ValueError("a line break inside an RTSP header line")
    return "\r\n".join((*lines, "", "")).encode("latin-1") + body
