"""Commands: what people ask to be done about an alert, and what somebody said by radio (docs/wire.md §6.3)."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, get_args

from server.core.access import Permission
from server.core.alert_text import MAX_CHARACTERS
from server.core.alerts import LOWEST_PRIORITY, AlertState
from server.core.body import client_id, json_kind, text
from server.core.corrections import MAX_REASON_CHARACTERS
from server.core.receipts import Stage
from server.errors import RequestInvalid
from streams.alert import STATUSES
from streams.errors import FormatError
from streams.geo import Circle, Point

Name = Literal["en_route", "on_scene", "close", "reopen", "update", "cancel", "shelve", "unshelve", "radio"]
NAMES: tuple[Name, ...] = get_args(Name)
OUTCOMES = (
    "casings",
    "victim",
    "witness",
    "suspect",
    "damage",
    "nothing_found",
    "fireworks",
    "vehicle",
    "construction",
    "other_noise",
    "duplicate",
    "drill",
)
MAX_NOTE_CHARACTERS = 500
MAX_SHELVED_MINUTES = 30
_MAX_REVISION = 1_000_000

PERMISSIONS: Mapping[Name, Permission] = {
    "en_route": Permission.WORK_ALERTS,
    "on_scene": Permission.WORK_ALERTS,
    "close": Permission.WORK_ALERTS,
    "reopen": Permission.CORRECT_ALERTS,
    "update": Permission.CORRECT_ALERTS,
    "cancel": Permission.CORRECT_ALERTS,
    "shelve": Permission.CORRECT_ALERTS,
    "unshelve": Permission.CORRECT_ALERTS,
    "radio": Permission.SPEAK_FOR_OTHERS,
}


@dataclass(frozen=True, slots=True)
class RadioWord:
    """What somebody who is not at his device said by radio about one revision."""

    revision: int
    person: str
    stage: Stage
    state: AlertState | None = None
    """On the way or on scene, when he said that too; only about alerts."""
    note: str = ""

    @classmethod
    def parse(cls, body: Mapping[str, Any], *, may_move: bool = False) -> "RadioWord":
        """
        Args:
            may_move: whether ``state`` is of meaning.

        Raises:
            RequestInvalid: a field is missing or is not what it should be; ``path`` says which.
        """
        stage = body.get("stage")
        if stage not in (Stage.ACKNOWLEDGED, Stage.DECLINED):
            raise RequestInvalid("'stage' must be acknowledged or declined.", path="stage")
        state = body.get("state") if may_move else None
        if state is not None and (stage == Stage.DECLINED or state not in (AlertState.EN_ROUTE, AlertState.ON_SCENE)):
            raise RequestInvalid("'state' must be en_route or on_scene, of somebody who acknowledges.", path="state")
        return cls(
            revision=_revision(body),
            person=text(body, "person", max_characters=200),
            stage=Stage(stage),
            state=None if state is None else AlertState(state),
            note=_note(body),
        )

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class RadioCommand:
    """The body of ``POST /api/pushes/ID/commands``, where there is no other command."""

    id: str
    word: RadioWord

    @classmethod
    def parse(cls, body: Mapping[str, Any]) -> "RadioCommand":
        """
        Raises:
            RequestInvalid: another command, or a field is missing or is not what it should be.
        """
        if body.get("command") != "radio":
            raise RequestInvalid("'command' must be radio.", path="command")
        return cls(client_id(body, "id"), RadioWord.parse(body))


@dataclass(frozen=True, slots=True)
class AlertCommand:
    """What each command needs is there, and of the right kind; whether it fits the alert, core/life_cycle.py says."""

    id: str
    name: Name
    revision: int
    """The one that the person saw."""
    note: str = ""
    reason: str = ""
    outcome: str = ""
    minutes: int = 0
    words: Mapping[str, Any] = field(default_factory=dict)
    """Of ``update``: what is said instead, by its name on the wire (core/corrections.py)."""
    radio: RadioWord | None = None

    @classmethod
    def parse(cls, body: Mapping[str, Any]) -> "AlertCommand":
        """
        Raises:
            RequestInvalid: no such command, or a field is missing or is not what it should be; ``path`` says which.
        """
        name = body.get("command")
        if name not in NAMES:
            raise RequestInvalid(f"'command' must be one of {', '.join(NAMES)}.", path="command")
        needs_reason = name in ("reopen", "cancel", "shelve")
        return cls(
            id=client_id(body, "id"),
            name=name,
            revision=_revision(body),
            note=_note(body),
            reason=text(
                body, "reason", max_characters=MAX_REASON_CHARACTERS, default=None if needs_reason else ""
            ).strip(),
            outcome=_outcome(body) if name == "close" else "",
            minutes=_whole(body, "minutes", 1, MAX_SHELVED_MINUTES) if name == "shelve" else 0,
            words=_words(body) if name == "update" else {},
            radio=RadioWord.parse(body, may_move=True) if name == "radio" else None,
        )

    def to_json(self) -> dict[str, Any]:
        """What is compared when the same id comes again."""
        return asdict(self)


def _outcome(body: Mapping[str, Any]) -> str:
    outcome = body.get("outcome")
    if outcome not in OUTCOMES:
        raise RequestInvalid(f"'outcome' must be one of {', '.join(OUTCOMES)}.", path="outcome")
    return str(outcome)


def _words(body: Mapping[str, Any]) -> dict[str, Any]:
    words: dict[str, Any] = {}
    for name, limit in MAX_CHARACTERS.items():
        if name in body:
            # An alert without an event says nothing; the other texts may be taken away.
            words[name] = text(body, name, max_characters=limit, default=None if name == "event" else "").strip()
    if "priority" in body:
        words["priority"] = _whole(body, "priority", 1, LOWEST_PRIORITY)
    if "status" in body:
        if body["status"] not in STATUSES:
            raise RequestInvalid(f"'status' must be one of {', '.join(STATUSES)}.", path="status")
        words["status"] = body["status"]
    if "point" in body:
        words["point"] = _point(body["point"])
        words["radius_m"] = None
    if "radius_m" in body:
        words["radius_m"] = _radius_m(body["radius_m"])
    if not words:
        fields = ", ".join([*MAX_CHARACTERS, "priority", "status", "point", "radius_m"])
        raise RequestInvalid(f"An update needs at least one of {fields}.")
    return words


def _point(value: object) -> dict[str, float] | None:
    if value is None:
        return None
    if not isinstance(value, Mapping):
        raise RequestInvalid(f"'point' must be an object with lat and lon, not {json_kind(value)}.", path="point")
    numbers = [_number(value.get(name), f"point.{name}") for name in ("lat", "lon")]
    try:
        point = Point(*numbers)
    except FormatError as error:
        raise RequestInvalid(f"'point' can't be used: {error}.", path="point") from None
    return {"lat": point.lat, "lon": point.lon}


def _radius_m(value: object) -> float | None:
    if value is None:
        return None
    try:
        return Circle(Point(0, 0), _number(value, "radius_m")).radius_m or None
    except FormatError as error:
        raise RequestInvalid(f"'radius_m' can't be used: {error}.", path="radius_m") from None


def _number(value: object, path: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise RequestInvalid(f"'{path}' must be a number, not {json_kind(value)}.", path=path)
    return value


def _revision(body: Mapping[str, Any]) -> int:
    return _whole(body, "revision", 1, _MAX_REVISION)


def _note(body: Mapping[str, Any]) -> str:
    return text(body, "note", max_characters=MAX_NOTE_CHARACTERS, default="").strip()


def _whole(body: Mapping[str, Any], key: str, low: int, high: int) -> int:
    value = body.get(key)
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise RequestInvalid(f"'{key}' must be a whole number from {low} to {high}.", path=key)
    return value
