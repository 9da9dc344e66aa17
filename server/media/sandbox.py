"""Sandbox: takes from a process what it does not need to turn bytes into pixels. Only ever tightened.

What is left after ``lock``: its pipes (not a log that is a file), its memory, some seconds of CPU. It can open nothing,
no file and no socket, because it may have no more open files; that holds on every system and in every container. On
Linux (x86-64, 64-bit ARM) a filter of system calls forbids all that is not computing: removing files, signals, looking
into other processes. A network and a user of its own (namespaces) come on top where the system lets us.
"""

import ctypes
import os
import resource
import sys

from streams import system_calls
from streams.system_calls import COMPUTING, Policy

_CLONE_NEWUSER = 0x10000000
_CLONE_NEWNET = 0x40000000
_PR_SET_NO_NEW_PRIVS = 38
_FIRST_OPEN_FILES = 64
"""Enough for imports."""


def enter(*, memory_bytes: int, cpu_s: int) -> None:
    """Call it first, while there is one thread. Imports are possible afterwards.

    Args:
        memory_bytes: address space, with what the interpreter and its libraries take.
        cpu_s: of the whole life of the process; then it is killed.
    """
    os.nice(10)  # Never in the way of the alert lane.
    _limit(resource.RLIMIT_AS, memory_bytes)
    _limit(resource.RLIMIT_CPU, cpu_s)
    _limit(resource.RLIMIT_FSIZE, 0)
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_NOFILE, _FIRST_OPEN_FILES)
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        # Without a mapping, also root is nobody in there. Containers mostly forbid it: then the limits must do.
        libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET)


def lock(*, open_files: int = 3) -> None:
    """From here on nothing can be opened and no process started. Call it when all is imported.

    Args:
        open_files: how many are open now, standard streams included, numbered without holes.
    """
    _limit(resource.RLIMIT_NOFILE, open_files)
    _limit(resource.RLIMIT_NPROC, 0)
    system_calls.restrict(Policy(COMPUTING))


def _limit(kind: int, most: int) -> None:
    try:
        resource.setrlimit(kind, (most, most))
    except (ValueError, OSError):
        # macOS has no limit of address space; a user may have a lower limit already.
        return
