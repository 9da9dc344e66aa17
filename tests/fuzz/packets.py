"""Several packets as one input: each with its length before it."""

import struct
from collections.abc import Iterable, Iterator


def framed(packets: Iterable[bytes]) -> bytes:
    """A 2-byte length before each."""
    return b"".join(struct.pack(">H", len(packet)) + packet for packet in packets)


def unframed(data: bytes) -> Iterator[bytes]:
    """Whatever the lengths are: the last packet may be cut."""
    position = 0
    while position + 2 <= len(data):
        size = int.from_bytes(data[position : position + 2], "big")
        yield data[position + 2 : position + 2 + size]
        position += 2 + size
