"""Reports: what a device says by itself of many items at once; docs/wire.md §5.4."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from server.core.receipts import ReceiptCommand
from server.errors import LogUnavailable, ReceiptInvalid, ServerError

MAX_LINES = 200


@dataclass(frozen=True, slots=True)
class Report:
    """How far items have come on one device. Saying it again changes nothing, so its lines have no ids."""

    number: int
    lines: tuple[ReceiptCommand | ReceiptInvalid, ...]
    """In order; one that can't be used does not cost the others."""

    @classmethod
    def parse(cls, number: int, body: Mapping[str, Any]) -> "Report":
        """
        Raises:
            ReceiptInvalid: there is no list of lines, or too many are in it.
        """
        lines = body.get("receipts")
        if not isinstance(lines, list) or not 1 <= len(lines) <= MAX_LINES:
            raise ReceiptInvalid(f"'receipts' must be a list of 1 to {MAX_LINES} receipts.", path="receipts")
        return cls(number, tuple(map(_line, lines)))

    def answered(self, errors: Sequence[ServerError | None]) -> "Reported":
        """The answer, from what came of each of the ``commands``."""
        if any(isinstance(error, LogUnavailable) for error in errors):
            return Reported(self.number, error=next(error for error in errors if isinstance(error, LogUnavailable)))
        came = iter(errors)
        told = [line if isinstance(line, ReceiptInvalid) else next(came) for line in self.lines]
        return Reported(self.number, tuple((index, error) for index, error in enumerate(told) if error is not None))

    @property
    def commands(self) -> tuple[ReceiptCommand, ...]:
        return tuple(line for line in self.lines if isinstance(line, ReceiptCommand))


@dataclass(frozen=True, slots=True)
class Reported:
    """The answer: what was kept is not named."""

    number: int
    refused: tuple[tuple[int, ServerError], ...] = ()
    """Line, counted from 0, and why."""
    error: ServerError | None = None
    """Nothing was kept."""

    @property
    def is_whole(self) -> bool:
        """Whether everything was kept."""
        return self.error is None and not self.refused

    def to_wire(self) -> dict[str, Any]:
        if self.error is not None:
            return {"type": "reported", "number": self.number, "ok": False, **self.error.to_wire()}
        refused = [{"index": index, **error.to_wire()} for index, error in self.refused]
        return {"type": "reported", "number": self.number, "ok": True, "refused": refused}


def _line(body: object) -> ReceiptCommand | ReceiptInvalid:
    try:
        line = ReceiptCommand.parse_line(body)
    except ReceiptInvalid as error:
        return error
    if line.stage.is_said:
        return ReceiptInvalid(f"What a person says ('{line.stage}') must be a 'receipt' with an id.", path="stage")
    return line
