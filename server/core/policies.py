"""Policies: who is told of an alert, and when, until somebody acknowledges it (docs/wire.md §6.6)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


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


@dataclass(frozen=True, slots=True)
class Step:
    after_s: int
    """Since the ladder began."""
    reach: Reach
    sound: bool = True
    say: str = ""


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

    def to_json(self) -> dict[str, Any]:
        raise NotImplementedError

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "Policy":
        raise NotImplementedError
