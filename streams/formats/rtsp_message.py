"""Messages of RTSP 1.0 (RFC 2326): requests, responses and their header fields."""

import re
from dataclasses import dataclass

from streams.errors import FormatError

MAX_BODY_BYTES = 1024 * 1024

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

_STATUS_LINE = re.compile(r"RTSP/\d\.\d +(\d{3})(?: +(.*))?")
_METHOD = re.compile(r"[A-Z_]{3,20}")
_VERSION = re.compile(r"RTSP/\d\.\d")
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


def parse_head(head: bytes) -> Request | Response | None:
    """What stands before the empty line, without a body. None: not a head of RTSP."""
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
    # The URI may hold spaces. Not by one expression: that would take the square of their number.
    method, _, rest = first.rstrip().partition(" ")
    uri, _, version = rest.rpartition(" ")
    if (uri := uri.strip(" ")) and _METHOD.fullmatch(method) and _VERSION.fullmatch(version):
        return Request(method, uri, tuple(fields))
    return None


def content_length(message: Request | Response) -> int:
    """Bytes of the body that follow the head.

    Raises:
        FormatError: not a number, or more than ``MAX_BODY_BYTES``.
    """
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
