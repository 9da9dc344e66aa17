"""Policies: who is told of an alert, and when, until somebody acknowledges it (docs/wire.md §6.6)."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, TypeVar

from server.core.body import json_kind, no_others, text, texts
from server.core.people import Role
from server.core.selection import MAX_RADIUS_M, MIN_RADIUS_M
from server.errors import PolicyInvalid, RequestInvalid
from server.people_config import DUTIES

T = TypeVar("T")

MAX_STEPS = 20
MAX_AFTER_S = 3600
MAX_NEAREST_UNITS = 20
MIN_LOOP_S = 15
MAX_NAMES = 1000
MAX_SAY_CHARACTERS = 200


@dataclass(frozen=True, slots=True)
class Reach:
    """Whom a step adds; with nothing set, nobody: it is for those who have the alert already."""

    nearest_units: int = 0
    beat: bool = False
    """Those of the beat in which it happened."""
    radius_m: float | None = None
    roles: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    beats: tuple[str, ...] = ()
    duties: tuple[str, ...] = ()
    people: tuple[str, ...] = ()
    everybody: bool = False

    @property
    def needs_place(self) -> bool:
        return bool(self.nearest_units or self.beat or self.radius_m)

    def to_json(self) -> dict[str, Any]:
        """Only what is set."""
        wire = {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}
        return {name: value for name, value in wire.items() if value}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "Reach":
        """Read what ``to_json`` wrote."""
        known: dict[str, Any] = {field.name: value[field.name] for field in fields(cls) if field.name in value}
        lists: dict[str, Any] = {name: tuple(item) for name, item in known.items() if isinstance(item, list)}
        return cls(**known | lists)

    @classmethod
    def parse(cls, body: Mapping[str, Any], path: str) -> "Reach":
        """
        Raises:
            PolicyInvalid: a field is not known, of the wrong kind or out of range, or a role or duty that there is not.
        """
        no_others(body, [field.name for field in fields(cls)], path, error=PolicyInvalid)
        reach = cls(
            nearest_units=_whole_or(body, "nearest_units", 0, MAX_NEAREST_UNITS, path, 0),
            beat=_flag(body, "beat", path, default=False),
            radius_m=_radius(body, path),
            everybody=_flag(body, "everybody", path, default=False),
            **{name: _names(body, name, path) for name in ("roles", "units", "beats", "duties", "people")},
        )
        for kind, known in (("roles", tuple(Role)), ("duties", DUTIES)):
            for i, name in enumerate(getattr(reach, kind)):
                if name not in known:
                    where = f"{path}.{kind}[{i}]"
                    raise PolicyInvalid(f"'{where}' is {name!r}, expected one of {', '.join(known)}.", path=where)
        return reach


NOBODY_NEW = Reach()


@dataclass(frozen=True, slots=True)
class Step:
    after_s: int
    """Since the ladder began."""
    reach: Reach
    sound: bool = True
    say: str = ""

    def to_json(self) -> dict[str, Any]:
        return {"after_s": self.after_s, "reach": self.reach.to_json(), "sound": self.sound, "say": self.say}

    @classmethod
    def parse(cls, body: object, path: str) -> "Step":
        """
        Raises:
            PolicyInvalid: a field is missing, of the wrong kind or out of range.
        """
        if not isinstance(body, Mapping):
            raise PolicyInvalid(f"'{path}' must be an object, not {json_kind(body)}.", path=path)
        after_s = _whole(body, "after_s", 0, MAX_AFTER_S, path)
        reach = body.get("reach")
        if not isinstance(reach, Mapping):
            raise PolicyInvalid(f"'{path}.reach' must be an object, not {json_kind(reach)}.", path=f"{path}.reach")
        return cls(
            after_s=after_s,
            reach=Reach.parse(reach, f"{path}.reach"),
            sound=_flag(body, "sound", path, default=True),
            say=text(body, "say", max_characters=MAX_SAY_CHARACTERS, default="", path=path, error=PolicyInvalid),
        )


@dataclass(frozen=True, slots=True)
class Policy:
    name: str
    revision: int
    priority: int
    steps: tuple[Step, ...]
    loop_s: int | None = None
    """The last step comes again this often."""
    en_route_s: int | None = None
    """How long after an acknowledgement somebody has to be on the way."""

    @property
    def is_for_staff(self) -> bool:
        """It reaches nobody but those whom everything concerns."""
        return all(step.reach == NOBODY_NEW for step in self.steps)

    def next_revision(self) -> "Policy":
        return replace(self, revision=self.revision + 1)

    def delay_ms(self, step: int) -> int:
        """From the step before to ``step`` (from 0). Steps beyond the last are its repetitions."""
        if step >= len(self.steps):
            return 1000 * (self.loop_s or 0)
        return 1000 * (self.steps[step].after_s - (self.steps[step - 1].after_s if step else 0))

    def to_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "revision": self.revision,
            "priority": self.priority,
            "loop_s": self.loop_s,
            "en_route_s": self.en_route_s,
            "steps": [step.to_json() for step in self.steps],
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "Policy":
        """Read what ``to_json`` wrote."""
        steps = tuple(
            Step(step["after_s"], Reach.from_json(step["reach"]), step["sound"], step["say"]) for step in value["steps"]
        )
        return cls(value["name"], value["revision"], value["priority"], steps, value["loop_s"], value["en_route_s"])

    @classmethod
    def parse(cls, body: Mapping[str, Any], *, name: str, priority: int) -> "Policy":
        """The body of ``PUT /api/policies/NAME``; ``revision`` is the one that it replaces.

        Whether its units, beats and people exist, the roster knows (core/roster.py).

        Raises:
            PolicyInvalid: a field is missing, of the wrong kind or out of range, or steps are out of order.
        """
        if _whole_or(body, "priority", 1, 4, "", priority) != priority:
            raise PolicyInvalid(f"'priority' of {name} is {priority}; each priority has one policy.", path="priority")
        return cls(
            name=name,
            revision=_whole(body, "revision", 1, 2**31 - 1),
            priority=priority,
            steps=_steps(body.get("steps")),
            loop_s=_whole_or(body, "loop_s", MIN_LOOP_S, MAX_AFTER_S, "", None),
            en_route_s=_whole_or(body, "en_route_s", MIN_LOOP_S, MAX_AFTER_S, "", None),
        )


def _steps(value: object) -> tuple[Step, ...]:
    if not isinstance(value, Sequence) or isinstance(value, str) or not 1 <= len(value) <= MAX_STEPS:
        what = f"{len(value)} of them" if isinstance(value, list) else json_kind(value)
        raise PolicyInvalid(f"'steps' must be a list of 1 to {MAX_STEPS} steps, not {what}.", path="steps")
    steps = tuple(Step.parse(step, f"steps[{i}]") for i, step in enumerate(value))
    if steps[0].after_s != 0:
        raise PolicyInvalid("'steps[0].after_s' must be 0: the first step comes at once.", path="steps[0].after_s")
    for i in range(1, len(steps)):
        if steps[i].after_s <= steps[i - 1].after_s:
            where = f"steps[{i}].after_s"
            raise PolicyInvalid(
                f"'{where}' is {steps[i].after_s}, expected more than the {steps[i - 1].after_s} of the step before.",
                path=where,
            )
    return steps


def _whole(body: Mapping[str, Any], key: str, low: int, high: int, path: str = "") -> int:
    where, value = _at(body, key, path)
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        what = value if isinstance(value, int | float) else json_kind(value)
        raise PolicyInvalid(f"'{where}' must be a whole number from {low} to {high}, not {what}.", path=where)
    return value


def _whole_or(body: Mapping[str, Any], key: str, low: int, high: int, path: str, default: T) -> int | T:
    return default if body.get(key) is None else _whole(body, key, low, high, path)


def _flag(body: Mapping[str, Any], key: str, path: str, *, default: bool) -> bool:
    where, value = _at(body, key, path)
    if value is None:
        return default
    if not isinstance(value, bool):
        raise PolicyInvalid(f"'{where}' must be true or false, not {json_kind(value)}.", path=where)
    return value


def _radius(body: Mapping[str, Any], path: str) -> float | None:
    where, value = _at(body, "radius_m", path)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not MIN_RADIUS_M <= value <= MAX_RADIUS_M:
        raise PolicyInvalid(f"'{where}' must be {MIN_RADIUS_M:.0f} to {MAX_RADIUS_M:.0f} metres.", path=where)
    return float(value)


def _names(body: Mapping[str, Any], key: str, path: str) -> tuple[str, ...]:
    try:
        return texts(body, key, max_items=MAX_NAMES, max_characters=200, path=path)
    except RequestInvalid as error:
        raise PolicyInvalid(error.message, path=error.path) from None


def _at(body: Mapping[str, Any], key: str, path: str) -> tuple[str, Any]:
    return f"{path}.{key}" if path else key, body.get(key)


_CALL = "Call by radio."

DEFAULTS: tuple[Policy, ...] = (
    Policy(
        "P1",
        1,
        1,
        (
            Step(0, Reach(nearest_units=3, beat=True)),
            Step(10, NOBODY_NEW),
            Step(15, Reach(radius_m=3000.0, duties=("supervisor",))),
            Step(30, Reach(duties=("commander",))),
            Step(60, NOBODY_NEW, say=_CALL),
        ),
        loop_s=60,
        en_route_s=120,
    ),
    Policy(
        "P2",
        1,
        2,
        (
            Step(0, Reach(nearest_units=3, beat=True)),
            Step(30, NOBODY_NEW),
            Step(60, Reach(radius_m=3000.0, duties=("supervisor",))),
            Step(180, NOBODY_NEW, say=_CALL),
        ),
        loop_s=300,
        en_route_s=300,
    ),
    Policy(
        "P3", 1, 3, (Step(0, Reach(nearest_units=1, beat=True)), Step(300, Reach(duties=("supervisor",)), say=_CALL))
    ),
    Policy("P4", 1, 4, (Step(0, NOBODY_NEW, sound=False),)),
)
"""What a new installation begins with. Priority 4 is for the staff only."""
