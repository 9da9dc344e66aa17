"""H.264 (ITU-T H.264): NAL units, parameter sets and what a player must know of them.

NAL units are ``bytes`` without start code or length prefix, first byte the NAL header.
"""

import re
import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum

from streams.access_unit import VideoParameters
from streams.errors import FormatError
from streams.formats.bits import BitReader


class NalType(IntEnum):
    """``nal_unit_type``, table 7-1."""

    SLICE = 1
    IDR = 5
    SEI = 6
    SPS = 7
    PPS = 8
    DELIMITER = 9
    END_OF_SEQUENCE = 10
    END_OF_STREAM = 11
    FILLER = 12


_START_CODE = re.compile(rb"\x00\x00\x01")
_LENGTH = struct.Struct(">I")

_VCL = frozenset(range(1, 6))
_WHOLE_SLICES = frozenset({NalType.SLICE, NalType.IDR})
# What a sample must not or need not hold (ISO 14496-15 §5.3.2), and what exists inside RTP only (RFC 6184 §5.2).
_NOT_IN_A_SAMPLE = frozenset({0, 7, 8, 9, 10, 11, 12, *range(24, 32)})
# Profiles whose SPS has the chroma fields (§7.3.2.1.1).
_HIGH_PROFILES = frozenset({100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135})
_MAX_PICTURE_SIDE = 16_384


@dataclass(frozen=True, slots=True)
class SequenceParameters:
    """The fields of an SPS that a relay needs (§7.3.2.1.1); ``reordering`` reads of VUI what is needed there."""

    sps_id: int
    profile_idc: int
    constraint_flags: int
    level_idc: int
    chroma_format_idc: int
    bit_depth_luma: int
    bit_depth_chroma: int
    width: int
    """Luma samples after cropping."""
    height: int
    order_type: int
    """``pic_order_cnt_type``"""
    ref_frames: int
    """``max_num_ref_frames``"""
    vui_begins: int
    """Bits between the level and ``vui_parameters_present_flag``."""

    @property
    def codec_string(self) -> str:
        """RFC 6381 §3.3, ``avc1.64001F`` for example."""
        return f"avc1.{self.profile_idc:02X}{self.constraint_flags:02X}{self.level_idc:02X}"

    @property
    def has_chroma_fields(self) -> bool:
        return self.profile_idc in _HIGH_PROFILES


def nal_type(nal: bytes) -> int:
    return nal[0] & 0x1F


def is_vcl(nal: bytes) -> bool:
    """Whether it holds a piece of a picture."""
    return nal[0] & 0x1F in _VCL


def is_key(nal: bytes) -> bool:
    """Whether it is of a picture that a decoder can start at."""
    return nal[0] & 0x1F == NalType.IDR


def is_first_slice(nal: bytes) -> bool:
    """Whether ``first_mb_in_slice``, the first number of a slice header (§7.3.3), is 0; told for types 1 and 5 only,
    true for all others."""
    return nal[0] & 0x1F not in _WHOLE_SLICES or (len(nal) > 1 and nal[1] & 0x80 != 0)


def split_annex_b(data: bytes) -> list[bytes]:
    """NAL units between start codes (Annex B). What stands before the first start code counts as a NAL unit too.

    Zero bytes before a start code and at the end belong to no NAL unit and are left out; so are empty ones.
    """
    return list(iter_annex_b(data))


def iter_annex_b(data: bytes) -> Iterator[bytes]:
    """``split_annex_b`` one by one: for who takes only so many of a stranger."""
    begin = 0
    for match in _START_CODE.finditer(data):
        if nal := data[begin : match.start()].rstrip(b"\x00"):
            yield nal
        begin = match.end()
    if nal := data[begin:].rstrip(b"\x00"):
        yield nal


def join_avcc(nals: Iterable[bytes]) -> bytes:
    """Put a 4-byte big-endian length before each NAL unit (ISO 14496-15 §5.3)."""
    parts: list[bytes] = []
    for nal in nals:
        parts += (_LENGTH.pack(len(nal)), nal)
    return b"".join(parts)


def split_avcc(data: bytes, length_size: int = 4) -> list[bytes]:
    """NAL units of a length-prefixed sample (ISO 14496-15 §5.3), empty ones left out.

    Raises:
        FormatError: a length reaches beyond the end.
    """
    nals: list[bytes] = []
    position = 0
    while position < len(data):
        begin = position + length_size
        position = begin + int.from_bytes(data[position:begin], "big")
        if position > len(data):
            raise FormatError(f"a NAL unit ends at byte {position} of a sample of {len(data)} bytes")
        if position > begin:
            nals.append(data[begin:position])
    return nals


def parse_sps(nal: bytes) -> SequenceParameters:
    """Read a sequence parameter set; bytes after it are ignored, as some cameras leave some there.

    Raises:
        FormatError: not an SPS, cut off, or of an impossible size.
    """
    if not nal or nal_type(nal) != NalType.SPS:
        raise FormatError(f"expected an SPS, got a NAL unit beginning {nal[:4].hex(' ') or 'with nothing'}")
    if len(nal) < 5:
        raise FormatError(f"SPS of {len(nal)} bytes, expected at least 5")
    profile_idc, constraint_flags, level_idc = nal[1:4]
    bits = BitReader(nal[4:])
    sps_id = bits.ue()
    chroma = _chroma(bits) if profile_idc in _HIGH_PROFILES else _Chroma()
    bits.ue()  # log2_max_frame_num_minus4
    order_type = _order_type(bits)
    ref_frames = bits.ue()
    bits.u(1)  # gaps_in_frame_num_value_allowed_flag
    width, height = _size(bits, chroma)
    return SequenceParameters(
        sps_id=sps_id,
        profile_idc=profile_idc,
        constraint_flags=constraint_flags,
        level_idc=level_idc,
        chroma_format_idc=chroma.format_idc,
        bit_depth_luma=chroma.bit_depth_luma,
        bit_depth_chroma=chroma.bit_depth_chroma,
        width=width,
        height=height,
        order_type=order_type,
        ref_frames=ref_frames,
        vui_begins=bits.position,
    )


def video_parameters(sps: Sequence[bytes], pps: Sequence[bytes]) -> VideoParameters:
    """What a decoder must know, from parameter sets as they came; the first SPS gives size and codec.

    Raises:
        FormatError: no SPS, no PPS, or an SPS that can't be read.
    """
    if not sps or not pps:
        raise FormatError(f"{len(sps)} SPS and {len(pps)} PPS, expected at least one of each")
    first = parse_sps(sps[0])
    return VideoParameters("h264", first.width, first.height, first.codec_string, tuple(sps), tuple(pps))


def sample(nals: Iterable[bytes]) -> tuple[bytes, bool]:
    """The sample of one picture, without parameter sets and delimiters, and whether a decoder can start at it."""
    parts: list[bytes] = []
    is_key = False
    for nal in nals:
        kind = nal[0] & 0x1F
        if kind in _NOT_IN_A_SAMPLE:
            continue
        if kind == NalType.IDR:
            is_key = True
        parts += (_LENGTH.pack(len(nal)), nal)
    return b"".join(parts), is_key


def pps_ids(nal: bytes) -> tuple[int, int]:
    """The id of a picture parameter set and that of the SPS it belongs to (§7.3.2.2).

    Raises:
        FormatError: not a PPS, or cut off.
    """
    if not nal or nal_type(nal) != NalType.PPS:
        raise FormatError(f"expected a PPS, got a NAL unit beginning {nal[:4].hex(' ') or 'with nothing'}")
    bits = BitReader(nal[1:])
    return bits.ue(), bits.ue()


def slice_pps_id(nal: bytes) -> int:
    """The id of the PPS that a slice refers to (§7.3.3).

    Raises:
        FormatError: cut off.
    """
    bits = BitReader(nal[1:32])
    bits.ue()  # first_mb_in_slice
    bits.ue()  # slice_type
    return bits.ue()


@dataclass(frozen=True, slots=True)
class _Chroma:
    """What a profile without the fields of it has, unless said otherwise."""

    format_idc: int = 1
    bit_depth_luma: int = 8
    bit_depth_chroma: int = 8
    separate_planes: bool = False


def _chroma(bits: BitReader) -> _Chroma:
    """The fields that only the high profiles have (§7.3.2.1.1)."""
    format_idc = bits.ue()
    if format_idc > 3:
        raise FormatError(f"SPS with chroma_format_idc {format_idc}, expected 0..3")
    separate_planes = format_idc == 3 and bits.u(1) == 1
    luma, chroma = 8 + bits.ue(), 8 + bits.ue()
    if max(luma, chroma) > 14:
        raise FormatError(f"SPS with {luma} and {chroma} bits a sample, expected at most 14")
    bits.u(1)  # qpprime_y_zero_transform_bypass_flag
    if bits.u(1):
        _skip_scaling_matrix(bits, 8 if format_idc != 3 else 12)
    return _Chroma(format_idc, luma, chroma, separate_planes)


def _order_type(bits: BitReader) -> int:
    """``pic_order_cnt_type``, past the fields that belong to it."""
    order_type = bits.ue()
    if order_type == 0:
        bits.ue()
    elif order_type == 1:
        bits.u(1)
        bits.ue()
        bits.ue()
        for _ in range(min(bits.ue(), 255)):
            bits.ue()
    return order_type


def _size(bits: BitReader, chroma: _Chroma) -> tuple[int, int]:
    """Width and height after cropping, in crop units of §7.4.2.1.1 (7-19 to 7-22); up to where VUI begins."""
    width_mbs = bits.ue() + 1
    height_units = bits.ue() + 1
    frame_mbs_only = bits.u(1)
    if not frame_mbs_only:
        bits.u(1)  # mb_adaptive_frame_field_flag
    bits.u(1)  # direct_8x8_inference_flag
    left, right, top, bottom = (bits.ue(), bits.ue(), bits.ue(), bits.ue()) if bits.u(1) else (0, 0, 0, 0)
    array_type = 0 if chroma.separate_planes else chroma.format_idc
    crop_x = 2 if array_type in {1, 2} else 1
    crop_y = (2 if array_type == 1 else 1) * (2 - frame_mbs_only)
    width = width_mbs * 16 - crop_x * (left + right)
    height = height_units * 16 * (2 - frame_mbs_only) - crop_y * (top + bottom)
    if not (0 < width <= _MAX_PICTURE_SIDE and 0 < height <= _MAX_PICTURE_SIDE):
        raise FormatError(f"SPS with a picture of {width}x{height}, expected sides of 1..{_MAX_PICTURE_SIDE}")
    return width, height


def _skip_scaling_matrix(bits: BitReader, lists: int) -> None:
    """§7.3.2.1.1.1"""
    for index in range(lists):
        if not bits.u(1):
            continue
        last = following = 8
        for _ in range(16 if index < 6 else 64):
            if following:
                following = (last + bits.se()) % 256
            last = following or last
