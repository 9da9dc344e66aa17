"""MJPEG over HTTP (``multipart/x-mixed-replace``): bytes to pictures.

Cameras get everything around the pictures wrong: lengths that are off or missing, boundaries without dashes, quoted,
doubled. So the boundary is not looked at: a picture begins with its first bytes and ends with its last, and a
Content-Length only saves the search, when it fits.
"""

import re
from collections.abc import Iterator

from streams.errors import FormatError
from streams.formats.jpeg import END, START, Scanner

MAX_PICTURE_BYTES = 10 * 1024 * 1024
MAX_BETWEEN_BYTES = 64 * 1024
MAX_BROKEN = 5

_LENGTH = re.compile(rb"content-length\s*:\s*(\d{1,9})\s*$", re.IGNORECASE | re.MULTILINE)


class MultipartParser:
    """Sans-I/O: feed it the body of the answer, in pieces of any size."""

    def __init__(self) -> None:
        self.dropped = 0
        """Pictures that broke off or were broken."""
        self._buffer = bytearray()
        self._start: int | None = None
        """Where the present picture begins; None between pictures."""
        self._end = 0
        """Where the length says that it ends; 0 when nothing (believable) was said."""
        self._scanner: Scanner | None = None
        self._lengths_lie = False
        self._broken_in_a_row = 0

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Give the pictures that are complete now. Iterate to the end.

        Raises:
            FormatError: a picture larger than ``MAX_PICTURE_BYTES``, more than ``MAX_BETWEEN_BYTES`` without one, or
                ``MAX_BROKEN`` broken ones in a row.
        """
        self._buffer += data
        while self._start is not None or self._find_start():
            end = self._find_end()
            if end is None:
                break
            start = self._start
            assert start is not None
            self._start = None
            if end > start:
                yield bytes(self._buffer[start:end])
                self._broken_in_a_row = 0
            else:
                end = start + len(START)
                self.dropped += 1
                self._broken_in_a_row += 1
                if self._broken_in_a_row > MAX_BROKEN:
                    raise FormatError(f"{self._broken_in_a_row} JPEG pictures in a row were broken")
            del self._buffer[:end]

    def _find_start(self) -> bool:
        start = self._buffer.find(START)
        if start < 0:
            if len(self._buffer) > MAX_BETWEEN_BYTES:
                raise FormatError(f"{len(self._buffer)} bytes without a JPEG picture, expected pictures in parts")
            return False
        length = 0
        if not self._lengths_lie and (said := _LENGTH.findall(self._buffer, 0, start)):
            length = int(said[-1])
        self._start = start
        self._end = start + length if 0 < length <= MAX_PICTURE_BYTES else 0
        self._scanner = None
        return True

    def _find_end(self) -> int | None:
        """Index behind the picture; the start when it is broken; None when more bytes are needed."""
        start = self._start
        assert start is not None
        if self._end:
            if len(self._buffer) < self._end:
                return None
            if self._buffer.endswith(END, start, self._end):
                return self._end
            # Never waited for again: a length that is too large shows each picture one picture late.
            self._lengths_lie = True
            self._end = 0
        if self._scanner is None:
            self._scanner = Scanner(start)
        try:
            end = self._scanner.find_end(self._buffer)
        except FormatError:
            return start
        if (end or len(self._buffer)) - start > MAX_PICTURE_BYTES:
            raise FormatError(f"a JPEG picture of more than {MAX_PICTURE_BYTES} bytes")
        return end
