"""Header: what a file says it is and how large, read before a decoder sees it. Pure: bytes in, a value out.

The first bytes decide, never a name or a Content-Type. What is cut off or broken in its structure is told here too:
decoders are tolerant, and would show half a face.
"""

import zlib
from dataclasses import dataclass, replace
from typing import Literal

from server.errors import PhotoDamaged, PhotoNotAPicture, PhotoTooLarge, PhotoTooManyPixels
from server.media import heif

MAX_BYTES = 20 * 1024 * 1024
MAX_PIXELS = 50_000_000
_MAX_SEGMENTS = 4_096
_MAX_CHUNKS = 65_536

_PNG = b"\x89PNG\r\n\x1a\n"
_OTHERS = (
    (b"GIF8", "a GIF"),
    (b"BM", "a BMP"),
    (b"II*\0", "a TIFF or raw file"),
    (b"MM\0*", "a TIFF or raw file"),
    (b"%PDF", "a PDF"),
    (b"<", "a page or a drawing (HTML, SVG)"),
    (b"PK\3\4", "an archive or a document"),
)
"""What people send instead. Only to say so: whatever is not known is refused."""
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""SOF markers of JPEG (ITU-T T.81, table B.1)."""
_ALONE = frozenset({0x01, *range(0xD0, 0xD8)})
"""Markers without a segment."""


Kind = Literal["jpeg", "png", "webp", "heic"]


@dataclass(frozen=True, slots=True)
class Header:
    kind: Kind
    width: int
    """Pixels, as stored: before a turn by EXIF."""
    height: int
    is_transparent: bool = False
    """It may have pixels that are."""


def read_header(data: bytes) -> Header:
    """
    Raises:
        PhotoNotAPicture: neither JPEG nor PNG, WebP or HEIC.
        PhotoTooLarge, PhotoTooManyPixels: more than 20 MB, or 50 megapixels.
        PhotoDamaged: it begins as one, but does not hold together.
    """
    if len(data) > MAX_BYTES:
        raise PhotoTooLarge(f"The photo has {len(data) / 1e6:.0f} MB, at most {MAX_BYTES // 1024**2} are read.")
    try:
        if data.startswith(b"\xff\xd8\xff"):
            return _jpeg(data)
        if data.startswith(_PNG):
            return _png(data)
        if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
            return _webp(data)
        if heif.is_heif(data):
            return _heic(data)
    except IndexError:
        raise _damaged("it ends too early") from None
    raise _other(_name(data))


def _jpeg(data: bytes) -> Header:
    position, found = 2, None
    for _ in range(_MAX_SEGMENTS):
        if data[position] != 0xFF:
            raise _damaged("something stands between its segments")
        while data[position] == 0xFF:
            position += 1
        marker = data[position]
        position += 1
        if marker in _ALONE:
            continue
        if marker == 0xDA:
            break
        if marker in _FRAMES:
            if found is not None:
                raise _damaged("it has two sizes")
            found = _sized("jpeg", _number(data, position + 5, 2), _number(data, position + 3, 2))
        position += max(2, _number(data, position, 2))
    # In the coded picture an FF is always followed by a 0 or a restart.
    if found is None or data.rfind(b"\xff\xd9", position) < 0:
        raise _damaged("its end is missing")
    return found


def _png(data: bytes) -> Header:
    if data[12:16] != b"IHDR":
        raise _damaged("its header is missing")
    header = _sized("png", _number(data, 16, 4), _number(data, 20, 4))
    view, position, is_transparent = memoryview(data), len(_PNG), data[25] in {4, 6}
    for _ in range(_MAX_CHUNKS):
        length = _number(data, position, 4)
        end = position + 8 + length
        if zlib.crc32(view[position + 4 : end]) != _number(data, end, 4):
            raise _damaged("a check sum is wrong")
        kind = data[position + 4 : position + 8]
        is_transparent |= kind == b"tRNS"
        if kind == b"IEND":
            return replace(header, is_transparent=is_transparent)
        position = end + 4
    raise _damaged("its end is missing")


def _webp(data: bytes) -> Header:
    """RFC 9649 §2.5–2.7."""
    if 8 + int.from_bytes(data[4:8], "little") > len(data):
        raise _damaged("its end is missing")
    kind, size = data[12:16], data[20:30]
    if len(size) < 10:
        raise _damaged("its header is missing")
    if kind == b"VP8X":
        width, height = (1 + int.from_bytes(size[at : at + 3], "little") for at in (4, 7))
        return replace(_sized("webp", width, height), is_transparent=bool(size[0] & 0x10))
    if kind == b"VP8L" and size[0] == 0x2F:
        bits = int.from_bytes(size[1:5], "little")
        header = _sized("webp", 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF))
        return replace(header, is_transparent=bool(bits >> 28 & 1))
    if kind == b"VP8 " and size[3:6] == b"\x9d\x01\x2a":
        width, height = (int.from_bytes(size[at : at + 2], "little") & 0x3FFF for at in (6, 8))
        return _sized("webp", width, height)
    raise _damaged("its header is missing")


def _heic(data: bytes) -> Header:
    try:
        picture = heif.read(data)
    except heif.HeifBroken as error:
        raise _damaged(str(error)) from None
    except heif.HeifUnsupported as error:
        raise _other(f"a HEIF in '{error}'") from None
    return _sized("heic", picture.width, picture.height)


def _sized(kind: Kind, width: int, height: int) -> Header:
    if width == 0 or height == 0:
        raise _damaged("it has no size")
    if width * height > MAX_PIXELS:
        raise PhotoTooManyPixels(
            f"The photo is {width} x {height}, {width * height / 1e6:.0f} megapixels; at most "
            f"{MAX_PIXELS // 1_000_000} are read. Make it smaller and send it again."
        )
    return Header(kind, width, height)


def _number(data: bytes, at: int, length: int) -> int:
    if at + length > len(data):
        raise IndexError
    return int.from_bytes(data[at : at + length])


def _damaged(why: str) -> PhotoDamaged:
    return PhotoDamaged(f"The photo is damaged: {why}. Send it again, or from where it was first.")


def _other(name: str) -> PhotoNotAPicture:
    return PhotoNotAPicture(f"Expected a JPEG, PNG, WebP or HEIC picture, got {name}. Save it as JPEG and send that.")


def _name(data: bytes) -> str:
    if not data:
        return "nothing"
    if data[4:8] == b"ftyp":
        return "a film or an AVIF"
    start = data[:64].lstrip(b"\xef\xbb\xbf \t\r\n")
    return next((name for first, name in _OTHERS if start.startswith(first)), "something else")
