"""Measure: one number with what it should reach, as a JSON line."""

import json
import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Measure:
    """A number measured a few times. ``value`` is the median of the runs."""

    name: str
    runs: Sequence[float]
    unit: str
    reach: float | None = None
    """What it should be at most; None: only to be read."""
    note: str = ""
    is_least: bool = False
    """``reach`` is what it should be at least."""

    @property
    def value(self) -> float:
        return statistics.median(self.runs)

    @property
    def ok(self) -> bool:
        if self.reach is None:
            return True
        return self.value >= self.reach if self.is_least else self.value <= self.reach

    def line(self) -> str:
        return json.dumps(
            {
                "measure": self.name,
                "value": _short(self.value),
                "unit": self.unit,
                "reach": self.reach,
                "ok": self.ok,
                "runs": [_short(run) for run in self.runs],
                "note": self.note,
            },
            ensure_ascii=False,
        )


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest value that ``percent`` of all do not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]


def _short(number: float) -> float:
    return float(f"{number:.4g}")
