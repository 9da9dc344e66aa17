"""Clock: what a server takes for the time of day, which can be set while it runs; the monotonic clock is left alone.

The servers read the time of day by Python's ``time`` only, so it is moved there: libfaketime, which moves it for the C
library, makes the waiting threads of Python spin, and what is late then is late by that.
"""

import os
import struct
from pathlib import Path

FAKED = Path(__file__).parent / "faked"
"""A folder for PYTHONPATH of processes with such a clock."""
_OFF_S = struct.Struct("=q")


class Clock:
    """Of one server process; it outlives the process, as the clock of a machine does."""

    def __init__(self, file: Path) -> None:
        self._file = file
        file.write_bytes(_OFF_S.pack(0))

    def environ(self) -> dict[str, str]:
        """For the process that shall have this clock."""
        return {"CHAOS_CLOCK": str(self._file)}

    def set_off(self, seconds: int) -> None:
        """So far from the true time, at once."""
        file = os.open(self._file, os.O_WRONLY)
        try:
            os.pwrite(file, _OFF_S.pack(seconds), 0)
        finally:
            os.close(file)
