"""Fragment: one encoded picture, muxed once, ready to send.

A *message* is what travels: on the bus, and unchanged on every viewer's WebSocket. It is one whole WebSocket frame
(RFC 6455 §5.2: FIN, opcode 2, unmasked, no extension) whose payload is a 24-byte header and the body:

    offset  size  field
    0       1     kind: 0 init segment, 1 frame, 2 JPEG picture, 3 gap
    1       1     flags: 1 key frame, 2 discontinuity (the timeline starts again), 16 to 64 the rendition
    2       2     camera number
    4       4     sequence, counts every message of the rendition, wraps at 2**32
    8       8     capture time, IEEE 754 double, milliseconds since the epoch, UTC
    16      8     decode time in 1/90000 s of the rendition's timeline
    24      -     body: ISO BMFF boxes (init: ftyp moov; frame: moof mdat), a JPEG, or nothing

All integers are big-endian. docs/wire.md says the same for clients in other languages.
"""

import struct
from dataclasses import dataclass
from enum import IntEnum, IntFlag

from streams.rendition import Rendition

HEADER = struct.Struct(">BBHIdQ")
MAX_BODY_BYTES = 16 * 1024 * 1024


class Kind(IntEnum):
    INIT = 0
    FRAME = 1
    JPEG = 2
    GAP = 3


class Flag(IntFlag):
    NONE = 0
    KEY = 1
    DISCONTINUITY = 2

    @property
    def rendition(self) -> Rendition:
        return Rendition(self >> 4 & 7)


@dataclass(frozen=True, slots=True)
class Fragment:
    """A message and the few header fields that a relay decides by."""

    kind: Kind
    flags: Flag
    camera_number: int
    sequence: int
    captured_ms: float
    dts: int
    message: bytes
    """The whole WebSocket frame; shared by every viewer, never copied or changed."""

    @property
    def is_key(self) -> bool:
        # As integers here and below: asked for each picture, and flags work out which flags they are.
        return int(self.flags) & 1 == 1

    @property
    def stream_number(self) -> int:
        """Of camera and rendition (streams/rendition.py)."""
        return self.camera_number + ((int(self.flags) & 0x70) << 12)

    @property
    def body(self) -> bytes:
        return self.message[_payload_offset(self.message) + HEADER.size :]


def pack(
    kind: Kind,
    flags: Flag,
    *,
    camera_number: int,
    sequence: int,
    captured_ms: float,
    dts: int,
    body: bytes = b"",
    rendition: Rendition = Rendition.SOURCE,
) -> Fragment:
    """Make the message once.

    Raises:
        ValueError: the body is larger than ``MAX_BODY_BYTES``.
    """
    if len(body) > MAX_BODY_BYTES:
        raise ValueError(f"body of {len(body)} bytes, expected at most {MAX_BODY_BYTES}")
    flags |= rendition << 4
    header = HEADER.pack(kind, flags, camera_number, sequence & 0xFFFFFFFF, captured_ms, dts)
    message = b"".join((_frame_head(HEADER.size + len(body)), header, body))
    return Fragment(kind, flags, camera_number, sequence & 0xFFFFFFFF, captured_ms, dts, message)


def unpack(message: bytes) -> Fragment:
    """Read the header of a message as it came from the bus.

    Raises:
        ValueError: not a fragment message.
    """
    try:
        offset = _payload_offset(message)
        kind, flags, camera_number, sequence, captured_ms, dts = HEADER.unpack_from(message, offset)
        return Fragment(Kind(kind), Flag(flags), camera_number, sequence, captured_ms, dts, message)
    except (struct.error, IndexError, ValueError) as error:
        raise ValueError(f"not a fragment message: {message[:32].hex(' ')}") from error


def _frame_head(length: int) -> bytes:
    if length < 126:
        return struct.pack(">BB", 0x82, length)
    if length < 65536:
        return struct.pack(">BBH", 0x82, 126, length)
    return struct.pack(">BBQ", 0x82, 127, length)


def _payload_offset(message: bytes) -> int:
    if message[0] != 0x82:
        raise ValueError("first byte is not that of a binary WebSocket frame")
    length = message[1]
    return 2 if length < 126 else 4 if length == 126 else 10
