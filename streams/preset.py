"""Preset: a view that a movable camera turns to, and who has told that it stands there."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from streams.errors import FormatError
from streams.mask import Mask

MAX_TTL_S = 60.0


@dataclass(frozen=True, slots=True)
class Preset:
    name: str
    masks: tuple[Mask, ...]
    """All that hold while the camera stands there."""


@dataclass(frozen=True, slots=True)
class Stand:
    """What is told of a camera: before it begins to move that nobody knows, and when it has arrived the preset; again
    and again, as it is good for ``ttl_s`` only."""

    camera: str
    """Its id."""
    preset: str
    """Its name; "" while nobody knows."""
    ttl_s: float = 10.0

    def to_json(self) -> str:
        return json.dumps({"camera": self.camera, "preset": self.preset, "ttl_s": self.ttl_s})

    @classmethod
    def from_json(cls, payload: bytes) -> "Stand":
        """
        Raises:
            FormatError: it is none.
        """
        try:
            fields = json.loads(payload)
            stand = cls(str(fields["camera"]), str(fields["preset"] or ""), float(fields["ttl_s"]))
        except (ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
            raise FormatError(f"not where a camera stands: {payload[:100]!r}") from error
        if not 0 < stand.ttl_s <= MAX_TTL_S:
            raise FormatError(f"where a camera stands for {stand.ttl_s} s, expected up to {MAX_TTL_S:g}")
        return stand


class View:
    """Which masks hold for one camera, as of ``now`` (seconds, any origin): when nobody knows where it looks, all."""

    def __init__(self, masks: Sequence[Mask], presets: Sequence[Preset]) -> None:
        """
        Args:
            masks: all that the camera has, of every preset.
        """
        self._masks = tuple(masks)
        self._presets = {preset.name: preset.masks for preset in presets}
        self._told: tuple[str, float] | None = None
        """Name, and until when it is good."""

    def take(self, stand: Stand, now: float) -> None:
        self._told = stand.preset, now + stand.ttl_s

    def forget(self) -> None:
        """Something may have been told that has not come here."""
        self._told = None

    def masks(self, now: float) -> tuple[Mask, ...]:
        if self._told is None or now >= self._told[1]:
            return self._masks
        return self._presets.get(self._told[0], self._masks)
