"""System calls: a filter of Linux (seccomp) that leaves a process those that it needs. Only ever tightened.

Files that are not open count too: to remove, rename or truncate one takes no open file. What is neither allowed nor
named fails as forbidden, so that libraries that ask for something harmless go on without it; what only an intruder
asks for kills the process.
"""

import ctypes
import errno
import os
import struct
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum

_PR_SET_NO_NEW_PRIVS = 38
_PR_SET_SECCOMP = 22
_MODE_FILTER = 2
_SET_MODE_FILTER = 1
_ALL_THREADS = 1
"""SECCOMP_FILTER_FLAG_TSYNC: those too that libraries have started."""
_LOAD, _AND, _EQUAL, _RETURN = 0x20, 0x54, 0x15, 0x06
"""BPF: load a word, mask it, jump when equal, return (linux/bpf_common.h)."""
_NUMBER_AT, _ARCHITECTURE_AT, _ARGUMENTS_AT = 0, 4, 16
"""In ``struct seccomp_data``; an argument has eight bytes, the lower half first."""
_ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
"""linux/audit.h"""
_CALLS = {
    # Name: number on x86-64, and on 64-bit ARM, which has no old ones.
    "read": (0, 63),
    "write": (1, 64),
    "open": (2, None),
    "close": (3, 57),
    "stat": (4, None),
    "fstat": (5, 80),
    "lstat": (6, None),
    "poll": (7, None),
    "lseek": (8, 62),
    "mmap": (9, 222),
    "mprotect": (10, 226),
    "munmap": (11, 215),
    "brk": (12, 214),
    "rt_sigaction": (13, 134),
    "rt_sigprocmask": (14, 135),
    "rt_sigreturn": (15, 139),
    "ioctl": (16, 29),
    "pread64": (17, 67),
    "readv": (19, 65),
    "writev": (20, 66),
    "access": (21, None),
    "select": (23, None),
    "sched_yield": (24, 124),
    "mremap": (25, 216),
    "madvise": (28, 233),
    "dup2": (33, None),
    "nanosleep": (35, 101),
    "getpid": (39, 172),
    "socket": (41, 198),
    "connect": (42, 203),
    "sendto": (44, 206),
    "recvfrom": (45, 207),
    "sendmsg": (46, 211),
    "recvmsg": (47, 212),
    "shutdown": (48, 210),
    "bind": (49, 200),
    "getsockname": (51, 204),
    "getpeername": (52, 205),
    "setsockopt": (54, 208),
    "getsockopt": (55, 209),
    "clone": (56, 220),
    "fork": (57, None),
    "vfork": (58, None),
    "execve": (59, 221),
    "exit": (60, 93),
    "uname": (63, 160),
    "fcntl": (72, 25),
    "truncate": (76, 45),
    "getcwd": (79, 17),
    "rename": (82, None),
    "creat": (85, None),
    "unlink": (87, None),
    "readlink": (89, None),
    "gettimeofday": (96, 169),
    "getrusage": (98, 165),
    "sysinfo": (99, 179),
    "ptrace": (101, 117),
    "getuid": (102, 174),
    "getgid": (104, 176),
    "geteuid": (107, 175),
    "getegid": (108, 177),
    "getppid": (110, 173),
    "sigaltstack": (131, 132),
    "gettid": (186, 178),
    "futex": (202, 98),
    "sched_getaffinity": (204, 123),
    "getdents64": (217, 61),
    "restart_syscall": (219, 128),
    "clock_gettime": (228, 113),
    "clock_getres": (229, 114),
    "clock_nanosleep": (230, 115),
    "exit_group": (231, 94),
    "openat": (257, 56),
    "newfstatat": (262, 79),
    "unlinkat": (263, 35),
    "renameat": (264, 38),
    "readlinkat": (267, 78),
    "faccessat": (269, 48),
    "pselect6": (270, 72),
    "ppoll": (271, 73),
    "set_robust_list": (273, 99),
    "dup3": (292, 24),
    "prlimit64": (302, 261),
    "sendmmsg": (307, 269),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "renameat2": (316, 276),
    "seccomp": (317, 277),
    "getrandom": (318, 278),
    "execveat": (322, 281),
    "statx": (332, 291),
    "rseq": (334, 293),
    "clone3": (435, 435),
    "openat2": (437, 437),
    "faccessat2": (439, 439),
}


class Outcome(IntEnum):
    """Of a call (linux/seccomp.h)."""

    ALLOW = 0x7FFF0000
    FORBID = 0x00050000 | errno.EPERM
    MISSING = 0x00050000 | errno.ENOSYS
    """As on an older kernel: what asks goes on in the older way, whose arguments can be looked at."""
    KILL = 0x80000000
    """The process, with SIGSYS."""


@dataclass(frozen=True, slots=True)
class Condition:
    """What becomes of a call says whether ``argument & bits`` is one of ``values``."""

    argument: int
    """0..5; a number of at most 32 bits."""
    values: tuple[int, ...]
    bits: int = 0xFFFFFFFF
    then: Outcome = Outcome.ALLOW
    otherwise: Outcome = Outcome.FORBID


@dataclass(frozen=True, slots=True)
class Policy:
    """What a process may ask of the kernel, by the names of the calls."""

    allowed: frozenset[str]
    killed: frozenset[str] = frozenset()
    missing: frozenset[str] = frozenset()
    conditions: Mapping[str, Condition] = field(default_factory=dict)


def calls(names: str) -> frozenset[str]:
    """A set of calls, from their names with blanks between."""
    return frozenset(names.split())


COMPUTING = calls(
    """brk clock_gettime clock_nanosleep close dup2 dup3 exit exit_group fstat futex getpid getrandom gettid lseek
    madvise mmap mprotect mremap munmap read restart_syscall rt_sigaction rt_sigprocmask rt_sigreturn sched_yield
    write"""
)
"""To compute and to use pipes that are open."""


class _Program(ctypes.Structure):
    """``struct sock_fprog``."""

    _fields_ = (("length", ctypes.c_ushort), ("steps", ctypes.c_char_p))


def restrict(policy: Policy) -> bool:
    """Leave this process, and all that it starts, what ``policy`` says, for ever. False where there is no such filter:
    the process goes on as it was."""
    machine = os.uname().machine
    if sys.platform != "linux" or machine not in _ARCHITECTURES or sys.maxsize < 2**32:
        return False
    steps = program(policy, machine)
    filled = _Program(len(steps) // 8, steps)
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    seccomp, arguments = _number("seccomp", machine), (_SET_MODE_FILTER, _ALL_THREADS)
    assert seccomp is not None, "both machines have it"
    if libc.syscall(*map(ctypes.c_long, (seccomp, *arguments)), ctypes.byref(filled)) == 0:
        return True
    # A kernel or a container that knows only the older way: for this thread, and those that it starts.
    return bool(libc.prctl(_PR_SET_SECCOMP, _MODE_FILTER, ctypes.byref(filled), 0, 0) == 0)


def program(policy: Policy, machine: str) -> bytes:
    """The filter in BPF. Each call is a block of its own that ends in a return."""
    blocks = [
        _step(_LOAD, _ARCHITECTURE_AT),
        _step(_EQUAL, _ARCHITECTURES[machine], then=1),
        _step(_RETURN, Outcome.FORBID),
        _step(_LOAD, _NUMBER_AT),
    ]
    for name, condition in policy.conditions.items():
        blocks += _block(_number(name, machine), _check(condition))
    outcomes = {Outcome.ALLOW: policy.allowed, Outcome.KILL: policy.killed, Outcome.MISSING: policy.missing}
    for outcome, names in outcomes.items():
        for number in sorted(number for name in names if (number := _number(name, machine)) is not None):
            blocks += _block(number, [_step(_RETURN, outcome)])
    return b"".join((*blocks, _step(_RETURN, Outcome.FORBID)))


def _number(name: str, machine: str) -> int | None:
    """None: the machine has no such call."""
    return _CALLS[name][list(_ARCHITECTURES).index(machine)]


def _block(number: int | None, steps: list[bytes]) -> Iterable[bytes]:
    return () if number is None else (_step(_EQUAL, number, otherwise=len(steps)), *steps)


def _check(condition: Condition) -> list[bytes]:
    steps = [_step(_LOAD, _ARGUMENTS_AT + 8 * condition.argument), _step(_AND, condition.bits)]
    for value in condition.values:
        steps += (_step(_EQUAL, value, otherwise=1), _step(_RETURN, condition.then))
    return [*steps, _step(_RETURN, condition.otherwise)]


def _step(what: int, number: int, *, then: int = 0, otherwise: int = 0) -> bytes:
    """Eight bytes; how many steps to leave out when true and when false."""
    return struct.pack("=HBBI", what, then, otherwise, number)
