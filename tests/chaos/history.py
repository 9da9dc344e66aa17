"""History: what was asked of the product, what it answered, and what every device saw, in order. Pure.

Times are seconds of CLOCK_MONOTONIC of this machine: one clock for everybody, which no nemesis moves.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Literal, TypeVar

from tests.chaos.card import Card, Mark

PublishPhase = Literal["invoke", "ok", "unknown", "refused", "void"]
PublishAct = Literal["raise", "correct", "end"]
ReportPhase = Literal["invoke", "ok", "refused"]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Publish:
    """One attempt of somebody who sends. ``unknown``: no answer, or one that says that nobody knows; ``void``: given
    up, for its time had run out before anybody took it.
    """

    at_s: float
    source_id: str
    phase: PublishPhase
    item_id: str = ""
    priority: int = 0
    why: str = ""
    act: PublishAct = "raise"
    revision: int = 1
    """Which was accepted."""
    to: frozenset[str] | None = None
    """The people whom a push or bulletin is for; None of an alert."""
    ends_s: float = math.inf
    """When a bulletin runs out."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A device has a connection and said where it stands; ``position`` -1: it asked for a snapshot."""

    at_s: float
    device: str
    server: str
    position: int


@dataclass(frozen=True, slots=True)
class Asked:
    """A device has begun anew on its connection, behind ``position``: what was on its way comes a second time."""

    at_s: float
    device: str
    position: int


@dataclass(frozen=True, slots=True)
class Lost:
    at_s: float
    device: str
    why: str


@dataclass(frozen=True, slots=True)
class Displacement:
    """A device was closed for a newer connection, which it has not made: it has one at a time."""

    at_s: float
    device: str
    server: str


@dataclass(frozen=True, slots=True)
class Seen:
    """An entry as it came, before the device looked at whether it is new."""

    at_s: float
    device: str
    position: int
    kind: str
    cards: tuple[Card, ...] = ()
    marks: tuple[Mark, ...] = ()


@dataclass(frozen=True, slots=True)
class Whole:
    """A snapshot: it replaces what the device had."""

    at_s: float
    device: str
    position: int
    reason: str
    cards: tuple[Card, ...] = ()
    marks: tuple[Mark, ...] = ()


@dataclass(frozen=True, slots=True)
class Shown:
    """The device drew the card of this revision, for the first time as far as it remembers."""

    at_s: float
    device: str
    item_id: str
    revision: int


@dataclass(frozen=True, slots=True)
class Stalled:
    """A device has not read for a while, and was sent about so much meanwhile."""

    at_s: float
    device: str
    is_cut_off: bool
    sent_bytes: int


@dataclass(frozen=True, slots=True)
class Report:
    """A receipt that a device gives; the same ``receipt_id`` is sent until it is answered."""

    at_s: float
    device: str
    receipt_id: str
    item_id: str
    revision: int
    stage: str
    phase: ReportPhase
    why: str = ""
    kind: str = "alert"


@dataclass(frozen=True, slots=True)
class Power:
    """A part of the product is up (it said that it is ready) or down."""

    at_s: float
    part: str
    """``server-0``, ``database``, ``valkey``; ``database-0``, the way of a server to it; ``clocks`` are down while one
    of them is wrong, ``harness`` while this process could not look."""
    is_up: bool


@dataclass(frozen=True, slots=True)
class Fallen:
    """A server has ended by itself; no nemesis asked it to."""

    at_s: float
    part: str


@dataclass(frozen=True, slots=True)
class Stroke:
    """A nemesis did something."""

    at_s: float
    nemesis: str
    words: str
    begins: bool = True
    """False: it makes good again what it did."""


@dataclass(frozen=True, slots=True)
class Healed:
    """Nothing is done to the product any more; ``Settled`` follows when everybody is live at the head."""

    at_s: float


@dataclass(frozen=True, slots=True)
class Settled:
    at_s: float
    head: int
    behind: tuple[str, ...]
    """Devices that did not come to the head in time."""


Event = (
    Publish
    | Opened
    | Asked
    | Lost
    | Displacement
    | Seen
    | Whole
    | Shown
    | Stalled
    | Report
    | Power
    | Fallen
    | Stroke
    | Healed
    | Settled
)  # in order of what happens


@dataclass(slots=True)
class History:
    events: list[Event] = field(default_factory=list)

    def note(self, event: Event) -> None:
        self.events.append(event)

    def of(self, kind: type[T]) -> Iterator[T]:
        """All events of one kind, in order."""
        return (event for event in self.events if isinstance(event, kind))

    def lines(self) -> Iterator[str]:
        """All of it, a line an event."""
        return (f"{event.at_s - self.events[0].at_s:9.3f} {event}\n" for event in self.events)

    def around(self, words: tuple[str, ...], *, most: int = 30) -> list[str]:
        """The first and last events that name all of ``words``, one line each, and what nemeses did meanwhile.

        What many devices were told alike stands there once.
        """
        named: dict[tuple[object, ...], Event] = {}
        for event in self.events:
            if all(word in repr(event) for word in words):
                alike = (type(event), event.position) if isinstance(event, Seen) else (id(event),)
                named.setdefault(alike, event)
        if not named:
            return []
        first, *_, last = sorted(event.at_s for event in (*named.values(), *named.values()))
        strokes = [e for e in self.events if isinstance(e, Stroke | Power | Healed) and first - 2 <= e.at_s <= last + 2]
        begin = self.events[0].at_s
        told = list(named.values())
        told = told if len(told) <= most else [*told[: most // 2], *told[-most // 2 :]]
        chosen = sorted([*told, *strokes[-most:]], key=lambda event: event.at_s)
        return [f"{event.at_s - begin:9.3f} {_about(event, words)}" for event in chosen]


def _about(event: Event, words: tuple[str, ...]) -> Event:
    """The event without the cards and marks that are about something else."""
    if not isinstance(event, Seen | Whole):
        return event
    cards = tuple(card for card in event.cards if any(word in repr(card) for word in words))
    marks = tuple(mark for mark in event.marks if all(word in repr(mark) or word == event.device for word in words))
    return replace(event, cards=cards, marks=marks)
