"""HEIF: which coded tiles a HEIC file holds and how they make its picture. Pure: nothing is decoded.

ISO/IEC 14496-12 (boxes) and 23008-12 (items). Only the primary item is read: a coded picture (``hvc1``) or a grid of
them, as phones write it. Previews, depth, gain maps and EXIF stay where they are; the orientation that counts is a
property of the item (``irot``, ``imir``), and the orientation in EXIF must not be applied on top.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice

BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"})
_MAX_TILES = 1024
_MAX_BOXES = 1024
_MAX_META_BYTES = 1024 * 1024
"""That of a phone has 10 kB. Reading one of this size takes less than a second."""
_TRANSFORMS = frozenset({b"clap", b"irot", b"imir"})
_PROFILES = frozenset({b"prof", b"rICC"})


class HeifBroken(ValueError):
    """The file does not hold together; says where."""


class HeifUnsupported(ValueError):
    """A picture coded in another way; says in which."""


@dataclass(frozen=True, slots=True)
class Tile:
    configuration: bytes
    """HEVCDecoderConfigurationRecord (ISO/IEC 14496-15 §8.3.2)."""
    data: bytes
    """NAL units, each after its length."""


@dataclass(frozen=True, slots=True)
class HeifPicture:
    width: int
    """Pixels, of all tiles together, before ``transforms``. What tiles have beyond is cut off."""
    height: int
    columns: int
    tiles: tuple[Tile, ...]
    """Row by row."""
    transforms: tuple[tuple[bytes, bytes], ...]
    """Kind and body of each property, to be applied in this order."""
    profile: bytes
    """Of its colours (ICC), or b""."""


def is_heif(data: bytes) -> bool:
    """Whether the first box is a ``ftyp`` with one of our brands."""
    size = int.from_bytes(data[:4])
    brands = {data[8:12], *(data[at : at + 4] for at in range(16, min(size, 256), 4))}
    return data[4:8] == b"ftyp" and bool(brands & BRANDS)


def read(data: bytes) -> HeifPicture:
    """
    Raises:
        HeifBroken, HeifUnsupported
    """
    meta = _Meta.of(data)
    properties = meta.properties_of(meta.primary)
    transforms = tuple((kind, body) for kind, body in properties if kind in _TRANSFORMS)
    kind = meta.kinds.get(meta.primary)
    if kind == b"grid":
        grid = _Cursor(meta.data_of(meta.primary, data))
        _, flags, rows, columns = grid.number(1), grid.number(1), grid.number(1) + 1, grid.number(1) + 1
        width, height = (grid.number(4 if flags & 1 else 2) for _ in range(2))
        ids = meta.tiles.get(meta.primary, ())
        if len(ids) != rows * columns or len(ids) > _MAX_TILES:
            raise HeifBroken(f"a grid of {columns} x {rows} has {len(ids)} tiles")
    else:
        columns, ids = 1, (meta.primary,)
        size = _Cursor(_first(properties, b"ispe"), 4)
        width, height = size.number(4), size.number(4)
    for each in ids:
        if (coded := meta.kinds.get(each)) != b"hvc1":
            raise HeifUnsupported((coded or b"none").decode("ascii", "replace"))
    tiles = tuple(Tile(_first(meta.properties_of(each), b"hvcC"), meta.data_of(each, data)) for each in ids)
    profiles = (body[4:] for kind, body in properties if kind == b"colr" and body[:4] in _PROFILES)
    return HeifPicture(width, height, columns, tiles, transforms, next(profiles, b""))


@dataclass(slots=True)
class _Cursor:
    data: bytes
    at: int = 0

    def number(self, length: int) -> int:
        return int.from_bytes(self.take(length))

    def take(self, length: int) -> bytes:
        taken = self.data[self.at : self.at + length]
        if len(taken) != length:
            raise HeifBroken("a box ends too early")
        self.at += length
        return taken

    def full_box(self) -> tuple[int, int]:
        """Version and flags."""
        return self.number(1), self.number(3)

    def boxes(self) -> Iterator[tuple[bytes, bytes]]:
        """Kind and body of each from here to the end."""
        while self.at < len(self.data):
            start = self.at
            size, kind = self.number(4), self.take(4)
            if size == 1:
                size = self.number(8)
            elif size == 0:
                size = len(self.data) - start
            if start + size < self.at:
                raise HeifBroken("a box is smaller than its head")
            yield kind, self.take(start + size - self.at)


def _first(properties: list[tuple[bytes, bytes]], kind: bytes) -> bytes:
    for each, body in properties:
        if each == kind:
            return body
    raise HeifBroken(f"an item has no {kind.decode()}")


@dataclass(slots=True)
class _Meta:
    """The ``meta`` box."""

    primary: int = 0
    kinds: dict[int, bytes] = field(default_factory=dict)
    tiles: dict[int, tuple[int, ...]] = field(default_factory=dict)
    properties: list[tuple[bytes, bytes]] = field(default_factory=list)
    associations: dict[int, list[int]] = field(default_factory=dict)
    places: dict[int, tuple[int, list[tuple[int, int]]]] = field(default_factory=dict)
    """Item → where (0: the file, 1: ``idat``), and offset and length of each part."""
    idat: bytes = b""
    left_bytes: int = 0
    """What items may still take: they have the whole file, once."""

    @classmethod
    def of(cls, data: bytes) -> "_Meta":
        meta = cls(left_bytes=len(data))
        boxes = islice(_Cursor(data).boxes(), _MAX_BOXES)
        body = next((body for kind, body in boxes if kind == b"meta"), b"")
        if not 0 < len(body) <= _MAX_META_BYTES:
            raise HeifBroken(f"its meta box has {len(body)} bytes")
        readers = {
            b"pitm": meta._read_primary,
            b"iinf": meta._read_kinds,
            b"iref": meta._read_tiles,
            b"iprp": meta._read_properties,
            b"iloc": meta._read_places,
        }
        for kind, inner in _Cursor(body, 4).boxes():
            if kind in readers:
                readers[kind](_Cursor(inner))
            elif kind == b"idat":
                meta.idat = inner
        return meta

    def properties_of(self, item: int) -> list[tuple[bytes, bytes]]:
        indexes = self.associations.get(item, [])
        return [self.properties[index - 1] for index in indexes if 0 < index <= len(self.properties)]

    def data_of(self, item: int, data: bytes) -> bytes:
        where, parts = self.places.get(item, (2, []))
        if where > 1:
            raise HeifBroken("the bytes of an item are nowhere")
        source = self.idat if where else data
        found = []
        for offset, length in parts:
            taken = length or max(0, len(source) - offset)
            if offset + taken > len(source):
                raise HeifBroken("the bytes of an item end too early")
            self.left_bytes -= taken
            if self.left_bytes < 0:
                raise HeifBroken("its items hold the same bytes again and again")
            found.append(source[offset : offset + taken])
        return b"".join(found)

    def _read_primary(self, box: _Cursor) -> None:
        version, _ = box.full_box()
        self.primary = box.number(4 if version else 2)

    def _read_kinds(self, box: _Cursor) -> None:
        version, _ = box.full_box()
        box.number(4 if version else 2)
        for kind, body in box.boxes():
            if kind == b"infe":
                entry = _Cursor(body)
                version, _ = entry.full_box()
                if version < 2:
                    raise HeifBroken("an item has no kind")
                item, _ = entry.number(4 if version > 2 else 2), entry.number(2)
                self.kinds[item] = entry.take(4)

    def _read_tiles(self, box: _Cursor) -> None:
        version, _ = box.full_box()
        for kind, body in box.boxes():
            if kind == b"dimg":
                entry, length = _Cursor(body), 4 if version else 2
                item, count = entry.number(length), entry.number(2)
                self.tiles[item] = tuple(entry.number(length) for _ in range(count))

    def _read_properties(self, box: _Cursor) -> None:
        for kind, body in box.boxes():
            inner = _Cursor(body)
            if kind == b"ipco":
                self.properties = list(inner.boxes())
            elif kind == b"ipma":
                version, flags = inner.full_box()
                for _ in range(inner.number(4)):
                    item, count = inner.number(4 if version else 2), inner.number(1)
                    mask, length = (0x7FFF, 2) if flags & 1 else (0x7F, 1)
                    self.associations[item] = [inner.number(length) & mask for _ in range(count)]

    def _read_places(self, box: _Cursor) -> None:
        version, _ = box.full_box()
        lengths = box.number(2)
        of_offset, of_length, of_base = lengths >> 12, lengths >> 8 & 15, lengths >> 4 & 15
        of_index = lengths & 15 if version else 0
        for _ in range(box.number(4 if version > 1 else 2)):
            item = box.number(4 if version > 1 else 2)
            where = box.number(2) & 15 if version else 0
            file, base = box.number(2), box.number(of_base)
            parts = []
            for _ in range(box.number(2)):
                box.number(of_index)
                parts.append((base + box.number(of_offset), box.number(of_length)))
            self.places[item] = (2 if file else where, parts)
