"""Commands for bulletins, and what becomes of a bulletin by them (docs/wire.md §6.4)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from server.core.body import client_id, json_kind, milliseconds, status, text
from server.core.bulletin_orders import HOUR_MS, MAX_CHARACTERS, PhotoOrder, check_days, photos_of, required
from server.core.bulletins import BulletinPhoto, BulletinRecord
from server.errors import ConflictRevision, ConflictState, RequestInvalid

RENEWAL_MS = 72 * HOUR_MS
MAX_REASON_CHARACTERS = 500


@dataclass(frozen=True, slots=True)
class Update:
    """What is said otherwise; None and an absent text: as before."""

    reason: str
    texts: Mapping[str, str]
    photos: tuple[PhotoOrder, ...] | None = None
    expires_ms: int | None = None
    status: str | None = None

    @classmethod
    def parse(cls, body: Mapping[str, Any]) -> "Update":
        given = {name: limit for name, limit in MAX_CHARACTERS.items() if name in body}
        return cls(
            reason=text(body, "reason", max_characters=MAX_REASON_CHARACTERS).strip(),
            texts={name: required(body, name, max_characters=limit) for name, limit in given.items()},
            photos=photos_of(body) if "photos" in body else None,
            expires_ms=milliseconds(body, "expires_ms") if "expires_ms" in body else None,
            status=status(body) if "status" in body else None,
        )

    def changes(self, present: BulletinRecord, photos: tuple[BulletinPhoto, ...] | None, now_ms: int) -> dict[str, Any]:
        """The fields that are really different.

        Args:
            photos: those of the order, found; None as in the order.

        Raises:
            RequestInvalid: nothing is, a day is in the future, or it would last longer than before.
        """
        check_days(self.photos or (), now_ms)
        wanted: dict[str, Any] = {**self.texts, "photos": photos, "expires_ms": self.expires_ms, "status": self.status}
        changes = {
            name: value for name, value in wanted.items() if value is not None and value != getattr(present, name)
        }
        if not changes:
            raise RequestInvalid("This says nothing that the bulletin does not say already.")
        if "expires_ms" in changes and not now_ms < changes["expires_ms"] < present.expires_ms:
            message = "'expires_ms' can only be brought forward by an update; 'renew' makes a bulletin last longer."
            raise RequestInvalid(message, path="expires_ms")
        return changes


@dataclass(frozen=True, slots=True)
class Renew:
    expires_ms: int | None = None
    """None: 72 hours from now."""

    @classmethod
    def parse(cls, body: Mapping[str, Any]) -> "Renew":
        return cls(None if body.get("expires_ms") is None else milliseconds(body, "expires_ms"))

    def expiry_ms(self, present: BulletinRecord, now_ms: int) -> int:
        """When it ends now; a renewal never makes it end earlier.

        Raises:
            RequestInvalid: in the past, or more than 72 hours ahead.
        """
        asked_ms = now_ms + RENEWAL_MS if self.expires_ms is None else self.expires_ms
        if not now_ms < asked_ms <= now_ms + RENEWAL_MS:
            raise RequestInvalid("'expires_ms' must be within the next 72 hours.", path="expires_ms")
        return max(asked_ms, present.expires_ms)


@dataclass(frozen=True, slots=True)
class Cancel:
    reason: str

    @classmethod
    def parse(cls, body: Mapping[str, Any]) -> "Cancel":
        return cls(text(body, "reason", max_characters=MAX_REASON_CHARACTERS).strip())


@dataclass(frozen=True, slots=True)
class Clear:
    note: str

    @classmethod
    def parse(cls, body: Mapping[str, Any]) -> "Clear":
        return cls(text(body, "note", max_characters=MAX_REASON_CHARACTERS).strip())


What = Update | Renew | Cancel | Clear
_KINDS: Mapping[str, type[Update] | type[Renew] | type[Cancel] | type[Clear]] = {
    "update": Update,
    "renew": Renew,
    "cancel": Cancel,
    "clear": Clear,
}


@dataclass(frozen=True, slots=True)
class BulletinCommand:
    """The body of ``POST /api/bulletins/ID/commands`` but for ``radio``."""

    id: str
    name: str
    what: What
    revision: int | None = None
    """The one that the person saw; None: whichever it is."""

    @classmethod
    def parse(cls, body: Mapping[str, Any]) -> "BulletinCommand":
        """
        Raises:
            BulletinIncomplete: an update that leaves a field blank.
            RequestInvalid: no such command, or a field is not what it should be.
        """
        name = text(body, "command", max_characters=20)
        kind = _KINDS.get(name)
        if kind is None:
            raise RequestInvalid(f"'command' is '{name}', expected one of {', '.join(_KINDS)}, radio.", path="command")
        return cls(client_id(body, "id"), name, kind.parse(body), _revision(body.get("revision")))

    def check(self, present: BulletinRecord) -> None:
        """Whether it can be done to a bulletin as it is. To cancel one that has ended is to find it so.

        Raises:
            ConflictState: it has ended.
            ConflictRevision: it has been changed since the person saw it.
        """
        if present.has_ended and self.name != "cancel":
            raise ConflictState("The bulletin has ended; send a new one.", item="bulletin", present=present.to_wire())
        if self.revision is not None and self.revision < present.revision and not present.has_ended:
            message = f"This is about revision {self.revision}, but it has changed: revision {present.revision}."
            raise ConflictRevision(message, item="bulletin", present=present.to_wire())


def _revision(value: object) -> int | None:
    if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 1):
        raise RequestInvalid(f"'revision' must be a whole number from 1, not {json_kind(value)}.", path="revision")
    return value
