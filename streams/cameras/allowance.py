"""Allowance: how much one camera may send. All of it goes through the loop and the bus that others use too."""

from streams.errors import SourceGarbled

WINDOW_S = 5.0
MAX_PICTURES = 1000
"""Within the window: what a server kept for us and sends first, and 100 a second."""
MAX_BYTES = 64 * 1024 * 1024
"""100 Mbit/s. Cameras of 8 megapixels send 16 in H.264, and as much as this in JPEG."""


class Allowance:
    def __init__(self) -> None:
        self._ends_s = 0.0
        self._pictures = 0
        self._bytes = 0

    def take(self, size: int, now_s: float, *, pictures: int = 0) -> None:
        """So many bytes more, and so many pictures.

        Args:
            now_s: of any clock that is never set back.

        Raises:
            SourceGarbled: it was too much.
        """
        if now_s >= self._ends_s:
            self._ends_s, self._pictures, self._bytes = now_s + WINDOW_S, 0, 0
        self._pictures += pictures
        self._bytes += size
        if self._pictures > MAX_PICTURES or self._bytes > MAX_BYTES:
            raise SourceGarbled(
                f"The camera sends more than any camera does: {self._pictures} pictures and {self._bytes} bytes"
                f" within {WINDOW_S:g} s, where {MAX_PICTURES} and {MAX_BYTES} are allowed."
            )
