"""Clips: what a camera saw in a span of time, kept for a reason and not longer than it lasts (docs/wire.md §6.8)."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from enum import StrEnum
from typing import Any

from server.core.body import client_id, milliseconds, text
from server.errors import RequestInvalid
from streams.formats.mp4_file import Piece

MAX_SPAN_MS = 3600 * 1000
MAX_AHEAD_MS = 60 * 1000
"""How far from now a clip may begin."""
MAX_WHY_CHARACTERS = 500
_DAY_MS = 24 * 3600 * 1000
BEARABLE_MS = 2000
"""Less than that without a picture is the pace of a slow camera, not a hole."""

MISSING = {
    "start": "Nothing of this time was kept: the camera was not connected yet, or it was asked for too late.",
    "end": "The camera gave no picture any more.",
    "gap": "The camera was lost.",
    "lost": "Pictures were lost on the way to the server.",
    "restarted": "The reader of the camera began anew.",
    "codec": "The camera sent pictures of another codec, which do not fit into the file.",
}


class ClipState(StrEnum):
    WANTED = "wanted"
    """No server has begun yet."""
    RECORDING = "recording"
    KEPT = "kept"
    FAILED = "failed"
    REMOVED = "removed"

    @property
    def is_running(self) -> bool:
        return self in (ClipState.WANTED, ClipState.RECORDING)


@dataclass(frozen=True, slots=True)
class ClipOrder:
    """The body of ``POST /api/clips``."""

    id: str
    camera: str
    from_ms: int
    to_ms: int
    why: str
    alert_id: str | None = None

    @classmethod
    def parse(cls, body: Mapping[str, Any]) -> "ClipOrder":
        """
        Raises:
            RequestInvalid: a field is missing or of the wrong kind, or the span is empty or longer than an hour.
        """
        order = cls(
            id=client_id(body, "id"),
            camera=text(body, "camera", max_characters=200),
            from_ms=milliseconds(body, "from_ms"),
            to_ms=milliseconds(body, "to_ms"),
            why=text(body, "why", max_characters=MAX_WHY_CHARACTERS).strip(),
            alert_id=text(body, "alert", max_characters=64, default="") or None,
        )
        if order.id == "key":
            raise RequestInvalid("'id' can't be 'key': there is something else at that address.", path="id")
        if not 0 < order.to_ms - order.from_ms <= MAX_SPAN_MS:
            raise RequestInvalid("'to_ms' must come after 'from_ms', by an hour at most.", path="to_ms")
        return order

    def check(self, now_ms: int) -> None:
        """
        Raises:
            RequestInvalid: it begins later than a minute from now.
        """
        if self.from_ms > now_ms + MAX_AHEAD_MS:
            raise RequestInvalid("'from_ms' is more than a minute ahead; check the clock.", path="from_ms")

    def to_json(self) -> dict[str, Any]:
        """What is compared when the same id comes again."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class ClipCamera:
    """A camera as a clip names it: as it was called when the clip was ordered."""

    id: str
    number: int
    name: str
    masks: int = 0
    """Parts of its picture that nobody may see."""


@dataclass(frozen=True, slots=True)
class Hole:
    """Time that was asked for and of which there are no pictures. Milliseconds since the epoch."""

    from_ms: int
    to_ms: int
    why: str


@dataclass(frozen=True, slots=True)
class Film:
    """What a file holds."""

    name: str
    """Of the file, in the store of clips."""
    sha256: str
    bytes: int
    codec: str
    pieces: tuple[Piece, ...]

    @property
    def pictures(self) -> int:
        return sum(piece.pictures for piece in self.pieces)


@dataclass(frozen=True, slots=True)
class LegalHold:
    by: str
    at_ms: int
    reason: str


@dataclass(frozen=True, slots=True)
class ClipRecord:
    """A clip as it stands; docs/wire.md §6.8."""

    id: str
    number: int
    state: ClipState
    camera: ClipCamera
    from_ms: int
    to_ms: int
    why: str
    alert_id: str | None
    asked_by: str
    asked_ms: int
    reason: str = ""
    """Why it failed."""
    first_ms: int | None = None
    last_ms: int | None = None
    pictures: int = 0
    bytes: int = 0
    codec: str = ""
    sha256: str = ""
    holes: tuple[Hole, ...] = ()
    made_ms: int | None = None
    keep_until_ms: int | None = None
    """While a legal hold is on it, it stays longer."""
    hold: LegalHold | None = None
    removed_ms: int | None = None

    def kept(self, film: Film, *, now_ms: int, keep_ms: int) -> "ClipRecord":
        return replace(
            self,
            state=ClipState.KEPT,
            first_ms=min(piece.first_ms for piece in film.pieces),
            last_ms=max(piece.last_ms for piece in film.pieces),
            pictures=film.pictures,
            bytes=film.bytes,
            codec=film.codec,
            sha256=film.sha256,
            holes=holes(self.from_ms, self.to_ms, film.pieces),
            made_ms=now_ms,
            keep_until_ms=now_ms + keep_ms,
        )

    def failed(self, reason: str, *, now_ms: int) -> "ClipRecord":
        return replace(self, state=ClipState.FAILED, reason=reason, made_ms=now_ms)

    def removed(self, *, now_ms: int) -> "ClipRecord":
        return replace(self, state=ClipState.REMOVED, removed_ms=now_ms)

    def to_wire(self) -> dict[str, Any]:
        wire = {one.name: getattr(self, one.name) for one in fields(self)}
        wire["state"] = self.state.value
        wire["camera"] = asdict(self.camera)
        wire["holes"] = [asdict(hole) for hole in self.holes]
        wire["hold"] = asdict(self.hold) if self.hold else None
        return wire

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> "ClipRecord":
        """Read what ``to_wire`` wrote."""
        changed = {
            "state": ClipState(wire["state"]),
            "camera": ClipCamera(**wire["camera"]),
            "holes": tuple(Hole(**hole) for hole in wire["holes"]),
            "hold": LegalHold(**wire["hold"]) if wire["hold"] else None,
        }
        return cls(**{**wire, **changed})


@dataclass(frozen=True, slots=True)
class Retention:
    """How long clips stay, from the moment they were made."""

    keep_ms: int
    keep_of_alerts_ms: int

    @classmethod
    def of_days(cls, keep_days: int, keep_days_of_alerts: int) -> "Retention":
        return cls(keep_days * _DAY_MS, keep_days_of_alerts * _DAY_MS)

    def of(self, clip: ClipRecord) -> int:
        return self.keep_of_alerts_ms if clip.alert_id is not None else self.keep_ms


def holes(from_ms: int, to_ms: int, pieces: Iterable[Piece]) -> tuple[Hole, ...]:
    """The parts of a span that the pieces leave out, in order. A clock that was set back leaves no hole behind."""
    found: list[Hole] = []
    seen_ms, why = from_ms, MISSING["start"]
    for number, piece in enumerate(pieces):
        bearable_ms = BEARABLE_MS if number == 0 or piece.why == "restarted" else 0
        if number:
            why = MISSING[piece.why]
        if piece.first_ms - seen_ms > bearable_ms:
            found.append(Hole(seen_ms, piece.first_ms, why))
        seen_ms = max(seen_ms, piece.last_ms)
    if to_ms - seen_ms > BEARABLE_MS:
        found.append(Hole(seen_ms, to_ms, MISSING["end"]))
    return tuple(found)
