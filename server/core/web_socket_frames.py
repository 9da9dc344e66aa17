"""What a client sends on a WebSocket: bytes in, messages out (RFC 6455 §5). No extensions, 64 KiB a message at most."""

from dataclasses import dataclass
from enum import IntEnum

from server.core.wire import MAX_MESSAGE_BYTES, CloseCode

_FINAL, _RESERVED, _OPCODE, _MASKED, _LENGTH = 0x80, 0x70, 0x0F, 0x80, 0x7F
_MAX_CONTROL_BYTES = 125
_NO_MASK = bytes(4)
_NOT_FOR_THE_WIRE = frozenset({1004, 1005, 1006, 1015})


class Opcode(IntEnum):
    CONTINUATION = 0
    TEXT = 1
    BINARY = 2
    CLOSE = 8
    PING = 9
    PONG = 10


_KNOWN = frozenset(map(int, Opcode))


class Refused(Exception):
    """What came ends the connection: with this code, for this reason."""

    def __init__(self, code: CloseCode, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Text:
    text: str


@dataclass(frozen=True, slots=True)
class Binary:
    payload: bytes


@dataclass(frozen=True, slots=True)
class Ping:
    payload: bytes


@dataclass(frozen=True, slots=True)
class Pong:
    payload: bytes


@dataclass(frozen=True, slots=True)
class Close:
    code: int | None
    """None when the client gave none."""


Message = Text | Binary | Ping | Pong | Close


class FrameReader:
    """Puts together what arrives in any pieces. Control frames come out between the parts of a message, as they may."""

    __slots__ = ("_at", "_buffer", "_opcode", "_parts")

    def __init__(self) -> None:
        self._buffer = b""
        self._at = 0
        self._opcode: int | None = None
        """Of the message that has begun and is not complete."""
        self._parts = b""

    @property
    def waiting_bytes(self) -> int:
        """What was fed and not taken out yet."""
        return len(self._buffer) - self._at

    def feed(self, data: bytes) -> None:
        if self._at == len(self._buffer):
            self._buffer, self._at = data, 0
        else:
            self._buffer, self._at = self._buffer[self._at :] + data, 0

    def next(self) -> Message | None:
        """The next whole message; None when more has to come first.

        Raises:
            Refused: a frame that may not be sent, or a message that is too large or no UTF-8. Nothing after it counts.
        """
        while (frame := self._frame()) is not None:
            first, payload = frame
            message = self._message(first & _OPCODE, bool(first & _FINAL), payload)
            if message is not None:
                return message
        return None

    def _frame(self) -> tuple[int, bytes] | None:
        """First byte and payload of the next whole frame."""
        buffer, at = self._buffer, self._at
        if len(buffer) < at + 2:
            return None
        first, length = buffer[at], buffer[at + 1] & _LENGTH
        opcode = first & _OPCODE
        if first & _RESERVED or opcode not in _KNOWN or not buffer[at + 1] & _MASKED:
            raise Refused(CloseCode.PROTOCOL_ERROR, "A frame must be masked, of a known kind, without extensions.")
        if opcode >= Opcode.CLOSE and (length > _MAX_CONTROL_BYTES or not first & _FINAL):
            raise Refused(CloseCode.PROTOCOL_ERROR, "A control frame has at most 125 bytes and no parts.")
        at += 2
        if length > _MAX_CONTROL_BYTES:
            size = 2 if length == 126 else 8
            if len(buffer) < at + size:
                return None
            length = int.from_bytes(buffer[at : at + size])
            at += size
        if opcode < Opcode.CLOSE and len(self._parts) + length > MAX_MESSAGE_BYTES:
            # Said before it is here: nobody makes us keep more.
            raise Refused(CloseCode.TOO_LARGE, f"A message has at most {MAX_MESSAGE_BYTES} bytes.")
        end = at + 4 + length
        if len(buffer) < end:
            return None
        self._at = end
        payload = _unmasked(buffer[at + 4 : end], buffer[at : at + 4])
        if end == len(buffer):
            self._buffer, self._at = b"", 0
        return first, payload

    def _message(self, opcode: int, is_final: bool, payload: bytes) -> Message | None:
        match opcode:
            case Opcode.PING:
                return Ping(payload)
            case Opcode.PONG:
                return Pong(payload)
            case Opcode.CLOSE:
                return _close(payload)
            case _:
                return self._part(opcode, is_final, payload)

    def _part(self, opcode: int, is_final: bool, payload: bytes) -> Message | None:
        """Text or binary, whole or in parts."""
        if (opcode == Opcode.CONTINUATION) is (self._opcode is None):
            raise Refused(CloseCode.PROTOCOL_ERROR, "The parts of a message must follow each other.")
        if opcode == Opcode.CONTINUATION:
            assert self._opcode is not None, "seen just now"
            opcode, payload = self._opcode, self._parts + payload
        if not is_final:
            self._opcode, self._parts = opcode, payload
            return None
        self._opcode, self._parts = None, b""
        return Text(_text(payload)) if opcode == Opcode.TEXT else Binary(payload)


def _unmasked(payload: bytes, mask: bytes) -> bytes:
    if mask == _NO_MASK:
        return payload
    size = len(payload)
    # As one large number: a loop over bytes would take a hundred times as long.
    key = (mask * (size // 4 + 1))[:size]
    return (int.from_bytes(payload) ^ int.from_bytes(key)).to_bytes(size)


def _close(payload: bytes) -> Close:
    if not payload:
        return Close(None)
    code = int.from_bytes(payload[:2])
    if len(payload) == 1 or not 1000 <= code < 5000 or code in _NOT_FOR_THE_WIRE or 1016 <= code < 3000:
        raise Refused(CloseCode.PROTOCOL_ERROR, "A close frame has a code that may be sent.")
    _text(payload[2:])
    return Close(code)


def _text(payload: bytes) -> str:
    try:
        return payload.decode()
    except UnicodeDecodeError:
        raise Refused(CloseCode.INVALID_TEXT, "Text must be UTF-8.") from None
