"""Reordering: what an H.264 stream says of pictures that are shown later than they are decoded (B-frames), and saying
that it has none.

A decoder that is not told holds back as many pictures as fit in its buffer, up to 16 (§C.4.5.3, §E.2.1): more than a
second of a camera that sends no B-frames at all and does not say so.
"""

from dataclasses import dataclass

from streams.errors import FormatError
from streams.formats.bits import BitReader, BitWriter
from streams.formats.h264 import nal_type, parse_sps

_HEADER_BYTES = 4
"""NAL header, profile, constraints, level."""
_EXTENDED_ASPECT_RATIO = 255
_MAX_REF_FRAMES = 16
_SLICES = frozenset({1, 2, 5})
"""NAL units that begin with a slice header: partitions B and C have none."""
_B = frozenset({1, 6})
"""``slice_type``, table 7-6."""


@dataclass(frozen=True, slots=True)
class Restriction:
    """What an SPS says of the decoder's buffer."""

    begins: int
    """Bits after the header before ``bitstream_restriction_flag``, or ``vui_parameters_present_flag`` without VUI."""
    has_vui: bool
    reorder_frames: int | None
    """``max_num_reorder_frames``; None when it says nothing."""
    buffered_frames: int | None


def read_restriction(sps: bytes) -> Restriction:
    """
    Raises:
        FormatError: not an SPS, or cut off.
    """
    begins = parse_sps(sps).vui_begins
    bits = BitReader(sps[_HEADER_BYTES:])
    bits.u(begins)
    if not bits.u(1):
        return Restriction(begins, False, None, None)
    _skip_to_restriction(bits)
    begins = bits.position
    if not bits.u(1):
        return Restriction(begins, True, None, None)
    bits.u(1)
    for _ in range(4):  # bytes a picture, bits a macroblock, lengths of vectors
        bits.ue()
    return Restriction(begins, True, bits.ue(), bits.ue())


def may_reorder(sps: bytes) -> bool | None:
    """Whether pictures can be reordered; None when the SPS leaves it open.

    Raises:
        FormatError: not an SPS, or cut off.
    """
    reorder_frames = read_restriction(sps).reorder_frames
    if reorder_frames is not None:
        return reorder_frames > 0
    # With picture order count type 2 the order of output is that of decoding (§8.2.1.3).
    return False if parse_sps(sps).order_type == 2 else None


def without_reordering(sps: bytes) -> bytes:
    """The same SPS, saying that no picture is reordered and that the buffer holds reference pictures only.

    Bytes after an SPS are left out, and what else the restriction says is kept as unrestricted as it may be.

    Raises:
        FormatError: not an SPS, cut off, or with more reference pictures than there can be.
    """
    ref_frames = parse_sps(sps).ref_frames
    if ref_frames > _MAX_REF_FRAMES:
        raise FormatError(f"SPS with {ref_frames} reference pictures, expected at most {_MAX_REF_FRAMES}")
    restriction = read_restriction(sps)
    buffered_frames = max(1, ref_frames)
    if (restriction.reorder_frames, restriction.buffered_frames) == (0, buffered_frames):
        return sps
    written = BitWriter()
    written.u(restriction.begins, BitReader(sps[_HEADER_BYTES:]).u(restriction.begins))
    if not restriction.has_vui:
        written.u(1, 1)
        written.u(8, 0)  # no aspect ratio, overscan, signal type, chroma place, timing, two HRDs, picture structure
    written.u(1, 1)  # bitstream_restriction_flag
    written.u(1, 1)  # motion_vectors_over_pic_boundaries_flag
    for most in (0, 0, 15, 15):  # unlimited bytes and bits; vectors of up to 8192 samples, beyond every level's limit
        written.ue(most)
    written.ue(0)
    written.ue(buffered_frames)
    return sps[:_HEADER_BYTES] + written.end()


def is_b_slice(nal: bytes) -> bool:
    """Whether it is a slice that may be predicted from two pictures (§7.3.3); False for what can't be read."""
    if nal_type(nal) not in _SLICES or len(nal) < 2:
        return False
    second = nal[1]
    if second & 0x80:  # first_mb_in_slice is 0, as in the first slice of every picture: slice_type stands behind it
        return second & 0x70 == 0x20 or second & 0x7C == 0x1C
    bits = BitReader(nal[1:12])
    try:
        bits.ue()
        return bits.ue() in _B
    except FormatError:
        return False


def _skip_to_restriction(bits: BitReader) -> None:
    """VUI parameters, §E.1.1."""
    if bits.u(1) and bits.u(8) == _EXTENDED_ASPECT_RATIO:
        bits.u(32)
    if bits.u(1):  # overscan
        bits.u(1)
    if bits.u(1):  # video_signal_type
        bits.u(4)
        if bits.u(1):
            bits.u(24)
    if bits.u(1):  # chroma_loc_info
        bits.ue()
        bits.ue()
    if bits.u(1):  # timing_info
        bits.u(65)
    has_nal_hrd = bits.u(1)
    if has_nal_hrd:
        _skip_hrd(bits)
    has_vcl_hrd = bits.u(1)
    if has_vcl_hrd:
        _skip_hrd(bits)
    if has_nal_hrd or has_vcl_hrd:
        bits.u(1)  # low_delay_hrd_flag
    bits.u(1)  # pic_struct_present_flag


def _skip_hrd(bits: BitReader) -> None:
    """§E.1.2"""
    count = bits.ue() + 1
    if count > 32:
        raise FormatError(f"SPS with {count} buffers, expected at most 32")
    bits.u(8)
    for _ in range(count):
        bits.ue()
        bits.ue()
        bits.u(1)
    bits.u(20)
