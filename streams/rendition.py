"""Rendition: one of the sizes in which a camera's pictures are sent.

A camera and a rendition make a *stream*; its number is what leases, channels and rooms go by.
"""

from dataclasses import dataclass
from enum import IntEnum


class Rendition(IntEnum):
    """Numbers as in the header of a fragment (docs/wire.md §8)."""

    SOURCE = 0
    P480 = 1
    P240 = 2
    STILLS = 3
    UNMASKED = 4
    """``SOURCE`` of a camera that has masks, without them: for those who have the right, never kept."""

    @property
    def word(self) -> str:
        return _WORDS[self]

    @staticmethod
    def of(word: str) -> "Rendition":
        """
        Raises:
            ValueError: there is none of this name.
        """
        if word not in _RENDITIONS:
            raise ValueError(f"{word!r} is no rendition, expected {', '.join(_RENDITIONS)}")
        return _RENDITIONS[word]

    def stream(self, camera_number: int) -> int:
        """The number of this rendition of a camera."""
        return camera_number + (self << 16)


def split(stream_number: int) -> tuple[int, Rendition]:
    """
    Raises:
        ValueError: not the number of a stream.
    """
    return stream_number & 0xFFFF, Rendition(stream_number >> 16)


@dataclass(frozen=True, slots=True)
class Rung:
    """What an encoder makes of a camera's picture."""

    short_side: int | None
    """The shorter side of the picture is at most this long; None: as the camera sends it."""
    pictures_per_s: float | None
    """At most; None: every one."""
    bits_per_s: int
    """At most, over two seconds; 0 where it goes by the size of the picture."""

    def size(self, width: int, height: int) -> tuple[int, int]:
        """Of what is made of a picture of ``width`` x ``height``: the same shape, never larger, even sides."""
        short = min(width, height)
        most = short if self.short_side is None else min(short, self.short_side)
        return max(2, width * most // short // 2 * 2), max(2, height * most // short // 2 * 2)


RUNGS = {
    Rendition.SOURCE: Rung(short_side=None, pictures_per_s=None, bits_per_s=0),
    Rendition.P480: Rung(short_side=480, pictures_per_s=10, bits_per_s=700_000),
    Rendition.P240: Rung(short_side=240, pictures_per_s=5, bits_per_s=150_000),
    # Last resort of a bad link: about 15 kB a picture, less than the rung above.
    Rendition.STILLS: Rung(short_side=240, pictures_per_s=1, bits_per_s=0),
}

_WORDS = {
    Rendition.SOURCE: "source",
    Rendition.P480: "480p",
    Rendition.P240: "240p",
    Rendition.STILLS: "stills",
    Rendition.UNMASKED: "unmasked",
}
_RENDITIONS = {word: rendition for rendition, word in _WORDS.items()}
