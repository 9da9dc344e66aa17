"""Sums: how far items have come with those to whom they are sent, and who has not got a correction (docs/wire.md §5.5).

Everything here only ever climbs, so receipts and items may come in any order and any number of times.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from server.core.audience import Audience
from server.core.people import STAFF_ROLES, Person
from server.core.receipts import Item, Receipt, Stage

STAGES: tuple[str, ...] = ("queued", *Stage)
"""By ``Stage.step``."""
_BY_STEP = (None, *Stage)
_STEP, _RECEIVES, _BY_RADIO = 0x0F, 0x10, 0x20


@dataclass(frozen=True, slots=True)
class Unreached:
    """Somebody who saw an earlier revision and has not acknowledged the present one."""

    person: str
    had: Stage
    """How far he had come with it."""
    had_revision: int
    has: Stage | None
    """How far he has come with the present one."""

    def to_wire(self) -> dict[str, Any]:
        return {**asdict(self), "has": self.has or ""}


def receivers(audience: Audience, people: Iterable[Person]) -> frozenset[str]:
    """Ids of those to whom an item is sent: those who are named, and officers of its roles. The staff sees all there
    is; it is not counted for that."""
    if not audience.everybody and audience.roles <= STAFF_ROLES:
        return audience.people
    return audience.people | {
        person.id for person in people if not person.is_staff and (audience.everybody or person.role in audience.roles)
    }


def unreached(receipts: Iterable[Receipt], revision: int, receivers: Iterable[str]) -> list[Unreached]:
    """Who has to be called, of all receipts of one item; by the revision they saw, newest first, then by id."""
    one = ItemSum("alert", "", Numbers())
    one.sent(revision, receivers)
    for receipt in receipts:
        one.add(receipt)
    return one.unreached()


class Numbers:
    """A small number for each person, so that a thousand items with a thousand people each are a megabyte."""

    __slots__ = ("_of", "people")

    def __init__(self) -> None:
        self.people: list[str] = []
        self._of: dict[str, int] = {}

    def of(self, person: str) -> int:
        number = self._of.get(person)
        if number is None:
            number = self._of[person] = len(self.people)
            self.people.append(person)
        return number


class ItemSum:
    """How far one item has come with each person, on the device where he came furthest."""

    __slots__ = ("_counts", "_had", "_marks", "_numbers", "_sent_to", "_unreached", "item", "item_id", "revision")

    def __init__(self, item: Item, item_id: str, numbers: Numbers) -> None:
        self.item: Item = item
        self.item_id = item_id
        self.revision = 0
        self._numbers = numbers
        self._marks = bytearray()
        """For each number the step of the present revision, and whether he receives it, and knows by radio."""
        self._had: dict[int, tuple[int, int]] = {}
        """Revision and step of those who saw an earlier revision."""
        self._counts = [0] * len(STAGES)
        self._unreached = 0
        self._sent_to: Iterable[str] = ()

    def sent(self, revision: int, receivers: Iterable[str]) -> None:
        """The item is at ``revision``, and sent to these (too)."""
        self._advance(revision)
        if receivers is self._sent_to:
            return  # as with most entries: it is known who they are
        self._sent_to = receivers
        for person in receivers:
            number = self._room(person)
            if not self._marks[number] & _RECEIVES:
                self._marks[number] |= _RECEIVES
                self._count(number, 1)

    def add(self, receipt: Receipt) -> bool:
        """Take a receipt of this item. Whether it changes anything."""
        return self.climb(receipt.person, receipt.revision, receipt.stage.step, by_radio=receipt.via == "radio")

    def climb(self, person: str, revision: int, step: int, *, by_radio: bool) -> bool:
        """As ``add``, without a receipt having to be made: thousands come at once.

        Args:
            step: of ``Stage.step``.
        """
        if revision > self.revision:
            self._advance(revision)
        number = self._room(person)
        if revision < self.revision:
            return self._saw(number, revision, step)
        mark = self._marks[number]
        climbed = mark & ~_STEP | max(mark & _STEP, step)
        if by_radio:
            climbed |= _BY_RADIO
        if climbed == mark:
            return False
        self._count(number, -1)
        self._marks[number] = climbed
        self._count(number, 1)
        return bool(mark & _RECEIVES)

    def unreached(self) -> list[Unreached]:
        found = [
            Unreached(
                person=self._numbers.people[number],
                had=Stage(STAGES[step]),
                had_revision=revision,
                has=_BY_STEP[self._marks[number] & _STEP],
            )
            for number, (revision, step) in self._had.items()
            if self._is_unreached(number)
        ]
        return sorted(found, key=lambda one: (-one.had_revision, one.person))

    def to_wire(self) -> dict[str, Any]:
        counts: Mapping[str, int] = dict(zip(STAGES, self._counts, strict=True))
        return {
            "item": self.item,
            "item_id": self.item_id,
            "revision": self.revision,
            **counts,
            "unreached": self._unreached,
        }

    def _advance(self, revision: int) -> None:
        """What was known of the present revision is what people had, from a later one on."""
        if revision <= self.revision:
            return
        before, self.revision = self.revision, revision
        receiving = 0
        for number, mark in enumerate(self._marks):
            if mark & _STEP >= Stage.SHOWN.step:
                self._had[number] = max(self._had.get(number, (0, 0)), (before, mark & _STEP))
            receiving += bool(mark & _RECEIVES)
            self._marks[number] = mark & _RECEIVES
        self._counts = [receiving] + [0] * (len(STAGES) - 1)
        self._unreached = sum(self._is_unreached(number) for number in self._had)

    def _saw(self, number: int, revision: int, step: int) -> bool:
        """Somebody saw an earlier revision, as is told only now."""
        if step < Stage.SHOWN.step or (revision, step) <= self._had.get(number, (0, 0)):
            return False
        self._count(number, -1)
        self._had[number] = revision, step
        self._count(number, 1)
        return bool(self._marks[number] & _RECEIVES)

    def _count(self, number: int, change: int) -> None:
        mark = self._marks[number]
        if mark & _RECEIVES:
            self._counts[mark & _STEP] += change
            if number in self._had:
                self._unreached += change * self._is_unreached(number)

    def _is_unreached(self, number: int) -> bool:
        mark = self._marks[number]
        is_told = mark & _BY_RADIO or mark & _STEP == Stage.ACKNOWLEDGED.step
        return number in self._had and bool(mark & _RECEIVES) and not is_told

    def _room(self, person: str) -> int:
        number = self._numbers.of(person)
        if number >= len(self._marks):
            self._marks.extend(bytes(len(self._numbers.people) - len(self._marks)))
        return number
