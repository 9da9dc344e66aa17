"""Idle: what the demo costs when nobody watches."""

import tempfile
import time
from pathlib import Path

from tests.bench import processes, product
from tests.bench.measure import Measure

WARM_UP_S = 10.0
WINDOW_S = 30.0
RUNS = 3
SIMULATED = "streams.cameras.simulated"


def measure(clips: Path) -> list[Measure]:
    """One start, three windows: what has just started is not idle yet."""
    with (
        tempfile.TemporaryDirectory(prefix="sightline-bench-") as folder,
        product.demo(Path(folder), clips=clips) as running,
    ):
        time.sleep(WARM_UP_S)
        windows = [_window(running) for _ in range(RUNS)]
    runs = [sum(share for name, share in window.items() if SIMULATED not in name) for window in windows]
    shares = ", ".join(f"{name} {share:.2f}" for name, share in sorted(windows[-1].items()))
    return [Measure("idle_demo_cpu", runs, "% of a core", 3, f"30 s each, simulated cameras not counted; {shares}")]


def _window(running: product.Product) -> dict[str, float]:
    before, began = processes.cpu_s(running.processes()), time.monotonic()
    time.sleep(WINDOW_S)
    after, seconds = processes.cpu_s(running.processes()), time.monotonic() - began
    return {name: 100 * (used - before.get(name, 0.0)) / seconds for name, used in after.items()}
