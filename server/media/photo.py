"""Photo: a picture as it is shown and kept: two JPEGs that we encoded ourselves.

A photo travels from its worker as one message: a letter, then for ``P`` the lengths of both JPEGs (4 bytes each, big
end first) and the JPEGs themselves. ``D`` alone says that the picture is damaged, ``F`` and the name of an exception
that the worker failed with it: it can't write that to a log.
"""

import hashlib
import struct
from dataclasses import dataclass

from server.errors import PhotoDamaged, PhotoUnavailable, ServerError
from server.media.header import read_header

MAX_FULL_BYTES = 200_000
MAX_FULL_SIDE = 1600
MAX_THUMBNAIL_BYTES = 8_000
MAX_THUMBNAIL_SIDE = 240
"""Pixels."""
DAMAGED = b"D"
FAILED = b"F"
_HEAD = struct.Struct("!cII")
MAX_MESSAGE_BYTES = _HEAD.size + MAX_FULL_BYTES + MAX_THUMBNAIL_BYTES


@dataclass(frozen=True, slots=True)
class Photo:
    full: bytes
    """JPEG, at most 200,000 bytes, its longest side at most 1600 pixels."""
    thumbnail: bytes
    """JPEG, at most 8,000 bytes, its longest side at most 240 pixels."""
    width: int
    """Pixels of ``full``."""
    height: int

    @property
    def id(self) -> str:
        """SHA-256 of ``full``, in hex."""
        return hashlib.sha256(self.full).hexdigest()


def pack(full: bytes, thumbnail: bytes) -> bytes:
    return _HEAD.pack(b"P", len(full), len(thumbnail)) + full + thumbnail


def unpack(message: bytes) -> Photo:
    """Read what a worker wrote. It may have been taken over by what it read, so all of it is checked.

    Raises:
        PhotoDamaged: the worker says so.
        PhotoUnavailable: it is no photo within our limits.
    """
    if message == DAMAGED:
        raise PhotoDamaged("The photo is damaged: it can't be decoded. Send it again, or from where it was first.")
    if message.startswith(FAILED) and (name := message[1:41].decode("ascii", "replace")).isidentifier():
        raise PhotoUnavailable(f"The photo could not be decoded: its decoder failed ({name}). Try another picture.")
    try:
        kind, full_bytes, thumbnail_bytes = _HEAD.unpack_from(message)
        full, thumbnail = message[_HEAD.size :][:full_bytes], message[_HEAD.size + full_bytes :]
        if kind != b"P" or len(full) != full_bytes or len(thumbnail) != thumbnail_bytes:
            raise ValueError("it is cut off, or holds more")
        width, height = _checked(full, MAX_FULL_BYTES, MAX_FULL_SIDE)
        _checked(thumbnail, MAX_THUMBNAIL_BYTES, MAX_THUMBNAIL_SIDE)
    except (struct.error, ValueError, ServerError) as error:
        raise PhotoUnavailable(
            "The photo could not be decoded: its decoder gave no answer that can be used. Try another picture."
        ) from error
    return Photo(full, thumbnail, width, height)


def _checked(data: bytes, max_bytes: int, max_side: int) -> tuple[int, int]:
    header = read_header(data)
    if header.kind != "jpeg" or len(data) > max_bytes or max(header.width, header.height) > max_side:
        raise ValueError("no JPEG of the size we asked for")
    return header.width, header.height
