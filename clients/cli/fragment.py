"""The binary message of ``/ws/video`` (docs/wire.md §8)."""

import struct
from dataclasses import dataclass
from enum import IntEnum

from clients.cli.errors import NotUnderstood

_HEADER = struct.Struct(">BBHIdQ")
_KEY = 1
_DISCONTINUITY = 2
MAX_BYTES = 16 * 1024 * 1024 + _HEADER.size
RENDITIONS = ("source", "480p", "240p", "stills", "unmasked")
ACCESS_UNIT_OFFSET = 112
"""A frame's body is moof (104 bytes), the head of mdat (8), then one access unit."""


class Kind(IntEnum):
    INIT = 0
    FRAME = 1
    JPEG = 2
    GAP = 3


@dataclass(frozen=True, slots=True)
class Fragment:
    kind: Kind | int
    """An int when a later server sends a kind that is not known here: ignore it."""
    flags: int
    camera_number: int
    sequence: int
    """Counts every binary message of the camera, wraps at 2**32."""
    captured_ms: float
    """Since the epoch, UTC, on the clock of the machine that reads the camera."""
    dts: int
    """1/90000 s on the camera's timeline."""
    body: bytes

    @property
    def is_key(self) -> bool:
        return bool(self.flags & _KEY)

    @property
    def is_discontinuity(self) -> bool:
        return bool(self.flags & _DISCONTINUITY)

    @property
    def rendition(self) -> str:
        """Its word; empty for one of a later server."""
        number = self.flags >> 4 & 7
        return RENDITIONS[number] if number < len(RENDITIONS) else ""

    @property
    def is_picture(self) -> bool:
        return self.kind in (Kind.FRAME, Kind.JPEG)

    @property
    def access_unit(self) -> bytes:
        """The picture of a frame as NAL units with 4-byte lengths; of a JPEG, the JPEG."""
        return self.body[ACCESS_UNIT_OFFSET:] if self.kind == Kind.FRAME else self.body


def decode(message: bytes) -> Fragment:
    """Read one binary WebSocket message.

    Raises:
        NotUnderstood: it is shorter than its header.
    """
    if len(message) < _HEADER.size:
        raise NotUnderstood(f"A binary message of {len(message)} bytes came, expected a header of {_HEADER.size}.")
    kind, flags, camera_number, sequence, captured_ms, dts = _HEADER.unpack_from(message)
    known = Kind(kind) if kind in Kind._value2member_map_ else kind
    return Fragment(known, flags, camera_number, sequence, captured_ms, dts, message[_HEADER.size :])
