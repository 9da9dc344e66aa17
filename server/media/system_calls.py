"""System calls: a filter of Linux (seccomp) that leaves a process those it needs to compute and to use its pipes.

Files that are not open count too: to remove, rename or truncate one takes no open file. Every other call fails as
forbidden, so that libraries that ask for something harmless go on without it.
"""

import ctypes
import errno
import os
import struct
import sys

_PR_SET_NO_NEW_PRIVS = 38
_PR_SET_SECCOMP = 22
_MODE_FILTER = 2
_LOAD, _EQUAL, _RETURN = 0x20, 0x15, 0x06
"""BPF: load a word, jump when equal, return (linux/bpf_common.h)."""
_NUMBER_AT, _ARCHITECTURE_AT = 0, 4
"""In ``struct seccomp_data``."""
_ALLOW, _FAIL = 0x7FFF0000, 0x00050000 | errno.EPERM

_CALLS = {
    "x86_64": (
        0xC000003E,
        {
            "read": 0,
            "write": 1,
            "close": 3,
            "fstat": 5,
            "lseek": 8,
            "mmap": 9,
            "mprotect": 10,
            "munmap": 11,
            "brk": 12,
            "rt_sigaction": 13,
            "rt_sigprocmask": 14,
            "rt_sigreturn": 15,
            "sched_yield": 24,
            "mremap": 25,
            "madvise": 28,
            "dup2": 33,
            "getpid": 39,
            "exit": 60,
            "gettid": 186,
            "futex": 202,
            "restart_syscall": 219,
            "clock_gettime": 228,
            "clock_nanosleep": 230,
            "exit_group": 231,
            "dup3": 292,
            "getrandom": 318,
        },
    ),
    "aarch64": (
        0xC00000B7,
        {
            "dup3": 24,
            "close": 57,
            "lseek": 62,
            "read": 63,
            "write": 64,
            "fstat": 80,
            "exit": 93,
            "exit_group": 94,
            "futex": 98,
            "clock_gettime": 113,
            "clock_nanosleep": 115,
            "sched_yield": 124,
            "restart_syscall": 128,
            "rt_sigaction": 134,
            "rt_sigprocmask": 135,
            "rt_sigreturn": 139,
            "getpid": 172,
            "gettid": 178,
            "brk": 214,
            "munmap": 215,
            "mremap": 216,
            "mmap": 222,
            "mprotect": 226,
            "madvise": 233,
            "getrandom": 278,
        },
    ),
}
"""Machine → its number in the filter (linux/audit.h) and the numbers of the calls."""


class _Program(ctypes.Structure):
    """``struct sock_fprog``."""

    _fields_ = (("length", ctypes.c_ushort), ("steps", ctypes.c_char_p))


def only_compute() -> bool:
    """Forbid the calling thread, and all it starts, every other call, for ever. False where there is no such filter."""
    machine = os.uname().machine
    if sys.platform != "linux" or machine not in _CALLS or sys.maxsize < 2**32:
        return False
    architecture, calls = _CALLS[machine]
    steps = _steps(architecture, sorted(calls.values()))
    program = _Program(len(steps) // 8, steps)
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    return bool(libc.prctl(_PR_SET_SECCOMP, _MODE_FILTER, ctypes.byref(program), 0, 0) == 0)


def _steps(architecture: int, allowed: list[int]) -> bytes:
    """Eight bytes each: what, how far to jump when true and when false, and a number."""
    count = len(allowed)
    return b"".join(
        (
            struct.pack("=HBBI", _LOAD, 0, 0, _ARCHITECTURE_AT),
            struct.pack("=HBBI", _EQUAL, 0, count + 1, architecture),
            struct.pack("=HBBI", _LOAD, 0, 0, _NUMBER_AT),
            *(struct.pack("=HBBI", _EQUAL, count - at, 0, number) for at, number in enumerate(allowed)),
            struct.pack("=HBBI", _RETURN, 0, 0, _FAIL),
            struct.pack("=HBBI", _RETURN, 0, 0, _ALLOW),
        )
    )
