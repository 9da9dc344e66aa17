"""Terminal: what the person who started Sightline reads."""

import sys
import time
from typing import TextIO


class Terminal:
    """Lines for a person. Nothing here fails when nobody reads any more."""

    def __init__(self, stream: TextIO | None = None, *, verbose: bool = False) -> None:
        self._stream = stream or sys.stdout
        self._began_at = time.monotonic()
        self.verbose = verbose

    def say(self, text: str = "") -> None:
        try:
            self._stream.write(f"{text}\n")
            self._stream.flush()
        except (OSError, ValueError):
            # The pipe or terminal is gone; the work goes on.
            return

    def step(self, part: str, text: str) -> None:
        """Something that was done on the way to being ready."""
        self.say(f"  {part:<8} {text} ({time.monotonic() - self._began_at:.1f} s)")

    def log(self, part: str, line: str) -> None:
        """A log line of a part."""
        self.say(f"{part:<8} | {line}")
