"""SampleDescription: what a file says of the pictures in it before they come (ISO 14496-12 §8.5.2)."""

import struct
from dataclasses import dataclass
from typing import Self

from streams.formats import jpeg
from streams.formats.fmp4 import read_init
from streams.formats.h264 import join_avcc
from streams.formats.mp4_boxes import box, child, full_box

# ES_Descriptor of an elementary stream of JPEG (ISO 14496-1 §7.2.6): object type 0x6C, visual stream, nothing said of
# buffer and bitrate.
_ESDS = bytes.fromhex("03 15 0001 00 04 0d 6c 11 000000 00000000 00000000 06 01 02")


@dataclass(frozen=True, slots=True)
class SampleDescription:
    entry: bytes
    """The box."""
    shown: tuple[int, int]
    """Width and height, as 16.16."""
    sets: bytes = b""
    """Its parameter sets, as they stand in a sample."""

    @property
    def kind(self) -> str:
        """``avc1``, ``hvc1`` or ``mp4v``."""
        return self.entry[4:8].decode()

    @classmethod
    def of_init(cls, init: bytes) -> Self:
        """That of an init segment, as it stands.

        Raises:
            FormatError, struct.error: it can't be read.
        """
        track = child(memoryview(init), b"moov", b"trak")
        entry = bytes(child(track, b"mdia", b"minf", b"stbl", b"stsd")[8:])
        parameters = read_init(init)
        sets = join_avcc((*parameters.vps, *parameters.sps, *parameters.pps))
        return cls(entry, struct.unpack(">II", child(track, b"tkhd")[-8:]), sets)

    @classmethod
    def of_jpeg(cls, picture: bytes) -> Self:
        """
        Raises:
            FormatError: its header does not say how large it is.
        """
        width, height = jpeg.size(picture)
        entry = struct.pack(">6xH16xHHII4xH32sHh", 1, width, height, 0x480000, 0x480000, 1, b"", 24, -1)
        return cls(box(b"mp4v", entry, full_box(b"esds", 0, 0, _ESDS)), (width << 16, height << 16))
