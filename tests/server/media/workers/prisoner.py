"""Tries to get out of the sandbox, and writes a JSON object of what came of it."""

import json
import os
import resource
import socket
import sys
from collections.abc import Callable
from pathlib import Path

from server.media import photo_worker, sandbox
from streams import child


def attempt(what: Callable[[], object]) -> str:
    try:
        what()
    except OSError as error:
        return os.strerror(error.errno or 0)
    return "it worked"


def main() -> None:
    child.die_with_parent(int(sys.argv[1]))
    sandbox.enter(memory_bytes=photo_worker.MEMORY_BYTES, cpu_s=photo_worker.CPU_S)
    found: dict[str, object] = {
        "environment": sorted(os.environ),
        "network": str(Path("/proc/self/ns/net").readlink()) if sys.platform == "linux" else "",
        "cpu": resource.getrlimit(resource.RLIMIT_CPU),
        "memory": resource.getrlimit(resource.RLIMIT_AS),
        "core": resource.getrlimit(resource.RLIMIT_CORE),
    }
    sandbox.lock()
    here, parent = Path(__file__), os.getppid()
    found |= {
        "remove": attempt((here.parent / "no such file").unlink),
        "rename": attempt(lambda: (here.parent / "no such file").rename(here)),
        "truncate": attempt(lambda: os.truncate(here.parent / "no such file", 0)),
        "signal": attempt(lambda: os.kill(parent, 0)),
        "fork": attempt(os.fork),
        "read": attempt(here.read_bytes),
        "write": attempt(lambda: (here.parent / "escaped").write_bytes(b"free")),
        "socket": attempt(socket.socket),
        "pipe": attempt(os.pipe),
    }
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    main()
