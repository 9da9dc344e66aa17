"""Boxes of an MP4 (ISO BMFF, ISO 14496-12 §4.2): length, four letters, content."""

import struct
from collections.abc import Iterator

from streams.errors import FormatError


def box(kind: bytes, *content: bytes) -> bytes:
    body = b"".join(content)
    return struct.pack(">I4s", 8 + len(body), kind) + body


def full_box(kind: bytes, version: int, flags: int, *content: bytes) -> bytes:
    return box(kind, struct.pack(">I", version << 24 | flags), *content)


def boxes(data: memoryview) -> Iterator[tuple[bytes, memoryview]]:
    """
    Raises:
        FormatError: one that ends beyond the data.
    """
    position = 0
    while position + 8 <= len(data):
        size, kind = struct.unpack_from(">I4s", data, position)
        if size < 8 or position + size > len(data):
            raise FormatError(f"box {kind!r} of {size} bytes where {len(data) - position} are left")
        yield kind, data[position + 8 : position + size]
        position += size


def child(parent: memoryview, *path: bytes) -> memoryview:
    """The content of the first box of that kind; of several kinds, of each within the one before.

    Raises:
        FormatError: there is none.
    """
    for kind in path:
        parent = _child(parent, kind)
    return parent


def _child(parent: memoryview, kind: bytes) -> memoryview:
    for found, content in boxes(parent):
        if found == kind:
            return content
    raise FormatError(f"no box {kind!r} where one is expected")
