"""``python -m tests.bench.beside --go2rtc PROGRAM --mediamtx PROGRAM``: our relay and the best of the field, by turns.

The same camera, the same number of viewers, servers on one core, camera and viewers on the other. Ours as it is used,
with sign-in, audit and the hop over the bus; theirs as they are, without. One JSON object a line, as ``tests.bench``.
"""

import argparse
import json
import os
import tempfile
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tests.bench import machine, peer, processes, product
from tests.bench.crowd import Crowd
from tests.bench.measure import Measure, percentile
from tests.bench.peer_viewers import MseReading, PeerViewers, RtspReading
from tests.bench.program import Program
from tests.bench.sent import arrivals

WARM_UP_S = 3.0
WINDOW_S = 15.0
RUNS = 3


@dataclass(frozen=True, slots=True)
class Shown:
    cpu_ms: float
    """Of all processes of the server, per viewer and second."""
    p50_ms: float
    p99_ms: float
    first_ms: list[float]
    memory_kib: float
    """Per viewer."""
    missing: int
    load: float


Server = Callable[[Path, str], AbstractContextManager[peer.Peer | product.Product]]
Viewers = Callable[[int], Crowd | PeerViewers]


def measure(clips: Path, viewers: int, servers: dict[str, tuple[Server, Viewers]]) -> list[Measure]:
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {cores[-1]})
    runs: dict[str, list[Shown]] = {name: [] for name in servers}
    for _ in range(RUNS):
        for name, (server, join) in servers.items():
            runs[name].append(_run(clips, viewers, server, join, load={cores[-1]}))
    return [each for name, shown in runs.items() for each in _measures(f"{name}_{viewers}", shown)]


def _measures(name: str, runs: list[Shown]) -> list[Measure]:
    missing, load = sum(run.missing for run in runs), max(run.load for run in runs)
    note = f"{missing} pictures missing; load generator {load:.0%} of its core"
    return [
        Measure(f"{name}_cpu_per_viewer_second", [run.cpu_ms for run in runs], "ms", note=note),
        Measure(f"{name}_added_latency_p50", [run.p50_ms for run in runs], "ms"),
        Measure(f"{name}_added_latency_p99", [run.p99_ms for run in runs], "ms"),
        Measure(f"{name}_first_picture_p50", [percentile(run.first_ms, 50) for run in runs], "ms"),
        Measure(f"{name}_first_picture_max", [max(run.first_ms) for run in runs], "ms"),
        Measure(f"{name}_memory_per_viewer", [run.memory_kib for run in runs], "KiB"),
    ]


def _run(clips: Path, viewers: int, server: Server, join: Viewers, *, load: set[int]) -> Shown:
    with tempfile.TemporaryDirectory(prefix="sightline-bench-") as name:
        folder = Path(name)
        arguments = ["-m", "tests.bench.camera", str(clips), str(folder / "sent")]
        with Program(arguments, log=folder / "camera.log", cores=load) as camera:
            with server(folder, camera.line(timeout_s=120)["url"]) as running, join(running.port) as crowd:
                if isinstance(crowd, Crowd):
                    crowd.sign_in(viewers)
                crowd.join(1)
                crowd.read_for(WARM_UP_S)
                before = processes.pss_bytes(running.processes())
                first_ms = crowd.join(viewers - 1)
                crowd.read_for(WARM_UP_S)
                from_ns, ours_s, own_s = time.monotonic_ns(), _cpu_s(running), time.process_time()
                crowd.read_for(WINDOW_S)
                until_ns, ours_s, own_s = time.monotonic_ns(), _cpu_s(running) - ours_s, time.process_time() - own_s
                memory_kib = (processes.pss_bytes(running.processes()) - before) / 1024 / (viewers - 1)
                crowd.read_for(0.5)
            camera.end_of_input()
        came = arrivals(
            (folder / "sent").read_bytes(), crowd.received, viewers=viewers, from_ns=from_ns, until_ns=until_ns
        )
    seconds = (until_ns - from_ns) / 1e9
    return Shown(
        cpu_ms=ours_s * 1000 / viewers / seconds,
        p50_ms=percentile(came.latencies_ms, 50),
        p99_ms=percentile(came.latencies_ms, 99),
        first_ms=first_ms,
        memory_kib=memory_kib,
        missing=came.missing,
        load=own_s / seconds,
    )


def _cpu_s(running: peer.Peer | product.Product) -> float:
    return sum(processes.cpu_s(running.processes()).values())


def _ours(folder: Path, camera_url: str, *, cores: set[int]) -> AbstractContextManager[product.Product]:
    return product.up(folder, camera_url=camera_url, cores=cores, more=product.SHORT_PAST)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.beside", description=__doc__)
    parser.add_argument("--go2rtc", type=Path, help="the program; left out when it is not there")
    parser.add_argument("--mediamtx", type=Path, help="the same")
    parser.add_argument("--viewers", type=int, nargs="+", default=[100, 200])
    parser.add_argument("--clips", type=Path, default=Path("var/bench"), help="where encoded clips are kept")
    options = parser.parse_args()
    cores = {min(os.sched_getaffinity(0))}
    servers: dict[str, tuple[Server, Viewers]] = {
        "sightline": (
            lambda folder, url: _ours(folder, url, cores=cores),
            partial(Crowd, username="operator", password=product.PASSWORD),
        )
    }
    if options.go2rtc:
        servers["go2rtc"] = (
            lambda folder, url: peer.go2rtc(options.go2rtc.absolute(), folder, camera_url=url, cores=cores),
            lambda port: PeerViewers(lambda: MseReading(port)),
        )
    if options.mediamtx:
        servers["mediamtx"] = (
            lambda folder, url: peer.mediamtx(options.mediamtx.absolute(), folder, camera_url=url, cores=cores),
            lambda port: PeerViewers(lambda: RtspReading(port)),
        )
    print(json.dumps({"machine": machine.facts()}), flush=True)
    for viewers in options.viewers:
        for each in measure(options.clips.absolute(), viewers, servers):
            print(each.line(), flush=True)


if __name__ == "__main__":
    main()
