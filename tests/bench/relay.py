"""Relay: one camera to 50 viewers. How much later does a picture arrive, and what does it cost?

Our processes have one core, the camera and the viewers the other, so that neither takes from what is measured. The bare
``send()`` loop has our core after them, in the same run and with the same bytes.
"""

import json
import os
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from tests.bench import processes, product
from tests.bench.measure import Measure, percentile
from tests.bench.program import Program
from tests.bench.sent import Arrivals, arrivals
from tests.bench.viewers import RECORD

VIEWERS = 50
WARM_UP_S = 3.0
WINDOW_S = 15.0
RUNS = 3


@dataclass(frozen=True, slots=True)
class Run:
    p50_ms: float
    p99_ms: float
    first_picture_ms: float
    """The slowest viewer's, from connecting."""
    cpu_ms: float
    """Of all our processes, per viewer and second."""
    bare_cpu_ms: float
    bare_p50_ms: float
    shares: dict[str, float]
    load_generator: float
    """Share of its core."""
    bitrate_bps: float


def measure(clips: Path) -> list[Measure]:
    runs = [_run(clips) for _ in range(RUNS)]
    shares = ", ".join(f"{name} {sum(run.shares[name] for run in runs) / RUNS:.3f}" for name in sorted(runs[0].shares))
    bitrate = f"{runs[0].bitrate_bps / 1e6:.1f} Mb/s"
    pinned = f"{VIEWERS} viewers, 1280x720, 25 fps, {bitrate}; ours on one core, camera and viewers on the other"
    load = f"load generator {max(run.load_generator for run in runs):.0%} of its core"
    return [
        Measure("camera_to_viewer_p50", [r.p50_ms for r in runs], "ms", 3, f"{pinned}; {load}"),
        Measure("camera_to_viewer_p99", [r.p99_ms for r in runs], "ms", 10, "no picture missing at any viewer"),
        Measure("cpu_per_viewer_second", [r.cpu_ms for r in runs], "ms", 0.6, f"by process: {shares}"),
        Measure(
            "bare_send_cpu_per_viewer_second", [r.bare_cpu_ms for r in runs], "ms", note="the same bytes, send() only"
        ),
        Measure("cpu_over_bare_send", [r.cpu_ms / r.bare_cpu_ms for r in runs], "times"),
        Measure("bare_send_p50", [r.bare_p50_ms for r in runs], "ms", note="the same way of counting"),
        Measure(
            "first_picture",
            [r.first_picture_ms for r in runs],
            "ms",
            note="slowest viewer; the camera is connected for the first one",
        ),
    ]


def _run(clips: Path) -> Run:
    ours, load = _cores()
    with tempfile.TemporaryDirectory(prefix="sightline-bench-") as name:
        folder = Path(name)
        with Program(
            ["-m", "tests.bench.camera", str(clips), str(folder / "sent")], log=folder / "camera.log", cores=load
        ) as camera:
            facts = camera.line(timeout_s=120)
            with product.up(folder, camera_url=facts["url"], cores=ours) as running:
                watched = _watch(folder, running.port, "operator", load, root_pid=running.program.pid, bare=False)
            camera.end_of_input()
        came = _came(folder, watched)
        bare, bare_came = _bare(folder, Path(facts["clip"]), ours, load)
    return Run(
        p50_ms=percentile(came.latencies_ms, 50),
        p99_ms=percentile(came.latencies_ms, 99),
        first_picture_ms=watched.first_picture_ms,
        cpu_ms=sum(watched.cpu_ms.values()),
        bare_cpu_ms=sum(bare.cpu_ms.values()),
        bare_p50_ms=percentile(bare_came.latencies_ms, 50),
        shares=watched.cpu_ms,
        load_generator=watched.load_generator,
        bitrate_bps=facts["bitrate_bps"],
    )


@dataclass(frozen=True, slots=True)
class _Watched:
    from_ns: int
    until_ns: int
    cpu_ms: dict[str, float]
    """Per viewer and second, by process."""
    load_generator: float
    first_picture_ms: float


def _watch(folder: Path, port: int, username: str, load: set[int], *, root_pid: int, bare: bool) -> _Watched:
    seconds = WARM_UP_S + WINDOW_S + 1
    order = {
        "host": product.HOST,
        "port": port,
        "username": username,
        "password": product.PASSWORD,
        "camera": "bench",
        "viewers": VIEWERS,
        "seconds": seconds,
        "records": str(folder / "records"),
        "bare": bare,
    }
    (folder / "order.json").write_text(json.dumps(order))
    viewers = Program(["-m", "tests.bench.viewers", str(folder / "order.json")], log=folder / "viewers.log", cores=load)
    with viewers:
        ready = viewers.line(timeout_s=120)
        time.sleep(WARM_UP_S)
        from_ns, before = time.monotonic_ns(), processes.cpu_s(processes.tree(root_pid))
        time.sleep(WINDOW_S)
        until_ns, after = time.monotonic_ns(), processes.cpu_s(processes.tree(root_pid))
        end = viewers.line(timeout_s=30)
        viewers.wait(timeout_s=10)
    if end["drops"]:
        raise RuntimeError(f"{end['drops']} times a viewer was told that he is too slow; the load generator is")
    per = (until_ns - from_ns) / 1e9 * VIEWERS / 1000
    cpu_ms = {name: (after[name] - before.get(name, 0.0)) / per for name in after}
    return _Watched(from_ns, until_ns, cpu_ms, end["cpu_s"] / seconds, max(ready["first_picture_ms"]))


def _bare(folder: Path, clip: Path, ours: set[int], load: set[int]) -> tuple[_Watched, Arrivals]:
    arguments = ["-m", "tests.bench.bare_send", str(clip), str(VIEWERS), str(folder / "sent")]
    with Program(arguments, log=folder / "bare.log", cores=ours) as sender:
        port = sender.line(timeout_s=60)["port"]
        watched = _watch(folder, port, "", load, root_pid=sender.pid, bare=True)
        sender.wait(timeout_s=30)
    return watched, _came(folder, watched)


def _came(folder: Path, watched: _Watched) -> Arrivals:
    """Check that every picture came to every viewer."""
    received = [
        (viewer, tail, at_ns) for viewer, _, tail, at_ns in RECORD.iter_unpack((folder / "records").read_bytes())
    ]
    came = arrivals(
        (folder / "sent").read_bytes(), received, viewers=VIEWERS, from_ns=watched.from_ns, until_ns=watched.until_ns
    )
    if came.missing or not came.sent:
        raise RuntimeError(f"{came.missing} of {came.sent * VIEWERS} pictures did not arrive")
    return came


def _cores() -> tuple[set[int], set[int]]:
    """Ours and theirs; the same one when there is no second."""
    cores = sorted(os.sched_getaffinity(0))
    return {cores[0]}, {cores[-1]}
