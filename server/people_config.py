"""The part of the configuration that says who there is, and which part of the city each looks after."""

from dataclasses import dataclass, field

from streams.errors import FormatError
from streams.geo import Point, Polygon
from streams.table import Table

ROLES = ("operator", "officer", "dispatcher", "admin")
DUTIES = ("supervisor", "commander")
RIGHTS = ("lift_masks",)
MIN_PASSWORD_CHARACTERS = 8


@dataclass(frozen=True, slots=True)
class PersonConfig:
    id: str
    name: str
    role: str
    """One of ``ROLES``."""
    unit: str = ""
    password: str = field(default="", repr=False)
    duty: str = ""
    """One of ``DUTIES``, or none."""
    beat: str = ""
    agency: str = ""
    rights: tuple[str, ...] = ()
    """Each one of ``RIGHTS``."""


@dataclass(frozen=True, slots=True)
class BeatConfig:
    """A part of the city that people are assigned to."""

    id: str
    name: str
    polygon: tuple[tuple[float, float], ...]
    """Latitude and longitude of its corners."""


def beats(tables: list[Table]) -> tuple[BeatConfig, ...]:
    found: list[BeatConfig] = []
    for table in tables:
        beat_id = table.name("id")
        beat = BeatConfig(beat_id, table.text("name", beat_id), table.pairs("polygon"))
        table.done()
        if beat.id in {other.id for other in found}:
            raise table.error("id", f"{beat.id!r} is the id of another beat too")
        try:
            Polygon(tuple(Point(lat, lon) for lat, lon in beat.polygon))
        except FormatError as error:
            raise table.error("polygon", f"{error}; expected corners as [latitude, longitude]") from None
        found.append(beat)
    return tuple(found)


def people(tables: list[Table], beats: tuple[BeatConfig, ...]) -> tuple[PersonConfig, ...]:
    found: list[PersonConfig] = []
    for table in tables:
        person_id = table.name("id")
        person = PersonConfig(
            id=person_id,
            name=table.text("name", person_id),
            role=table.choice("role", ROLES),
            unit=table.name("unit", ""),
            password=table.secret("password", required=True),
            duty=table.choice("duty", ("", *DUTIES), ""),
            beat=table.name("beat", ""),
            agency=table.name("agency", ""),
            rights=table.texts("rights"),
        )
        table.done()
        if person.beat and person.beat not in {beat.id for beat in beats}:
            raise table.error("beat", f"{person.beat!r} is no [[beat]] of this file")
        for right in person.rights:
            if right not in RIGHTS:
                raise table.error("rights", f"{right!r} is not one of {', '.join(RIGHTS)}")
        if person.id in {other.id for other in found}:
            raise table.error("id", f"{person.id!r} is the id of another person too")
        if len(person.password) < MIN_PASSWORD_CHARACTERS:
            raise table.error(
                "password",
                f"{len(person.password)} characters, expected at least {MIN_PASSWORD_CHARACTERS}",
            )
        found.append(person)
    return tuple(found)
