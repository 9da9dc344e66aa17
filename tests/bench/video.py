"""Video: the numbers of the video lane that one camera and one machine can show.

Camera, viewers and the benchmark itself have one core, our processes the other. The bare ``send()`` loop has our core
after them, in the same run and with the same bytes.
"""

import os
import signal
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.bench import processes, product
from tests.bench.crowd import Crowd
from tests.bench.measure import Measure, percentile
from tests.bench.program import Program
from tests.bench.sent import arrivals

CROWDS = (100, 200)
WARM_UP_S = 3.0
WINDOW_S = 15.0
RUNS = 3
SLOW, SLOW_BYTES_PER_S = 20, 100_000 // 8
STALL_S, AFTER_S = 10.0, 0.3
CAMERAS = 50
TOLD_WITHIN_S, BACK_WITHIN_S = 6, 2


@dataclass(frozen=True, slots=True)
class FanOut:
    cpu_ms: float
    """Of all our processes, per viewer and second."""
    bare_cpu_ms: float
    p50_ms: float
    p99_ms: float
    first_ms: list[float]
    memory_kib: float
    """Per viewer: what all processes together have more (PSS)."""
    load: float
    """Share of its core that the load generator took."""
    flaws: Counter[str]
    """With any of them the figures are of a machine that was too busy."""


def measure(clips: Path) -> list[Measure]:
    measures: list[Measure] = []
    cores = sorted(os.sched_getaffinity(0))
    ours, load = {cores[0]}, {cores[-1]}
    os.sched_setaffinity(0, load)
    try:
        for viewers in CROWDS:
            measures += _fan_out_measures(viewers, [_fan_out(clips, viewers, ours, load) for _ in range(RUNS)])
        stalls = [_stall(clips, ours, load) for _ in range(RUNS)]
        throttled = [_throttled(clips, ours, load) for _ in range(RUNS)]
        losses = [_lose_camera(clips, ours, load) for _ in range(RUNS)]
        idle = [_idle_cameras(clips, ours, load) for _ in range(RUNS)]
    finally:
        os.sched_setaffinity(0, cores)
    smears, returns = (sum(each) for each in zip(*(counts for _, counts in stalls), strict=True))
    return [
        *measures,
        Measure(
            "age_after_stall",
            [age for age, _ in stalls],
            "s",
            0.3,
            f"0.3 s after 10 s; {smears} pictures smeared; cut off and back at once in {returns} of {RUNS} runs",
        ),
        Measure(
            "others_p99_while_20_of_200_are_slow",
            [slow / alone for alone, slow in throttled],
            "times",
            1.2,
            f"reading 100 kbit/s; p99 before {[round(a, 1) for a, _ in throttled]} ms",
        ),
        Measure("camera_silent_until_told", [told for told, _ in losses], "s", TOLD_WITHIN_S, "stopped by SIGSTOP"),
        Measure("camera_back_until_picture", [back for _, back in losses], "s", BACK_WITHIN_S, "after SIGCONT"),
        Measure("cpu_per_idle_camera_second", idle, "ms", 1.5, f"{CAMERAS} cameras, ring on, nobody watching"),
    ]


def _fan_out_measures(viewers: int, runs: list[FanOut]) -> list[Measure]:
    load = f"load generator {max(run.load for run in runs):.0%} of its core"
    flaws = ", ".join(f"{sum(run.flaws[name] for run in runs)} {name}" for name in runs[0].flaws)
    first = [percentile(run.first_ms, 50) for run in runs]
    return [
        Measure(f"cpu_per_viewer_second_{viewers}", [r.cpu_ms for r in runs], "ms", 0.4, f"{flaws}; {load}"),
        Measure(
            f"cpu_over_bare_send_{viewers}",
            [r.cpu_ms / r.bare_cpu_ms for r in runs],
            "times",
            1.5,
            f"bare {[round(r.bare_cpu_ms, 3) for r in runs]} ms",
        ),
        Measure(f"added_latency_p50_{viewers}", [r.p50_ms for r in runs], "ms", 2.5 if viewers == 100 else None),
        Measure(f"added_latency_p99_{viewers}", [r.p99_ms for r in runs], "ms", 6 if viewers == 100 else None),
        Measure(f"memory_per_viewer_{viewers}", [r.memory_kib for r in runs], "KiB", 60, "PSS of all our processes"),
        Measure(f"first_picture_p50_{viewers}", first, "ms", 30, "of a running camera, without sign-in"),
        Measure(f"first_picture_max_{viewers}", [max(r.first_ms) for r in runs], "ms", 150),
    ]


@contextmanager
def _running(clips: Path, ours: set[int], load: set[int], *, more: str = "") -> Iterator["_Stage"]:
    with tempfile.TemporaryDirectory(prefix="sightline-bench-") as name:
        folder = Path(name)
        arguments = ["-m", "tests.bench.camera", str(clips), str(folder / "sent")]
        with Program(arguments, log=folder / "camera.log", cores=load) as camera:
            facts = camera.line(timeout_s=120)
            more = more.replace("{camera_url}", facts["url"])
            with product.up(folder, camera_url=facts["url"], cores=ours, more=more) as running:
                yield _Stage(folder, Path(facts["clip"]), camera, running)


@dataclass(frozen=True, slots=True)
class _Stage:
    folder: Path
    clip: Path
    camera: Program
    product: product.Product

    def crowd(self) -> Crowd:
        return Crowd(self.product.port, username="operator", password=product.PASSWORD)

    def cpu_s(self) -> float:
        return sum(processes.cpu_s(self.product.processes()).values())

    def sent(self) -> bytes:
        """When each picture left; ends the camera."""
        self.camera.end_of_input()
        return (self.folder / "sent").read_bytes()


def _fan_out(clips: Path, viewers: int, ours: set[int], load: set[int]) -> FanOut:
    with _running(clips, ours, load, more=product.SHORT_PAST) as stage:
        with stage.crowd() as crowd:
            crowd.sign_in(viewers)
            crowd.join(1)
            crowd.read_for(WARM_UP_S)
            before = processes.pss_bytes(stage.product.processes())
            first_ms = crowd.join(viewers - 1)
            crowd.read_for(WARM_UP_S)
            from_ns, ours_s, own_s = time.monotonic_ns(), stage.cpu_s(), time.process_time()
            crowd.read_for(WINDOW_S)
            until_ns, ours_s, own_s = time.monotonic_ns(), stage.cpu_s() - ours_s, time.process_time() - own_s
            memory_kib = (processes.pss_bytes(stage.product.processes()) - before) / 1024 / (viewers - 1)
            crowd.read_for(0.5)
            received = crowd.received
            drops = sum(watcher.drops for watcher in crowd.watchers)
        came = arrivals(stage.sent(), received, viewers=viewers, from_ns=from_ns, until_ns=until_ns)
        clip, folder = stage.clip, stage.folder
        seconds = (until_ns - from_ns) / 1e9
        bare_s = _bare_cpu_s(clip, folder, viewers, ours)
    return FanOut(
        cpu_ms=ours_s * 1000 / viewers / seconds,
        bare_cpu_ms=bare_s * 1000 / viewers / WINDOW_S,
        p50_ms=percentile(came.latencies_ms, 50),
        p99_ms=percentile(came.latencies_ms, 99),
        first_ms=first_ms,
        memory_kib=memory_kib,
        load=own_s / seconds,
        flaws=Counter({"missing pictures": came.missing, "drops": drops}),
    )


def _bare_cpu_s(clip: Path, folder: Path, viewers: int, ours: set[int]) -> float:
    arguments = ["-m", "tests.bench.bare_send", str(clip), str(viewers), str(folder / "bare")]
    with (
        Program(arguments, log=folder / "bare.log", cores=ours) as sender,
        Crowd(sender.line(timeout_s=60)["port"], is_bare=True) as crowd,
    ):
        crowd.join(viewers)
        crowd.read_for(WARM_UP_S)
        before = sum(processes.cpu_s(processes.tree(sender.pid)).values())
        crowd.read_for(WINDOW_S)
        return sum(processes.cpu_s(processes.tree(sender.pid)).values()) - before


def _stall(clips: Path, ours: set[int], load: set[int]) -> tuple[float, tuple[int, int]]:
    """Age of the newest picture in s, 0.3 s after a viewer reads again; pictures smeared, and new connections.

    Who is cut off meanwhile comes back at once, and that is within the 0.3 s.
    """
    with _running(clips, ours, load) as stage, stage.crowd() as crowd:
        crowd.sign_in(2)
        crowd.join(2)
        crowd.read_for(WARM_UP_S)
        stalled = crowd.watchers[1]
        crowd.pause(stalled)
        crowd.read_for(STALL_S)
        crowd.resume(stalled)
        crowd.read_for(AFTER_S)
        return time.time() - stalled.captured_ms / 1000, (stalled.smears, stalled.returns)


def _throttled(clips: Path, ours: set[int], load: set[int]) -> tuple[float, float]:
    """The p99 of 180 viewers in ms, alone and beside 20 slow ones."""
    quick = CROWDS[-1] - SLOW
    windows = []
    with _running(clips, ours, load) as stage:
        with stage.crowd() as crowd:
            crowd.sign_in(quick + SLOW)
            crowd.join(quick)
            for joining in (0, SLOW):
                crowd.join(joining, bytes_per_s=SLOW_BYTES_PER_S)
                crowd.read_for(WARM_UP_S)
                from_ns = time.monotonic_ns()
                crowd.read_for(WINDOW_S)
                windows.append((from_ns, time.monotonic_ns()))
            crowd.read_for(0.5)
            received = [each for each in crowd.received if each[0] < quick]
        sent = stage.sent()
    alone, beside = (
        arrivals(sent, received, viewers=quick, from_ns=from_ns, until_ns=until_ns) for from_ns, until_ns in windows
    )
    return percentile(alone.latencies_ms, 99), percentile(beside.latencies_ms, 99)


def _lose_camera(clips: Path, ours: set[int], load: set[int]) -> tuple[float, float]:
    """Seconds until a viewer is told that it is gone, and from its coming back to a picture."""
    with _running(clips, ours, load) as stage, stage.crowd() as crowd:
        crowd.sign_in(1)
        crowd.join(1)
        crowd.read_for(WARM_UP_S)
        watcher = crowd.watchers[0]
        heard = len(watcher.states)
        stopped_at = time.monotonic()
        os.kill(stage.camera.pid, signal.SIGSTOP)
        try:
            crowd.read_until(
                lambda: any(state != "live" for state, _ in watcher.states[heard:]), at_most_s=30, what="never told"
            )
            told_s = next(at for state, at in watcher.states[heard:] if state != "live") - stopped_at
        finally:
            os.kill(stage.camera.pid, signal.SIGCONT)
        back_at, pictures = time.monotonic(), watcher.pictures
        crowd.read_until(lambda: watcher.pictures > pictures, at_most_s=60, what="no picture after the camera's return")
        return told_s, time.monotonic() - back_at


def _idle_cameras(clips: Path, ours: set[int], load: set[int]) -> float:
    """Milliseconds of CPU per camera and second."""
    more = "".join(
        f'\n[[camera]]\nid = "idle-{n}"\nnumber = {n}\nname = "Idle {n}"\nurl = "{{camera_url}}"\nalways_on = true\n'
        for n in range(2, CAMERAS + 2)
    )
    with _running(clips, ours, load, more=more) as stage, stage.crowd() as crowd:
        crowd.sign_in(1)
        time.sleep(3 * WARM_UP_S)
        before = stage.cpu_s()
        time.sleep(WINDOW_S)
        used_s = stage.cpu_s() - before
        if (live := crowd.live_cameras()) != CAMERAS:
            raise RuntimeError(f"{live} cameras are live, expected {CAMERAS}")
        return used_s * 1000 / CAMERAS / WINDOW_S
