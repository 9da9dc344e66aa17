"""Audience: whom an entry concerns, and what of it he gets (docs/wire.md §5.3).

Alerts concern everybody. Pushes concern staff and their recipients. Receipts: staff get all; officers their own, and
everybody's ``acknowledged`` of alerts.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from server.core.entry import Entry
from server.core.people import Person
from server.core.pushes import PushRecord
from server.core.receipts import Receipt, Stage


def payload_for(entry: Entry, person: Person) -> Mapping[str, Any] | None:
    """The part of the payload that this person gets; None when the entry does not concern him."""
    if person.is_staff or entry.kind == "alert":
        return entry.payload
    if entry.kind == "push":
        return entry.payload if person.id in entry.payload["push"]["recipients"] else None
    receipts = [wire for wire in entry.payload["receipts"] if _may_see(wire, person)]
    return {"receipts": receipts} if receipts else None


def audience_key(entry: Entry, person: Person) -> str | None:
    """Equal for people who get equal payloads of this entry, so that each is encoded once; else None."""
    if person.is_staff or entry.kind == "alert":
        return "whole"
    if entry.kind == "push":
        return "whole" if person.id in entry.payload["push"]["recipients"] else None
    concerns = False
    for wire in entry.payload["receipts"]:
        if not _is_public(wire):
            if wire["person"] == person.id:
                return f"person:{person.id}"
        else:
            concerns = True
    return "officers" if concerns else None


def pushes_for(person: Person, pushes: Iterable[PushRecord]) -> list[PushRecord]:
    """Those that concern him, in the order given."""
    return [push for push in pushes if person.is_staff or person.id in push.recipients]


def receipts_for(
    person: Person, receipts: Iterable[Receipt], *, items: Sequence[tuple[str, str]] | None = None
) -> list[Receipt]:
    """Those he may see, in the order given; with ``items``, (item, id) pairs, only those about them."""
    wanted = None if items is None else set(items)
    return [
        receipt
        for receipt in receipts
        if (wanted is None or (receipt.item, receipt.item_id) in wanted)
        and (
            person.is_staff
            or _may_see({"item": receipt.item, "stage": receipt.stage, "person": receipt.person}, person)
        )
    ]


def _may_see(wire: Mapping[str, Any], person: Person) -> bool:
    return wire["person"] == person.id or _is_public(wire)


def _is_public(wire: Mapping[str, Any]) -> bool:
    return bool(wire["item"] == "alert" and wire["stage"] == Stage.ACKNOWLEDGED)
