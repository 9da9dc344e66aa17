"""Pieces: a WebSocket message cut into several frames, between which control frames may stand (RFC 6455 §5.4, §5.5)."""

from collections.abc import Iterator

_FINAL, _OPCODE, _PING = 0x80, 0x0F, 0x09


def ping_frame(mark: int) -> bytes:
    """One whole ping; its answer has the same 8 bytes."""
    return _head(_FINAL | _PING, 8) + mark.to_bytes(8)


def split(frames: bytes) -> Iterator[bytes]:
    """Whole unmasked frames that were put together for one writing."""
    at = 0
    while at < len(frames):
        offset, length = _payload(frames, at)
        end = offset + length
        yield frames if end - at == len(frames) else frames[at:end]
        at = end


def first_piece(frame: bytes, size: int) -> tuple[bytes, memoryview]:
    """The beginning of a message as a frame of its own, with ``size`` bytes of the payload at most, and the rest of
    the payload, not copied."""
    offset, length = _payload(frame, 0)
    if length <= size:
        return frame, memoryview(b"")
    payload = memoryview(frame)[offset:]
    return _head(frame[0] & _OPCODE, size) + payload[:size], payload[size:]


def next_piece(payload: memoryview, size: int) -> tuple[bytes, memoryview]:
    """Another piece of a message that has begun, and the rest."""
    rest = payload[size:]
    return _head(0 if rest else _FINAL, min(size, len(payload))) + payload[:size], rest


def _payload(frames: bytes, at: int) -> tuple[int, int]:
    """Where the payload of the frame at ``at`` begins, and its length."""
    length = frames[at + 1]
    if length < 126:
        return at + 2, length
    if length == 126:
        return at + 4, int.from_bytes(frames[at + 2 : at + 4])
    return at + 10, int.from_bytes(frames[at + 2 : at + 10])


def _head(first: int, length: int) -> bytes:
    if length < 126:
        return bytes((first, length))
    if length < 65536:
        return bytes((first, 126)) + length.to_bytes(2)
    return bytes((first, 127)) + length.to_bytes(8)
