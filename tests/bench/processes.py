"""Processes: who belongs to a launcher, and the CPU time they used (/proc; Linux only)."""

import os
from dataclasses import dataclass
from pathlib import Path

_TICKS_PER_S = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Process:
    pid: int
    parent: int
    command: str
    cpu_s: float
    """User and system time; of children that have ended, too."""


def tree(root: int) -> list[Process]:
    """The process and everything it started, directly or not."""
    everything = [process for entry in Path("/proc").iterdir() if entry.name.isdecimal() if (process := _read(entry))]
    found = [process for process in everything if process.pid == root]
    for process in found:
        found.extend(child for child in everything if child.parent == process.pid)
    return found


def cpu_s(processes: list[Process]) -> dict[str, float]:
    """CPU time by what a process is: the last words of its command are enough to tell."""
    used: dict[str, float] = {}
    for process in processes:
        used[_name(process.command)] = used.get(_name(process.command), 0.0) + process.cpu_s
    return used


def thread_cpu_s(pid: int) -> float:
    """CPU time of the threads that one process has now, to the nanosecond (CONFIG_SCHED_INFO)."""
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e9


def pss_bytes(processes: list[Process]) -> int:
    """What they have for themselves, and their share of what they have together with others."""
    rollups = (Path(f"/proc/{process.pid}/smaps_rollup").read_text() for process in processes)
    lines = (line for rollup in rollups for line in rollup.splitlines() if line.startswith("Pss:"))
    return sum(int(line.split()[1]) * 1024 for line in lines)


def _read(entry: Path) -> Process | None:
    try:
        stat = (entry / "stat").read_text()
        command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    except OSError:
        return None  # it has just ended
    # The name in parentheses may hold anything, spaces too (proc(5)).
    fields = stat[stat.rindex(")") + 2 :].split()
    ticks = sum(int(field) for field in fields[11:15])
    return Process(int(entry.name), int(fields[1]), command, ticks / _TICKS_PER_S)


def _name(command: str) -> str:
    if "valkey" in command or "redis" in command:
        return "valkey"
    words = command.split()
    modules = [words[n + 1] for n, word in enumerate(words[:-1]) if word == "-m"]
    if modules and modules[0] == "server":
        return " ".join(words[words.index("server") + 1 :][:1]) or "server"
    return modules[0] if modules else command[:40]
