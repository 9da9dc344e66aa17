"""ProcessLimits: what a worker process that reads strangers' bytes may use up."""

import logging
import resource
from dataclasses import dataclass

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ProcessLimits:
    memory_bytes: int
    """Of address space, libraries included."""
    open_files: int
    cpu_s: int
    """Of one go without anything done."""

    def set(self) -> None:
        """For this process, from now on; a limit that the system has not, or has lower already, is left."""
        for kind, most in (
            (resource.RLIMIT_AS, self.memory_bytes),
            (resource.RLIMIT_NOFILE, self.open_files),
            (resource.RLIMIT_CORE, 0),
        ):
            try:
                resource.setrlimit(kind, (most, most))
            except (ValueError, OSError):  # macOS has no limit of address space, and a user may have a lower one
                logger.debug("a limit could not be set", extra={"kind": kind})
        self.allow_cpu()

    def allow_cpu(self) -> None:
        """Some seconds more from now on: a process that only spins is stopped, one that works lives on."""
        used = resource.getrusage(resource.RUSAGE_SELF)
        _, hard = resource.getrlimit(resource.RLIMIT_CPU)
        resource.setrlimit(resource.RLIMIT_CPU, (int(used.ru_utime + used.ru_stime) + self.cpu_s, hard))
