"""Resume: a server is killed, and all its devices come back at the other one, which has 20 entries that they missed."""

import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from tests.bench import servers
from tests.bench.measure import Measure
from tests.bench.source import Source

DEVICES = 5_000
MISSED = 20
OVER_S = 0.5
"""Devices come back within so long, at random (docs/wire.md §9)."""
RUNS = 3
CALM = {"priority": 3}
"""Nothing climbs meanwhile, so that what was missed can be counted."""
SETTLE_S = 2.0


@dataclass(frozen=True, slots=True)
class Run:
    from_killed_s: float
    from_called_s: float
    cpu_s: float


def measure(_clips: Path) -> list[Measure]:
    runs = [_run() for _ in range(RUNS)]
    note = (
        f"{DEVICES} devices, {MISSED} entries each; all are at the server that is killed, and come back at the other; "
        "what they missed they report 5 to 15 s later"
    )
    return [
        Measure("resume_all_live", [run.from_killed_s for run in runs], "s", 5, note),
        Measure(
            "resume_all_live_from_return",
            [run.from_called_s for run in runs],
            "s",
            note=f"from when they begin to come back, which each does within {OVER_S:g} s",
        ),
        Measure("resume_cpu_per_device", [run.cpu_s / DEVICES * 1e6 for run in runs], "µs", note="of the server"),
    ]


def _run() -> Run:
    with tempfile.TemporaryDirectory(prefix="sightline-bench-") as name:
        folder = Path(name)
        with servers.running(folder, servers=2, officers=DEVICES) as ours:
            dying, other = ours.each
            with servers.devices(folder, [(dying.port, token) for token in ours.tokens]) as load:
                load.ask(do="connect", timeout_s=120)
                time.sleep(SETTLE_S)
                source = Source(other.port)
                load.ask(do="expect", position=source.post(**CALM)["position"])
                load.ask(do="report")
                cpu_before = other.cpu_s()
                killed_ns = time.monotonic_ns()
                dying.program.kill()
                for _ in range(MISSED):
                    source.post(**CALM)
                live = load.ask(do="moved", port=other.port, over_s=OVER_S, timeout_s=120)
                cpu_s = other.cpu_s() - cpu_before
                last = source.post(**CALM)["position"]
                load.ask(do="expect", position=last)
                report = load.ask(do="report")
    if report["entries"] != {str(MISSED + 1): DEVICES} or report["doubled"]:
        raise RuntimeError(f"not every device got each entry once: {report['entries']}, {report['doubled']} doubled")
    begun_ns, last_ns = live["begun_ns"], live["last_ns"]
    assert isinstance(begun_ns, int)
    assert isinstance(last_ns, int)
    return Run((last_ns - killed_ns) / 1e9, (last_ns - begun_ns) / 1e9, cpu_s)
