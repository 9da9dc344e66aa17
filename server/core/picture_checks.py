"""PictureChecks: what the figures of a camera's picture say, in words.

The thresholds lie between what was measured of good pictures (by day, at dusk and at night, in rain and haze, with
traffic, strongly compressed) and of the same with a fault (docs/operations.md has the table).
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Self

from server.core.nearest import Fault
from streams.formats.picture_pipe import Figures, read_figures
from streams.mask import Mask

EVERY_MS = 24 * 3600 * 1000
"""At the same time of day, so that the light is that of the day before."""
AGAIN_MS = 3600 * 1000
"""After a camera has given no picture."""

_BLACK = 0.95
_FLAT, _LIT = 0.9, 0.5
_CHANGED = 0.05
"""With one grey level of noise two thirds of the cells change, of a frozen picture those with the clock: 1 of 70."""
_PLACES, _SEEN = 10, 0.6
"""With fewer nothing is said about where the camera looks."""
_HELD = 0.45
"""The same street at night holds 0.57 of what it showed by day, one that is turned by 4 % of its width 0.37 at most."""
_BLANK = 0.35
"""By day and by night 0.08 at most, in haze 0.16; with half of the lens covered 0.36 to 0.50."""
_SHARPNESS = 0.25
_DETAIL = 0.005
"""Without a reference only what is very blurred can be told."""
_LEAST_WIDTH = 320
"""Pixels; smaller pictures look blurred to us anyway."""


class Outcome(StrEnum):
    GOOD = "good"
    FAULTY = "faulty"
    UNSURE = "unsure"
    """Nothing was found, but not all could be told."""
    UNANSWERED = "unanswered"
    """It gave no picture."""


@dataclass(frozen=True, slots=True)
class Finding:
    fault: Fault
    message: str


@dataclass(frozen=True, slots=True)
class Check:
    """What was found of one camera at one time."""

    camera: str
    at_ms: int
    asked_by: str
    """A person; "" when it was the daily one."""
    outcome: Outcome
    findings: tuple[Finding, ...] = ()
    note: str = ""
    """What could not be told, and why; or why there was no picture."""
    figures: Figures | None = None

    @property
    def message(self) -> str:
        """All of it, for people."""
        return " ".join([*(finding.message for finding in self.findings), *([self.note] if self.note else [])])

    def to_wire(self) -> dict[str, Any]:
        return {
            "at_ms": self.at_ms,
            "asked_by": self.asked_by or None,
            "outcome": self.outcome,
            "faults": [{"fault": finding.fault, "message": finding.message} for finding in self.findings],
            "message": self.message,
            "figures": None if self.figures is None else asdict(self.figures),
        }

    def to_text(self) -> str:
        """For the database; who and when stand beside it."""
        record = {
            "outcome": self.outcome,
            "findings": [[finding.fault, finding.message] for finding in self.findings],
            "note": self.note,
            "figures": None if self.figures is None else asdict(self.figures),
        }
        return json.dumps(record, ensure_ascii=False)

    @classmethod
    def from_text(cls, camera: str, at_ms: int, asked_by: str, text: str) -> Self:
        record = json.loads(text)
        findings = tuple(Finding(Fault(fault), message) for fault, message in record["findings"])
        figures = None if record["figures"] is None else read_figures(record["figures"])
        return cls(camera, at_ms, asked_by, Outcome(record["outcome"]), findings, record["note"], figures)


def judge(figures: Figures, *, width: int, has_reference: bool) -> tuple[Outcome, tuple[Finding, ...], str]:
    """Outcome, findings and note.

    Args:
        width: pixels of the picture as the camera sends it.
        has_reference: it was compared with one, or was to be.
    """
    findings = tuple(_findings(figures, width))
    if findings:
        return Outcome.FAULTY, findings, ""
    note = _note(figures, has_reference=has_reference)
    return (Outcome.UNSURE if note else Outcome.GOOD), (), note


def _findings(figures: Figures, width: int) -> Iterable[Finding]:
    if figures.dark >= _BLACK:
        yield Finding(Fault.BLACK, "The picture is black.")
        return
    if figures.flat >= _FLAT and figures.lit >= _LIT:
        yield Finding(
            Fault.COVERED,
            "There is light but next to nothing in the picture: the lens may be covered, or in thick fog.",
        )
        return
    if figures.changed is not None and figures.changed <= _CHANGED:
        yield Finding(
            Fault.FROZEN,
            "Nothing has changed from one picture to another, not even noise: it may be the same over and over again.",
        )
    if figures.places >= _PLACES and figures.blank is not None and figures.blank >= _BLANK:
        gone = round(figures.blank * figures.places)
        yield Finding(
            Fault.OBSTRUCTED,
            f"Of {figures.places} places in the reference picture {gone} are empty now:"
            " something may be in the way, or on the lens.",
        )
    elif _can_compare(figures) and figures.sharpness is not None and figures.sharpness < _SHARPNESS:
        share = round(figures.sharpness * 100)
        yield Finding(
            Fault.BLURRED,
            f"Of the fine detail that the reference picture has {share} % are left: focus or lens may not be right.",
        )
    elif _can_compare(figures) and figures.held is not None and figures.held < _HELD:
        gone = figures.places - round(figures.held * figures.places)
        yield Finding(
            Fault.MOVED,
            f"Of {figures.places} places in the reference picture {gone} are not where they were:"
            " the camera may look elsewhere.",
        )
    elif figures.detail is not None and figures.detail < _DETAIL and width >= _LEAST_WIDTH:
        yield Finding(Fault.BLURRED, "The picture has no fine detail: focus or lens may not be right.")


def _can_compare(figures: Figures) -> bool:
    return figures.places >= _PLACES and figures.seen is not None and figures.seen >= _SEEN


def _note(figures: Figures, *, has_reference: bool) -> str:
    if figures.changed is None:
        return "Only one whole picture came in time, so nobody can tell whether the camera sends the same each time."
    if not has_reference:
        return ""
    if figures.places == 0 and figures.held is None:
        return "It can't be compared with its reference picture, which has another shape or shows nothing. Set it anew."
    if figures.places < _PLACES:
        return "The reference picture shows too little to tell whether the camera has moved."
    if not _can_compare(figures):
        return "Too little of what the reference picture shows can be made out to tell whether the camera has moved."
    return ""


def worst(check: Check) -> Fault | None:
    """What is said of the camera in lists; of a camera that gave no picture that."""
    if check.outcome is Outcome.UNANSWERED:
        return Fault.SILENT
    return check.findings[0].fault if check.findings else None


def faults(checks: Mapping[str, Check], live: Iterable[str]) -> dict[str, Fault]:
    """By camera; that one was silent counts no more once it is ``live``."""
    found = {camera: fault for camera, check in checks.items() if (fault := worst(check)) is not None}
    for camera in live:
        if found.get(camera) is Fault.SILENT:
            del found[camera]
    return found


def due_ms(last: Check | None) -> int:
    """When it is to be checked again by itself."""
    if last is None:
        return 0
    return last.at_ms + (AGAIN_MS if last.outcome is Outcome.UNANSWERED else EVERY_MS)


def masks_key(masks: Sequence[Mask]) -> str:
    """Other masks have another one; "" without any."""
    outlines = [mask.outline for mask in masks]
    return hashlib.sha256(json.dumps(outlines).encode()).hexdigest() if outlines else ""
