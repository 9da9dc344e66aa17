"""Fan-out: one alert to thousands of devices at two servers. How soon has the last one got it, and what does it cost?

The devices are one process. The yardstick, a bare ``send()`` loop, sends the same frame to the same devices in the same
run, so that the ratio holds on a machine that is slow or busy.
"""

import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from tests.bench import servers
from tests.bench.measure import Measure, percentile
from tests.bench.program import Program
from tests.bench.servers import Load, Servers
from tests.bench.source import Source

DEVICES = 5_000
SERVERS = 2
ALERTS = 50
CALM_SHARE, CALM_S, CALM_TIMEOUT_S = 0.1, 0.3, 15.0
"""Each device reports each alert within a second, and that is written down; the next alert comes when the servers use
no more than this share of a core again."""
SETTLE_S = 3.0


@dataclass(frozen=True, slots=True)
class Run:
    from_accepted_ms: list[float]
    from_sent_ms: list[float]
    cpu_us: float
    """Of the server processes, for one delivery, from before the POST until the last device has it."""
    all_cpu_us: float
    """With the reports of the devices, and what the servers use when nothing happens."""
    bare_cpu_us: float
    memory_bytes: float
    """For one device."""
    frame_bytes: int


def measure(_clips: Path) -> list[Measure]:
    run = _run()
    note = f"{ALERTS} alerts to {DEVICES} devices at {SERVERS} servers, one at a time; {run.frame_bytes} bytes each"
    ratio = run.cpu_us / run.bare_cpu_us
    return [
        Measure("alert_to_last_device_p50", [percentile(run.from_accepted_ms, 50)], "ms", 60, note),
        Measure("alert_to_last_device_p99", [percentile(run.from_accepted_ms, 99)], "ms", 120, "from the 201"),
        Measure("alert_sent_to_last_device_p50", [percentile(run.from_sent_ms, 50)], "ms", note="from before the POST"),
        Measure("alert_sent_to_last_device_p99", [percentile(run.from_sent_ms, 99)], "ms"),
        Measure("cpu_per_delivery", [run.cpu_us], "µs", note=f"{run.all_cpu_us:.1f} with the reports of the devices"),
        Measure("bare_send_cpu_per_delivery", [run.bare_cpu_us], "µs", note="the same frame, send() only"),
        Measure("delivery_over_bare_send", [ratio], "times", 1.3),
        Measure("memory_per_device", [run.memory_bytes / 1024], "KiB", 20, f"of {SERVERS} servers, above idle (PSS)"),
    ]


def _run() -> Run:
    with tempfile.TemporaryDirectory(prefix="sightline-bench-") as name:
        folder = Path(name)
        with servers.running(folder, servers=SERVERS, officers=DEVICES) as ours:
            time.sleep(SETTLE_S)
            before_bytes = ours.memory_bytes()
            where = [(ours.each[number % SERVERS].port, token) for number, token in enumerate(ours.tokens)]
            with servers.devices(folder, where) as load:
                load.ask(do="connect", timeout_s=120)
                time.sleep(SETTLE_S)
                memory_bytes = (ours.memory_bytes() - before_bytes) / DEVICES
                accepted, sent, cpu_us, all_cpu_us, frame = _alerts(ours, load)
        bare_cpu_us = _bare(folder, frame)
    return Run(accepted, sent, cpu_us, all_cpu_us, bare_cpu_us, memory_bytes, len(frame))


def _alerts(ours: Servers, load: Load) -> tuple[list[float], list[float], float, float, bytes]:
    sources = [Source(server.port) for server in ours.each]
    for source in sources:
        # What is made at the first time is not counted.
        load.ask(do="expect", position=source.post()["position"])
    load.ask(do="report")
    from_accepted_ms, from_sent_ms = [], []
    cpu_s, all_before_s = 0.0, ours.cpu_s()
    for number in range(ALERTS):
        _wait_until_calm(ours)
        source = sources[number % len(sources)]
        before_s, sent_ns = ours.cpu_s(), time.monotonic_ns()
        answer = source.post()
        came = load.ask(do="expect", position=answer["position"], timeout_s=10)
        cpu_s += ours.cpu_s() - before_s
        from_accepted_ms.append(max(0, _ns(came["last_ns"]) - _ns(answer["accepted_ns"])) / 1e6)
        from_sent_ms.append((_ns(came["last_ns"]) - sent_ns) / 1e6)
        source.close(answer, ours.operator_token)
    _wait_until_calm(ours)
    all_cpu_s = ours.cpu_s() - all_before_s
    report = load.ask(do="report")
    entries = report["entries"]
    if report["doubled"] or report["cut"] or not isinstance(entries, dict) or len(entries) != 1:
        raise RuntimeError(f"not every device got every entry once: {entries}, {report['doubled']}, {report['cut']}")
    if min(map(int, entries)) < 2 * ALERTS:
        raise RuntimeError(f"alerts did not arrive: {entries}")
    frame = bytes.fromhex(str(report["frame"]))
    deliveries = ALERTS * DEVICES
    return from_accepted_ms, from_sent_ms, cpu_s / deliveries * 1e6, all_cpu_s / deliveries * 1e6, frame


def _wait_until_calm(ours: Servers) -> None:
    give_up = time.monotonic() + CALM_TIMEOUT_S
    # What is noted of an alert begins up to two seconds after it.
    time.sleep(2 * SETTLE_S / 3)
    while time.monotonic() < give_up:
        before_s, at = ours.cpu_s(), time.monotonic()
        time.sleep(CALM_S)
        if ours.cpu_s() - before_s < CALM_SHARE * (time.monotonic() - at):
            return


def _bare(folder: Path, frame: bytes) -> float:
    """Microseconds of CPU for one send."""
    with Program(["-m", "tests.bench.bare_fan", str(DEVICES), frame.hex()], log=folder / "bare.log") as sender:
        port = sender.line(timeout_s=30)["port"]
        with servers.devices(folder, [(port, "")] * DEVICES, bare=True) as load:
            load.ask(do="connect")
            used_ns: list[int] = []
            for _ in range(ALERTS):
                time.sleep(CALM_S)
                sender.say("go")
                used_ns.append(sender.line(timeout_s=30)["cpu_ns"])
            return sum(used_ns) / ALERTS / DEVICES / 1000


def _ns(value: object) -> int:
    assert isinstance(value, int), value
    return value
