"""Does what a worker that somebody has taken over would do, in the sandbox that its first line names.

{"sandbox": "reader", "deed": "run", "path": "…"}    →    "begun", then what came of it
"""

import ctypes
import json
import mmap
import os
import resource
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from streams import child, landlock, system_calls
from streams.cameras import sandbox
from streams.cameras.process_limits import ProcessLimits


def main() -> None:
    child.die_with_parent(int(sys.argv[1]))
    order = json.loads(sys.stdin.readline())
    path, parent = Path(order["path"]), os.getppid()
    ProcessLimits(memory_bytes=2**30, open_files=32, cpu_s=30).set()
    if order["sandbox"] == "none":
        # As on a machine that has no such filter, and on an older kernel.
        system_calls._ARCHITECTURES.clear()
        landlock._CREATE_RULESET = 9999
    begun, told = threading.Event(), []
    deeds: dict[str, Callable[[], object]] = {
        "run": lambda: subprocess.run(["/bin/true"], check=True),
        "become": lambda: os.execv("/bin/true", ["true"]),
        "fork": os.fork,
        "write": lambda: path.with_name("new").write_bytes(b"x"),
        "append": lambda: os.open(path, os.O_WRONLY | os.O_APPEND),
        "change": lambda: os.open(path, os.O_RDWR),
        "cut": lambda: os.truncate(path, 0),
        "remove": path.unlink,
        "rename": lambda: path.rename(path.with_name("other")),
        "trace": lambda: ctypes.CDLL(None).ptrace(0, 0, 0, 0),
        "look into the parent": lambda: ctypes.CDLL(None).process_vm_readv(parent, 0, 0, 0, 0, 0),
        "signal": lambda: os.kill(parent, signal.SIGTERM),
        "loosen the parent": lambda: resource.prlimit(parent, resource.RLIMIT_NOFILE, (64, 64)),
        "type": lambda: __import__("fcntl").ioctl(0, 0x5412, b"x"),  # TIOCSTI
        "read": lambda: path.read_bytes().decode(),
        "read beside": lambda: path.with_name("beside").read_bytes().decode(),
        "list": lambda: list(path.parent.iterdir()),
        "connect": lambda: socket.create_connection(("127.0.0.1", order["to"])).close(),
        "internet": lambda: socket.socket().close(),
        "local": lambda: socket.socket(socket.AF_UNIX).close(),
        "look up": lambda: socket.getaddrinfo("localhost", 80) and "",
        "thread": lambda: _in_a_thread(lambda: told.append("")) and told[0],
        "compute": lambda: mmap.mmap(-1, 4096).close(),
    }
    older = threading.Thread(target=lambda: begun.wait(10) and deeds["write"](), daemon=True)
    older.start()
    deeds["older thread"] = lambda: _wake(begun, older)
    if order["sandbox"] == "encoder":
        sandbox.lock_encoder()
    else:
        sandbox.lock_reader(file=path if order.get("file") else None, port=order.get("port", 0))
    sys.stdout.write("begun\n")
    sys.stdout.flush()
    try:
        outcome = deeds[order["deed"]]() or ""
    except OSError as error:
        outcome = error.strerror
    sys.stdout.write(f"{outcome}\n")


def _in_a_thread(work: Callable[[], object]) -> bool:
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    return True


def _wake(begun: threading.Event, thread: threading.Thread) -> None:
    begun.set()
    thread.join()


if __name__ == "__main__":
    main()
