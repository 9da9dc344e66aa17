"""How old is a picture when Chromium displays it? From the capture time that the reader gives it on."""

import tempfile
from pathlib import Path

from tests.bench import browser, product
from tests.bench.measure import Measure, percentile
from tests.bench.program import Program

RUNS = 3
WARM_UP_S = 4.0
WINDOW_S = 10.0


def measure(clips: Path) -> list[Measure]:
    runs = [_run(clips) for _ in range(RUNS)]
    streams, decoded = ([run[at] for run in runs] for at in (0, 1))
    note = f"one tile, 720p25, software decoding, {WINDOW_S:g} s a run, {[len(run) for run in streams]} pictures"
    return [
        Measure("server_to_display_p50", [percentile(run, 50) for run in streams], "ms", 80, f"MSE; {note}"),
        Measure("server_to_display_p95", [percentile(run, 95) for run in streams], "ms", 120, f"MSE; {note}"),
        Measure("server_to_drawn_p50", [percentile(run, 50) for run in decoded], "ms", note="WebCodecs, enlarged"),
        Measure("server_to_drawn_p95", [percentile(run, 95) for run in decoded], "ms", note="WebCodecs, enlarged"),
    ]


def _run(clips: Path) -> tuple[list[float], list[float]]:
    """Ages in ms: of what the video element displays, and of what is drawn when the tile is enlarged."""
    with tempfile.TemporaryDirectory(prefix="sightline-bench-") as name:
        folder = Path(name)
        arguments = ["-m", "tests.bench.camera", str(clips), str(folder / "sent")]
        with (
            Program(arguments, log=folder / "camera.log") as camera,
            product.up(folder, camera_url=camera.line(timeout_s=120)["url"]) as running,
            browser.chromium() as chromium,
        ):
            page = browser.sign_in(chromium, running, "operator", screen=browser.DESK)
            page.wait_for_selector("[data-camera=bench][data-state=live]")
            page.evaluate("bench.follow()")
            page.wait_for_timeout(WARM_UP_S * 1000)
            stream = browser.shown_ms(page, "stream", for_s=WINDOW_S)
            page.get_by_role("button", name="Enlarge camera 1").click()
            page.wait_for_selector("[data-camera=bench][data-way=WebCodecs]")
            page.wait_for_timeout(WARM_UP_S * 1000)
            return stream, browser.shown_ms(page, "decoded", for_s=WINDOW_S)
