"""CameraFigures: what a streams process measures of one camera."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class CameraFigures:
    """Of the last second or so, all 0 while nobody wants the camera, but for what is said."""

    fps: float = 0.0
    bitrate_bps: int = 0
    gop_pictures: int = 0
    """Pictures from key frame to key frame; 0 when not known."""
    losses: int = 0
    """How often it was lost since it was last wanted, tries to reach it again included."""
    picture_ms: int | None = None
    """When the last picture came, also of a camera that nobody wants any more."""

    @classmethod
    def parse(cls, said: Mapping[str, Any]) -> "CameraFigures":
        """Read them from what is said on the bus; what is missing is 0.

        Raises:
            TypeError, ValueError, OverflowError: one is no number.
        """
        picture_ms = said.get("picture_ms")
        return cls(
            float(said.get("fps", 0)),
            int(said.get("bitrate_bps", 0)),
            int(said.get("gop_pictures", 0)),
            int(said.get("losses", 0)),
            None if picture_ms is None else int(picture_ms),
        )

    def to_wire(self, now_ms: int) -> dict[str, Any]:
        """``picture_age_ms`` is up to 2 s too high: that is how often the streams processes say it."""
        return {
            "fps": self.fps,
            "bitrate_bps": self.bitrate_bps,
            "gop_pictures": self.gop_pictures,
            "losses": self.losses,
            "picture_age_ms": None if self.picture_ms is None else max(0, now_ms - self.picture_ms),
        }
