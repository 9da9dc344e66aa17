"""JPEG (ITU-T T.81): where a picture ends, and how large it is, without decoding it."""

import re

from streams.errors import FormatError

START = b"\xff\xd8\xff"
"""SOI and the first byte of the next marker."""
END = b"\xff\xd9"

_SOF = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})
_ALONE = frozenset({0x01, *range(0xD0, 0xD8)})
"""Markers without a segment: TEM and the restarts."""
# In entropy-coded data 0xFF is followed by 0 or a restart; anything else is the next marker (§B.1.1.5).
_MARKER_IN_SCAN = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")
_MAX_MARKERS = 10_000
"""Of one picture, fill bytes among them; those in entropy-coded data are not counted. Cameras use some twenty."""


def size(data: bytes) -> tuple[int, int]:
    """Width and height in pixels, from the frame header (§B.2.2).

    Raises:
        FormatError: no frame header, or one that says 0.
    """
    position = 2
    for _ in range(_MAX_MARKERS):
        if position + 9 > len(data) or data[position] != 0xFF:
            break
        marker = data[position + 1]
        if marker == 0xFF or marker in _ALONE:
            position += 1 if marker == 0xFF else 2
            continue
        if marker in _SOF:
            height, width = (
                int.from_bytes(data[position + 5 : position + 7]),
                int.from_bytes(data[position + 7 : position + 9]),
            )
            if not (height and width):
                raise FormatError(f"a JPEG picture of {width}x{height}")
            return width, height
        position += 2 + int.from_bytes(data[position + 2 : position + 4])
    raise FormatError(f"expected a JPEG picture, got {data[:8].hex(' ')} without a frame header")


class Scanner:
    """Looks for the end of a picture that comes in pieces, marker by marker.

    Not simply for FF D9: pictures in pictures (Exif thumbnails) have an end of their own.
    """

    def __init__(self, start: int) -> None:
        self._position = start + 2
        self._in_scan = False
        self._markers = 0

    def find_end(self, data: bytes | bytearray) -> int | None:
        """Index behind the end of image; None when it has not come yet. Call it with the same buffer, grown.

        Raises:
            FormatError: something else than a marker where one must be, the start of another picture, or
                more than ``_MAX_MARKERS``.
        """
        while True:
            if self._in_scan:
                found = _MARKER_IN_SCAN.search(data, self._position)
                if found is None:
                    self._position = max(self._position, len(data) - 1)
                    return None
                self._position = found.end() - 2
                self._in_scan = False
            position = self._position
            if position + 2 > len(data):
                return None
            if data[position] != 0xFF:
                raise FormatError(f"expected a JPEG marker, got {bytes(data[position : position + 4]).hex(' ')}")
            self._markers += 1
            if self._markers > _MAX_MARKERS:
                raise FormatError(f"a JPEG picture with more than {_MAX_MARKERS} markers")
            marker = data[position + 1]
            if marker == 0xD9:
                return position + 2
            if marker == 0xD8:
                raise FormatError("a JPEG picture breaks off, and another one begins")
            if marker == 0xFF:
                self._position += 1
            elif marker in _ALONE:
                self._position += 2
            elif position + 4 > len(data):
                return None
            else:
                self._in_scan = marker == 0xDA
                self._position = position + 2 + int.from_bytes(data[position + 2 : position + 4])
