"""Checker: does a history keep what the alert lane promises (issue 3; DESIGN §2)? Pure.

I1 every accepted alert, push and bulletin is shown, in its last revision, on every device that it concerns
I2 at most once a revision, and nothing comes twice in the log
I3 positions ascend on every device
I4 an accepted acknowledgement is never forgotten (and stops the ladder: ladder.py), nor is what a device has reported
I5 the steps of the ladder: ladder.py
I6 the audit chain is whole, and holds every acknowledgement of an alert once
I7 an alert whose publishing was repeated is one alert
I8 everybody is live at the head in the end, and no server has ended by itself
I9 what was taken back or has run out is gone everywhere: endings.py
I10 nobody is told what does not concern him
I11 who does not read is cut off
"""

import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from tests.chaos.card import Card
from tests.chaos.crew import Member
from tests.chaos.findings import Findings
from tests.chaos.history import (
    Asked,
    Displacement,
    Fallen,
    History,
    Opened,
    Publish,
    Report,
    Seen,
    Settled,
    Shown,
    Stalled,
    Whole,
)

STAGES = ("sent", "delivered", "shown", "opened", "declined", "acknowledged")
"""From the lowest."""

Concerns = Callable[[Card, Member], bool]
"""Whether an alert, as it is in the end, concerns a member of the crew."""
MOST_KEPT_BYTES = 3 * 1024 * 1024
"""More than what the server (1 MiB), its kernel and what lies between keep for a device that does not read."""


@dataclass(frozen=True, slots=True)
class Violation:
    promise: str
    """``I1`` …"""
    sentence: str
    words: tuple[str, ...]
    """What the events that show it have in common: ids and names."""


def check(
    history: History, findings: Findings | None, members: Sequence[Member], concerns: Concerns
) -> list[Violation]:
    """Every violation but those of the ladder, in the order of the promises; no findings: nothing could be read."""
    fallen = [
        Violation("I8", f"{event.part} has ended by itself.", (event.part, "Fallen")) for event in history.of(Fallen)
    ]
    if findings is None:
        return [*fallen, Violation("I8", "The server does not answer, though everything has healed.", ("Healed",))]
    return [
        *fallen,
        *_all_accepted(history),
        *_shown_everywhere(history, findings, members, concerns),
        *_shown_once(history),
        *_nothing_twice(history),
        *_ascending(history),
        *_acknowledgements_kept(history, findings, members),
        *_reports_kept(history, findings, members),
        *_audit_whole(history, findings, members),
        *_one_alert_each(history, findings),
        *_live_at_the_end(history),
        *_told_only_to_whom(history, findings, members, concerns),
        *_cut_off(history),
    ]


def _all_accepted(history: History) -> Iterator[Violation]:
    settled = {(each.source_id, each.act) for each in history.of(Publish) if each.phase in {"ok", "void"}}
    for source_id, act in dict.fromkeys((each.source_id, each.act) for each in history.of(Publish)):
        if (source_id, act) not in settled:
            sentence = f"{source_id} ({act}) was never accepted, though everything has healed."
            yield Violation("I1", sentence, (source_id,))


def _shown_everywhere(
    history: History, findings: Findings, members: Sequence[Member], concerns: Concerns
) -> Iterator[Violation]:
    shown = {(event.device, event.item_id, event.revision) for event in history.of(Shown)}
    cards = {card.item_id: card for card in findings.due}
    newest: dict[str, Publish] = {}
    for publish in history.of(Publish):
        if publish.phase == "ok" and publish.revision >= newest.get(publish.item_id, publish).revision:
            newest[publish.item_id] = publish
    for publish in newest.values():
        card = cards.get(publish.item_id)
        if card is None or card.revision < publish.revision:
            sentence = f"Revision {publish.revision} of {publish.source_id} was accepted and does not exist any more."
            yield Violation("I1", sentence, (publish.source_id,))
            continue
        if card.is_over:
            continue
        for member in members:
            if concerns(card, member) and (member.device, card.item_id, card.revision) not in shown:
                sentence = f"{card.source_id}, revision {card.revision}, was never shown on {member.device}."
                yield Violation("I1", sentence, (card.item_id, member.device))


def _shown_once(history: History) -> Iterator[Violation]:
    times = Counter((event.device, event.item_id, event.revision) for event in history.of(Shown))
    for (device, item_id, revision), count in times.items():
        if count > 1:
            sentence = f"Revision {revision} of {item_id} was shown {count} times on {device}."
            yield Violation("I2", sentence, (item_id, device))


def _nothing_twice(history: History) -> Iterator[Violation]:
    """The same content at two positions: a write that was done twice."""
    first: dict[tuple[str, str], int] = {}
    for event in history.of(Seen):
        for card in event.cards:
            if card.kind != "alert":
                continue  # replayed as it is now, wherever it stands
            position = first.setdefault((card.item_id, card.print), event.position)
            if position != event.position:
                sentence = f"{card.source_id} stands unchanged at positions {position} and {event.position}."
                yield Violation("I2", sentence, (card.item_id,))


def _ascending(history: History) -> Iterator[Violation]:
    last: dict[str, int] = {}
    again_behind: dict[str, int] = {}
    for event in history.events:
        match event:
            case Asked():
                again_behind[event.device] = min(again_behind.get(event.device, sys.maxsize), event.position)
            case Opened():
                again_behind.pop(event.device, None)
            case Seen() if again_behind.get(event.device, sys.maxsize) < event.position <= last[event.device]:
                continue
            case Seen() if event.position <= last.get(event.device, -1):
                sentence = f"{event.device} got position {event.position} after {last[event.device]}."
                yield Violation("I3", sentence, (event.device, f"position={event.position}"))
            case Whole() if event.position < last.get(event.device, -1):
                sentence = f"{event.device} got a snapshot of {event.position} after {last[event.device]}."
                yield Violation("I3", sentence, (event.device, f"position={event.position}"))
            case Displacement():
                sentence = f"{event.device} was closed at {event.server} for a connection that it has not made."
                yield Violation("I3", sentence, (event.device,))
            case _:
                pass
        if isinstance(event, Seen | Whole):
            last[event.device] = max(last.get(event.device, -1), event.position)
    yield from _same_for_all(history)


def _same_for_all(history: History) -> Iterator[Violation]:
    """One log: at a position everybody who was told of an alert was told the same."""
    told: dict[int, str] = {}
    for event in history.of(Seen):
        for card in event.cards:
            if card.kind == "alert" and told.setdefault(event.position, card.print) != card.print:
                sentence = f"Position {event.position} holds different contents for different devices."
                yield Violation("I3", sentence, (f"position={event.position}",))


def _acknowledgements_kept(history: History, findings: Findings, members: Sequence[Member]) -> Iterator[Violation]:
    kept = {(m.item_id, m.revision, m.person, m.device) for m in findings.marks if m.stage == "acknowledged"}
    cards = {card.item_id: card for card in findings.cards}
    for report, person in _accepted(history, members):
        if (report.item_id, report.revision, person, report.device) not in kept:
            sentence = f"The acknowledgement of {report.item_id} by {report.device} is forgotten."
            yield Violation("I4", sentence, (report.item_id, report.device))
        card = cards.get(report.item_id)
        if card is not None and card.revision == report.revision and card.state == "new":
            sentence = f"{card.source_id} is still new, and {report.device} has acknowledged it."
            yield Violation("I4", sentence, (report.item_id, report.device))


def _reports_kept(history: History, findings: Findings, members: Sequence[Member]) -> Iterator[Violation]:
    person = {member.device: member.person for member in members}
    kept: dict[tuple[str, int, str, str], int] = {}
    for mark in findings.marks:
        rung = (mark.item_id, mark.revision, mark.person, mark.device)
        kept[rung] = max(kept.get(rung, 0), STAGES.index(mark.stage))
    for report in history.of(Report):
        if report.phase == "ok" and report.stage != "acknowledged":
            rung = (report.item_id, report.revision, person[report.device], report.device)
            if kept.get(rung, -1) < STAGES.index(report.stage):
                sentence = f"{report.device} has reported {report.item_id} {report.stage}, and that is forgotten."
                yield Violation("I4", sentence, (report.item_id, report.device))


def _audit_whole(history: History, findings: Findings, members: Sequence[Member]) -> Iterator[Violation]:
    if not findings.audit_is_verified:
        yield Violation("I6", "The server says that the audit chain is broken.", ("audit",))
    for before, after in pairwise(findings.audit):
        if after.id != before.id + 1 or after.previous_hash != before.hash:
            yield Violation("I6", f"Audit entry {after.id} does not follow {before.id}.", ("audit",))
    recorded = Counter(
        (entry.subject, entry.actor, entry.device) for entry in findings.audit if entry.action == "alert.acknowledged"
    )
    # Saying the same of the same revision again is no news.
    said = {
        (report.item_id, report.revision, person, report.device)
        for report, person in _accepted(history, members)
        if report.kind == "alert"
    }
    wanted = Counter((f"alert:{item_id}", person, device) for item_id, _, person, device in said)
    for who in wanted | recorded:
        if recorded[who] != wanted[who]:
            sentence = f"The audit has {recorded[who]} acknowledgements of {who}, {wanted[who]} were accepted."
            yield Violation("I6", sentence, (who[0].removeprefix("alert:"), who[2]))


def _one_alert_each(history: History, findings: Findings) -> Iterator[Violation]:
    ids: dict[str, set[str]] = defaultdict(set)
    for publish in history.of(Publish):
        if publish.phase == "ok":
            ids[publish.source_id].add(publish.item_id)
    for card in findings.cards:
        ids[card.source_id].add(card.item_id)
    tried = {publish.source_id for publish in history.of(Publish)}
    for source_id, alerts in ids.items():
        if source_id in tried and len(alerts) > 1:
            yield Violation("I7", f"{source_id} became {len(alerts)} alerts.", (source_id,))


def _live_at_the_end(history: History) -> Iterator[Violation]:
    settled = list(history.of(Settled))
    if not settled:
        yield Violation("I8", "The run ended before everybody could come back.", ("Settled",))
    for event in settled:
        for device in event.behind:
            yield Violation("I8", f"{device} did not come to position {event.head} after everything healed.", (device,))


def _told_only_to_whom(
    history: History, findings: Findings, members: Sequence[Member], concerns: Concerns
) -> Iterator[Violation]:
    member_of = {member.device: member for member in members}
    last = {card.item_id: card for card in findings.cards}
    settled = [number for number, event in enumerate(history.events) if isinstance(event, Settled)]
    found = dict.fromkeys(
        (event.device, card.item_id)
        # What climbs later is not in the findings.
        for event in history.events[: settled[-1] if settled else None]
        if isinstance(event, Seen | Whole) and event.device in member_of
        for card in event.cards
        if not concerns(last.get(card.item_id, card), member_of[event.device])
    )
    for device, item_id in found:
        yield Violation("I10", f"{device} was told of {item_id}, which does not concern it.", (item_id, device))


def _cut_off(history: History) -> Iterator[Violation]:
    for event in history.of(Stalled):
        if not event.is_cut_off and event.sent_bytes > MOST_KEPT_BYTES:
            sentence = f"{event.device} did not read {event.sent_bytes} bytes and is still connected."
            yield Violation("I11", sentence, (event.device,))


def _accepted(history: History, members: Sequence[Member]) -> Iterator[tuple[Report, str]]:
    """Acknowledgements that were answered with ok, and whose they are; a higher revision needs another one."""
    person = {member.device: member.person for member in members}
    for report in history.of(Report):
        if report.stage == "acknowledged" and report.phase == "ok":
            yield report, person[report.device]
