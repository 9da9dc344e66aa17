"""Pushes: live cameras, photos and words that somebody in the center puts on tablets."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from server.core.body import checked_text, client_id, json_kind, milliseconds, status, text, texts
from server.core.people import Person
from server.core.selection import Selection
from server.errors import RequestInvalid

LIFETIME_MS = 8 * 3600 * 1000
MAX_CAMERAS = 9
MAX_MEDIA = 4
MAX_NOTE_CHARACTERS = 500
CLOCK_TOLERANCE_MS = 60_000


@dataclass(frozen=True, slots=True)
class MediaOrder:
    """A photo or still that was sent to ``/api/media`` before."""

    id: str
    camera: str | None = None
    taken_ms: int | None = None

    @classmethod
    def parse(cls, body: object, path: str) -> "MediaOrder":
        """
        Raises:
            RequestInvalid: no object, or a field is missing or of the wrong kind.
        """
        if not isinstance(body, Mapping):
            raise RequestInvalid(f"'{path}' must be an object, not {json_kind(body)}.", path=path)
        camera = body.get("camera")
        return cls(
            id=text(body, "id", max_characters=64, path=path),
            camera=None if camera is None else checked_text(camera, f"{path}.camera", max_characters=200),
            taken_ms=None if body.get("taken_ms") is None else milliseconds(body, "taken_ms", path=path),
        )

    def to_json(self) -> dict[str, Any]:
        return {"id": self.id, "camera": self.camera, "taken_ms": self.taken_ms}


@dataclass(frozen=True, slots=True)
class PushOrder:
    """The body of ``POST /api/pushes``, checked as far as it can be without knowing the time, cameras and people."""

    id: str
    to: Selection
    cameras: tuple[str, ...] = ()
    media: tuple[MediaOrder, ...] = ()
    note: str = ""
    alert_id: str | None = None
    status: str = "Actual"

    @classmethod
    def parse(cls, body: Mapping[str, Any]) -> "PushOrder":
        """
        Raises:
            RequestInvalid: a field is missing or of the wrong kind, there is too much of something, or nothing at all.
        """
        cameras = texts(body, "cameras", max_items=MAX_CAMERAS, max_characters=200)
        media = _media(body.get("media"))
        note = text(body, "note", max_characters=MAX_NOTE_CHARACTERS, default="").strip()
        if not cameras and not media and not note:
            raise RequestInvalid("A push needs a camera, a photo or a note.", path="cameras")
        return cls(
            id=client_id(body, "id"),
            to=Selection.parse(body.get("to")),
            cameras=cameras,
            media=media,
            note=note,
            alert_id=text(body, "alert_id", max_characters=64, default="") or None,
            status=status(body),
        )

    def check(self, now_ms: int) -> None:
        """
        Raises:
            RequestInvalid: a photo that will be taken later.
        """
        for i, one in enumerate(self.media):
            if (one.taken_ms or 0) > now_ms + CLOCK_TOLERANCE_MS:
                where = f"media[{i}].taken_ms"
                raise RequestInvalid(f"'{where}' is in the future; check the clock of the device.", path=where)

    def to_json(self) -> dict[str, Any]:
        """What is compared when the same id comes again."""
        return {
            "cameras": list(self.cameras),
            "media": [one.to_json() for one in self.media],
            "to": self.to.to_json(),
            "note": self.note,
            "alert_id": self.alert_id,
            "status": self.status,
        }


@dataclass(frozen=True, slots=True)
class PushCamera:
    """A camera as a push names it."""

    id: str
    number: int
    name: str

    def to_wire(self) -> dict[str, Any]:
        return {"id": self.id, "number": self.number, "name": self.name}


@dataclass(frozen=True, slots=True)
class PushMedia:
    """A photo as a push carries it, with its thumbnail."""

    media: Mapping[str, Any]
    """docs/wire.md §3 (``media``)."""
    camera: str | None = None
    taken_ms: int | None = None

    @property
    def id(self) -> str:
        return str(self.media["id"])

    def to_wire(self) -> dict[str, Any]:
        return {**self.media, "camera": self.camera, "taken_ms": self.taken_ms}

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> "PushMedia":
        media = {name: value for name, value in wire.items() if name not in ("camera", "taken_ms")}
        return cls(media, wire["camera"], wire["taken_ms"])


@dataclass(frozen=True, slots=True)
class PushRecord:
    """A push as it stands; docs/wire.md §3."""

    id: str
    number: int
    revision: int
    alert_id: str | None
    cameras: tuple[PushCamera, ...]
    note: str
    recipients: tuple[str, ...]
    """Ids of people, sorted: whom ``to`` meant when it was sent."""
    sent_by: str
    sent_ms: int
    expires_ms: int
    recalled_by: str | None = None
    recalled_ms: int | None = None
    media: tuple[PushMedia, ...] = ()
    status: str = "Actual"
    to: Mapping[str, Any] = field(default_factory=dict)
    """What the sender chose, in his words; empty in pushes of the first release."""

    @property
    def is_recalled(self) -> bool:
        return self.recalled_ms is not None

    def is_live(self, now_ms: int) -> bool:
        """Whether it still lets its recipients watch."""
        return not self.is_recalled and now_ms < self.expires_ms

    def recalled(self, *, by: str, now_ms: int) -> "PushRecord":
        """The next revision: who recalled it and when, nothing of what it held. A recalled one stays as it is."""
        if self.is_recalled:
            return self
        rest = replace(self, cameras=(), media=(), note="")
        return replace(rest, revision=self.revision + 1, recalled_by=by, recalled_ms=now_ms)

    def to_wire(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "number": self.number,
            "revision": self.revision,
            "alert_id": self.alert_id,
            "cameras": [camera.to_wire() for camera in self.cameras],
            "media": [one.to_wire() for one in self.media],
            "note": self.note,
            "status": self.status,
            "to": self.to,
            "recipients": list(self.recipients),
            "sent_by": self.sent_by,
            "sent_ms": self.sent_ms,
            "recalled_by": self.recalled_by,
            "recalled_ms": self.recalled_ms,
            "expires_ms": self.expires_ms,
        }

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> "PushRecord":
        """Read what ``to_wire`` wrote, also that of the first release, whose recalled ones kept what they held."""
        nothing = {"cameras": (), "media": (), "note": ""} if wire["recalled_ms"] is not None else {}
        wire = {**wire, **nothing}
        return cls(
            **{
                **wire,
                "cameras": tuple(PushCamera(**camera) for camera in wire["cameras"]),
                "media": tuple(PushMedia.from_wire(one) for one in wire.get("media", ())),
                "recipients": tuple(wire["recipients"]),
            }
        )


def pushes_for(person: Person, pushes: Iterable[PushRecord]) -> list[PushRecord]:
    """Those that concern him, in the order given."""
    return [push for push in pushes if person.is_staff or person.id in push.recipients]


def _media(value: object) -> tuple[MediaOrder, ...]:
    if value is None:
        return ()
    if not isinstance(value, list):
        raise RequestInvalid(f"'media' must be a list, not {json_kind(value)}.", path="media")
    if len(value) > MAX_MEDIA:
        raise RequestInvalid(f"'media' has {len(value)} items, at most {MAX_MEDIA} fit.", path="media")
    media = tuple(MediaOrder.parse(one, f"media[{i}]") for i, one in enumerate(value))
    if len({one.id for one in media}) < len(media):
        raise RequestInvalid("'media' names one photo twice.", path="media")
    return media
