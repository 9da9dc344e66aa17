"""JPEG inside RTP packets (RFC 2435): payloads to whole pictures and back.

A packet has no header of JPEG: size, sampling and quantisation stand in a short one of its own, and the Huffman tables
are always the same. What is left out is put in front again.
"""

import struct
from collections.abc import Iterable, Sequence

from streams.formats.jpeg_tables import DHT, quantisation

_HEADER_BYTES = 8
_RESTART_BYTES = 4
_TABLE_HEADER_BYTES = 4
_TABLE_BYTES = 64
_MOST_TABLES = 2
_SAMPLINGS = {0: 0x21, 1: 0x22}
"""Of luma, by type without restarts: 4:2:2 and 4:2:0 (§4.1)."""
_WITH_RESTARTS = 64
_DYNAMIC = 255
"""A Q whose tables may change with each picture."""
_START, _END = b"\xff\xd8", b"\xff\xd9"


class Unpacker:
    """What is a NAL unit for others is a whole picture here. See ``rtp.Unpacker``."""

    def __init__(self, size: tuple[int, int] = (0, 0)) -> None:
        """
        Args:
            size: width and height of the description, for pictures of more than 2040 pixels, which the header has no
                room for.
        """
        self.fragments: list[bytes] = []
        self.orphans = 0
        self._size = size
        self._following = 0
        """Offset at which the next fragment begins."""
        self._tables: dict[int, bytes] = {}

    def push(self, payload: bytes) -> Sequence[bytes]:
        """A picture is complete when ``end`` is asked for: no fragment says that it is the last."""
        if len(payload) <= _HEADER_BYTES:
            return ()
        offset = int.from_bytes(payload[1:4])
        if offset == 0:
            before = self.end()
            self._begin(payload)
            return before
        if not self.fragments or offset != self._following:
            self.lose()
            self.orphans += 1
            return ()
        begin = _HEADER_BYTES + (_RESTART_BYTES if payload[4] & _WITH_RESTARTS else 0)
        self.fragments.append(payload[begin:])
        self._following += len(payload) - begin
        return ()

    def extend(self, packet: bytes) -> bool:
        return False

    def end(self) -> list[bytes]:
        if not self.fragments:
            return []
        picture = b"".join(self.fragments)
        self.fragments = []
        return [picture if picture.endswith(_END) else picture + _END]

    def lose(self) -> None:
        self.fragments = []

    def parts(self, nal: bytes) -> Iterable[bytes]:
        return (nal,)

    def begins_picture(self, payload: bytes) -> bool:
        return len(payload) > _HEADER_BYTES and payload[1:4] == b"\0\0\0"

    def is_vcl(self, nal: bytes) -> bool:
        return True

    def starts(self, nals: Sequence[bytes], timestamp: int) -> bool:
        return True

    def is_first_slice(self, nal: bytes) -> bool:
        return True

    def is_skipped(self, nal: bytes) -> bool:
        return False

    def _begin(self, payload: bytes) -> None:
        """The first fragment (§3.1); one that is of no use loses the picture."""
        kind, quality, width, height = payload[4:8]
        restart_interval, begin = 0, _HEADER_BYTES
        if _WITH_RESTARTS <= kind < 2 * _WITH_RESTARTS:
            restart_interval = int.from_bytes(payload[begin : begin + 2])
            begin += _RESTART_BYTES
        sampling = _SAMPLINGS.get(kind % _WITH_RESTARTS)
        tables, begin = self._find_tables(payload, quality, begin)
        size = (width * 8 or self._size[0], height * 8 or self._size[1])
        if sampling is None or kind >= 2 * _WITH_RESTARTS or not tables or begin > len(payload) or not all(size):
            self.lose()
            self.orphans += 1
            return
        self.fragments = [_head(size, sampling, tables, restart_interval), payload[begin:]]
        self._following = len(payload) - begin

    def _find_tables(self, payload: bytes, quality: int, begin: int) -> tuple[bytes, int]:
        """One or two tables of 64 bytes, b"" when there are none, and where the data of the picture begins."""
        if quality < 128:
            return quantisation(quality), begin
        length = int.from_bytes(payload[begin + 2 : begin + _TABLE_HEADER_BYTES])
        precision = payload[begin + 1 : begin + 2]
        begin += _TABLE_HEADER_BYTES
        if length == 0:  # as in a picture before
            return (b"" if quality == _DYNAMIC else self._tables.get(quality, b"")), begin
        tables = payload[begin : begin + length]
        # Of 16 bits are those of 12-bit JPEG, which no camera sends and no browser shows.
        is_usable = (
            precision == b"\0" and len(tables) == length and length in {_TABLE_BYTES, _MOST_TABLES * _TABLE_BYTES}
        )
        if not is_usable:
            return b"", begin
        self._tables[quality] = tables
        return tables, begin + length


def pack(pictures: Sequence[bytes], max_bytes: int) -> list[bytes]:
    """Payloads of at most ``max_bytes`` (more than 140) of one picture that was made with the usual Huffman tables,
    three components, 4:2:2 or 4:2:0, and sides of at most 2040 pixels; its tables go with it (Q 255)."""
    (picture,) = pictures
    tables, kind, interval, size, scan = _take_apart(picture)
    restarts = struct.pack(">HH", interval, 0xFFFF) if interval else b""
    kind += _WITH_RESTARTS if interval else 0
    payloads: list[bytes] = []
    offset = 0
    while offset < len(scan):
        head = offset.to_bytes(4) + bytes((kind, _DYNAMIC, size[0] // 8, size[1] // 8)) + restarts
        if not offset:
            head += struct.pack(">BBH", 0, 0, len(tables)) + tables
        piece = scan[offset : offset + max_bytes - len(head)]
        payloads.append(head + piece)
        offset += len(piece)
    return payloads


def _head(size: tuple[int, int], sampling: int, tables: bytes, restart_interval: int) -> bytes:
    """All of a picture that stands before its data (ITU-T T.81 §B.2)."""
    parts = [_START]
    count = len(tables) // _TABLE_BYTES
    for number in range(count):
        table = tables[number * _TABLE_BYTES : (number + 1) * _TABLE_BYTES]
        parts.append(_segment(0xDB, bytes((number,)) + table))
    if restart_interval:
        parts.append(_segment(0xDD, restart_interval.to_bytes(2)))
    chroma = count - 1
    frame = struct.pack(">BHHB", 8, size[1], size[0], 3)
    parts.append(_segment(0xC0, frame + bytes((1, sampling, 0, 2, 0x11, chroma, 3, 0x11, chroma))))
    parts += [_segment(0xC4, table) for table in DHT]
    parts.append(_segment(0xDA, bytes((3, 1, 0x00, 2, 0x11, 3, 0x11, 0, 63, 0))))
    return b"".join(parts)


def _segment(marker: int, body: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body


def _take_apart(picture: bytes) -> tuple[bytes, int, int, tuple[int, int], bytes]:
    tables: dict[int, bytes] = {}
    kind, interval, size = 0, 0, (0, 0)
    position = 2
    while True:
        marker, length = picture[position + 1], int.from_bytes(picture[position + 2 : position + 4])
        body = picture[position + 4 : position + 2 + length]
        position += 2 + length
        if marker == 0xDB:
            for at in range(0, len(body), 1 + _TABLE_BYTES):
                tables[body[at]] = body[at + 1 : at + 1 + _TABLE_BYTES]
        elif marker == 0xDD:
            interval = int.from_bytes(body)
        elif marker == 0xC0:
            size = (int.from_bytes(body[3:5]), int.from_bytes(body[1:3]))
            kind = next(kind for kind, sampling in _SAMPLINGS.items() if sampling == body[7])
        elif marker == 0xDA:
            return b"".join(tables[key] for key in sorted(tables)), kind, interval, size, picture[position:]
