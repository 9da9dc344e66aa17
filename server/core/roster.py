"""Roster: who there is, where everybody is, and who is connected: as it is at one moment."""

import heapq
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from server.core.directory import Directory
from server.core.people import Person
from server.core.policies import Policy, Reach
from server.core.positions import Position
from server.core.selection import Near, Selection
from server.errors import PolicyInvalid, PushNoRecipient, PushUnknownRecipient
from streams.geo import EARTH_RADIUS_M, Point, Polygon, distance_m

METRES_PER_DEG = math.radians(EARTH_RADIUS_M)
NEAREST_WITHIN_MS = 600_000
"""Who was last seen longer ago is not taken to be near any more."""


@dataclass(frozen=True, slots=True)
class Beat:
    id: str
    name: str
    area: Polygon


@dataclass(frozen=True, slots=True)
class Reached:
    person_id: str
    position_age_ms: int | None = None
    """Of one who was found by where he is."""


@dataclass(frozen=True, slots=True)
class Roster:
    people: tuple[Person, ...]
    """All who are not disabled."""
    beats: Mapping[str, Beat] = field(default_factory=dict)
    positions: Mapping[str, Position] = field(default_factory=dict)
    """By person."""
    online: frozenset[str] = frozenset()
    knows_online: bool = True
    """False when this server has just started, and devices may not have come back to it yet."""
    directory: Directory | None = field(default=None, repr=False, compare=False)
    """Made of ``people``; leave it out."""

    def __post_init__(self) -> None:
        if self.directory is None:
            object.__setattr__(self, "directory", Directory.of(self.people))

    def now(self, positions: Mapping[str, Position], online: frozenset[str], *, knows_online: bool) -> "Roster":
        """The same people, a moment later."""
        return replace(self, positions=positions, online=online, knows_online=knows_online)

    @property
    def officers(self) -> frozenset[str]:
        """Ids of all who are no staff."""
        return self._by.officers

    def is_reachable(self, people: Iterable[str]) -> bool:
        """Whether one of them is connected, as far as we know."""
        return not self.knows_online or not self.online.isdisjoint(people)

    def reach(self, reach: Reach, point: Point | None, *, now_ms: int) -> frozenset[str]:
        """Ids of those whom a step of a policy adds; without a point nobody is near it."""
        by = self._by
        found = set[str](by.officers) if reach.everybody else set[str]()
        for group, names in (
            (by.role, reach.roles),
            (by.unit, reach.units),
            (by.beat, reach.beats),
            (by.duty, reach.duties),
            (by.id, reach.people),
        ):
            for name in names:
                found |= group.get(name, frozenset())
        if point is not None:
            found |= self._near(reach, point, now_ms)
        return frozenset(found)

    def resolve(self, selection: Selection, *, now_ms: int, path: str = "to") -> tuple[Reached, ...]:
        """Whom a selection means now, by id.

        Raises:
            PushUnknownRecipient: somebody or something named is not there, or has no people.
            PushNoRecipient: it means nobody.
        """
        by = self._by
        found: dict[str, Reached] = {}
        for group, part, what in (
            (by.id, "people", "person"),
            (by.unit, "units", "unit"),
            (by.beat, "beats", "beat"),
            (by.role, "roles", "role"),
            (by.duty, "duties", "duty"),
            (by.agency, "agencies", "agency"),
        ):
            for i, name in enumerate(getattr(selection, part)):
                if name not in group:
                    people = "" if what == "person" else " with people"
                    message = f"There is no {what} '{name}'{people}."
                    raise PushUnknownRecipient(message, path=f"{path}.{part}[{i}]")
                found |= {person_id: Reached(person_id) for person_id in group[name]}
        if selection.near:
            for person_id, position in self._within(selection.near):
                found[person_id] = Reached(person_id, position.age_ms(now_ms))
        if not found:
            raise PushNoRecipient("This reaches nobody; name a person, a unit or a place where somebody is.", path=path)
        return tuple(found[person_id] for person_id in sorted(found))

    def check(self, policy: Policy) -> None:
        """
        Raises:
            PolicyInvalid: a unit, beat or person that the policy names does not exist.
        """
        by = self._by
        kinds: tuple[tuple[str, Callable[[str], bool]], ...] = (
            ("units", by.unit.__contains__),
            ("beats", self.beats.__contains__),
            ("people", by.id.__contains__),
        )
        for s, step in enumerate(policy.steps):
            for kind, is_known in kinds:
                for i, name in enumerate(getattr(step.reach, kind)):
                    if not is_known(name):
                        where = f"steps[{s}].reach.{kind}[{i}]"
                        raise PolicyInvalid(f"'{where}' is {name!r}, which does not exist.", path=where)

    def _near(self, reach: Reach, point: Point, now_ms: int) -> set[str]:
        found = set[str]()
        by = self._by
        if reach.beat:
            for beat in self.beats.values():
                if beat.area.contains(point):
                    found |= by.beat.get(beat.id, frozenset())
        if reach.radius_m or reach.nearest_units:
            away_m = self._away_m(point, now_ms)
            if reach.radius_m:
                found |= {person_id for person_id, m in away_m.items() if m <= reach.radius_m}
            if reach.nearest_units:
                found.update(self._nearest_units(away_m, reach.nearest_units))
        return found

    def _away_m(self, point: Point, now_ms: int) -> dict[str, float]:
        """How far the officers are of whom it is known.

        There may be thousands, and this is done for each alert: the earth is taken to be flat around the point, which
        is wrong by a thousandth within a city.
        """
        officers, since_ms = self._by.officers, now_ms - NEAREST_WITHIN_MS
        lat, lon = point.lat, point.lon
        north_m, east_m = METRES_PER_DEG, METRES_PER_DEG * math.cos(math.radians(lat))
        return {
            person_id: math.hypot(
                (position.point.lat - lat) * north_m, ((position.point.lon - lon + 180) % 360 - 180) * east_m
            )
            for person_id, position in self.positions.items()
            if position.at_ms >= since_ms and person_id in officers
        }

    def _nearest_units(self, away_m: Mapping[str, float], count: int) -> Iterable[str]:
        """People of the nearest units; a unit is where the one of its people is who was seen last."""
        unit_of, positions = self._by.unit_of, self.positions
        seen_last: dict[str, str] = {}
        for person_id in away_m:
            # Who has no unit is one by himself.
            unit = unit_of[person_id] or person_id
            other = seen_last.setdefault(unit, person_id)
            if other is not person_id and positions[person_id].at_ms > positions[other].at_ms:
                seen_last[unit] = person_id
        for unit in heapq.nsmallest(count, seen_last, key=lambda each: (away_m[seen_last[each]], each)):
            yield from self._by.unit.get(unit, frozenset({seen_last[unit]})) & self._by.officers

    def _within(self, near: Near) -> Iterable[tuple[str, Position]]:
        for person_id, position in self.positions.items():
            if person_id in self._by.id and distance_m(near.point, position.point) <= near.radius_m:
                yield person_id, position

    @property
    def _by(self) -> Directory:
        assert self.directory is not None, "made when the roster was"
        return self.directory
