"""What a camera's encoder process is told, and what it answers, over pipes.

    offset  size  field
    0       1     kind: 0 order, 1 parameters, 2 picture, 3 taken, 4 failure
    1       1     rendition (``streams.rendition``); of what goes in: 0
    2       1     codec: 0 none, 1 H.264, 2 H.265, 3 MJPEG
    3       1     1: key frame
    4       4     length of the body
    8       8     capture time, seconds since the epoch (IEEE 754 double)
    16      8     presentation timestamp in 1/90000 s (two's complement)
    24      -     body

In: orders (JSON, which renditions and masks there shall be from here on; one of no renditions lets it forget all that
came before), parameters (the parameter sets, each with its
length before it, in the order in which a decoder wants them) and pictures (access units as in ``AccessUnit.data``).
Out: parameters and pictures of renditions; ``taken`` once it listens and after every picture that went in; a failure
(JSON, code and sentence) last. All integers are big-endian.
"""

import json
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from math import isfinite

from streams.access_unit import Codec
from streams.errors import FormatError
from streams.formats import failure as reason
from streams.formats.h264 import join_avcc, split_avcc
from streams.rendition import Rendition

HEADER = struct.Struct(">BBBBIdq")
MAX_BODY_BYTES = 8 * 1024 * 1024
MAX_JSON_BYTES = 256 * 1024
"""Of orders and failures: what JSON becomes in memory is many times as large."""

_CODECS: tuple[Codec | None, ...] = (None, "h264", "h265", "mjpeg")

Points = Sequence[Sequence[float]]

unpack_failure = reason.unpack


class Kind(IntEnum):
    ORDER = 0
    PARAMETERS = 1
    PICTURE = 2
    TAKEN = 3
    FAILURE = 4


@dataclass(frozen=True, slots=True)
class Head:
    kind: Kind
    rendition: Rendition
    codec: Codec | None
    is_key: bool
    length: int
    captured_at: float
    timestamp: int


def order(renditions: Iterable[Rendition], masks: Iterable[Points]) -> bytes:
    """They hold from the next picture on."""
    content = {"renditions": sorted(renditions), "masks": [[list(point) for point in mask] for mask in masks]}
    return _pack(Kind.ORDER, json.dumps(content).encode())


def parameters(codec: Codec, nals: Iterable[bytes], rendition: Rendition = Rendition.SOURCE) -> bytes:
    """They hold for the pictures that follow."""
    return _pack(Kind.PARAMETERS, join_avcc(nals), codec=codec, rendition=rendition)


def picture(
    data: bytes,
    *,
    codec: Codec,
    is_key: bool,
    captured_at: float,
    timestamp: int,
    rendition: Rendition = Rendition.SOURCE,
) -> bytes:
    """
    Raises:
        FormatError: larger than ``MAX_BODY_BYTES``.
    """
    if len(data) > MAX_BODY_BYTES:
        raise FormatError(f"a picture of {len(data)} bytes, expected at most {MAX_BODY_BYTES}")
    head = HEADER.pack(Kind.PICTURE, rendition, _CODECS.index(codec), is_key, len(data), captured_at, timestamp)
    return head + data


def taken() -> bytes:
    return _pack(Kind.TAKEN, b"")


def failure(code: str, sentence: str) -> bytes:
    return _pack(Kind.FAILURE, reason.pack(code, sentence))


def unpack_header(header: bytes) -> Head:
    """
    Raises:
        FormatError: unknown numbers or too large a body. The process decodes what strangers send: it is not trusted.
    """
    kind, rendition, codec, is_key, length, captured_at, timestamp = HEADER.unpack(header)
    if not isfinite(captured_at):
        raise FormatError(f"an encoder's message with a capture time of {captured_at}")
    most = MAX_JSON_BYTES if kind in {Kind.ORDER, Kind.FAILURE} else MAX_BODY_BYTES
    if kind > Kind.FAILURE or rendition > Rendition.STILLS or codec >= len(_CODECS) or length > most:
        raise FormatError(
            f"an encoder's message of kind {kind}, rendition {rendition}, codec {codec} and {length} bytes,"
            f" expected at most {Kind.FAILURE:d}, {Rendition.STILLS:d}, {len(_CODECS) - 1} and {most}"
        )
    return Head(Kind(kind), Rendition(rendition), _CODECS[codec], bool(is_key), length, captured_at, timestamp)


def unpack_order(body: bytes) -> tuple[frozenset[Rendition], list[list[tuple[float, float]]]]:
    """Renditions, and the points of the masks.

    Raises:
        FormatError: it is none.
    """
    try:
        content = json.loads(body)
        masks = [[(float(x), float(y)) for x, y in mask] for mask in content["masks"]]
        return frozenset(map(Rendition, content["renditions"])), masks
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
        raise FormatError("an order that can't be read") from error


def unpack_parameters(body: bytes) -> list[bytes]:
    """
    Raises:
        FormatError: a parameter set is cut off.
    """
    return split_avcc(body)


def _pack(kind: Kind, body: bytes, *, codec: Codec | None = None, rendition: Rendition = Rendition.SOURCE) -> bytes:
    return HEADER.pack(kind, rendition, _CODECS.index(codec), 0, len(body), 0.0, 0) + body
