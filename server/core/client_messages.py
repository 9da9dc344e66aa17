"""What clients say on both sockets of docs/wire.md, as values."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from server.core.body import checked_text, json_kind, text
from server.core.json_text import parse_json
from server.core.renditions import CODECS, USUAL_CODECS
from server.errors import RequestInvalid
from streams.rendition import Rendition

MAX_PURPOSE_CHARACTERS = 200
MAX_NAME_CHARACTERS = 200

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Resume:
    installation: str
    position: int


@dataclass(frozen=True, slots=True)
class AskSnapshot:
    pass


@dataclass(frozen=True, slots=True)
class Heartbeat:
    pass


@dataclass(frozen=True, slots=True)
class GiveReceipt:
    """A receipt command. Its fields are judged by core/receipts.py, so that a wrong one gets an answer of its own."""

    id: str
    body: Json


@dataclass(frozen=True, slots=True)
class GiveReport:
    """How far items have come. Its fields are judged by core/reports.py, so that a wrong one gets its own answer."""

    number: int
    body: Json


@dataclass(frozen=True, slots=True)
class GiveCommand:
    """A command for an alert. Its fields are judged by core/commands.py, so that a wrong one gets its own answer."""

    id: str
    body: Json


@dataclass(frozen=True, slots=True)
class GivePosition:
    """Where the device is. Its fields are judged by core/positions.py, so that a wrong one gets an error of its own."""

    body: Json


@dataclass(frozen=True, slots=True)
class Subscribe:
    camera: str
    purpose: str
    quality: Rendition | None = None
    """None: whichever the link carries."""
    codecs: frozenset[str] = USUAL_CODECS
    """Words of ``renditions.CODECS`` that the client can show; ``avc1`` or ``jpeg`` is one of them."""


@dataclass(frozen=True, slots=True)
class AskQuality:
    """Of a camera that is watched."""

    camera: str
    quality: Rendition | None
    purpose: str
    """Empty: that of the subscription."""


@dataclass(frozen=True, slots=True)
class Unsubscribe:
    camera: str


@dataclass(frozen=True, slots=True)
class Ack:
    camera_number: int
    sequence: int
    """0 to 2**32 - 1."""


EventsMessage = Resume | AskSnapshot | Heartbeat | GiveReceipt | GiveReport | GiveCommand | GivePosition
VideoMessage = Subscribe | AskQuality | Unsubscribe | Ack | Heartbeat


def parse_events(data: str) -> EventsMessage:
    """Read one text message of ``/ws/events`` (docs/wire.md §5.1 and §5.4).

    Raises:
        RequestError: no JSON object, no type that we know, or a field that is not what the protocol has.
    """
    message = _object(data)
    match message.get("type"):
        case "heartbeat":
            return Heartbeat()
        case "report":
            return GiveReport(_integer(message, "number"), message)
        case "command":
            return GiveCommand(_name(message, "id"), message)
        case "position":
            return GivePosition(message)
        case "receipt":
            return GiveReceipt(_name(message, "id"), message)
        case "resume":
            return Resume(_name(message, "installation"), _integer(message, "position"))
        case "snapshot":
            return AskSnapshot()
        case other:
            raise _unknown(other, "resume, snapshot, heartbeat, report, receipt, command or position")


def parse_video(data: str) -> VideoMessage:
    """Read one text message of ``/ws/video`` (docs/wire.md §8).

    Raises:
        RequestError: as ``parse_events``.
    """
    message = _object(data)
    match message.get("type"):
        case "ack":
            return Ack(_integer(message, "camera_number"), _integer(message, "sequence") & 0xFFFFFFFF)
        case "heartbeat":
            return Heartbeat()
        case "subscribe":
            quality = _quality({"quality": "auto", **message})
            return Subscribe(_name(message, "camera"), _purpose(message), quality, _codecs(message))
        case "quality":
            return AskQuality(_name(message, "camera"), _quality(message), _purpose(message))
        case "unsubscribe":
            return Unsubscribe(_name(message, "camera"))
        case other:
            raise _unknown(other, "subscribe, quality, unsubscribe, ack or heartbeat")


def _object(data: str) -> Json:
    message = parse_json(data)
    if not isinstance(message, dict):
        raise RequestInvalid(f"A message must be a JSON object, not {json_kind(message)}.")
    return message


def _purpose(message: Json) -> str:
    return text(message, "purpose", max_characters=MAX_PURPOSE_CHARACTERS, default="", path=message["type"])


def _quality(message: Json) -> Rendition | None:
    word = message.get("quality", "")
    if word == "auto":
        return None
    try:
        return Rendition.of(word)
    except (ValueError, TypeError):
        raise RequestInvalid(
            f"'{message['type']}.quality' must be auto, {', '.join(each.word for each in Rendition)}."
        ) from None


def _codecs(message: Json) -> frozenset[str]:
    words = message.get("codecs")
    if words is None:
        return USUAL_CODECS
    if not isinstance(words, list):
        raise RequestInvalid(f"'subscribe.codecs' must be a list, not {json_kind(words)}.")
    codecs = frozenset(codec for codec in CODECS if codec in words)
    if not codecs & USUAL_CODECS:
        raise RequestInvalid("'subscribe.codecs' must name avc1 or jpeg: only in these there is every camera.")
    return codecs


def _name(message: Json, key: str) -> str:
    where = f"{message['type']}.{key}"
    return checked_text(message.get(key), where, max_characters=MAX_NAME_CHARACTERS)


def _integer(message: Json, key: str) -> int:
    value = message.get(key)
    # `type() is`: true and 1.0 are no integers of the protocol.
    if type(value) is not int:
        raise RequestInvalid(f"'{message['type']}.{key}' must be an integer, not {json_kind(value)}.")
    return value


def _unknown(name: object, known: str) -> RequestInvalid:
    named = f"'{name[:40]}'" if isinstance(name, str) else json_kind(name)
    return RequestInvalid(f"'type' is {named}, expected {known}.")
