"""ProcessLimits: what a worker process that reads strangers' bytes may use up."""

import logging
import resource
from dataclasses import dataclass

logger = logging.getLogger(__name__)

_STANDARD_STREAMS = 3


@dataclass(frozen=True, slots=True)
class ProcessLimits:
    memory_bytes: int
    """Of address space, libraries included."""
    open_files: int
    cpu_s: int
    """Of one go without anything done."""

    def set(self) -> None:
        """For this process, from now on; a limit that the system has not, or has lower already, is left."""
        _limit(resource.RLIMIT_AS, self.memory_bytes)
        _limit(resource.RLIMIT_NOFILE, self.open_files)
        _limit(resource.RLIMIT_CORE, 0)
        self.allow_cpu()

    def allow_cpu(self) -> None:
        """Some seconds more from now on: a process that only spins is stopped, one that works lives on."""
        used = resource.getrusage(resource.RUSAGE_SELF)
        _, hard = resource.getrlimit(resource.RLIMIT_CPU)
        resource.setrlimit(resource.RLIMIT_CPU, (int(used.ru_utime + used.ru_stime) + self.cpu_s, hard))


def open_nothing() -> None:
    """This process opens no file and no socket any more, on every system."""
    _limit(resource.RLIMIT_NOFILE, _STANDARD_STREAMS)


def _limit(kind: int, most: int) -> None:
    try:
        resource.setrlimit(kind, (most, most))
    except (ValueError, OSError):  # macOS has no limit of address space, and a user may have a lower one
        logger.debug("a limit could not be set", extra={"kind": kind})
