"""What a packets worker tells the process that started it, over a pipe: parameters, pictures, and why it ended.

    offset  size  field
    0       1     kind: 0 parameters, 1 picture, 2 failure
    1       1     1: key frame
    2       4     length of the body
    6       8     timestamp in 1/90000 s (two's complement)
    14      4     composition offset in 1/90000 s (two's complement)
    18      -     body: JSON of parameters or failure, or the access unit

All integers are big-endian.
"""

import json
import struct
from enum import IntEnum
from typing import Any

from streams.access_unit import VideoParameters
from streams.errors import FormatError
from streams.formats import failure as reason
from streams.formats import h264, h265

unpack_failure = reason.unpack

HEADER = struct.Struct(">BBIqi")
MAX_BODY_BYTES = 8 * 1024 * 1024
MAX_JSON_BYTES = 256 * 1024
"""Of parameters and failures: what JSON becomes in memory is many times as large."""


class Kind(IntEnum):
    PARAMETERS = 0
    PICTURE = 1
    FAILURE = 2


def parameters(described: VideoParameters) -> bytes:
    """They hold for the pictures that follow."""
    sets = {"vps": described.vps, "sps": described.sps, "pps": described.pps}
    content = {name: [nal.hex() for nal in nals] for name, nals in sets.items()}
    return _message(Kind.PARAMETERS, _json({"codec": described.codec, **content}))


def picture(data: bytes, *, is_key: bool, timestamp: int, composition_offset: int) -> bytes:
    """
    Raises:
        FormatError: larger than ``MAX_BODY_BYTES``.
    """
    if len(data) > MAX_BODY_BYTES:
        raise FormatError(f"a picture of {len(data)} bytes, expected at most {MAX_BODY_BYTES}")
    return HEADER.pack(Kind.PICTURE, is_key, len(data), timestamp, composition_offset) + data


def failure(code: str, sentence: str) -> bytes:
    return _message(Kind.FAILURE, reason.pack(code, sentence))


def unpack_header(header: bytes) -> tuple[Kind, bool, int, int, int]:
    """Kind, whether it is a key frame, length of the body, timestamp, composition offset.

    Raises:
        FormatError: an unknown kind or too large a body. The worker reads what strangers send: it is not trusted.
    """
    kind, is_key, length, timestamp, offset = HEADER.unpack(header)
    most = MAX_BODY_BYTES if kind == Kind.PICTURE else MAX_JSON_BYTES
    if kind > Kind.FAILURE or length > most:
        raise FormatError(f"a message of kind {kind} and {length} bytes, expected kinds 0..2 and {most} bytes")
    return Kind(kind), bool(is_key), length, timestamp, offset


def unpack_parameters(body: bytes) -> VideoParameters:
    """
    Raises:
        FormatError: they are none, or of another codec than H.264 and H.265.
    """
    try:
        content = json.loads(body)
        codec = content["codec"]
        vps, sps, pps = (tuple(bytes.fromhex(nal) for nal in content[name]) for name in ("vps", "sps", "pps"))
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise FormatError("parameters that can't be read") from error
    if codec == "h264":
        return h264.video_parameters(sps, pps)
    if codec == "h265":
        return h265.video_parameters(vps, sps, pps)
    raise FormatError("parameters of a codec that is neither h264 nor h265")


def _message(kind: Kind, body: bytes) -> bytes:
    return HEADER.pack(kind, 0, len(body), 0, 0) + body


def _json(content: Any) -> bytes:
    return json.dumps(content).encode()
