"""SDP (RFC 8866, and RFC 2326 appendix C) as cameras write it: line by line, what is not understood is left out."""

import base64
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from streams.errors import FormatError
from streams.formats.h264 import split_annex_b

MAX_BYTES = 64 * 1024
"""Cameras write one or two thousand."""
MAX_MEDIA = 64
MAX_PAYLOAD_TYPES = 128
"""Of one section; there are no more."""
MAX_PARAMETER_SETS = 64
_SETS = ("sprop-parameter-sets", "sprop-vps", "sprop-sps", "sprop-pps")
"""RFC 6184 §8.1, RFC 7798 §7.1."""

_SIZES = {
    "x-dimensions": re.compile(r"(\d{1,5}) *, *(\d{1,5})", re.ASCII),
    "framesize": re.compile(r"\d{1,3} +(\d{1,5})-(\d{1,5})", re.ASCII),  # 3GPP TS 26.234 §5.3.3.2
}

# RTP payload types that need no rtpmap (RFC 3551 table 4 and 5); only those that cameras send.
_STATIC = {
    0: ("PCMU", 8000),
    8: ("PCMA", 8000),
    14: ("MPA", 90000),
    26: ("JPEG", 90000),
    32: ("MPV", 90000),
    33: ("MP2T", 90000),
}


@dataclass(frozen=True, slots=True)
class Media:
    """One payload type of one ``m=`` section."""

    kind: str
    """Lower case: ``video``, ``audio``, ``application`` …"""
    payload_type: int
    encoding: str
    """Upper case, ``H264`` for example; empty when nothing says it."""
    clock_hz: int
    """0 when nothing says it."""
    control: str
    """As it stands there: relative, absolute or empty. See ``join_control``."""
    format_parameters: Mapping[str, str] = field(default_factory=dict)
    """Of ``a=fmtp``, names in lower case."""
    size: tuple[int, int] = (0, 0)
    """Width and height in pixels; 0 when nothing says it, as mostly."""

    @property
    def is_h264(self) -> bool:
        return self.encoding == "H264"

    @property
    def is_h265(self) -> bool:
        return self.encoding in {"H265", "HEVC"}

    @property
    def is_jpeg(self) -> bool:
        return self.encoding in {"JPEG", "MJPEG"}

    @property
    def has_order_numbers(self) -> bool:
        """Of H.265: decoding order numbers stand in its packets (RFC 7798 §4.4.1)."""
        return self.format_parameters.get("sprop-max-don-diff", "0").strip("0") != ""

    @property
    def parameter_sets(self) -> list[bytes]:
        """VPS, SPS and PPS, without start codes; unreadable ones left out, and those after the first
        ``MAX_PARAMETER_SETS``."""
        nals: list[bytes] = []
        for text in ",".join(self.format_parameters.get(name, "") for name in _SETS).split(","):
            if len(nals) >= MAX_PARAMETER_SETS:
                break
            try:
                nals += split_annex_b(base64.b64decode(text.strip() + "=" * (-len(text.strip()) % 4)))
            except ValueError:
                continue
        return nals[:MAX_PARAMETER_SETS]


@dataclass(frozen=True, slots=True)
class Session:
    control: str
    """Of the whole session; empty when nothing says it."""
    media: tuple[Media, ...]


@dataclass(slots=True)
class _Section:
    kind: str
    payload_types: list[int]
    control: str = ""
    encodings: dict[int, tuple[str, int]] = field(default_factory=dict)
    formats: dict[int, dict[str, str]] = field(default_factory=dict)
    size: tuple[int, int] = (0, 0)


def parse(body: bytes) -> Session:
    """Read a description.

    Raises:
        FormatError: no ``m=`` line in it, or larger than ``MAX_BYTES``.
    """
    if len(body) > MAX_BYTES:
        raise FormatError(f"a description of the stream (SDP) of {len(body)} bytes, expected at most {MAX_BYTES}")
    session = _Section("", [])
    sections: list[_Section] = []
    for line in body.decode("utf-8", errors="replace").splitlines():
        kind, equals, value = line.strip().partition("=")
        if not equals:
            continue
        if kind == "m" and len(sections) < MAX_MEDIA:
            words = value.lower().split() or [""]
            types = [int(word) for word in words[3 : 3 + MAX_PAYLOAD_TYPES] if re.fullmatch(r"\d{1,3}", word, re.ASCII)]
            sections.append(_Section(words[0], types))
        elif kind == "a":
            _read_attribute(sections[-1] if sections else session, value.strip())
    if not sections:
        raise FormatError("the description of the stream (SDP) has no media section")
    return Session(session.control, tuple(media for section in sections for media in _media(section, sections)))


def _read_attribute(section: _Section, attribute: str) -> None:
    name, _, content = attribute.partition(":")
    content = content.strip()
    if name == "control":
        section.control = section.control or content
    elif name == "rtpmap" and (rtpmap := _parse_rtpmap(content)):
        section.encodings.setdefault(rtpmap[0], rtpmap[1:])
    elif name in _SIZES and (match := _SIZES[name].fullmatch(content)):
        section.size = int(match[1]), int(match[2])
    elif name == "fmtp" and (fmtp := _parse_fmtp(content)):
        payload_type, pairs = fmtp
        known = section.formats.setdefault(payload_type, {})
        for key, value in pairs.items():
            known.setdefault(key, value)


def _media(section: _Section, sections: list[_Section]) -> Iterator[Media]:
    for payload_type in section.payload_types or list(section.encodings):
        # Some cameras write the lines of one track under another; its own come first.
        places = (section, *sections)
        parameters = next((place.formats[payload_type] for place in places if payload_type in place.formats), {})
        default = _guess(payload_type, parameters)
        encoding, clock_hz = next(
            (place.encodings[payload_type] for place in places if payload_type in place.encodings), default
        )
        yield Media(section.kind, payload_type, encoding, clock_hz, section.control, parameters, section.size)


def _guess(payload_type: int, parameters: Mapping[str, str]) -> tuple[str, int]:
    """Encoding and clock where no ``rtpmap`` says them."""
    if "sprop-parameter-sets" in parameters:
        return "H264", 90_000
    if "sprop-sps" in parameters:
        return "H265", 90_000
    return _STATIC.get(payload_type, ("", 0))


def join_control(bases: list[str], control: str) -> str:
    """The URL that a ``control`` attribute means.

    Not RFC 3986: servers expect it appended to the base, after its query too, as the first RTSP servers did.

    Args:
        bases: in order of preference, the last being the URL that was asked; ``Content-Base`` is often wrong or empty.
        control: relative, absolute, ``*`` or empty.
    """
    if re.match(r"rtsps?://", control, re.IGNORECASE):
        return control
    base = next((fixed for fixed in map(_fix_base, bases[:-1]) if fixed), bases[-1])
    if control in {"", "*"}:
        return base
    if base.endswith("/") or control.startswith(("/", "?")):
        return base.removesuffix("/") + control if control.startswith("/") else base + control
    return f"{base}/{control}"


def _fix_base(base: str) -> str:
    """Empty when there is nothing to save."""
    base = re.sub(r"^(?:rtsp://)+(?=rtsps?://)", "", base.strip())
    if base and "://" not in base:
        base = f"rtsp://{base}"
    try:
        parts = urlsplit(base)
        return base if parts.scheme in {"rtsp", "rtsps"} and parts.hostname and parts.port != 0 else ""
    except ValueError:  # a port that is none; an IPv6 address without brackets
        return ""


def _parse_rtpmap(content: str) -> tuple[int, str, int] | None:
    match = re.match(r"(\d{1,3})\s+([^/\s]+)(?:/(\d{1,9}))?", content, re.ASCII)
    return (int(match[1]), match[2].upper(), int(match[3] or 0)) if match else None


def _parse_fmtp(content: str) -> tuple[int, dict[str, str]] | None:
    match = re.match(r"(\d{1,3})(?:\s+(.*))?$", content, re.ASCII)
    if not match:
        return None
    parameters: dict[str, str] = {}
    for part in (match[2] or "").split(";"):
        name, equals, value = part.strip().partition("=")
        if equals and name:
            parameters.setdefault(name.strip().lower(), value.strip())
    return int(match[1]), parameters
