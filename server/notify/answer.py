"""Answer: what came of a request to ring."""

from dataclasses import dataclass
from enum import Enum


class Outcome(Enum):
    RUNG = "rung"
    GONE = "gone"
    """The subscription does not exist any more."""
    REFUSED = "refused"
    """Our key, our contact or our address is wrong; trying again changes nothing."""
    TOO_LARGE = "too large"
    LATER = "later"
    """Something is wrong there, or between."""


@dataclass(frozen=True, slots=True)
class Answer:
    outcome: Outcome
    why: str = ""
    """For the operator: a status or a word; no address."""
    retry_after_s: float | None = None
    """The push service asks for this pause."""
