"""H.265 (ITU-T H.265): NAL units, parameter sets and what a player must know of them.

NAL units are ``bytes`` without start code or length prefix, first two bytes the NAL header (§7.3.1.2).
"""

import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum

from streams.access_unit import VideoParameters
from streams.errors import FormatError
from streams.formats.bits import BitReader


class NalType(IntEnum):
    """``nal_unit_type``, table 7-1."""

    RASL_N = 8
    RASL_R = 9
    BLA_W_LP = 16
    IDR_W_RADL = 19
    IDR_N_LP = 20
    CRA = 21
    VPS = 32
    SPS = 33
    PPS = 34
    DELIMITER = 35
    END_OF_SEQUENCE = 36
    END_OF_STREAM = 37
    FILLER = 38
    PREFIX_SEI = 39
    SUFFIX_SEI = 40


_LENGTH = struct.Struct(">I")
HEADER_BYTES = 2
_KEYS = range(NalType.BLA_W_LP, NalType.CRA + 1)
_SKIPPED = frozenset({NalType.RASL_N, NalType.RASL_R})
# What a sample must not or need not hold (ISO 14496-15 §8.3.2), and what exists inside RTP only (RFC 7798 §4.4).
_NOT_IN_A_SAMPLE = frozenset({32, 33, 34, 35, 36, 37, 38, *range(48, 64)})
_MAX_PICTURE_SIDE = 16_384


@dataclass(frozen=True, slots=True)
class SequenceParameters:
    """The fields of an SPS that a relay needs (§7.3.2.2). What stands behind the sample depths ``vui_h265`` reads."""

    vps_id: int
    sps_id: int
    profile: bytes
    """12 bytes of ``profile_tier_level`` (§7.3.3), as in ``hvcC``: space, tier and profile, 4 of compatibility,
    6 of constraints, level."""
    sub_layers: int
    """1..7"""
    is_nested: bool
    chroma_format_idc: int
    bit_depth_luma: int
    bit_depth_chroma: int
    width: int
    """Luma samples after cropping."""
    height: int
    coding_begins: int
    """Bits between the NAL header and ``log2_max_pic_order_cnt_lsb_minus4``."""

    @property
    def codec_string(self) -> str:
        """ISO 14496-15 annex E.3, ``hvc1.1.6.L93.B0`` for example."""
        first, compatibility, constraints, level = struct.unpack(">BI6sB", self.profile)
        space = ("", "A", "B", "C")[first >> 6]
        reversed_flags = int(f"{compatibility:032b}"[::-1], 2)
        tier = "H" if first & 0x20 else "L"
        parts = [f"hvc1.{space}{first & 0x1F}", f"{reversed_flags:X}", f"{tier}{level}"]
        parts += [f"{byte:X}" for byte in constraints.rstrip(b"\0")]
        return ".".join(parts)


def nal_type(nal: bytes) -> int:
    return nal[0] >> 1 & 0x3F


def is_vcl(nal: bytes) -> bool:
    """Whether it holds a piece of a picture."""
    return nal[0] & 0x40 == 0


def is_key(nal: bytes) -> bool:
    """Whether it is of a picture that a decoder can start at (IRAP: BLA, IDR or CRA)."""
    return nal_type(nal) in _KEYS


def is_skipped(nal: bytes) -> bool:
    """Whether it is of a picture that is built on pictures before the last key frame, though it is sent after it: a
    decoder that starts there can't have it (RASL)."""
    return nal_type(nal) in _SKIPPED


def is_first_slice(nal: bytes) -> bool:
    """Whether it begins a picture (``first_slice_segment_in_pic_flag``, §7.3.6.1)."""
    return is_vcl(nal) and len(nal) > HEADER_BYTES and nal[HEADER_BYTES] & 0x80 != 0


def sample(nals: Iterable[bytes]) -> tuple[bytes, bool]:
    """The sample of one picture, without parameter sets and delimiters, and whether a decoder can start at it."""
    parts: list[bytes] = []
    starts = False
    for nal in nals:
        kind = nal_type(nal)
        if kind in _NOT_IN_A_SAMPLE:
            continue
        starts |= kind in _KEYS
        parts += (_LENGTH.pack(len(nal)), nal)
    return b"".join(parts), starts


def parse_sps(nal: bytes) -> SequenceParameters:
    """Read a sequence parameter set; bytes after it are ignored.

    Raises:
        FormatError: not an SPS, cut off, or of an impossible size.
    """
    bits = _content(nal, NalType.SPS)
    vps_id = bits.u(4)
    sub_layers = bits.u(3) + 1
    is_nested = bits.u(1) == 1
    profile = bits.u(96).to_bytes(12, "big")
    _skip_sub_layers(bits, sub_layers)
    sps_id = bits.ue()
    chroma_format_idc = bits.ue()
    if sps_id > 15 or chroma_format_idc > 3 or sub_layers > 7:
        raise FormatError(f"SPS {sps_id} with chroma_format_idc {chroma_format_idc} and {sub_layers} sub-layers")
    separate_planes = bits.u(1) if chroma_format_idc == 3 else 0
    width, height = bits.ue(), bits.ue()
    left, right, top, bottom = (bits.ue(), bits.ue(), bits.ue(), bits.ue()) if bits.u(1) else (0, 0, 0, 0)
    # Crop units, table 6-1.
    array_type = 0 if separate_planes else chroma_format_idc
    width -= (2 if array_type in {1, 2} else 1) * (left + right)
    height -= (2 if array_type == 1 else 1) * (top + bottom)
    if not (0 < width <= _MAX_PICTURE_SIDE and 0 < height <= _MAX_PICTURE_SIDE):
        raise FormatError(f"SPS with a picture of {width}x{height}, expected sides of 1..{_MAX_PICTURE_SIDE}")
    bit_depth_luma, bit_depth_chroma = 8 + bits.ue(), 8 + bits.ue()
    if max(bit_depth_luma, bit_depth_chroma) > 15:
        raise FormatError(f"SPS with {bit_depth_luma} and {bit_depth_chroma} bits a sample, expected at most 15")
    return SequenceParameters(
        vps_id=vps_id,
        sps_id=sps_id,
        profile=profile,
        sub_layers=sub_layers,
        is_nested=is_nested,
        chroma_format_idc=chroma_format_idc,
        bit_depth_luma=bit_depth_luma,
        bit_depth_chroma=bit_depth_chroma,
        width=width,
        height=height,
        coding_begins=bits.position,
    )


def video_parameters(vps: Sequence[bytes], sps: Sequence[bytes], pps: Sequence[bytes]) -> VideoParameters:
    """What a decoder must know, from parameter sets as they came; the first SPS gives size and codec.

    Raises:
        FormatError: none of a kind, or an SPS that can't be read.
    """
    if not (vps and sps and pps):
        raise FormatError(f"{len(vps)} VPS, {len(sps)} SPS and {len(pps)} PPS, expected at least one of each")
    first = parse_sps(sps[0])
    return VideoParameters(
        "h265", first.width, first.height, first.codec_string, sps=tuple(sps), pps=tuple(pps), vps=tuple(vps)
    )


def vps_id(nal: bytes) -> int:
    """
    Raises:
        FormatError: not a VPS, or cut off.
    """
    return _content(nal, NalType.VPS).u(4)


def pps_ids(nal: bytes) -> tuple[int, int]:
    """The id of a picture parameter set and that of the SPS it belongs to (§7.3.2.3.1).

    Raises:
        FormatError: not a PPS, or cut off.
    """
    bits = _content(nal, NalType.PPS)
    return bits.ue(), bits.ue()


def slice_pps_id(nal: bytes) -> int:
    """The id of the PPS that a slice of a key frame refers to (§7.3.6.1); it begins the picture.

    Raises:
        FormatError: cut off.
    """
    bits = BitReader(nal[HEADER_BYTES:32])
    bits.u(2)  # first_slice_segment_in_pic_flag, no_output_of_prior_pics_flag
    return bits.ue()


def _content(nal: bytes, kind: NalType) -> BitReader:
    if len(nal) <= HEADER_BYTES or nal_type(nal) != kind:
        raise FormatError(f"expected a {kind.name}, got a NAL unit beginning {nal[:4].hex(' ') or 'with nothing'}")
    return BitReader(nal[HEADER_BYTES:])


def _skip_sub_layers(bits: BitReader, sub_layers: int) -> None:
    """§7.3.3, what follows the general level."""
    present = [(bits.u(1), bits.u(1)) for _ in range(sub_layers - 1)]
    if present:
        bits.u(2 * (8 - len(present)))
    for has_profile, has_level in present:
        bits.u(88 * has_profile + 8 * has_level)
