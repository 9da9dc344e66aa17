"""Endings: whether what was taken back, or has run out, is gone everywhere and stays away (I9). Pure.

A device that was away may hold it until it comes back; nobody who has been told of the end may be told the contents
again, nor may whoever comes to a server that knows. When clocks were moved, a server may take a bulletin that will
run out for over, or for not over yet: of those only the end counts then.
"""

import math
from collections.abc import Iterator

from tests.chaos.card import Card
from tests.chaos.checker import Violation
from tests.chaos.findings import Findings
from tests.chaos.history import Healed, History, Opened, Power, Publish, Seen, Shown, Whole

EXPIRY_S = 2.0
"""How long after it has run out a bulletin is taken for over at the latest."""


def check(history: History, findings: Findings) -> list[Violation]:
    return [
        *_ended(history, findings),
        *_told_no_more(history),
        *_shown_no_more(history),
        *_held_no_more(history, findings),
    ]


def _ended(history: History, findings: Findings) -> Iterator[Violation]:
    """What has to be over is over, and nothing else."""
    healed_s = next((event.at_s for event in history.of(Healed)), math.inf)
    taken_back = {one.item_id for one in history.of(Publish) if one.act == "end" and one.phase != "refused"}
    accepted = {one.item_id for one in history.of(Publish) if one.act == "end" and one.phase == "ok"}
    ends_s = _ends(history)
    for card in findings.due:
        if card.kind == "alert":
            continue
        if not card.is_over and (card.item_id in accepted or ends_s.get(card.item_id, math.inf) + EXPIRY_S < healed_s):
            yield Violation("I9", f"{card.item_id} was taken back or has run out, and is not over.", (card.item_id,))
        if card.is_over and card.item_id not in taken_back and card.item_id not in ends_s:
            yield Violation("I9", f"{card.item_id} is over, and nobody took it back.", (card.item_id,))


def _told_no_more(history: History) -> Iterator[Violation]:
    ends_s = _ends(history)
    unsure = set(ends_s) if _have_clocks_moved(history) else set()
    at: dict[str, Opened] = {}
    known_s: dict[tuple[str, str], float] = {}
    """Device or server, and item → since when it knows that this is over."""
    for event in history.events:
        if isinstance(event, Opened):
            at[event.device] = event
        if not isinstance(event, Seen | Whole) or event.device not in at:
            continue
        opened = at[event.device]
        for card in event.cards:
            if card.kind == "alert" or card.item_id in unsure:
                continue
            if card.is_over:
                known_s.setdefault((event.device, card.item_id), event.at_s)
                known_s.setdefault((opened.server, card.item_id), event.at_s)
                continue
            since_s = min(
                known_s.get((opened.server, card.item_id), math.inf), ends_s.get(card.item_id, math.inf) + EXPIRY_S
            )
            if (event.device, card.item_id) in known_s or since_s < opened.at_s:
                sentence = f"{event.device} was told the contents of {card.item_id} after its end."
                yield Violation("I9", sentence, (card.item_id, event.device))


def _shown_no_more(history: History) -> Iterator[Violation]:
    ends_s = _ends(history)
    told: set[tuple[str, str]] = set()
    for event in history.events:
        if isinstance(event, Seen | Whole):
            told |= {(event.device, card.item_id) for card in event.cards if card.is_over}
        if isinstance(event, Shown) and (
            (event.device, event.item_id) in told or ends_s.get(event.item_id, math.inf) + EXPIRY_S < event.at_s
        ):
            sentence = f"{event.device} has shown {event.item_id} after its end."
            yield Violation("I9", sentence, (event.item_id, event.device))


def _held_no_more(history: History, findings: Findings) -> Iterator[Violation]:
    """In the end nobody has more of it than what is left."""
    held: dict[str, dict[str, Card]] = {}
    for event in history.events:
        if isinstance(event, Whole):
            held[event.device] = {}
        if isinstance(event, Seen | Whole):
            held.setdefault(event.device, {}).update({card.item_id: card for card in event.cards})
    for card in findings.due:
        for device, cards in held.items():
            if card.is_over and card.item_id in cards and not cards[card.item_id].is_over:
                sentence = f"{device} was never told that {card.item_id} is over."
                yield Violation("I9", sentence, (card.item_id, device))


def _ends(history: History) -> dict[str, float]:
    """Of those bulletins that run out."""
    return {one.item_id: one.ends_s for one in history.of(Publish) if one.ends_s < math.inf}


def _have_clocks_moved(history: History) -> bool:
    return any(event.part == "clocks" for event in history.of(Power))
