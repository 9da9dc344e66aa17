"""BulletinOrder: what somebody in the center sends as a bulletin. No field, no send (docs/wire.md §6.2)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from server.core.body import checked_text, client_id, json_kind, milliseconds, status
from server.core.selection import Selection
from server.errors import BulletinIncomplete, RequestInvalid

HOUR_MS = 3600 * 1000
LIFETIME_MS = 72 * HOUR_MS
MAX_LIFETIME_MS = 30 * 24 * HOUR_MS
MAX_PHOTOS = 4
MAX_CHARACTERS: Mapping[str, int] = {
    "name": 200,
    "why": 1000,
    "caution": 500,
    "legal_basis": 500,
    "issuer": 200,
    "verify": 1000,
}
MAX_SOURCE_CHARACTERS = 200
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_FARTHEST_EAST = timedelta(hours=14)
"""It is tomorrow there already."""


@dataclass(frozen=True, slots=True)
class PhotoOrder:
    id: str
    source: str
    taken: str

    @classmethod
    def parse(cls, body: object, path: str) -> "PhotoOrder":
        """
        Raises:
            BulletinIncomplete: a field is missing or blank.
            RequestInvalid: a field is something else than it should be.
        """
        if not isinstance(body, Mapping):
            raise RequestInvalid(f"'{path}' must be an object, not {json_kind(body)}.", path=path)
        return cls(
            id=required(body, "id", max_characters=64, path=path),
            source=required(body, "source", max_characters=MAX_SOURCE_CHARACTERS, path=path),
            taken=_day(required(body, "taken", max_characters=10, path=path), f"{path}.taken"),
        )

    def to_json(self) -> dict[str, Any]:
        return {"id": self.id, "source": self.source, "taken": self.taken}


@dataclass(frozen=True, slots=True)
class BulletinOrder:
    """The body of ``POST /api/bulletins``, checked as far as it can be without knowing the time, photos and people."""

    id: str
    texts: Mapping[str, str]
    """By the names in ``MAX_CHARACTERS``; all of them, none blank."""
    photos: tuple[PhotoOrder, ...]
    expires_ms: int | None = None
    """None: 72 hours after it is sent."""
    to: Selection | None = None
    """None: everybody."""
    status: str = "Actual"

    @classmethod
    def parse(cls, body: Mapping[str, Any]) -> "BulletinOrder":
        """
        Raises:
            BulletinIncomplete: a field is missing or blank; ``path`` says which.
            RequestInvalid: a field is something else than it should be.
        """
        return cls(
            id=client_id(body, "id"),
            texts={name: required(body, name, max_characters=limit) for name, limit in MAX_CHARACTERS.items()},
            photos=photos_of(body),
            expires_ms=None if body.get("expires_ms") is None else milliseconds(body, "expires_ms"),
            to=None if body.get("to") is None else Selection.parse(body["to"]),
            status=status(body),
        )

    def to_json(self) -> dict[str, Any]:
        """What is compared when the same id comes again."""
        return {
            **self.texts,
            "photos": [photo.to_json() for photo in self.photos],
            "expires_ms": self.expires_ms,
            "to": None if self.to is None else self.to.to_json(),
            "status": self.status,
        }

    def expiry_ms(self, now_ms: int) -> int:
        """When it ends, sent now.

        Raises:
            RequestInvalid: in the past, or more than 30 days ahead; or a photo was taken tomorrow.
        """
        check_days(self.photos, now_ms)
        if self.expires_ms is None:
            return now_ms + LIFETIME_MS
        if self.expires_ms <= now_ms:
            raise RequestInvalid("'expires_ms' is in the past; say when the bulletin is to end.", path="expires_ms")
        if self.expires_ms > now_ms + MAX_LIFETIME_MS:
            raise RequestInvalid("'expires_ms' is more than 30 days ahead; renew it later.", path="expires_ms")
        return self.expires_ms


def photos_of(body: Mapping[str, Any]) -> tuple[PhotoOrder, ...]:
    """The field ``photos``: 1 to 4, each once.

    Raises:
        BulletinIncomplete: there are none, or one without source or day.
        RequestInvalid: too many, one twice, or something else than photos.
    """
    value = body.get("photos")
    if value is None or value == []:
        raise BulletinIncomplete("A bulletin needs a photo, with its source and day.", path="photos")
    if not isinstance(value, list):
        raise RequestInvalid(f"'photos' must be a list, not {json_kind(value)}.", path="photos")
    if len(value) > MAX_PHOTOS:
        raise RequestInvalid(f"'photos' has {len(value)} items, at most {MAX_PHOTOS} fit.", path="photos")
    photos = tuple(PhotoOrder.parse(photo, f"photos[{i}]") for i, photo in enumerate(value))
    if len({photo.id for photo in photos}) < len(photos):
        raise RequestInvalid("'photos' names one photo twice.", path="photos")
    return photos


def check_days(photos: tuple[PhotoOrder, ...], now_ms: int) -> None:
    """
    Raises:
        RequestInvalid: a day that has not begun anywhere yet.
    """
    today = (datetime.fromtimestamp(now_ms / 1000, UTC) + _FARTHEST_EAST).date()
    for i, photo in enumerate(photos):
        if date.fromisoformat(photo.taken) > today:
            where = f"photos[{i}].taken"
            raise RequestInvalid(f"'{where}' is {photo.taken}, which is in the future.", path=where)


def required(body: Mapping[str, Any], key: str, *, max_characters: int, path: str = "") -> str:
    """A text that must be there, without blanks around it.

    Raises:
        BulletinIncomplete: it is missing or blank.
        RequestInvalid: it is no text or too long.
    """
    where = f"{path}.{key}" if path else key
    value = body.get(key)
    if value is None or (isinstance(value, str) and not value.strip()):
        raise BulletinIncomplete(f"'{where}' is missing; a bulletin can't be sent without it.", path=where)
    return checked_text(value, where, max_characters=max_characters).strip()


def _day(value: str, where: str) -> str:
    try:
        if _DAY.fullmatch(value):
            return date.fromisoformat(value).isoformat()
    except ValueError:
        pass
    raise RequestInvalid(f"'{where}' must be a day such as 2026-11-18, not '{value}'.", path=where)
