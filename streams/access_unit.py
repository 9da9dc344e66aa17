"""What a camera reader gives: one picture of a stream, still encoded."""

from dataclasses import dataclass
from typing import Literal

Codec = Literal["h264", "h265", "mjpeg"]

CLOCK_HZ = 90_000
"""Ticks per second of every video timestamp here (RTP clock of H.264, RFC 6184 §8.2.1)."""


@dataclass(frozen=True, slots=True)
class VideoParameters:
    """What a decoder must know before the first picture.

    Compared by value at each key frame: another value means a new init segment.
    """

    codec: Codec
    width: int
    """Luma samples after cropping; 0 when unknown (MJPEG)."""
    height: int
    codec_string: str
    """RFC 6381, ``avc1.64001F`` for example; ``image/jpeg`` for MJPEG."""
    sps: tuple[bytes, ...] = ()
    """NAL units without start code or length."""
    pps: tuple[bytes, ...] = ()
    vps: tuple[bytes, ...] = ()
    """Of H.265."""


@dataclass(frozen=True, slots=True)
class AccessUnit:
    """One picture.

    ``data`` is length-prefixed NAL units (4 bytes, big-endian; ISO 14496-15 §5.3) without parameter sets and
    access unit delimiters, or one whole JPEG.
    """

    parameters: VideoParameters
    data: bytes
    is_key: bool
    """A decoder can start here. Always true for MJPEG."""
    captured_at: float
    """Seconds since the epoch, UTC, on the clock of this machine, when the last byte of the picture had arrived.
    Cameras' own clocks are wrong too often to be shown to people."""
    timestamp: int | None = None
    """The source's own clock in 1/90000 s, any origin, wrapping at 2**32; None when it gives none."""
    composition_offset: int = 0
    """Presentation minus decode time in 1/90000 s; other than 0 only where the source reorders pictures (B-frames) and
    says how, as files do."""
    is_recovery: bool = False
    """Of a key picture: not an IDR picture but a recovery point, from which on it takes a decoder some pictures to have
    them whole. Browsers do not start there."""
