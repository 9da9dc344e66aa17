"""Clock: what the servers take for the time of day; libfaketime moves it, and leaves the monotonic clock alone."""

import os
from pathlib import Path

FAKED = Path(__file__).parent / "faked"
"""A folder for PYTHONPATH of processes with such a clock."""
LIBRARIES = (
    "/usr/lib/{machine}-linux-gnu/faketime/libfaketimeMT.so.1",
    "/usr/lib/faketime/libfaketimeMT.so.1",
    "/usr/lib64/faketime/libfaketimeMT.so.1",
)


def library() -> Path | None:
    """libfaketime of this machine (apt: libfaketime); None without it, and then clocks stay as they are."""
    machine = os.uname().machine
    return next((Path(found) for each in LIBRARIES if Path(found := each.format(machine=machine)).exists()), None)


def clear_up(pid: int) -> None:
    """Remove what libfaketime leaves in the shared memory of the machine when a process is killed."""
    for left in Path("/dev/shm").glob(f"*faketime_*_{pid}"):
        left.unlink(missing_ok=True)


class Clock:
    """Of one server process; it outlives the process, as the clock of a machine does."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self.set_off(0)

    def environ(self, preload: Path) -> dict[str, str]:
        """For the process that shall have this clock."""
        return {
            "LD_PRELOAD": str(preload),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_CACHE_DURATION": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "NO_FAKE_STAT": "1",
        }

    def set_off(self, seconds: int) -> None:
        """So far from the true time, from at most a second from now on."""
        new = self._file.with_suffix(".new")
        new.write_text(f"{seconds:+d}\n")
        new.replace(self._file)
