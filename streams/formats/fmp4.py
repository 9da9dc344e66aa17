"""Fragmented MP4 (ISO BMFF, ISO 14496-12; AVC in it, ISO 14496-15) for live pictures: one fragment is one picture.

Byte layout of a frame, always the same, so that ``frame(...)[112:]`` is the sample::

    moof 104   mfhd 16   traf 80   tfhd 28 (flags 0x020038)   tfdt 20 (version 1)   trun 24 (version 1, flags 0x801)
    mdat 8 + sample
"""

import struct
from collections.abc import Sequence

from streams.access_unit import CLOCK_HZ, VideoParameters
from streams.errors import FormatError
from streams.formats import h264, h265, hvcc
from streams.formats.aspect_ratio import sample_aspect_ratio, sample_aspect_ratio_h265
from streams.formats.mp4_boxes import box, boxes, child, full_box

TRACK_ID = 1
SAMPLE_OFFSET = 112

_MAX_SAMPLE_BYTES = 0xFFFFFFFF - 8

# Sample flags, 14496-12 §8.8.3.1: depends on no other; depends on others and is no sync sample.
_KEY_FLAGS = 0x02000000
_DELTA_FLAGS = 0x01010000

_FRAME = struct.Struct(
    ">I4s"  # moof
    "I4sII"  # mfhd: version and flags, sequence
    "I4s"  # traf
    "I4sIIIII"  # tfhd: flags, track, default duration, default size, default flags
    "I4sIQ"  # tfdt: version 1
    "I4sIIIi"  # trun: version 1, flags, samples, data offset, composition offset
    "I4s"  # mdat
)
_MATRIX = struct.pack(">9i", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)


def init_segment(parameters: VideoParameters) -> bytes:
    """``ftyp`` and ``moov`` for one H.264 or H.265 track. Durations are 0: players take that for live and hold nothing
    back.

    Raises:
        FormatError: another codec, or parameter sets that can't be read or don't fit in ``avcC`` or ``hvcC``.
    """
    if parameters.codec == "h264":
        kind, configuration = b"avc1", _avcc(parameters.sps, parameters.pps)
        wide, high = sample_aspect_ratio(parameters.sps[0])
    elif parameters.codec == "h265":
        kind = b"hvc1"  # Safari plays no hev1
        configuration = box(b"hvcC", hvcc.write(parameters.vps, parameters.sps, parameters.pps))
        wide, high = sample_aspect_ratio_h265(parameters.sps[0])
    else:
        raise FormatError(f"an init segment can be made for h264 and h265 only, not for {parameters.codec}")
    width, height = parameters.width, parameters.height
    sample_entry = box(
        kind,
        struct.pack(">6xH16xHHII4xH32sHh", 1, width, height, 0x480000, 0x480000, 1, b"", 24, -1),
        configuration,
        b"" if wide == high else box(b"pasp", struct.pack(">II", wide, high)),
    )
    sample_table = box(
        b"stbl",
        full_box(b"stsd", 0, 0, struct.pack(">I", 1), sample_entry),
        full_box(b"stts", 0, 0, bytes(4)),
        full_box(b"stsc", 0, 0, bytes(4)),
        full_box(b"stsz", 0, 0, bytes(8)),
        full_box(b"stco", 0, 0, bytes(4)),
    )
    media_info = box(
        b"minf",
        full_box(b"vmhd", 0, 1, bytes(8)),
        box(b"dinf", full_box(b"dref", 0, 0, struct.pack(">I", 1), full_box(b"url ", 0, 1))),
        sample_table,
    )
    media = box(
        b"mdia",
        full_box(b"mdhd", 0, 0, struct.pack(">IIIIHH", 0, 0, CLOCK_HZ, 0, 0x55C4, 0)),  # language: und
        full_box(b"hdlr", 0, 0, struct.pack(">I4s12x", 0, b"vide"), b"video\0"),
        media_info,
    )
    shown_width = (width << 16) * wide // high
    track_header = struct.pack(
        ">IIIII8xhhhH36sII", 0, 0, TRACK_ID, 0, 0, 0, 0, 0, 0, _MATRIX, shown_width, height << 16
    )
    movie_header = struct.pack(">IIIIIH10x36s24xI", 0, 0, CLOCK_HZ, 0, 0x10000, 0x100, _MATRIX, TRACK_ID + 1)
    return box(b"ftyp", b"iso5", bytes(4), b"iso5iso6mp41" + (kind if kind == b"avc1" else b"")) + box(
        b"moov",
        full_box(b"mvhd", 0, 0, movie_header),
        box(b"trak", full_box(b"tkhd", 0, 3, track_header), media),  # flags: enabled, in movie
        box(
            b"mvex",
            full_box(b"mehd", 0, 0, bytes(4)),
            full_box(b"trex", 0, 0, struct.pack(">IIIII", TRACK_ID, 1, 0, 0, 0)),
        ),
    )


def frame(sequence: int, dts: int, duration: int, is_key: bool, data: bytes, composition_offset: int = 0) -> bytes:
    """``moof`` and ``mdat`` of one picture.

    Args:
        sequence: of fragments, 0..2**32-1.
        dts: 1/90000 s, 0..2**64-1.
        duration: 1/90000 s, 0..2**32-1.
        data: length-prefixed NAL units.
        composition_offset: presentation minus decode time, 1/90000 s, -2**31..2**31-1.

    Raises:
        ValueError: a number outside its range.
    """
    size = len(data)
    if size > _MAX_SAMPLE_BYTES:
        raise ValueError(f"sample of {size} bytes, expected at most {_MAX_SAMPLE_BYTES}")
    try:
        head = _FRAME.pack(
            104, b"moof",
            16, b"mfhd", 0, sequence,
            80, b"traf",
            28, b"tfhd", 0x020038, TRACK_ID, duration, size, _KEY_FLAGS if is_key else _DELTA_FLAGS,
            20, b"tfdt", 0x01000000, dts,
            24, b"trun", 0x01000801, 1, SAMPLE_OFFSET, composition_offset,
            8 + size, b"mdat",
        )  # fmt: skip
    except struct.error as error:
        raise ValueError(
            f"sequence {sequence}, dts {dts}, duration {duration}, composition offset {composition_offset}: {error}"
        ) from error
    return head + data


def read_init(body: bytes) -> VideoParameters:
    """What the init segment says of its first H.264 or H.265 track.

    Raises:
        FormatError: no such track, or a box that ends beyond its parent.
    """
    movie = child(memoryview(body), b"moov")
    for kind, track in boxes(movie):
        if kind != b"trak":
            continue
        table = child(track, b"mdia", b"minf", b"stbl", b"stsd")
        for entry_kind, entry in boxes(table[8:]):
            if entry_kind in {b"avc1", b"avc3"}:
                # 78 bytes of VisualSampleEntry before its boxes (14496-12 §12.1.3).
                return _read_avcc(bytes(child(entry[78:], b"avcC")))
            if entry_kind in {b"hvc1", b"hev1"}:
                return h265.video_parameters(*hvcc.read(bytes(child(entry[78:], b"hvcC"))))
    raise FormatError("the init segment has no H.264 or H.265 track")


def _avcc(all_sps: Sequence[bytes], all_pps: Sequence[bytes]) -> bytes:
    """AVCDecoderConfigurationRecord, 14496-15 §5.3.3.1."""
    if not (1 <= len(all_sps) <= 31 and 1 <= len(all_pps) <= 255):
        raise FormatError(f"{len(all_sps)} SPS and {len(all_pps)} PPS, expected 1..31 and 1..255")
    if max(map(len, (*all_sps, *all_pps))) > 0xFFFF:
        raise FormatError("a parameter set of more than 65535 bytes")
    first = h264.parse_sps(all_sps[0])
    parts = [struct.pack(">BBBBBB", 1, *all_sps[0][1:4], 0xFF, 0xE0 | len(all_sps))]
    for sps in all_sps:
        parts += (struct.pack(">H", len(sps)), sps)
    parts.append(bytes([len(all_pps)]))
    for pps in all_pps:
        parts += (struct.pack(">H", len(pps)), pps)
    if first.has_chroma_fields:
        chroma, luma_bits, chroma_bits = first.chroma_format_idc, first.bit_depth_luma, first.bit_depth_chroma
        parts.append(bytes([0xFC | chroma, 0xF8 | (luma_bits - 8), 0xF8 | (chroma_bits - 8), 0]))
    return box(b"avcC", *parts)


def _read_avcc(record: bytes) -> VideoParameters:
    position = 6

    def sets(count: int) -> list[bytes]:
        nonlocal position
        found = []
        for _ in range(count):
            (length,) = struct.unpack_from(">H", record, position)
            found.append(record[position + 2 : position + 2 + length])
            position += 2 + length
        return found

    try:
        all_sps = sets(record[5] & 0x1F)
        position += 1
        all_pps = sets(record[position - 1])
    except (struct.error, IndexError) as error:
        raise FormatError(f"avcC of {len(record)} bytes ends too early") from error
    if position > len(record):
        raise FormatError(f"avcC of {len(record)} bytes ends too early")
    return h264.video_parameters(all_sps, all_pps)
