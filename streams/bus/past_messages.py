"""What is said on the bus about the past of a camera, beside the pictures themselves.

    server → all streams processes     PastAsk       what was there from then to then?
    streams → that server              PastHead      I have so many messages of it, or none, and why
    server → all streams processes     PastCredit    send me so many bytes of it; more as I take them
    streams → that server              the messages, each a whole fragment, in order
    streams → that server              PastEnd       those were all

Credit, because a bus holds what somebody slow does not take until it cuts him off: nobody is sent more than he has
asked for, so nothing of a past is ever lost without a word.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, TypeVar

from streams.errors import FormatError

_Message = TypeVar("_Message")


@dataclass(frozen=True, slots=True)
class PastAsk:
    ask: str
    """Names the ask; the channel of the answer is called by it."""
    camera_number: int
    from_ms: int
    to_ms: int

    def to_json(self) -> bytes:
        return json.dumps(asdict(self)).encode()


@dataclass(frozen=True, slots=True)
class PastCredit:
    ask: str
    streams: str
    """The process whose answer is taken: several may have some."""
    credit_bytes: int
    """So many in all, from the first on; 0: nothing more is wanted."""

    def to_json(self) -> bytes:
        return json.dumps(asdict(self)).encode()


@dataclass(frozen=True, slots=True)
class PastHead:
    streams: str
    messages: int
    """0: there are none, for this ``reason``."""
    from_ms: int = 0
    """Capture times of the first and the last picture."""
    to_ms: int = 0
    clock: tuple[tuple[int, int], ...] = ()
    """See ``streams.past.Span``."""
    reason: str = ""
    is_all: bool = False
    """Nobody else has more of it."""

    def to_json(self) -> bytes:
        return json.dumps(asdict(self)).encode()


@dataclass(frozen=True, slots=True)
class PastEnd:
    streams: str
    sent: int

    def to_json(self) -> bytes:
        return json.dumps(asdict(self)).encode()


def read_request(payload: bytes) -> PastAsk | PastCredit:
    """What a server says.

    Raises:
        FormatError: something else.
    """
    return _read(payload, lambda fields: _credit(fields) if "credit_bytes" in fields else _ask(fields))


def read_answer(payload: bytes) -> PastHead | PastEnd:
    """What a streams process says.

    Raises:
        FormatError: something else.
    """
    return _read(payload, lambda fields: _end(fields) if "sent" in fields else _head(fields))


def _read(payload: bytes, make: Callable[[Mapping[str, Any]], _Message]) -> _Message:
    try:
        return make(json.loads(payload))
    except (ValueError, KeyError, TypeError, OverflowError) as error:
        raise FormatError(f"not about the past: {payload[:100]!r}") from error


def _ask(fields: Mapping[str, Any]) -> PastAsk:
    return PastAsk(
        ask=str(fields["ask"]),
        camera_number=int(fields["camera_number"]),
        from_ms=int(fields["from_ms"]),
        to_ms=int(fields["to_ms"]),
    )


def _credit(fields: Mapping[str, Any]) -> PastCredit:
    return PastCredit(str(fields["ask"]), str(fields["streams"]), int(fields["credit_bytes"]))


def _head(fields: Mapping[str, Any]) -> PastHead:
    return PastHead(
        streams=str(fields["streams"]),
        messages=int(fields["messages"]),
        from_ms=int(fields["from_ms"]),
        to_ms=int(fields["to_ms"]),
        clock=tuple((int(captured_ms), int(dts)) for captured_ms, dts in fields["clock"]),
        reason=str(fields["reason"]),
        is_all=bool(fields.get("is_all", False)),
    )


def _end(fields: Mapping[str, Any]) -> PastEnd:
    return PastEnd(str(fields["streams"]), int(fields["sent"]))
