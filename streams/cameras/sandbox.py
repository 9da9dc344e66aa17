"""Sandbox: what a worker process that reads strangers' bytes may ask of the kernel.

On Linux (x86-64, 64-bit ARM); elsewhere the limits of ``ProcessLimits`` must do, and the log says so.
"""

import logging
import socket
import ssl
import sys
from pathlib import Path

import streams
from streams import landlock, system_calls
from streams.cameras.process_limits import open_nothing
from streams.system_calls import COMPUTING, Condition, Outcome, Policy, calls

logger = logging.getLogger(__name__)

_INTRUSIONS = calls(
    """creat execve execveat fork process_vm_readv process_vm_writev ptrace rename renameat renameat2 truncate unlink
    unlinkat vfork"""
)
_WRITES = 0o3 | 0o100 | 0o1000
"""O_WRONLY, O_RDWR, O_CREAT, O_TRUNC"""
_THREAD = 0x10000
"""CLONE_THREAD"""
_OPENS = {"open": 1, "openat": 2}
"""And which of their arguments says how."""
_OWN_LIMITS = {"prlimit64": Condition(0, (0,))}
"""Those of other processes are none of its business."""

_NAMES_PORT = 53
"""DNS, where an answer is too long for a datagram."""
_NEEDED = tuple(
    Path(each)
    for each in (
        str(Path(streams.__file__).parent),
        sys.prefix,
        sys.base_prefix,
        *("/usr", "/lib", "/lib64", "/nix/store", "/dev/null", "/dev/urandom"),
        *("/etc/hosts", "/etc/resolv.conf", "/etc/nsswitch.conf", "/etc/gai.conf", "/etc/host.conf", "/etc/services"),
        *("/etc/ld.so.cache", "/etc/localtime", "/etc/ssl", "/etc/pki", "/etc/crypto-policies", "/etc/ca-certificates"),
        *filter(None, ssl.get_default_verify_paths()[:2]),
    )
)
"""By Python, and to look up names and check certificates: not the rest of /etc, where passwords stand."""
_READER = Policy(
    COMPUTING
    | calls(
        """access bind clock_getres connect faccessat faccessat2 fcntl getcwd getdents64 getegid geteuid getgid
        getpeername getppid getrusage getsockname getsockopt gettimeofday getuid lstat nanosleep newfstatat poll ppoll
        pread64 pselect6 readlink readlinkat readv recvfrom recvmsg rseq sched_getaffinity select sendmmsg sendmsg
        sendto set_robust_list setsockopt shutdown sigaltstack stat statx sysinfo uname writev"""
    ),
    _INTRUSIONS,
    calls("clone3"),
    {
        "clone": Condition(0, (_THREAD,), _THREAD),
        **{name: Condition(at, (0,), _WRITES, otherwise=Outcome.KILL) for name, at in _OPENS.items()},
        **_OWN_LIMITS,
        # Cameras, and what the look-up of names asks the kernel; not the bus, which is at a local socket.
        "socket": Condition(0, (socket.AF_INET, socket.AF_INET6, 16)),  # AF_NETLINK
        # FIONBIO, FIONREAD, FIOCLEX, FIONCLEX, and whether it is a terminal (TCGETS).
        "ioctl": Condition(1, (0x5421, 0x541B, 0x5451, 0x5450, 0x5401)),
    },
)
_ENCODER = Policy(
    COMPUTING | calls("getrusage rseq sched_getaffinity set_robust_list sysinfo uname"),
    _INTRUSIONS | calls("connect socket"),
    calls("clone3"),
    {
        # Threads, as libraries start them for large pictures; no processes.
        "clone": Condition(0, (_THREAD,), _THREAD),
        # A library that wants to read something goes on without it.
        **{
            name: Condition(at, (0,), _WRITES, then=Outcome.FORBID, otherwise=Outcome.KILL)
            for name, at in _OPENS.items()
        },
        **_OWN_LIMITS,
    },
)


def lock_reader(*, file: Path | None = None, port: int = 0) -> None:
    """One file to read or one port to connect to, for ever; no program, and nothing to write but its pipes.

    An older kernel leaves it every file that this user may read, and every port.

    Args:
        file: besides what Python and the look-up of names need.
        port: of TCP; 0 for none.
    """
    files = (*_NEEDED, *(() if file is None else (file,)))
    if not landlock.restrict(readable=files, ports=(_NAMES_PORT, port) if port else ()):
        logger.debug("this system does not restrict which files a worker may read")
    _restrict(_READER)


def lock_encoder() -> None:
    """Nothing but to compute and to use its pipes, for ever. Call it when all is imported."""
    open_nothing()
    _restrict(_ENCODER)


def _restrict(policy: Policy) -> None:
    sys.dont_write_bytecode = True  # An import would write a file.
    if not system_calls.restrict(policy):
        logger.warning("this system filters no system calls: a worker of a camera runs with limits alone")
