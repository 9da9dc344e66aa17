"""Policies: the ladders of a round, quick enough to be seen climbing, and whom they have reached at which step."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tests.chaos.card import Card
from tests.chaos.crew import Member
from tests.chaos.history import History, Publish


@dataclass(frozen=True, slots=True)
class Rung:
    after_s: int
    units: tuple[str, ...] = ()
    everybody: bool = False


@dataclass(frozen=True, slots=True)
class Policy:
    name: str
    rungs: tuple[Rung, ...]
    loop_s: int | None = None

    def body(self, revision: int) -> dict[str, Any]:
        """Of ``PUT /api/policies/NAME`` (docs/wire.md §6.6)."""
        steps = [{"after_s": rung.after_s, "reach": _reach(rung), "sound": True, "say": ""} for rung in self.rungs]
        return {"revision": revision, "loop_s": self.loop_s, "en_route_s": None, "steps": steps}

    @property
    def is_for_staff(self) -> bool:
        return not any(rung.units or rung.everybody for rung in self.rungs)

    def has_reached(self, step: int, member: Member) -> bool:
        """Whether somebody has the alert once ``step``, from 1, was fired."""
        return member.is_staff or any(rung.everybody or member.unit in rung.units for rung in self.rungs[:step])


POLICIES: Mapping[int, Policy] = {
    1: Policy(
        "P1",
        (Rung(0, ("7",)), Rung(2), Rung(4, ("12",)), Rung(7, ("15",)), Rung(10, everybody=True)),
        loop_s=15,
    ),
    2: Policy("P2", (Rung(0, ("7", "12")), Rung(5, everybody=True))),
    3: Policy("P3", (Rung(0),)),
}
"""By priority."""


def concerned(history: History) -> Callable[[Card, Member], bool]:
    """Whether an item, as it is in the end, concerns somebody: an alert has reached him, others mean him."""
    to = {one.item_id: one.to for one in history.of(Publish) if one.to is not None}

    def concerns(card: Card, member: Member) -> bool:
        if card.kind == "alert":
            return _has_reached(card, member)
        return member.is_staff or member.person in to.get(card.item_id, frozenset())

    return concerns


def _has_reached(card: Card, member: Member) -> bool:
    policy = POLICIES[card.priority]
    if policy.is_for_staff or card.step < 0:
        return member.is_staff
    return policy.has_reached(card.step, member)


def _reach(rung: Rung) -> dict[str, Any]:
    return {"everybody": True} if rung.everybody else {"units": list(rung.units)} if rung.units else {}
