"""Landlock: which files a process may read, and which ports it may connect to (Linux 5.13 and 6.7). Only ever
tightened.

Files that are open stay open; what is there and how large it is may still be asked.
"""

import ctypes
import os
import struct
import sys
from collections.abc import Iterable
from pathlib import Path

_PR_SET_NO_NEW_PRIVS = 38
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
"""System calls; the numbers are those of every machine."""
_VERSION = 1
"""LANDLOCK_CREATE_RULESET_VERSION"""
_BENEATH, _PORT = 1, 2
"""Kinds of rules (linux/landlock.h)."""
_READ_FILE, _READ_FOLDER = 1 << 2, 1 << 3
_EVERY_ACCESS = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 4: (1 << 15) - 1, 5: (1 << 16) - 1}
"""To files and folders, by version, which is 5 for all later ones."""
_BIND, _CONNECT = 1 << 0, 1 << 1
"""A TCP port."""
_NETWORK_SINCE, _SCOPES_SINCE = 4, 6
_LOCAL_SOCKETS, _SIGNALS = 1 << 0, 1 << 1


def version() -> int:
    """Of the fence of this system; 0 when it has none. Ports are restricted from 4 on."""
    if sys.platform != "linux":
        return 0
    return max(0, _call(ctypes.CDLL(None, use_errno=True), _CREATE_RULESET, None, 0, _VERSION))


def restrict(*, readable: Iterable[Path], ports: Iterable[int]) -> bool:
    """From here on this thread, and all that it starts, opens nothing but these files and what is in these folders, to
    read, and connects by TCP to these ports only. False where the system has no such fence: it goes on as it was.

    Args:
        readable: those that are not there are left out.
    """
    known = version()
    if known == 0:
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    access = _EVERY_ACCESS[min(known, max(_EVERY_ACCESS))]
    network = _BIND | _CONNECT if known >= _NETWORK_SINCE else 0
    scopes = _LOCAL_SOCKETS | _SIGNALS if known >= _SCOPES_SINCE else 0
    # An older kernel knows a shorter structure, and takes a longer one when the rest of it is 0.
    rules = _call(libc, _CREATE_RULESET, struct.pack("=QQQ", access, network, scopes), 24, 0)
    if rules < 0:
        return False
    try:
        for path in readable:
            _let_read(libc, rules, path)
        for port in ports if network else ():
            _call(libc, _ADD_RULE, rules, _PORT, struct.pack("=QQ", _CONNECT, port), 0)
        libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        return _call(libc, _RESTRICT_SELF, rules, 0) == 0
    finally:
        os.close(rules)


def _let_read(libc: ctypes.CDLL, rules: int, path: Path) -> None:
    try:
        handle = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        access = _READ_FILE | (_READ_FOLDER if path.is_dir() else 0)
        _call(libc, _ADD_RULE, rules, _BENEATH, struct.pack("=Qi", access, handle), 0)
    finally:
        os.close(handle)


def _call(libc: ctypes.CDLL, number: int, *arguments: int | bytes | None) -> int:
    """-1 for an error. A number that is passed on as C would have it needs its whole width."""
    passed = [ctypes.c_long(each) if isinstance(each, int) else each for each in arguments]
    return int(libc.syscall(ctypes.c_long(number), *passed))
