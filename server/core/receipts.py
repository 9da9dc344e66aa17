"""Receipts: a ladder of delivered, shown, acknowledged for each person and device."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Literal, get_args

from server.core.audience import Audience
from server.core.body import json_kind, text
from server.core.people import Person
from server.errors import ConflictRecalled, ConflictRevision, ItemUnknown, ReceiptInvalid, ServerError

Item = Literal["alert", "push", "bulletin"]
Via = Literal["device", "radio"]
ITEMS: tuple[Item, ...] = get_args(Item)

_MAX_REVISION = 1_000_000
_MAX_MS = 253_402_300_800_000
"""The year 10000."""
_ID = re.compile("[!-~]{8,64}")


class Stage(StrEnum):
    """How far an item has come with somebody, lowest first. Before the first it is queued."""

    SENT = "sent"
    DELIVERED = "delivered"
    SHOWN = "shown"
    OPENED = "opened"
    DECLINED = "declined"
    ACKNOWLEDGED = "acknowledged"

    @property
    def step(self) -> int:
        """1 to 6: higher counts more. 0 is queued."""
        return step_of(self)

    @property
    def is_said(self) -> bool:
        """Whether a person said it, and not the device by itself."""
        return self in (Stage.DECLINED, Stage.ACKNOWLEDGED)


_STEPS: dict[str, int] = {stage: step for step, stage in enumerate(Stage, start=1)}


def step_of(stage: str) -> int:
    """``Stage.step`` of a stage by its name."""
    return _STEPS[stage]


OF_DEVICES = tuple(stage for stage in Stage if stage is not Stage.SENT)
"""What clients may report; that something was sent, only the server knows."""
RADIO = "radio"
"""The device of a receipt that dispatch has given for somebody."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """How far one revision of an item has come on one device of one person; docs/wire.md §5.3."""

    item: Item
    item_id: str
    revision: int
    person: str
    device: str
    stage: Stage
    at_ms: int
    """When it happened, on the clock of the device if it said so, else on the server's."""
    via: Via = "device"
    by: str = ""
    """Who said it for him by radio; else empty."""

    def to_wire(self) -> dict[str, Any]:
        return {
            "item": self.item,
            "item_id": self.item_id,
            "revision": self.revision,
            "person": self.person,
            "device": self.device,
            "stage": self.stage.value,
            "at_ms": self.at_ms,
            "via": self.via,
            "by": self.by,
        }

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> "Receipt":
        """Read what ``to_wire`` wrote; those of the first release had no ``via``."""
        return cls(**{**wire, "stage": Stage(wire["stage"])})


def is_higher(stage: Stage, known: Stage | None) -> bool:
    """Whether ``stage`` says more than what is known."""
    return known is None or stage.step > known.step


@dataclass(frozen=True, slots=True)
class ReceiptCommand:
    """What a device reports; docs/wire.md §5.4."""

    id: str
    """Empty in a report of many: only what a person says has to be known when it comes again."""
    item: Item
    item_id: str
    revision: int
    stage: Stage
    at_ms: int | None = None

    @classmethod
    def parse(cls, body: object) -> "ReceiptCommand":
        """
        Raises:
            ReceiptInvalid: a field is missing or is not what it should be; ``path`` says which.
        """
        line = cls.parse_line(body)
        assert isinstance(body, Mapping), "seen just now"
        command_id = text(body, "id", max_characters=64, error=ReceiptInvalid)
        if not _ID.fullmatch(command_id):
            raise ReceiptInvalid("'id' must be 8 to 64 printable ASCII characters without spaces (a UUID).", path="id")
        return replace(line, id=command_id)

    @classmethod
    def parse_line(cls, body: object) -> "ReceiptCommand":
        """As ``parse``, but for the id."""
        if not isinstance(body, Mapping):
            raise ReceiptInvalid(f"A receipt must be an object, not {json_kind(body)}.")
        item = body.get("item")
        if item not in ITEMS:
            raise ReceiptInvalid(f"'item' must be one of {', '.join(ITEMS)}.", path="item")
        stage = body.get("stage")
        if stage not in OF_DEVICES:
            raise ReceiptInvalid(f"'stage' must be one of {', '.join(OF_DEVICES)}.", path="stage")
        at_ms = body.get("at_ms")
        return cls(
            id="",
            item=item,
            item_id=text(body, "item_id", max_characters=64, error=ReceiptInvalid),
            revision=_whole(body.get("revision"), "revision", 1, _MAX_REVISION),
            stage=Stage(stage),
            at_ms=None if at_ms is None else _whole(at_ms, "at_ms", 0, _MAX_MS),
        )


@dataclass(frozen=True, slots=True)
class ReceiptResult:
    """The answer to one command: a receipt, or an error; neither when it had no id and went well."""

    id: str
    receipt: Receipt | None
    error: ServerError | None = None

    def to_wire(self) -> dict[str, Any]:
        if self.error:
            return {"type": "receipt", "id": self.id, "ok": False, **self.error.to_wire()}
        assert self.receipt is not None, "a result without an error has a receipt"
        return {"type": "receipt", "id": self.id, "ok": True, "receipt": self.receipt.to_wire()}


@dataclass(frozen=True, slots=True)
class Standing:
    """An alert, push or bulletin at present, as far as receipts are concerned."""

    item: Item
    id: str
    revision: int
    audience: Audience
    """Whom it concerns, and who may give receipts for it."""
    present: Mapping[str, Any]
    """Its wire form."""
    is_taken_back: bool = False
    """A recalled push, an ended bulletin: only that can be acknowledged any more."""


def check(command: ReceiptCommand, person: Person, present: Standing | None) -> Standing:
    """What the receipt is about, as it is at present, if this person may report this of it.

    Raises:
        ItemUnknown: there is none, or it does not concern him.
        ReceiptInvalid: a revision that does not exist yet.
        ConflictRecalled: what was taken back is acknowledged or declined as if it had not been.
        ConflictRevision: an old revision is acknowledged or declined.
    """
    if present is None or not present.audience.concerns(person):
        raise ItemUnknown(f"There is no {command.item} '{command.item_id}' for you.", path="item_id")
    if command.revision > present.revision:
        message = f"The {command.item} is at revision {present.revision}, there is no {command.revision} yet."
        raise ReceiptInvalid(message, path="revision")
    if command.stage.is_said:
        check_revision(command.revision, present, command.stage)
    return present


def check_revision(revision: int, present: Standing, stage: Stage) -> None:
    """
    Raises:
        ConflictRecalled, ConflictRevision: it is not the present one.
    """
    if revision == present.revision:
        return
    if present.is_taken_back:
        message = f"The {present.item} was taken back; acknowledge that, revision {present.revision}."
        raise ConflictRecalled(message, item=present.item, present=dict(present.present))
    message = f"Revision {revision} was {stage}, but it has changed: revision {present.revision}."
    raise ConflictRevision(message, item=present.item, present=dict(present.present))


def _whole(value: object, key: str, low: int, high: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise ReceiptInvalid(f"'{key}' must be a whole number from {low} to {high}.", path=key)
    return value


def receipts_for(person: Person, receipts: Iterable[Receipt]) -> list[Receipt]:
    """Those he may see, in the order given: staff all, officers their own."""
    return [receipt for receipt in receipts if person.is_staff or receipt.person == person.id]
