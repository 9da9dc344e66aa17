"""Bulletins: people who are wanted, on tablets until the bulletin is cancelled or runs out.

Who is shown in one and is not wanted any more must not be stopped for it. So what has ended is told by nothing but its
tombstone, whoever asks, and whatever was written to the log before (store/replays.py).
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from enum import StrEnum
from typing import Any

from server.core.audience import EVERYBODY, Audience
from server.core.people import Person

RUNS_OUT = "server"
"""Who ends a bulletin that has expired."""
_TOMBSTONE = (
    "id",
    "number",
    "revision",
    "state",
    "sent_ms",
    "expires_ms",
    "ended_ms",
    "ended_by",
    "reason",
    "revised_ms",
)


class BulletinState(StrEnum):
    ACTIVE = "active"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class BulletinPhoto:
    """A photo with where it is from; its thumbnail rides in the bulletin."""

    media: Mapping[str, Any]
    """docs/wire.md §3 (``media``)."""
    source: str
    taken: str
    """The day, ``2026-11-18``."""

    @property
    def id(self) -> str:
        return str(self.media["id"])

    def to_wire(self) -> dict[str, Any]:
        return {**self.media, "source": self.source, "taken": self.taken}

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> "BulletinPhoto":
        media = {name: value for name, value in wire.items() if name not in ("source", "taken")}
        return cls(media, wire["source"], wire["taken"])


@dataclass(frozen=True, slots=True)
class Cleared:
    """Somebody who looks like it, is known, and is *not* this person."""

    note: str
    by: str
    at_ms: int


@dataclass(frozen=True, slots=True)
class BulletinRecord:
    """A bulletin as it stands, or stood when it ended; docs/wire.md §3."""

    id: str
    number: int
    revision: int
    status: str
    name: str
    why: str
    caution: str
    legal_basis: str
    issuer: str
    verify: str
    photos: tuple[BulletinPhoto, ...]
    recipients: tuple[str, ...] | None
    """Ids of people, sorted; None: everybody."""
    sent_by: str
    sent_ms: int
    expires_ms: int
    revised_ms: int
    revised_by: str
    state: BulletinState = BulletinState.ACTIVE
    cleared: tuple[Cleared, ...] = ()
    reason: str = ""
    changes: tuple[str, ...] = ()
    """Fields that this revision says otherwise than the one before."""
    ended_ms: int | None = None
    ended_by: str | None = None

    @property
    def audience(self) -> Audience:
        return EVERYBODY if self.recipients is None else Audience.of_people(self.recipients)

    @property
    def has_ended(self) -> bool:
        return self.state is not BulletinState.ACTIVE

    def is_live(self, now_ms: int) -> bool:
        """Whether it may be shown and its photos be opened."""
        return not self.has_ended and now_ms < self.expires_ms

    def at(self, now_ms: int) -> "BulletinRecord":
        """As it is now: one whose time has run out has expired, whether or not somebody has written that down yet."""
        return self.expired() if not self.has_ended and now_ms >= self.expires_ms else self

    def revised(self, by: str, now_ms: int, *, reason: str, changes: Mapping[str, Any]) -> "BulletinRecord":
        """The next revision, which has to be acknowledged anew."""
        return replace(
            self,
            revision=self.revision + 1,
            revised_by=by,
            revised_ms=now_ms,
            reason=reason,
            **{**changes, "changes": tuple(changes)},
        )

    def renewed(self, expires_ms: int) -> "BulletinRecord":
        """The same revision: who has acknowledged it need not do so again."""
        return replace(self, expires_ms=expires_ms)

    def cleared_of(self, note: str, by: str, now_ms: int) -> "BulletinRecord":
        """The next revision, with one more who is not this person."""
        cleared = (*self.cleared, Cleared(note, by, now_ms))
        return self.revised(by, now_ms, reason="", changes={"cleared": cleared})

    def cancelled(self, by: str, now_ms: int, *, reason: str) -> "BulletinRecord":
        """The next revision, the last one; one that has ended stays as it is."""
        if self.has_ended:
            return self
        ended = replace(self, state=BulletinState.CANCELLED, ended_ms=now_ms, ended_by=by, changes=())
        return replace(ended, revision=self.revision + 1, revised_by=by, revised_ms=now_ms, reason=reason)

    def expired(self) -> "BulletinRecord":
        """The same revision: everybody was told when it would end, so nobody has to be called about it."""
        return replace(self, state=BulletinState.EXPIRED, ended_ms=self.expires_ms, ended_by=RUNS_OUT, reason="")

    def to_wire(self) -> dict[str, Any]:
        """For everybody: of one that has ended, what is left of it."""
        whole = self.to_json()
        return {name: whole[name] for name in _TOMBSTONE} if self.has_ended else whole

    def to_json(self) -> dict[str, Any]:
        """All of it, also after the end: for the database only."""
        wire: dict[str, Any] = {field.name: getattr(self, field.name) for field in fields(self)}
        wire["state"] = self.state.value
        wire["photos"] = [photo.to_wire() for photo in self.photos]
        wire["cleared"] = [asdict(cleared) for cleared in self.cleared]
        wire["recipients"] = None if self.recipients is None else list(self.recipients)
        wire["changes"] = list(self.changes)
        return wire

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "BulletinRecord":
        """Read what ``to_json`` wrote."""
        recipients = value["recipients"]
        read = {
            "state": BulletinState(value["state"]),
            "photos": tuple(BulletinPhoto.from_wire(photo) for photo in value["photos"]),
            "cleared": tuple(Cleared(**cleared) for cleared in value["cleared"]),
            "recipients": None if recipients is None else tuple(recipients),
            "changes": tuple(value["changes"]),
        }
        return cls(**{**value, **read})


def has_run_out(wire: Mapping[str, Any], now_ms: int) -> bool:
    """Whether the time of a bulletin in its wire form is over while it is still said to be active."""
    return bool(wire["state"] == BulletinState.ACTIVE and wire["expires_ms"] <= now_ms)


def run_out(wire: Mapping[str, Any]) -> dict[str, Any]:
    """What is left of an active bulletin in its wire form when its time has run out."""
    end = {"state": BulletinState.EXPIRED.value, "ended_ms": wire["expires_ms"], "ended_by": RUNS_OUT, "reason": ""}
    return {name: wire[name] for name in _TOMBSTONE} | end


def bulletins_for(person: Person, bulletins: Iterable[BulletinRecord]) -> list[BulletinRecord]:
    """Those that concern him, in the order given."""
    return [bulletin for bulletin in bulletins if bulletin.audience.concerns(person)]
